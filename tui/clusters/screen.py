"""The clusters screen, whole: its motions, its help, and the way back to the desk."""

from __future__ import annotations

from tui.clusters.viewing import ViewingActions
from tui.dialogs.dialogs import TextDialog
from tui.keys.actions import Action, Group, actions_of, actions_on
from tui.keys.help import help_text
from tui.widgets.status import KeyBar


class ClusterScreen(ViewingActions):
    """The clusters of one session."""

    def action_next_pane(self) -> None:
        """List, members, comparison, list."""
        panes = (self.cluster_list, self.members, self.comparison)
        self.set_focus(panes[(panes.index(self.pane) + 1) % len(panes)])

    def action_next_change(self) -> None:
        """To the next difference of the two samples."""
        if not self.comparison.go_to_change(1):
            self.say("no further difference")

    def action_previous_change(self) -> None:
        """To the one before."""
        if not self.comparison.go_to_change(-1):
            self.say("no difference before this")

    def action_close(self) -> None:
        """From a pane to the list, from the list to the desk, where it was."""
        if self.pane is not self.cluster_list:
            self.set_focus(self.cluster_list)
        else:
            self.dismiss(None)

    def action_leave_at(self) -> None:
        """To the table, at the member under the cursor."""
        self.leaves_at = self.members.cursor_row
        self.dismiss(None)

    async def action_pause(self) -> None:
        """Pause scoring, or go on."""
        await self.desk.run_action("pause")

    def action_help(self) -> None:
        """The keys of this screen, and what its words mean."""
        text = help_text(
            actions_on(Group.CLUSTERS, actions_of(self.app)),
            first=Group.CLUSTERS,
            page="clusters",
            glyphs=self.glyphs,
        )
        self.app.push_screen(TextDialog("Help: duplicates and contradictions", text))

    async def action_theme(self) -> None:
        """Choose a theme."""
        await self.desk.run_action("theme")

    async def action_quit(self) -> None:
        """Leave tamis; everything is on disk."""
        await self.desk.run_action("quit")

    def obstacle(self, action: Action) -> str:
        """Why `action` cannot be done now, for footer and palette; empty where it can."""
        if action.writes and self.session.read_only:
            return self.read_only_text
        if action.id in _ON_CLUSTER and self.cluster_list.cluster is None:
            return "no cluster is listed"
        moving = self._moving_to is not None
        if action.id == "undo" and not (moving or self.session.undoable):
            return "nothing to undo"
        if action.id == "redo" and not self.session.review.redoable:
            return "nothing to redo"
        return ""

    def _tick(self) -> None:
        """Also keep the footer to what can be done."""
        super()._tick()
        self.query_one(KeyBar).leave_out(
            frozenset(action.id for action in actions_on(Group.CLUSTERS) if self.obstacle(action))
        )


_ON_CLUSTER = frozenset({
    "take_keeper", "keep_this", "keep_all", "keep_suggested", "accept", "reject", "skip", "clear",
    "boost", "leave_at", "next_change", "previous_change",
})  # fmt: skip
