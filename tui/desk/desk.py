"""The review desk: table, sample, slider, and what their keys do.

The desk composes and routes; each group of actions has its own module.
"""

from __future__ import annotations

from functools import partial

from textual.content import Content

from engine.export.plan import ExportPlan, ExportReport
from engine.help import page_text
from engine.sample import Family
from engine.scoring.kinds import NO_SCORER
from engine.session.duplication import SearchState
from engine.session.exporting import default_plan, describe_plan, export_session
from tui.desk.availability import Possible
from tui.desk.base import TICK_S
from tui.desk.boosts import BoostActions
from tui.desk.columns import ColumnActions
from tui.desk.copying import CopyActions
from tui.desk.edits import EditActions
from tui.desk.importing import ImportActions
from tui.desk.mapping import MappingActions
from tui.desk.ordering import OrderActions
from tui.desk.scoring import ScoringActions
from tui.desk.undoing import UndoActions
from tui.dialogs.dialogs import TextDialog, WorkDialog
from tui.dialogs.export_dialog import ExportDialog
from tui.keys.actions import actions_of, actions_on, name_keys
from tui.keys.help import help_text, problems_text


class Desk(
    Possible,
    UndoActions,
    EditActions,
    BoostActions,
    OrderActions,
    ColumnActions,
    CopyActions,
    MappingActions,
    ImportActions,
    ScoringActions,
):
    """One session on the screen."""

    _clusters_drawn = -1
    """Version of the clusters that the table's column shows."""

    def on_mount(self) -> None:
        """Show where the last visit ended, then start scoring."""
        self._restore_view()
        self.restore_beside()
        self.table.focus()
        self._show_sample()
        self.set_interval(TICK_S, self._tick)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        dataset = self.session.dataset
        if dataset.family is Family.OTHER:
            self._scorer = NO_SCORER
            self.call_after_refresh(self.action_mapping)
        self.session.start_scoring(self._scorer, self._scorer_options)
        self._started = True
        if self._threshold is not None:
            self._set_threshold(self._threshold)
        self._focus_scoring()
        self.session.hash_in_background()
        self.session.duplicates.require()
        self.offer_import()

    def _tick(self) -> None:
        """Let the table's column follow what is found."""
        super()._tick()
        clusters = self.session.clusters
        clusters.refresh()
        if clusters.version != self._clusters_drawn:
            self._clusters_drawn = clusters.version
            self.table.refresh_changed()

    def action_code(self, key: str = "") -> None:
        """Say why the last rejection was one; at a panel, a digit is for it."""
        if key and self.panel is not None and self.at_panel:
            self.panel.type_digit(key)
        else:
            super().action_code(key)

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
            self._show_changed()
            self._draw_title()

        self.app.push_screen(screen, left)

    def action_export(self) -> None:
        """Ask where to, count, write."""
        session = self.session

        def chosen(plan: ExportPlan | None) -> None:
            if plan is None:
                return
            dialog = WorkDialog("exporting…")

            def progress(done: int, total: int) -> None:
                self.app.call_from_thread(dialog.show, "exporting…", done, total)

            self._work(
                "exporting…",
                lambda: export_session(
                    session, plan, progress=progress, cancelled=lambda: dialog.cancelled
                ),
                self._exported,
                background=True,
                dialog=dialog,
            )

        self.app.push_screen(
            ExportDialog(default_plan(session), partial(describe_plan, session)), chosen
        )

    def _exported(self, report: ExportReport) -> None:
        counts = report.counts
        parts = [f"{counts[name]:,} {name}" for name in ("kept", "dropped", "pending")]
        self.say(f"exported to {report.output.name}: {', '.join(parts)}", timeout=12)

    def action_help(self) -> None:
        """The keys of what has the focus, the desk's page, and at a panel its own."""
        panel = self.panel if self.at_panel else None
        text = help_text(
            actions_on(None, actions_of(self.app)),
            obstacles=self.obstacles(),
            first=None if panel is None else panel.group,
            title=self.title_notes() if panel is None else (),
            glyphs=self._glyphs,
        )
        if panel is not None and panel.page:
            text = Content.assemble(
                text, "\n\n", name_keys(page_text(panel.page), actions_of(self.app))
            )
        self.app.push_screen(TextDialog(f"Help: {self.place}", text))

    def action_problems(self) -> None:
        """What could not be read."""
        self.app.push_screen(TextDialog("Problems", problems_text(self.session.dataset)))

    def action_theme(self) -> None:
        """Choose a theme."""
        names = sorted(name for name in self.app.available_themes if name.startswith("tamis-"))

        def take(name: str) -> None:
            self.app.theme = name

        self.choose("Theme", [(name, name) for name in names], take, self.app.theme)

    def action_quit(self) -> None:
        """Leave; everything is on disk."""
        self._save_cursor()
        self.app.exit()
