"""The review order in hand, and the spot checks of a session.

An order is fixed when it is made and is there again after a restart; how far the reviewer is in
it follows from the verdicts. Spot checks stay on file for ever, with their seed and sample.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.audit import spotcheck
from engine.audit.spotcheck import SpotCheck, SpotCheckResult
from engine.dataset.dataset import Dataset
from engine.dataset.identities import IdentityTable
from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.policy import Outcome, Outcomes, Reason
from engine.review.review import Review
from engine.review.review_orders import SHORT_TEXT, TELLING, OrderKind, OrderView, ordered_rows
from engine.review.threshold import Direction, Threshold
from engine.sample import Side
from engine.session.binding import Binding
from engine.session.live_scoring import LiveScoring
from engine.session.settings import SessionSettings
from engine.store import Store, StoredOrder

SETTING = "queue"
"""The setting with the number of the review order in hand."""


class OrderedSession(Protocol):
    """The part of a session that this module needs."""

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def threshold(self) -> Threshold | None:
        """The one that decides now."""
        ...

    @property
    def blind(self) -> bool:
        """Whether scores are hidden."""
        ...

    def outcomes(self) -> Outcomes:
        """Of every row."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ReviewOrder:
    """An order that was made, with what it was made by."""

    kind: OrderKind
    rows: NDArray[np.int64]  # (n,)
    unreviewed: bool = False
    """Rows that had a verdict were left out."""
    side: Side = Side.CHOSEN
    id: int = 0

    def __str__(self) -> str:
        return self._named(self.kind.value)

    @property
    def short(self) -> str:
        """The same in few words."""
        return self._named(SHORT_TEXT.get(self.kind, self.kind.value))

    def _named(self, kind: str) -> str:
        if not self.unreviewed:
            return kind
        return "unreviewed" if self.kind is OrderKind.FILE else f"{kind}, unreviewed"


@dataclass(frozen=True, slots=True)
class OrderProgress:
    """How far the reviewer is in an order, in rows."""

    seen: int
    """Rows with a verdict, skipped ones too."""
    rows: int


class ReviewOrders:
    """See the module's docstring; one per session."""

    def __init__(
        self,
        session: OrderedSession,
        dataset: Dataset,
        scoring: LiveScoring,
        review: Review,
        identities: IdentityTable,
        store: Store,
        settings: SessionSettings,
    ) -> None:
        """Nothing is in hand before `restore`."""
        self._session, self._dataset, self._scoring = session, dataset, scoring
        self._review, self._identities = review, identities
        self._store, self._settings = store, settings
        self._digest = ""
        self._drawn_under: dict[int, str] = {}
        """By check, the digest that this dataset had for it."""
        self.current: ReviewOrder | None = None
        """The order in hand; None: the table's own."""
        self.checks: list[SpotCheck] = []
        """Every spot check, oldest first."""
        self._progress: tuple[ReviewOrder, object, OrderProgress] | None = None
        self._hidden: tuple[object, frozenset[int]] | None = None
        self._results: dict[int, tuple[object, SpotCheckResult]] = {}

    def restore(self, binding: Binding, notices: list[str]) -> None:
        """Take up what the last visit left.

        Args:
            binding: finds the rows of what is on file.
            notices: told where the order in hand was of another version of the dataset.
        """
        self._digest = binding.digest
        stored = self._store.lasting_orders()
        self.checks = [self._as_check(order, binding) for order in stored]
        number = self._settings.get(SETTING)
        if not isinstance(number, int):
            return
        check = next((check for check in self.checks if check.id == number), None)
        if check is not None:
            if check.side is self._scoring.side and len(check.rows):
                self.current = _of_check(check)
            return
        order = self._store.order(number)
        if order is None or order.kind not in set(OrderKind):
            return
        if not binding.same_rows(order.dataset_digest, order.reading):
            notices.append("the review order was of the dataset before it changed: make another")
            return
        self.current = ReviewOrder(
            OrderKind(order.kind),
            order.rows,
            bool(order.facts.get("unreviewed", False)),
            order.side,
            order.id,
        )

    # -- orders ------------------------------------------------------------------------------

    def make(self, kind: OrderKind, *, unreviewed: bool = False) -> ReviewOrder:
        """Put rows in order, from scores and verdicts as they are now, and take that in hand.

        Args:
            kind: any but a spot check, see `draw` and `resume`.
            unreviewed: leave out rows with a verdict.

        Raises:
            UsageError: there is nothing to order by, no row is left, or the order would tell
                scores that are hidden while blind.
            StoreError: it could not be written.
        """
        if self._session.blind and kind in TELLING:
            raise UsageError(
                f"{kind.value}: that would tell the scores, which are hidden while blind"
            )
        view = OrderView(
            scores=self._scoring.scores,
            before=self._scoring.before,
            verdicts=self._session.verdicts,
            lengths=self._dataset.lengths,
            broken=self._dataset.broken,
            conflicts=self._review.conflicts(self._scoring.side),
            threshold=self._session.threshold,
        )
        rows = ordered_rows(kind, view, unreviewed=unreviewed)
        if not len(rows):
            raise UsageError("no row is left for this order", "every row has a verdict")
        order = ReviewOrder(kind, rows, unreviewed, self._scoring.side)
        if not self._store.read_only:
            facts = {"unreviewed": unreviewed}
            stored = self._store.add_order(StoredOrder(kind.value, order.side, facts, rows))
            order = replace(order, id=stored.id)
        self._take(order)
        return order

    def again(self) -> ReviewOrder | None:
        """Make the order in hand once more, from scores and verdicts as they are now.

        A spot check stays as it was drawn.

        Raises:
            UsageError: there is nothing to order by any more.
            StoreError: it could not be written.
        """
        known = self.current
        if known is None or known.kind is OrderKind.SPOT_CHECK:
            return known
        return self.make(known.kind, unreviewed=known.unreviewed)

    def leave(self) -> None:
        """Back to the table's own order; spot checks stay as they are."""
        if self.current is not None:
            self.current = None
            self._settings.remember(SETTING, None)

    def _take(self, order: ReviewOrder) -> None:
        self.current = order
        self._settings.remember(SETTING, order.id or None)

    def progress(self) -> OrderProgress | None:
        """How far the reviewer is in the order in hand; None where there is none."""
        order, basis = self.current, (self._review.version, self._scoring.side)
        if order is None:
            return None
        if self._progress is None or self._progress[:2] != (order, basis):
            seen = int(np.count_nonzero(self._given(order)))
            self._progress = (order, basis, OrderProgress(seen, len(order.rows)))
        return self._progress[2]

    def first_open(self) -> int | None:
        """The first row of the order in hand that has no verdict; None where all have one."""
        if self.current is None:
            return None
        rows = self.current.rows
        left = np.flatnonzero(self._given(self.current) == Verdict.UNDECIDED)
        return int(rows[left[0]]) if len(left) else None

    def _given(self, order: ReviewOrder) -> NDArray[np.int8]:
        """The verdicts of an order's rows; of a spot check's, those given since it was drawn."""
        if order.kind is OrderKind.SPOT_CHECK:
            check = next((check for check in self.checks if check.id == order.id), None)
            if check is not None:
                return self.answers(check)
        given: NDArray[np.int8] = self._session.verdicts[order.rows]
        return given

    def answers(self, check: SpotCheck) -> NDArray[np.int8]:
        """What was said of the rows of a check since it was drawn.  (n,)."""
        side = min(int(check.side), len(self._review.verdicts) - 1)
        answers: NDArray[np.int8] = self._review.verdicts[side][check.rows]
        if check.after is None:
            return answers
        since = self._review.decided_after(check.after, check.side)[check.rows]
        return np.where(since, answers, np.int8(Verdict.UNDECIDED))

    def awaits(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a verdict that each of `rows` has already would be news: in a check, it answers.

        (n,) -> (n,)
        """
        order = self.current
        if order is None or order.kind is not OrderKind.SPOT_CHECK:
            return np.zeros(len(rows), np.bool_)
        return np.isin(rows, order.rows[self._given(order) == Verdict.UNDECIDED])

    # -- spot checks -------------------------------------------------------------------------

    @property
    def check(self) -> SpotCheck | None:
        """The last spot check of the side under review."""
        ours = (check for check in reversed(self.checks) if check.side is self._scoring.side)
        return next(ours, None)

    def checks_of(self, scorer: str, direction: Direction) -> list[SpotCheck]:
        """The spot checks of this side that were drawn by a threshold on this scorer's scores."""
        side = self._scoring.side
        return [
            check
            for check in self.checks
            if (check.scorer, check.direction, check.side) == (scorer, direction, side)
        ]

    def population(self) -> NDArray[np.int64]:
        """Rows that a spot check would be drawn from: those that the rules keep.  (n,)."""
        return _kept_by_rule(self._session.outcomes())

    def draw(self, rows: int = spotcheck.ROWS, *, seed: int | None = None) -> SpotCheck:
        """Draw a spot check, put it on file, and take it in hand.

        Args:
            rows: how many; all that are kept by rule where there are fewer.
            seed: for a draw that can be foretold; by default from the system's randomness.

        Raises:
            UsageError: no such number of rows or seed, nothing is kept by rule, or the session
                is open read-only.
            StoreError: it could not be written.
        """
        if self._store.read_only:
            raise UsageError("read-only: a spot check could not be kept here")
        with self._scoring.board.still:
            outcomes, threshold = self._session.outcomes(), self._session.threshold
        population = _kept_by_rule(outcomes)
        seed = secrets.randbits(spotcheck.SEED_BITS) if seed is None else seed
        drawn = spotcheck.draw(population, rows, seed)
        assert threshold is not None  # without one nothing is kept by rule
        kept = outcomes.outcome == Outcome.KEPT
        facts: dict[str, Any] = {
            "seed": seed,
            "scorer": self._scoring.spec,
            "bound": threshold.value,
            "direction": threshold.direction.value,
            "population": len(population),
            "kept": int(np.count_nonzero(kept)),
            "kept_digest": spotcheck.digest_of(kept, self._digest),
            "after": self._review.events[-1].id if self._review.events else 0,
        }
        stored = self._store.add_order(
            StoredOrder(
                OrderKind.SPOT_CHECK.value,
                self._scoring.side,
                facts,
                drawn,
                self._identities.identities(drawn),
                self._identities.occurrences()[drawn],  # a check on file is never corrected
            )
        )
        check = self._as_check(stored)
        self.checks.append(check)
        self._take(_of_check(check))
        return check

    def resume(self) -> SpotCheck | None:
        """Take the last spot check in hand again; None where there is none."""
        check = self.check
        if check is not None and len(check.rows):
            self._take(_of_check(check))
        return check

    def result(self, check: SpotCheck) -> SpotCheckResult:
        """What came of a check so far; cheap while nothing changes."""
        session, board = self._session, self._scoring.board
        basis = (
            self._review.version, id(board), board.version, session.threshold, self._scoring.side,
        )  # fmt: skip
        known = self._results.get(check.id)
        if known is None or known[0] != basis:
            kept = session.outcomes().outcome == Outcome.KEPT
            stale = check.side is not self._scoring.side or spotcheck.is_stale(
                check, kept, self._drawn_under.get(check.id, self._digest)
            )
            made = spotcheck.result(check, self.answers(check), stale=stale)
            known = self._results[check.id] = (basis, made)
        return known[1]

    @property
    def hidden(self) -> frozenset[int]:
        """Rows whose scores are hidden: those of a spot check under way."""
        basis = (self._review.version, self._scoring.side, len(self.checks))
        if self._hidden is None or self._hidden[0] != basis:
            check, rows = self.check, frozenset[int]()
            if check is not None and (self.answers(check) == Verdict.UNDECIDED).any():
                rows = frozenset(check.rows.tolist())
            self._hidden = (basis, rows)
        return self._hidden[1]

    def _as_check(self, order: StoredOrder, binding: Binding | None = None) -> SpotCheck:
        """A check as it is on file, its rows found in the dataset open now by `binding`."""
        rows, facts = order.rows, order.facts
        if binding is None or binding.same_rows(order.dataset_digest, order.reading):
            self._drawn_under[order.id] = order.dataset_digest
        else:
            assert order.identities is not None
            assert order.occurrences is not None
            version = order.identity_version
            rows = binding.locate(order.identities, order.occurrences, version)
        return SpotCheck(
            id=order.id,
            rows=rows[rows >= 0],
            seed=int(facts["seed"]),
            drawn_at=order.at,
            drawn_by=order.who,
            side=order.side,
            scorer=str(facts["scorer"]),
            bound=float(facts["bound"]),
            direction=Direction(facts["direction"]),
            population=int(facts["population"]),
            kept=int(facts["kept"]),
            kept_digest=str(facts["kept_digest"]),
            drawn=len(order.rows),
            after=None if facts.get("after") is None else int(facts["after"]),
        )


def _kept_by_rule(outcomes: Outcomes) -> NDArray[np.int64]:
    """(rows,) -> (n,) row numbers."""
    ruled = (outcomes.outcome == Outcome.KEPT) & (outcomes.reason != Reason.ACCEPTED)
    return np.flatnonzero(ruled)


def _of_check(check: SpotCheck) -> ReviewOrder:
    return ReviewOrder(OrderKind.SPOT_CHECK, check.rows, side=check.side, id=check.id)
