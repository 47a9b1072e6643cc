"""Verdicts in the clusters screen: on a member, on a cluster, on all clusters listed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.review.decision import CHOICES, Aspect, Event, Verdict
from engine.review.review import Change
from engine.session import cluster_verdicts
from engine.session.cluster_review import Kind
from tui.clusters import words
from tui.clusters.base import ClusterBase
from tui.deciding import INLINE_ROWS, DecidingScreen, next_boost
from tui.said_words import change_text


class DecidingActions(ClusterBase, DecidingScreen):
    """What a, x, space, c, enter, =, *, K and w do; what U and R show."""

    # -- a member --------------------------------------------------------------------------------

    def _decide(self, verdict: Verdict) -> None:
        row = self.members.cursor_row
        if row is None:
            return
        rows = np.array([row], np.int64)
        self._work("…", lambda: self.session.decide(rows, verdict), self._decided, background=False)
        if verdict is not Verdict.UNDECIDED and self.session.verdicts[row] == verdict:
            self.members.move(1)

    def action_boost(self) -> None:
        """Export it once, twice, three times, once."""
        row = self.members.cursor_row
        if row is not None:
            times = next_boost(int(self.session.copies[row]))
            rows = np.array([row], np.int64)
            self._work(
                "…", lambda: self.session.set_copies(rows, times), self._said, background=False
            )

    def _decided(self, change: Change | None) -> None:
        """Draw what a decision has changed, before the next frame."""
        if change is None:
            return
        self._wanted = None  # whoever decides here is not called away
        self.review.decided(change.rows)
        self.members.refresh_changed()
        self.cluster_list.refresh_changed()

    def _said(self, change: Change | None) -> None:
        """The same, and say it."""
        self._decided(change)
        if change is not None:
            self.say(f"{change_text(change)}; {self.taken_back}")

    # -- a cluster -------------------------------------------------------------------------------

    def action_take_keeper(self) -> None:
        """Keep the suggested row, reject what is too like it."""
        cluster, found = self.cluster_list.cluster, self.found
        if cluster is None or found is None:
            return
        row, reason = self.review.keeper(found, cluster)

        def keep() -> Change | None:
            beaten = self.review.beaten(found, cluster, row)
            return cluster_verdicts.keep_one(self.session, row, beaten, firmly=False)

        self._keep(keep, f"kept row {row} ({reason})")

    def action_keep_this(self) -> None:
        """Keep the member under the cursor and no other."""
        row, rows = self.members.cursor_row, self.members.order
        if row is not None:
            self._keep(
                lambda: cluster_verdicts.keep_one(self.session, row, rows), f"kept row {row}"
            )

    def action_keep_all(self) -> None:
        """Keep every member."""
        rows = self.members.order
        if len(rows):
            self._keep(lambda: self.session.decide(rows, Verdict.ACCEPT), "kept all")

    def _keep(self, keep: Callable[[], Change | None], said: str) -> None:
        """Decide about the cluster under the cursor, and go on to the next."""

        def done(change: Change | None) -> None:
            if change is None:
                self.say("nothing to change: what is left is unlike, or decided already")
                return
            self._decided(change)
            self.say(f"{said}: {change_text(change)}; {self.taken_back}")
            self.cluster_list.move(1)

        self._work("deciding…", keep, done, background=len(self.members.order) > INLINE_ROWS)

    # -- many ------------------------------------------------------------------------------------

    def action_keep_suggested(self) -> None:
        """Keep the suggested row of every cluster listed, after a count."""
        found, shown = self.found, self.cluster_list.order
        if self.session.read_only:
            self.say("read-only: nothing can be decided here")
        elif self.session.blind:
            self.say(
                "the suggested rows of all clusters go by scores, which are hidden while blind"
            )
        elif found is None or not len(shown):
            self.say("no cluster is listed")
        elif found.kind is not Kind.WHOLE:
            self.say("only whole samples are decided all at once: decide these one by one")
        else:
            self._work(
                "counting…",
                lambda: cluster_verdicts.plan_keeping(self.session, found.clusters, shown),
                self._ask,
                background=True,
            )

    def _ask(self, plan: cluster_verdicts.KeepPlan) -> None:
        if not len(plan.rows):
            self.say("nothing to change: these clusters are decided, or nothing of them is kept")
            return

        def decide() -> None:
            self._work(
                f"deciding {len(plan.rows):,} rows",
                lambda: cluster_verdicts.carry_out(self.session, plan),
                self._many_decided,
                background=len(plan.rows) > INLINE_ROWS,
            )

        self.confirm(
            "Keep the suggested row of all clusters listed?",
            words.plan_lines(plan, self.key("undo")),
            f"decide {len(plan.rows):,} rows",
            decide,
        )

    def _many_decided(self, change: Change | None) -> None:
        self._said(change)
        self.show_list()

    # -- undo and redo ---------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Take the last thing back."""
        self._end_move()
        moving = self.session.choices.is_moving
        self._step_here(None if moving else self.session.review.next_undo, super().action_undo)

    def action_redo(self) -> None:
        """Give it again."""
        self._end_move()
        self._step_here(self.session.review.next_redo, super().action_redo)

    def _step_here(self, step: Event | None, take: Callable[[], None]) -> None:
        """Go a step, unless the dataset has to be opened anew for it."""
        if step is not None and step.said.aspect is Aspect.MAPPING:
            self.say(f"that is how columns are read: {self.key('close')} goes to the table first")
        else:
            take()

    def _show_step(self, change: Change) -> str:
        if change.aspect in CHOICES:
            self.desk.show_choice(change)
            self._draw_lines()
            self.members.refresh_changed()
            self.cluster_list.refresh_changed()
            return ""
        found = self.go_to_row(int(change.rows[0]))
        self._decided(change)
        return "" if found else ", not listed here"
