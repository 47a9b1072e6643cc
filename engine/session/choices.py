"""What is said of the review as a whole: scorer, side, threshold, duplicates, columns.

Each is an event that undo takes back. A run of nudges is one: it is written when something else
is said, after a pause, or when the session is closed. What a visit starts with where nothing was
said before is no event but a setting: so is what sessions of earlier versions have of all this,
and it is what held before the first event.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.duplicates.rule import PREFERENCES
from engine.duplicates.settings import DROP_FROM
from engine.errors import StoreError
from engine.review.decision import Aspect, Circumstances, Event, Said
from engine.review.review import Review
from engine.sample import Side
from engine.session.settings import SessionSettings
from engine.store.opening import peek_choices, peek_setting

PAUSE_S = 1.0
"""A run of nudges ends when nothing has moved for so long.  Source: semantics.md, Undo."""

SCORER, SIDE = "scorer", "side"
"""What is in focus."""

ON, OFF = "on", "off"
"""What is said of the rule."""


def as_json(value: object) -> str:
    """A value as the text of an event; equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def of_json(text: str | None) -> Any:
    """What `as_json` made a text of; None where there is none, or another version's."""
    with contextlib.suppress(ValueError):
        return None if text is None else json.loads(text)
    return None


Topic = tuple[Aspect, str]

_SETTINGS: Mapping[Topic, str] = {
    (Aspect.FOCUS, SIDE): "side",
    (Aspect.FOCUS, SCORER): "scorer",
    (Aspect.RULE, ""): "duplicates dropped",
    (Aspect.SIMILARITY, ""): "duplicates at",
    (Aspect.KEEPER, ""): "keeper",
    (Aspect.CUT, ""): "duplicate splits",
    (Aspect.MAPPING, ""): "mapping",
}
"""Where sessions hold what held before the first event."""

AT_FIRST: Mapping[Topic, str] = {
    (Aspect.FOCUS, SIDE): str(Side.CHOSEN),
    (Aspect.RULE, ""): OFF,
    (Aspect.SIMILARITY, ""): as_json(DROP_FROM),
    (Aspect.KEEPER, ""): as_json([each.value for each in PREFERENCES]),
    (Aspect.CUT, ""): as_json(None),
    (Aspect.MAPPING, ""): as_json({}),
}
"""What holds where nobody has ever chosen, as an event would say it."""

_OPTIONS = "scorer options"
_THRESHOLD = "threshold of "


@dataclass(frozen=True, slots=True)
class _Run:
    """Nudges that are one step; not on file yet."""

    text: str
    seen: Circumstances
    """Before the first of them."""
    moved_s: float


class Choices:
    """What was chosen in one session, and what holds before anybody has chosen."""

    def __init__(
        self,
        review: Review,
        settings: SessionSettings,
        seen: Callable[[], Circumstances],
        notices: list[str],
        *,
        read_only: bool,
    ) -> None:
        """Say it in `review`.

        Args:
            review: what holds now.
            settings: what held before the first event.
            seen: what is on screen at this moment.
            notices: told what could not be written.
            read_only: whether nothing can be kept.
        """
        self._review, self._settings, self._seen = review, settings, seen
        self._notices, self._read_only = notices, read_only
        known = settings.all().items()
        self._first = {name: value for name, value in known if holds_a_choice(name)}
        """Settings that hold what held before the first event."""
        self._runs: dict[Topic, _Run] = {}
        """More than one only where one could not be written."""
        self._came: dict[Topic, str] = {}
        self._guard = threading.Lock()

    # -- what holds --------------------------------------------------------------------------

    def get(self, aspect: Aspect, subject: str = "") -> str | None:
        """What was chosen, on file or not; None where nobody has chosen."""
        run, came = self._runs.get((aspect, subject)), self._came.get((aspect, subject))
        if run is not None:
            return run.text
        return came if came is not None else self._on_file(aspect, subject)

    def _on_file(self, aspect: Aspect, subject: str) -> str | None:
        said = self._review.choice(aspect, subject)
        return said if said is not None else setting_as_text(self._first.get, aspect, subject)

    def before(self, choice: Event) -> str | None:
        """What held before an event; None where that was the scorer's own threshold, or a guess."""
        topic = Aspect(choice.said.aspect), choice.said.subject
        earlier = self._review.chosen_before(choice)
        if earlier is not None:
            return earlier.said.text
        return setting_as_text(self._first.get, *topic) or AT_FIRST.get(topic)

    # -- choosing ----------------------------------------------------------------------------

    def say(self, aspect: Aspect, text: str, subject: str = "") -> None:
        """Choose, as a step of its own; on disk when this returns.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        self.say_together({(aspect, subject): text})

    def say_together(self, texts: Mapping[Topic, str]) -> None:
        """Choose several things that one undo takes back; what holds already is left out.

        Raises:
            StoreError: it could not be written.
        """
        if self._read_only:
            return
        self.keep()
        seen, together = self._seen(), None
        for topic, text in texts.items():
            step = self._write(topic, text, seen, together)
            together = together or step

    def move(self, aspect: Aspect, text: str, subject: str = "") -> None:
        """Choose, as part of a run of nudges: nothing is written before it ends."""
        if self._read_only:
            return
        topic = aspect, subject
        if self.is_moving and topic not in self._runs:
            self.keep_or_tell()
        with self._guard:
            run = self._runs.get(topic)
            seen = self._seen() if run is None else run.seen
            self._runs[topic] = _Run(text, seen, time.monotonic())

    @property
    def is_moving(self) -> bool:
        """Whether there is a run of nudges that is not on file yet."""
        return bool(self._runs)

    def came(self, aspect: Aspect, text: str, subject: str = "") -> None:
        """Know what holds now though nobody chose it just now: a flag, or a scorer once loaded.

        May be called in any thread. It is written with what is kept next, as an event only where
        something else held before.
        """
        if not self._read_only:
            with self._guard:
                self._came[aspect, subject] = text

    def keep(self) -> None:
        """Write what is not on file yet.

        Raises:
            StoreError: it could not be written, and is tried again the next time.
        """
        with self._review.writing:
            self._keep_what_came()
            for topic, run in list(self._runs.items()):
                self._write(topic, run.text, run.seen, None)
                with self._guard:
                    if self._runs.get(topic) is run:  # else there was another nudge meanwhile
                        del self._runs[topic]

    def _keep_what_came(self) -> None:
        while (topic := next(iter(self._came), None)) is not None:
            text = self._came[topic]
            if self._on_file(*topic) is None:
                self._begin_with(topic, text)
            else:
                self._write(topic, text, self._seen(), None)
            with self._guard:
                if self._came.get(topic) == text:
                    del self._came[topic]

    def keep_if_due(self, now_s: float) -> None:
        """The same for a timer, once a run has paused; it waits for nothing.

        What cannot be written is told, and tried again the next time.

        Args:
            now_s: on the monotonic clock.
        """
        moved_s = max((run.moved_s for run in list(self._runs.values())), default=now_s)
        paused = now_s >= moved_s + PAUSE_S
        if not (paused or self._came) or not self._review.writing.acquire(blocking=False):
            return
        try:
            self._or_tell(self.keep if paused else self._keep_what_came)
        finally:
            self._review.writing.release()

    def keep_or_tell(self) -> None:
        """Write what is not on file yet; where that fails, `notices` says so."""
        self._or_tell(self.keep)

    def _or_tell(self, keep: Callable[[], None]) -> None:
        try:
            keep()
        except StoreError as error:
            if str(error) not in self._notices:
                self._notices.append(str(error))

    def _write(
        self, topic: Topic, text: str, seen: Circumstances, together: int | None
    ) -> int | None:
        """Write an event where it changes anything.  -> what may be written together with it."""
        aspect, subject = topic
        held = self._on_file(aspect, subject)
        if text == (AT_FIRST.get(topic) if held is None else held):
            return None
        change = self._review.say(
            Said(aspect=aspect, subject=subject, text=text), np.empty(0, np.int64),
            scores=np.empty(0, np.float32), circumstances=seen, together=together,
        )  # fmt: skip
        return change.decisions[0].step

    def _begin_with(self, topic: Topic, text: str) -> None:
        """Keep what a visit starts with as the setting that is read where nothing was said."""
        values = of_json(text)
        if topic == (Aspect.FOCUS, SCORER):
            begun = {_SETTINGS[topic]: values.pop(SCORER), _OPTIONS: values}
        else:
            begun = {_SETTINGS[topic]: values}
        for name, value in begun.items():
            self._settings.remember(name, value)
        self._first |= begun


def holds_a_choice(setting: str) -> bool:
    """Whether a setting of that name is what held before the first event."""
    return setting in (*_SETTINGS.values(), _OPTIONS) or setting.startswith(_THRESHOLD)


def threshold_of(spec: str, side: Side) -> str:
    """The subject of a threshold: the scorer and the side that it is of."""
    return f"{spec} ({side})"


def scorer_text(spec: str, options: Mapping[str, object]) -> str:
    """A scorer and how it is used, as it is said; options that are not set are left out."""
    return as_json({SCORER: spec, **{name: value for name, value in options.items() if value}})


def setting_as_text(get: Callable[[str], Any], aspect: Aspect, subject: str) -> str | None:
    """What a setting holds of a choice, as an event would say it; None where there is none."""
    if aspect is Aspect.THRESHOLD:
        value = get(_THRESHOLD + subject)
        return value if isinstance(value, str) else None
    value = get(_SETTINGS[aspect, subject]) if (aspect, subject) in _SETTINGS else None
    if value is None:
        return None
    match aspect, subject:
        case Aspect.FOCUS, "side":
            return str(value)
        case Aspect.FOCUS, "scorer":
            options = get(_OPTIONS)
            return scorer_text(str(value), options if isinstance(options, dict) else {})
        case Aspect.RULE, _:
            return ON if value else OFF
        case _:
            return as_json(value)


def choices_in(session: Path) -> dict[str, Any]:
    """What holds in a session file that is not open, by name, for people and programs.

    Returns:
        `scorer`, `side`, `threshold` (as typed; None: the scorer's own, or a guess) and
        `drop_duplicates` (from which similarity; None: they are kept); None for what nobody has
        chosen.
    """
    scorer = of_json(chosen_in(session, Aspect.FOCUS, SCORER)) or {}
    side = Side.named(chosen_in(session, Aspect.FOCUS, SIDE) or AT_FIRST[Aspect.FOCUS, SIDE])
    spec = scorer.get(SCORER)
    subject = "" if spec is None else threshold_of(spec, side)
    at = chosen_in(session, Aspect.SIMILARITY) or AT_FIRST[Aspect.SIMILARITY, ""]
    drops = chosen_in(session, Aspect.RULE) == ON
    return {
        SCORER: spec, SIDE: str(side), "threshold": chosen_in(session, Aspect.THRESHOLD, subject),
        "drop_duplicates": of_json(at) if drops else None,
    }  # fmt: skip


def chosen_in(session: Path, aspect: Aspect, subject: str = "") -> str | None:
    """What holds in a session file that is not open; None where nobody has chosen."""
    said = peek_choices(session).get((aspect, subject))
    if said is not None:
        return said
    return setting_as_text(partial(peek_setting, session), aspect, subject)
