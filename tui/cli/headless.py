"""What commands without a screen do alike: open a session, wait for scores, say how far it is."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Cancelled, ScorerError, SessionLockedError, UsageError
from engine.sample import Family
from engine.scoring.kinds import Work, find_kind
from tui.cli.streams import complain

if TYPE_CHECKING:
    from engine.scoring import ScorerOptions
    from engine.scoring.worker.worker import WorkerStatus
    from engine.session import OpenOptions, Session


SHOWN_EVERY_S = 0.1


class ProgressLine:
    """How far a command is: a line on stderr that is written over, if that is a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last_s = 0.0
        self._width = 0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show it, at most ten times a second."""
        now_s = time.monotonic()
        if not self._shown or (now_s - self._last_s < SHOWN_EVERY_S and done != total):
            return
        self._last_s = now_s
        share = f" of {total:,} ({done / total:.0%})" if total else ""
        self._write(f"{what}: {done:,}{share}")

    def say(self, message: str) -> None:
        """A line that stays, terminal or not."""
        self.clear()
        complain(message)

    def clear(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._shown and (text or self._width):
            from tui.terminal.display import one_line

            room = shutil.get_terminal_size().columns - 1
            shown = one_line(text, room)
            with contextlib.suppress(OSError):
                sys.stderr.write(f"\r{shown:<{min(self._width, room)}}" + ("" if text else "\r"))
                sys.stderr.flush()
            self._width = len(shown)


@contextlib.contextmanager
def stopping_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and a closed terminal raise KeyboardInterrupt, as ctrl+c does."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def headless() -> Iterator[ProgressLine]:
    """Progress, and a way to stop."""
    progress = ProgressLine()
    with stopping_like_ctrl_c():
        try:
            yield progress
        finally:
            progress.clear()


@contextlib.contextmanager
def opened(data: Path, options: OpenOptions, progress: ProgressLine) -> Iterator[Session]:
    """The session, and what it has to say, on stderr."""
    from engine.preferences.config import load_config
    from engine.session import Session

    config = load_config()
    for problem in config.problems:
        progress.say(problem)
    try:
        review = Session.open(data, replace(options, config=config), progress=progress)
    except SessionLockedError as error:
        raise SessionLockedError(
            error.message,
            "wait until it is closed; tamis export --read-only works beside it",
        ) from error
    try:
        for notice in review.notices:
            progress.say(notice)
        yield review
    finally:
        review.close()


def score_rows(
    review: Session, scorer: str | None, options: ScorerOptions, progress: ProgressLine
) -> None:
    """Score what is not scored yet; ctrl+c cancels it, and what it has scored stays.

    Raises:
        UsageError: no column is known to hold a prompt or a response: a scorer that reads samples
            would score nothing but emptiness.
    """
    kind = find_kind(scorer or review.scoring.last_spec)
    if review.dataset.family is Family.OTHER and (not kind or kind.work is Work.COMPUTES):
        names = ", ".join(review.dataset.column_names[:12])
        raise UsageError(
            f"no family fits the columns of this dataset: {names}",
            "name the prompt with --prompt-column (and --response-column) to score it",
        )
    review.start_scoring(scorer, options, retry_failed=True)
    told = False

    def tick(status: WorkerStatus) -> bool:
        nonlocal told
        if status.scorer and not told:
            told = True
            for warning in status.warnings:
                progress.say(warning)
        rate = f", {status.rows_per_s:,.0f}/s" if status.rows_per_s else ""
        left = f", {status.left_s:,.0f} s left" if status.left_s else ""
        name = status.scorer or review.scoring.spec
        progress(f"{status.state.value}: {name}{rate}{left}", status.done, status.total)
        return False

    try:
        status = review.scoring.wait(tick)
    except KeyboardInterrupt:
        review.scoring.stop()
        raise Cancelled("cancelled; what was scored is kept") from None
    if status is not None:
        tick(status)
        review.threshold_choice.resolve()
        open_rows = len(review.scoring.uncertain(review.threshold))
        if open_rows:
            progress.say(
                f"bfloat16 leaves {open_rows:,} of {review.dataset.rows:,} rows open at "
                f"{review.threshold}; --dtype float32 decides them"
            )


def wait_for_duplicates(review: Session, progress: ProgressLine) -> None:
    """Wait for the search for duplicates; ctrl+c cancels it.

    Raises:
        ScorerError: the search failed, so that nobody knows which rows to drop.
    """
    try:
        status = review.duplicates.wait(
            lambda now: progress(f"duplicates: {now.what}", now.done, now.total)
        )
    except KeyboardInterrupt:
        review.duplicates.stop()
        raise Cancelled("cancelled; nothing was written") from None
    if not review.duplicates.ready:
        raise ScorerError(f"the search for duplicates failed: {status.error}", "try it again")
