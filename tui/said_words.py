"""What was said, in words: for messages, and for the log of a session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from engine.errors import UsageError
from engine.review.decision import CHOICES, Aspect, Event, EventKind, Verdict
from engine.review.history import LogLine
from engine.review.review import Change
from engine.review.threshold import ThresholdRequest, parse_threshold
from engine.sample import Side
from engine.session import Session
from engine.session.choices import SCORER, of_json, threshold_of
from tui.terminal.display import one_line

NAME_CELLS = 24
"""Room for the name of a tag or a reason in a message."""

VERDICT_WORDS = {
    Verdict.ACCEPT: "accepted",
    Verdict.REJECT: "rejected",
    Verdict.SKIP: "skipped",
    Verdict.UNDECIDED: "cleared",
}

STEP_WORDS = {EventKind.UNDO: "undone", EventKind.REDO: "done again"}


def change_words(change: Change) -> str:
    """What was decided about the rows of a change."""
    text = one_line(change.said.text, NAME_CELLS)
    match change.aspect:
        case Aspect.REASON:
            return f"reason {text or 'taken away'},"
        case Aspect.NOTE:
            return "note on" if text else "no note on"
        case Aspect.TAG:
            tag = one_line(change.said.subject, NAME_CELLS)
            return f"tag {tag} on" if text else f"taking tag {tag} off"
        case Aspect.EDIT:
            return f"edit of the {one_line(change.said.subject, NAME_CELLS)} of"
    if change.values is None:
        return VERDICT_WORDS[change.verdict]
    if change.aspect is Aspect.COPIES:
        return f"copies x{change.values[0]} for"
    told = Counter(change.values.tolist())
    return (
        ", ".join(f"{VERDICT_WORDS[Verdict(each)]} {told[each]:,}" for each in sorted(told)) + ":"
    )


def change_text(change: Change) -> str:
    """The same, with how many rows there are."""
    plural = "s" if len(change.rows) > 1 else ""
    return f"{change_words(change)} {len(change.rows):,} row{plural}"


def step_words(session: Session, change: Change) -> str:
    """What an undo takes back, or a redo gives again, and where."""
    if change.aspect in CHOICES:
        return ", ".join(choice_words(session, event) for event in change.decisions)
    count = len(change.rows)
    rows = f"row {change.rows[0]}" if count == 1 else f"{count:,} rows"
    if change.aspect is not Aspect.VERDICT or change.values is not None:
        return f"{change_words(change)} {rows}"
    word = {Verdict.UNDECIDED: "clear"}.get(change.verdict, change.verdict.name.lower())
    why = f" ({one_line(change.reason, NAME_CELLS)})" if change.reason else ""
    return f"{word} of {rows}{why}"


# -- what is said of the review as a whole


def choice_words(session: Session, choice: Event) -> str:
    """What an event chooses, and what held before."""
    said, before = choice.said, session.choices.before(choice)
    match said.aspect:
        case Aspect.THRESHOLD:
            where = ""
            if said.subject != threshold_of(session.scoring.spec, session.side):
                where = f" of {one_line(said.subject, NAME_CELLS)}"
            return f"threshold{where} {_thresholds(choice, before)}"
        case Aspect.FOCUS if said.subject == SCORER:
            return f"scorer {_scorer(before)} → {_scorer(said.text)}"
        case Aspect.FOCUS:
            return f"side {before} → {said.text}"
        case Aspect.RULE:
            return f"dropping duplicates {before} → {said.text}"
        case Aspect.SIMILARITY:
            return f"similarity of duplicates {before} → {said.text}"
        case Aspect.KEEPER:
            return f"kept of duplicates: {_first(before)} → {_first(said.text)}"
        case Aspect.CUT:
            return f"clusters cut apart {_splits(before)} → {_splits(said.text)}"
        case Aspect.MAPPING:
            return f"columns {_columns(before)} → {_columns(said.text)}"
    text = one_line(said.text, NAME_CELLS)
    return f"{one_line(str(said.aspect), NAME_CELLS)} {text}"


def _thresholds(choice: Event, before: str | None) -> str:
    """Two thresholds; with their signs where these differ, or where rows are counted."""
    seen = choice.circumstances
    if before is None:  # the scorer's own, or a guess
        value = seen.threshold
        before = "" if value is None else f"{seen.direction.value} {value!r}"
    try:
        old, new = (parse_threshold(text) if text else None for text in (before, choice.said.text))
    except UsageError:  # of another version
        return " → ".join(
            one_line(text or "none", NAME_CELLS) for text in (before, choice.said.text)
        )
    signed = old is not None and new is not None and old.direction is not new.direction

    def shown(request: ThresholdRequest | None) -> str:
        if request is None:
            return "none"
        text = str(request) if request.value is None else f"{request.value:g}"
        return f"{request.direction.value} {text}" if signed else text

    return f"{shown(old)} → {shown(new)}"


def _scorer(text: str | None) -> str:
    """A scorer, and how it is used where that was said."""
    known = of_json(text)
    if not isinstance(known, Mapping):
        return "none"
    options = [f"{name} {value}" for name, value in known.items() if name != SCORER]
    name = one_line(str(known.get(SCORER, "")), 2 * NAME_CELLS)
    return f"{name} ({one_line(', '.join(options), 2 * NAME_CELLS)})" if options else name


def _first(text: str | None) -> str:
    known = of_json(text)
    return f"by {known[0]}" if isinstance(known, list) and known else "as usual"


def _splits(text: str | None) -> str:
    known = of_json(text)
    splits = known.get("splits") if isinstance(known, Mapping) else None
    return str(len(splits)) if isinstance(splits, list) else "0"


def _columns(text: str | None) -> str:
    known = of_json(text)
    if not isinstance(known, Mapping) or not known:
        return "as detected"
    parts = (
        f"{part}={'+'.join(map(str, name)) if isinstance(name, list) else name}"
        for part, name in known.items()
    )
    return one_line(" ".join(parts), 2 * NAME_CELLS)


# -- the log


def log_words(session: Session, line: LogLine) -> str:
    """What an event of the log says, without who and when."""
    event = line.decision
    here = event.rows[event.rows >= 0]
    said, side = event.said, event.circumstances.side
    change = Change(event.kind, said, here, side, (event,))
    count = len(event.rows)
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    if said.aspect in CHOICES:
        text = choice_words(session, event)
    elif said.aspect is Aspect.MERGE:
        agreed = f"merge: {VERDICT_WORDS[said.verdict]} {rows}"
        contradict = f"merge: the sessions contradict each other about {rows}"
        text = contradict if said.verdict is Verdict.UNDECIDED else agreed
    elif not isinstance(said.aspect, Aspect):
        text = f"{one_line(said.aspect, NAME_CELLS)}, of a newer tamis: {rows}"
    elif not len(here):
        text = f"{change_words(change)} {rows} not in this dataset"
    else:
        text = step_words(session, change)
    if side is not Side.CHOSEN and said.aspect in _SIDED:
        text += f", {side} side"
    word = STEP_WORDS.get(line.event.kind)
    return text if word is None else f"{word}: {text}"


_SIDED = (Aspect.VERDICT, Aspect.REASON, Aspect.MERGE)
