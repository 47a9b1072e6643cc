"""What the table and the detail pane show of a session, one row at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.errors import InputError
from engine.review.decision import Event, Verdict
from engine.review.policy import REASON_TEXT, Outcome, Outcomes, Reason
from engine.sample import Family
from engine.session import Session
from engine.session.other_columns import value_text
from engine.session.table_columns import Room, TableColumn, Value
from tui.sample.detail_content import DetailContent
from tui.table.row_source import RowMarks
from tui.terminal.display import RowState

OTHER_REASON = "."
"""A reason that no digit stands for here: another reviewer's."""

_BY_RULE = {
    Outcome.KEPT: RowState.KEPT,
    Outcome.DROPPED: RowState.DROPPED,
    Outcome.PENDING: RowState.PENDING,
}

BLOCK_ROWS = 64
"""Outcomes are worked out for so many rows at once: it takes as long as for one."""

BLOCKS = 512


class SessionRows:
    """A session as the table's row source; reads the arrays at the moment of drawing."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.score_range: tuple[float, float] | None = None
        """Set by the desk from the histogram's axis."""
        self._unknown = session.dataset.family is Family.OTHER
        self._known: tuple[object, dict[int, Outcomes]] = (None, {})
        """Outcomes by block of rows, and what they follow from."""

    @property
    def rows(self) -> int:
        """Rows of the dataset."""
        return self._session.dataset.rows

    def room(self, cells: int) -> Room:
        """What the widths of the columns depend on."""
        session, whole = self._session, self._session.clusters.whole
        return Room(
            cells, self.rows, session.sides, 0 if whole is None else len(whole),
            boosts=bool(session.review.boosted),
        )  # fmt: skip

    def marks(self, row: int, columns: Sequence[TableColumn]) -> RowMarks:
        """The state of a row as of now, and what `columns` show of it unless it is hidden."""
        session = self._session
        hidden = session.hides(row)
        return RowMarks(
            state=self.state(row),
            values=tuple(
                None if hidden and column.reveals else _known(column.value(session, row))
                for column in columns
            ),
            skipped=bool(session.verdicts[row] == Verdict.SKIP),
            problem=bool(
                session.dataset.broken[row]
                or session.dataset.remarked[row]
                or (session.board.read[session.scoring.side_index, row] and not hidden)
            ),
            noted=bool(session.review.note(row)),
            tagged=bool(session.review.tags(row)),
            edited=row in session.edits.revisions,
            reason=self._reason_sign(row),
        )

    def text(self, row: int, column: TableColumn) -> str:
        """What a text column shows of a row; nothing of what is hidden."""
        if column.reveals and self._session.hides(row):
            return ""
        return str(column.value(self._session, row) or "")

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
        return DetailContent(
            row=row,
            state=self.state(row),
            turns=sample.turns,
            reason=self.reason_text(row),
            score=float(scores[reviewed]),
            scorer=status.scorer if status is not None and not hidden else "",
            tokens=int(session.scoring.tokens[row]),
            estimated=session.scoring.is_estimated(row),
            read=0 if hidden else int(session.board.read[reviewed, row]),
            exported=int(session.copies[row]),
            cluster=session.clusters.whole_of(row),
            problem=session.dataset.problem(row),
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
            candidates=sample.candidates,
            candidate_details=sample.candidate_details,
            beside=session.other_columns.of_row(row),
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
            columns=tuple((str(name), value_text(value)) for name, value in record.items()),
        )


def _said(decision: Event) -> str:
    """Who decided, and when."""
    return f"{decision.who}, {decision.at[:16].replace('T', ' ')}"


def _known(value: Value) -> Value:
    """`value`, where there is one: a score that has not come yet is NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
