"""What the detail pane shows of a row, and that wrapped and ready to draw, also ahead of time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.sample import Message, Role, Side, split_turns
from tui.sample.document import Line, LineKind, column_lines, json_lines, plain, turn_lines
from tui.sample.wrapping import Flow
from tui.terminal.display import STATE_TEXT, Glyphs, RowState, one_line

SIDE_BY_SIDE_CELLS = 120

READY_LINES = 100
"""Screen lines whose styles are worked out ahead; more than a screen has."""


@dataclass(frozen=True, slots=True)
class DetailContent:
    """What the pane shows of a row; every text may be raw data.

    `turns` ends with the response under review. `other` is the other side's response of a
    preference pair, None elsewhere.
    """

    row: int
    state: RowState
    turns: tuple[Message, ...]
    reason: str = ""
    """Which rule or person decided, and with what."""
    score: float = math.nan
    scorer: str = ""
    tokens: int = 0
    """Length of prompt and response."""
    estimated: bool = False
    """Whether that is an estimate by characters."""
    read: int = 0
    """What the scorer read of a sample that it did not read whole; 0: it did."""
    exported: int = 1
    """How often an export writes it, where it is kept."""
    cluster: int = -1
    """Of whole samples that are alike; -1: none is known."""
    problem: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    conflict: str = ""
    """Who said what, where reviewers contradict each other."""
    edited: str = ""
    """What of the sample was edited, in words."""
    why: tuple[str, ...] = ()
    """The scorer's own explanation, a line each."""
    other: str | None = None
    other_score: float = math.nan
    before: float = math.nan
    """The score by the scorer before."""
    before_scorer: str = ""
    side: Side = Side.CHOSEN
    tools: str | None = None
    """The tools that the row offers, as JSON text."""
    candidates: tuple[str, ...] = ()
    """The responses of a row that has several for one prompt, that of `turns` first."""
    candidate_details: tuple[str, ...] = ()
    """What the row says of each: its score, its model."""
    columns: tuple[tuple[str, str], ...] = ()
    """Names and values of a row that no family fits, nested values as JSON text."""
    beside: tuple[tuple[str, str], ...] = ()
    """The same of the columns that no part of the sample is read from."""


def head_text(content: DetailContent, glyphs: Glyphs) -> str:
    """The pinned line: row, state, score with its scorer, size."""
    dot = " | " if glyphs.ascii_only else " · "
    paired = content.other is not None
    which = f"{content.side} side " if paired else ""
    parts = [
        f"row {content.row} {which}{glyphs.states[content.state]} {STATE_TEXT[content.state]}",
    ]
    if not math.isnan(content.score):
        parts.append(f"{content.side if paired else 'score'} {content.score:.3f}")
        if not math.isnan(content.other_score):
            parts.append(f"margin {_margin(content):+.3f}")
    if content.exported > 1:
        parts.append(f"exported {glyphs.times}{content.exported}")
    if content.cluster >= 0:
        parts.append(f"cluster {glyphs.alike}{content.cluster}")
    if content.tokens:
        about = f"{glyphs.alike}" if content.estimated else ""
        read = f"read {content.read:,} of " if content.read else ""
        parts.append(f"{read}{about}{content.tokens:,} tokens")
    if content.scorer:
        parts.append(content.scorer)
    if not math.isnan(content.before):
        parts.append(f"before {content.before:.3f} by {content.before_scorer}")
    return dot.join(parts)


def _margin(content: DetailContent) -> float:
    """Score of the chosen side less that of the rejected one, whichever is under review."""
    margin = content.score - content.other_score
    return margin if content.side is Side.CHOSEN else -margin


def other_side(side: Side) -> Side:
    """The other response of a preference pair."""
    return Side.REJECTED if side is Side.CHOSEN else Side.CHOSEN


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A sample's own lines at one width."""

    basis: tuple[object, ...]
    """What it was made from; equal for the same sample, width and limit."""
    flow: Flow
    sides: tuple[Flow, Flow] | None
    """The two responses of a pair, side by side below `flow`; None where they stand in it."""
    left_out: int
    """Characters that are not loaded."""

    def __len__(self) -> int:
        return len(self.flow) + (max(map(len, self.sides)) if self.sides else 0)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """All of them, in the order in which they are read."""
        return (self.flow, *(self.sides or ()))


def basis_of(content: DetailContent, limit: int, width: int) -> tuple[object, ...]:
    """What the body of a sample depends on; its scores only where the sides show them."""
    paired = content.other is not None
    scores = (content.score, content.other_score) if paired else ()
    shown = tuple(None if math.isnan(score) else score for score in scores)
    return (
        content.row, content.side, content.turns, content.other, content.tools, content.columns,
        content.candidates, content.candidate_details, shown, limit, width,
    )  # fmt: skip


def make_body(content: DetailContent, limit: int, width: int, glyphs: Glyphs) -> Body:
    """Lay out a sample in `width` cells, up to `limit` characters of it.

    Safe to call from another thread.
    """
    take = _Taker(limit)
    turns, response = content.turns, None
    if content.other is not None and turns and turns[-1].role is Role.ASSISTANT:
        turns, response = turns[:-1], turns[-1]
    lines: list[Line] = []
    last = len(split_turns(turns)[0])
    for index, turn in enumerate(turns):
        title = turn.role.value
        if content.candidates and index == last:
            title = _candidate_title(content, 0)
        lines += [*_titled(title, turn.role, glyphs), *turn_lines(take(turn))]
        lines.append(Line("", LineKind.PLAIN))
    for number, text in enumerate(content.candidates[1:], 1):
        shown = turn_lines(take(Message(Role.ASSISTANT, text)))
        lines += [*_titled(_candidate_title(content, number), Role.TOOL, glyphs), *shown]
        lines.append(Line("", LineKind.PLAIN))
    for name, value in content.columns:
        shown = column_lines(take(Message(Role.TOOL, value)).text)
        lines += [*_titled(name, Role.TOOL, glyphs), *shown, Line("", LineKind.PLAIN)]
    sides = None
    if content.other is not None:
        reviewed = take(response or Message(Role.ASSISTANT, ""))
        other = take(Message(Role.ASSISTANT, content.other))
        one = _side(content.side, content.score, reviewed, glyphs)
        two = _side(other_side(content.side), content.other_score, other, glyphs)
        sides = (one, two) if content.side is Side.CHOSEN else (two, one)
    if content.tools:
        tools = take(Message(Role.TOOL, content.tools))
        lines += [*_titled("tools", Role.TOOL, glyphs), *json_lines(tools.text)]
        lines.append(Line("", LineKind.PLAIN))
    if take.left_out:
        text = f"{glyphs.ellipsis} {take.left_out:,} more characters, scroll on to load them"
        (sides[1] if sides else lines).append(Line(text, LineKind.PLAIN, "problem"))
    flows = None
    if sides is not None and width + 3 >= SIDE_BY_SIDE_CELLS:
        half = (width - 3) // 2
        flows = (Flow(sides[0], half), Flow(sides[1], width - 3 - half))
    elif sides is not None:
        lines = [*lines, *sides[0], Line("", LineKind.PLAIN), *sides[1]]
    return Body(basis_of(content, limit, width), Flow(lines, width), flows, take.left_out)


def warm(body: Body) -> None:
    """Work out the styles of the first screen: highlighting code takes longest of all."""
    for flow in body.flows:
        flow.style_lines(READY_LINES)


def about_lines(content: DetailContent, glyphs: Glyphs) -> list[Line]:
    """What is known about the row beyond its pinned line, and a blank line after it."""
    lines: list[Line] = []
    if content.reason:
        lines += plain(content.reason)
    if content.problem:
        lines += plain(f"{glyphs.problem} {content.problem}", "problem")
    if content.note:
        lines += plain(f"{glyphs.note} {content.note}", "note")
    if content.conflict:
        lines += plain(f"{glyphs.problem} {content.conflict}", "problem")
    if content.edited:
        lines += plain(f"{glyphs.edited} {content.edited}", "note")
    if content.tags:
        lines += plain(" ".join(f"{glyphs.tag}{tag}" for tag in content.tags), "note")
    for why in content.why:
        lines += plain(f"- {why}")
    return [*lines, Line("", LineKind.PLAIN)] if lines else []


def _titled(title: str, role: Role, glyphs: Glyphs) -> list[Line]:
    sign = glyphs.roles[role.value]
    return [Line(f"{sign} {title}", LineKind.TITLE, f"role-{role.value}")]


def _candidate_title(content: DetailContent, at: int) -> str:
    """Which candidate it is, and what the row says of it."""
    details = content.candidate_details[at] if at < len(content.candidate_details) else ""
    return one_line(", ".join(filter(None, (_nth(at, content), details))), TITLE_CELLS)


def _nth(at: int, content: DetailContent) -> str:
    return f"{at + 1} of {len(content.candidates)} candidates"


TITLE_CELLS = 200
"""A title is one line; what a row says of a candidate may be long."""


def _side(side: Side, score: float, message: Message, glyphs: Glyphs) -> list[Line]:
    role = Role.ASSISTANT if side is Side.CHOSEN else Role.TOOL
    title = str(side) if math.isnan(score) else f"{side}  {score:.3f}"
    return [*_titled(title, role, glyphs), *turn_lines(message)]


class _Taker:
    """Hands out texts until a number of characters is used up, and counts what it holds back."""

    def __init__(self, limit: int) -> None:
        self._room = limit
        self.left_out = 0

    def __call__(self, message: Message) -> Message:
        known = (message.text, message.reasoning, message.tool_calls, message.raw)
        shown = replace(
            message,
            reasoning=self._part(message.reasoning),
            text=self._part(message.text),
            tool_calls=tuple(map(self._part, message.tool_calls)),
            raw=tuple(map(self._part, message.raw)),
        )
        same = (shown.text, shown.reasoning, shown.tool_calls, shown.raw) == known
        return message if same else shown

    def _part(self, text: str) -> str:
        shown = text[: self._room]
        self.left_out += len(text) - len(shown)
        self._room -= len(shown)
        return shown
