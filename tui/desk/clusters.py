"""Repeats in the desk: the way to the clusters screen, and what the table shows of them."""

from __future__ import annotations

from engine.session.duplication import SearchState
from tui.desk.boosts import BoostActions


class ClusterActions(BoostActions):
    """What D does."""

    _clusters_seen = (-1, 0)  # version of the clusters, cells of their column

    def action_clusters(self) -> None:
        """Open the clusters at this sample's; look for what nobody has looked for yet."""
        # Only who opens it waits for its imports.
        from tui.clusters.screen import ClusterScreen  # noqa: PLC0415 - when it opens

        duplicates = self.session.duplicates
        state = duplicates.status.state
        if duplicates.missing and state not in (SearchState.STOPPED, SearchState.FAILED):
            duplicates.search()
        screen = ClusterScreen(
            self, self._rows, start=self.table.cursor_row, ascii_only=self._glyphs.ascii_only
        )

        def left(_result: None) -> None:
            if screen.leaves_at is not None and not self.table.go_to_row(screen.leaves_at):
                self.say(
                    f"row {screen.leaves_at} is not in this view: {self.key('filter')} with an "
                    "empty line shows all"
                )
            self.table.refresh_changed()
            self._show_sample()
            self._draw_title()

        self.app.push_screen(screen, left)

    def _tick(self) -> None:
        """Let the table's column follow what is found."""
        super()._tick()
        clusters = self.session.clusters
        clusters.refresh()
        seen = clusters.version, self._rows.lead_cells
        if seen != self._clusters_seen:
            if seen[1] != self._clusters_seen[1]:
                self.table.refresh()
            self._clusters_seen = seen
            self.table.refresh_changed()
