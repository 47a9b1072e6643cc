"""What the table and the detail pane show of a session, one row at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson

from engine.errors import InputError
from engine.review.decision import Event, Verdict
from engine.review.policy import REASON_TEXT, Outcome, Outcomes, Reason
from engine.sample import Family
from engine.session import Session
from tui.sample.detail_content import DetailContent
from tui.table.row_source import RowMarks, RowTexts
from tui.terminal.display import UNICODE_GLYPHS, Glyphs, RowState

OTHER_REASON = "."
"""A reason that no digit stands for here: another reviewer's."""

LEAST_LEAD = 5
"""The column's title has so many cells."""

BOOST_CELLS = 4
"""A blank, the sign, and a number of up to two digits; three are cut."""

_BY_RULE = {
    Outcome.KEPT: RowState.KEPT,
    Outcome.DROPPED: RowState.DROPPED,
    Outcome.PENDING: RowState.PENDING,
}

BLOCK_ROWS = 64
"""Outcomes are worked out for so many rows at once: it takes as long as for one."""

BLOCKS = 512

_NO_SCORES = np.full(2, np.nan, np.float32)  # (sides,)


class SessionRows:
    """A session as the table's row source; reads the arrays at the moment of drawing."""

    def __init__(self, session: Session, glyphs: Glyphs = UNICODE_GLYPHS) -> None:
        self._session, self._glyphs = session, glyphs
        self.score_range: tuple[float, float] | None = None
        """Set by the desk from the histogram's axis."""
        self._unknown = session.dataset.family is Family.OTHER
        self._known: tuple[object, dict[int, Outcomes]] = (None, {})
        """Outcomes by block, and what they follow from."""
        """Outcomes of runs of rows, while nothing changes that they depend on."""

    @property
    def rows(self) -> int:
        """Rows of the dataset."""
        return self._session.dataset.rows

    @property
    def has_sides(self) -> bool:
        """Preference data."""
        return self._session.dataset.has_sides

    @property
    def lead_cells(self) -> int:
        """Cells for the cluster of a row and for its boost; 0 while there are neither."""
        whole = self._session.clusters.whole
        clusters = 0 if whole is None else len(whole)
        boosts = self._session.review.boosted
        if not clusters and not boosts:
            return 0
        numbers = len(str(clusters)) + 1 if clusters else 0
        return max(numbers + (BOOST_CELLS if boosts else 0), LEAST_LEAD)

    def _lead(self, row: int) -> str:
        """The number of its cluster, and how often it is exported where that is not once."""
        cluster = self._session.clusters.whole_of(row)
        times = int(self._session.copies[row])
        words = [f"{self._glyphs.alike}{cluster}"] if cluster >= 0 else []
        if times > 1:
            words.append(f"{self._glyphs.times}{times}")
        return " ".join(words)

    def marks(self, row: int) -> RowMarks:
        """State and scores of a row as of now."""
        session = self._session
        hidden = session.hides(row)
        scores = _NO_SCORES if hidden else session.board.scores[:, row]
        return RowMarks(
            state=self.state(row),
            score=float(scores[0]),
            other_score=float(scores[-1]) if len(scores) > 1 else math.nan,
            tokens=int(session.board.tokens[row]),
            skipped=bool(session.verdicts[row] == Verdict.SKIP),
            problem=bool(
                session.dataset.broken[row]
                or session.dataset.remarked[row]
                or (session.board.truncated[row] and not hidden)
            ),
            noted=bool(session.review.note(row)),
            tagged=bool(session.review.tags(row)),
            edited=row in session.edits.revisions,
            reason=self._reason_sign(row),
            lead=self._lead(row),
        )

    def _edited(self, row: int) -> str:
        """What of a row was edited, in words; empty where nothing was."""
        revision = self._session.edits.revisions.get(row)
        return "" if revision is None else f"edited: {', '.join(revision.parts)} (see its history)"

    def _conflict(self, row: int) -> str:
        """Who said what of a row in conflict; empty for others, and while scores are hidden."""
        session = self._session
        said = [] if session.hides(row) else session.review.opinions(row, session.side)
        words = [
            " ".join(filter(None, (each.who, f"{each.verdict.name.lower()}s", each.reason)))
            for each in said
        ]
        return "conflict: " + ", ".join(words) if words else ""

    def _reason_sign(self, row: int) -> str:
        """The digit of the reason that a rejection was given; empty for none."""
        reason = self._session.review.reason(row, self._session.side)
        if not reason:
            return ""
        words = list(self._session.annotations.reasons[:9])
        return str(words.index(reason) + 1) if reason in words else OTHER_REASON

    def texts(self, row: int) -> RowTexts:
        """The texts of a row; what a broken row holds instead is its problem."""
        dataset = self._session.dataset
        if dataset.broken[row]:
            return RowTexts(dataset.problem(row), "")
        if self._unknown:
            return RowTexts(_columns_text(dataset.record(row)), "")
        prompt, response, rejected = self._session.edits.texts.row(row)
        return RowTexts(prompt or "", response or "", rejected if dataset.has_sides else None)

    def state(self, row: int) -> RowState:
        """Who decided about a row, and what."""
        session = self._session
        if session.dataset.broken[row]:
            return RowState.BROKEN
        verdict = session.verdicts[row]
        if verdict == Verdict.ACCEPT:
            return RowState.ACCEPTED
        if verdict == Verdict.REJECT:
            return RowState.REJECTED
        if session.hides(row):
            return RowState.HIDDEN
        outcome, reason = self.outcome(row)
        if reason is Reason.SCORING_FAILED:
            return RowState.FAILED
        return _BY_RULE[outcome]

    def outcome(self, row: int) -> tuple[Outcome, Reason]:
        """The outcome of one row and the rule behind it."""
        session, (block, place) = self._session, divmod(row, BLOCK_ROWS)
        basis = (
            session.review.version, id(session.board), session.board.version, session.threshold,
            session.duplicates.version, session.side,
        )  # fmt: skip
        known = self._known
        if known[0] != basis or len(known[1]) > BLOCKS:
            known = self._known = (basis, {})
        blocks = known[1]  # not another thread's, which may be of another moment
        result = blocks.get(block)
        if result is None:
            start = block * BLOCK_ROWS
            result = blocks[block] = session.outcomes(slice(start, start + BLOCK_ROWS))
        return Outcome(int(result.outcome[place])), Reason(int(result.reason[place]))

    def reason_text(self, row: int) -> str:
        """Why the row has its outcome, in words."""
        session, decision = self._session, self._session.last_decision(row)
        if session.hides(row):
            return "" if decision is None else _said(decision)
        result = session.outcomes(slice(row, row + 1))
        reason = Reason(int(result.reason[0]))
        text = REASON_TEXT[reason]
        if coded := session.review.reason(row, session.side):
            text += f": {coded}"
        if result.matched is not None and result.similarity is not None and result.matched[0] >= 0:
            text = f"duplicate of row {result.matched[0]}, similarity {result.similarity[0]:.2f}"
        threshold = session.threshold
        if reason in (Reason.THRESHOLD_KEEPS, Reason.THRESHOLD_DROPS) and threshold is not None:
            text = f"{threshold}" + (" (a guess)" if threshold.guess else "")
        if reason is Reason.SCORING_FAILED:
            side = 1 if session.reviews_rejected else 0
            text += ": " + session.board.reasons.get((side, row), "no reason given")
        if decision is not None:
            text += f" · {_said(decision)}"
            score = decision.scores[np.flatnonzero(decision.rows == row)]
            if len(score) and not np.isnan(score[0]):
                text += f", at score {score[0]:.3f}"
        return text

    def content(self, row: int) -> DetailContent:
        """Everything the detail pane shows of a row."""
        session = self._session
        try:
            if self._unknown:
                return self._record(row)
            sample = session.edits.sample(row, session.side)
        except InputError as error:
            return DetailContent(row=row, state=self.state(row), turns=(), problem=str(error))
        hidden = session.hides(row)
        scores = np.full(session.sides, np.nan) if hidden else session.board.scores[:, row]
        reviewed = 1 if session.reviews_rejected else 0
        status = session.scoring.status()
        problem = session.dataset.problem(row)
        if session.board.truncated[row] and not hidden:
            problem = "; ".join(filter(None, (problem, "the scorer read only a part of it")))
        return DetailContent(
            row=row,
            state=self.state(row),
            turns=sample.turns,
            reason=self.reason_text(row),
            score=float(scores[reviewed]),
            scorer=status.scorer if status is not None and not hidden else "",
            tokens=int(session.board.tokens[row]),
            exported=int(session.copies[row]),
            cluster=session.clusters.whole_of(row),
            problem=problem,
            note=session.review.note(row),
            tags=session.review.tags(row),
            edited=self._edited(row),
            conflict=self._conflict(row),
            why=() if hidden else session.scoring.explain(row),
            other=sample.other,
            other_score=float(scores[1 - reviewed]) if len(scores) > 1 else math.nan,
            before=math.nan if hidden else float(session.scoring.before[row]),
            before_scorer=session.scoring.before_label,
            side=session.side,
            tools=sample.tools,
        )

    def _record(self, row: int) -> DetailContent:
        """The columns of a row that no family fits, as they are."""
        record = self._session.dataset.record(row)
        return DetailContent(
            row=row,
            state=self.state(row),
            turns=(),
            problem="no prompt is known: name its column with --prompt-column, "
            "and --response-column where there is one",
            columns=tuple((str(name), _value_text(value)) for name, value in record.items()),
        )


def _said(decision: Event) -> str:
    """Who decided, and when."""
    return f"{decision.who}, {decision.at[:16].replace('T', ' ')}"


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value, default=str).decode()
    except orjson.JSONEncodeError:  # a lone surrogate, or nested too deeply
        return str(value)


def _columns_text(record: dict[str, Any]) -> str:
    """`name = value` for each column, on one line."""
    return "   ".join(f"{name} = {str(value)[:200]}" for name, value in record.items())
