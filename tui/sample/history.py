"""What was said about one sample, for reading: who, when, old and new, and what was on screen."""

from __future__ import annotations

import math

import numpy as np
from textual.content import Content

from engine.review.decision import Aspect
from engine.review.history import HistoryLine
from engine.review.policy import REASON_TEXT, Outcome, Reason
from engine.review.threshold import Threshold
from engine.session import Session
from tui.terminal.display import one_line, sanitize

INDENT = "    "

EDIT_CELLS = 400

_BY_HAND = {"accept": "kept", "reject": "dropped"}


def history_text(session: Session, row: int) -> Content:
    """Every entry of the row, the newest first; scores only where they are not hidden."""
    entries = session.review.history(row)
    sides, hidden = session.sides == 2, session.hides(row)
    parts = [] if hidden else [Content.styled(_now(session, row), "bold")]
    if not entries:
        parts.append(Content("Nothing was said about this sample yet."))
    parts += [_entry(entry, sides=sides, hidden=hidden) for entry in reversed(entries)]
    return Content("\n\n").join(parts)


def _now(session: Session, row: int) -> str:
    """What an export would make of the sample as things stand."""
    found = session.outcomes(slice(row, row + 1))
    outcome, reason = Outcome(int(found.outcome[0])), Reason(int(found.reason[0]))
    return f"Now {outcome.name.lower()}: {REASON_TEXT[reason]}"


def _entry(entry: HistoryLine, *, sides: bool, hidden: bool) -> Content:
    event = entry.event
    sided = sides and entry.aspect in (Aspect.VERDICT, Aspect.REASON)
    side = f"   {entry.side} side" if sided else ""
    lines = [f"{moment(event.at)}   {event.who}{side}"]
    lines += [INDENT + line for line in _said(entry, hidden=hidden)]
    if not hidden and (seen := _seen(entry)):
        lines.append(INDENT + seen)
    text = sanitize("\n".join(lines))
    if entry.undone is None:
        return Content(text)
    undone = f"{INDENT}undone {moment(entry.undone.at)} by {entry.undone.who}"
    return Content.assemble((text, "dim"), "\n", sanitize(undone))


def _said(entry: HistoryLine, *, hidden: bool) -> list[str]:
    """Old and new, a line each thing; a note keeps its lines."""
    event = entry.event
    match entry.aspect:
        case Aspect.TAG:
            return [f"tag {event.said.subject} {'added' if entry.new else 'taken off'}"]
        case Aspect.NOTE:
            return _words("note", entry.old, entry.new)
        case Aspect.REASON:
            return _words("reason", entry.old, entry.new)
        case Aspect.MERGE:
            contradict = "the sessions contradict each other: undecided until adjudicated"
            return ["merge: " + (contradict if entry.new == "undecided" else f"→ {entry.new}")]
        case Aspect.EDIT:
            # On one line: the diff was shown when it was made.
            old, new = entry.old or "as in the source", entry.new
            before, now = (one_line(text, EDIT_CELLS) for text in (old, new))
            return [f"edited the {event.said.subject}", f"  before: {before}", f"  now: {now}"]
        case Aspect.COPIES:
            return [f"exported {entry.old} → {entry.new}"]
        case _:
            lines = [f"{entry.old} → {entry.new}: {_outcome(entry, hidden=hidden)}"]
            lines += _words("reason", "", event.said.reason) if event.said.reason else []
            return lines + (_words("note", "", event.said.note) if event.said.note else [])


def _outcome(entry: HistoryLine, *, hidden: bool) -> str:
    """What a verdict makes of the sample; where it leaves that to the rules, what they said."""
    if entry.new in _BY_HAND:
        return _BY_HAND[entry.new]
    seen = entry.event.circumstances
    if hidden or seen.threshold is None or math.isnan(entry.score):
        return "the rules decide"
    score = np.array([entry.score], np.float32)
    kept = Threshold(seen.threshold, seen.direction).keeps(score)[0]
    return f"the threshold decides, {'kept' if kept else 'dropped'} then"


def _words(what: str, old: str, new: str) -> list[str]:
    lines = new.splitlines() or ["(taken away)"]
    found = [f"{what}: {lines[0]}", *(f"  {line}" for line in lines[1:])]
    return [*found, f"  before: {' '.join(old.split())}"] if old else found


def _seen(entry: HistoryLine) -> str:
    """Score, scorer and threshold at that moment."""
    seen = entry.event.circumstances
    parts = []
    if not math.isnan(entry.score):
        parts.append(f"score {entry.score:.3f}" + (f" by {seen.scorer}" if seen.scorer else ""))
    if seen.threshold is not None:
        parts.append(f"score {seen.direction.value} {seen.threshold:.6g} kept")
    return ", ".join(parts)


def moment(at: str) -> str:
    """A time of the history, in UTC to the second."""
    return at[:19].replace("T", " ")
