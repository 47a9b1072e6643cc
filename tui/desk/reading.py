"""Focus mode: one sample fills the screen, and the next one is ready before it is asked for.

Blind, the desk shows neither scores nor what the rules make of them.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Verdict
from tui.desk.base import DeskBase
from tui.sample.detail import SampleDetail

PREFETCHED = (1, 2, -1)
"""Which neighbours of the sample shown are laid out, the likeliest first."""


class ReadingActions(DeskBase):
    """What enter, J, K and b do, and what happens behind them."""

    _preparing = False
    _prepare_next: tuple[int, ...] = ()
    _counted_view: tuple[tuple[object, ...], int] | None = None

    # -- focus mode --------------------------------------------------------------------------

    def set_zoom(self, *, on: bool) -> None:
        """Give the sample the whole screen, or the table its place back."""
        self._zoomed = on
        self.set_class(on, "-zoomed")
        (self.detail if on else self.table).focus()
        self._draw_title()
        if on:
            self.call_after_refresh(self._prepare_neighbours)
        else:
            # What was hidden has drawn nothing of what changed since.
            self.call_after_refresh(self._draw_counts, recount=True)

    def action_next_sample(self) -> None:
        """To the next sample, deciding nothing."""
        self._go(1)

    def action_previous_sample(self) -> None:
        """To the one before, deciding nothing."""
        self._go(-1)

    def _go(self, step: int) -> None:
        line = self.table.cursor
        self.table.move(step)
        if self.table.cursor == line:
            self.say("that is the last of the rows shown" if step > 0 else "that is the first one")
        elif self._zoomed:
            self._show_sample()
            self._draw_title()

    def _focus_parts(self) -> list[str]:
        """How far the reading is; empty where the table is shown."""
        order = self.table.order
        if not self._zoomed or not len(order):
            return []
        decided = self._decided_of(order)
        return [
            f"sample {self.table.cursor + 1:,} of {len(order):,}",
            f"{decided:,} decided, {len(order) - decided:,} left",
        ]

    def _decided_of(self, order: NDArray[np.int64]) -> int:
        """Rows of the view that have a verdict; skipped ones do."""
        basis = (self.session.review.version, self.session.side, id(order))
        if self._counted_view is None or self._counted_view[0] != basis:
            verdicts = self.session.verdicts
            # Of all rows the order does not matter; following it takes milliseconds a million.
            shown = verdicts if len(order) == len(verdicts) else verdicts[order]
            decided = np.count_nonzero(shown != Verdict.UNDECIDED)
            self._counted_view = basis, int(decided)
        return self._counted_view[1]

    # -- the next sample ---------------------------------------------------------------------

    def _show_sample(self) -> None:
        super()._show_sample()
        self._prepare_neighbours()

    def _prepare_neighbours(self) -> None:
        """Lay out in a thread what is likely to be shown next; the newest wish counts."""
        order, cursor = self.table.order, self.table.cursor
        lines = (cursor + step for step in PREFETCHED)
        self._prepare_next = tuple(int(order[line]) for line in lines if 0 <= line < len(order))
        if self._prepare_next and not self._preparing:
            self._preparing = True
            prepare = partial(self._prepare, self.detail)
            self.run_worker(prepare, thread=True, group="prefetch", exit_on_error=True)

    def _prepare(self, detail: SampleDetail) -> None:
        """In a thread, which may not look into a screen that is going."""
        try:
            while rows := self._prepare_next:
                self._prepare_next = ()
                for row in rows:
                    if self._prepare_next:
                        break
                    self.session.ui_priority.wait()
                    detail.prepare(self._rows.content(row))
        finally:
            self._preparing = False

    # -- blind -------------------------------------------------------------------------------

    def action_blind(self) -> None:
        """Hide scores and suggestions, or show them again."""
        blind = not self.session.blind
        self.session.set_blind(on=blind)
        if blind:
            left, asked = self.session.view.hide_scores()
            are = "are" if len(left) > 1 else "is"
            what = f", and so {' and '.join(left)} {are} left" if left else ""
            self.say(
                f"blind: scores and what the rules say are hidden{what}; "
                f"{self.key('blind')} shows them"
            )
        else:
            asked = self.session.view.show_scores()
            self.say("scores and what the rules say are shown again")
        self._draw_counts(recount=True)
        self.table.forget_texts()
        self._show_sample()
        self._draw_title()
        if asked is not None:
            self._show_when_ready(asked)
