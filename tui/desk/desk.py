"""The review desk: table, sample, slider, and what their keys do.

The desk composes and routes; each group of actions has its own module.
"""

from __future__ import annotations

from functools import partial

from textual.content import Content

from engine.errors import TamisError
from engine.export import ExportPlan, ExportReport
from engine.sample import Family
from engine.session.exporting import default_plan, describe_plan, export_session
from engine.session.sort_order import Column, Sort
from engine.session.view import rows_matching
from tui.desk.availability import Possible
from tui.desk.base import TICK_S
from tui.desk.clusters import ClusterActions
from tui.desk.copying import CopyActions
from tui.desk.edits import EditActions
from tui.desk.filters import FilterActions
from tui.desk.moving import MovingActions
from tui.desk.ordering import OrderActions
from tui.desk.scoring import ScoringActions
from tui.desk.simulator import SimulatorActions
from tui.desk.thresholds import ThresholdActions
from tui.desk.view import ViewActions
from tui.dialogs.dialogs import ChoiceDialog, TextDialog, WorkDialog
from tui.dialogs.export_dialog import ExportDialog
from tui.keys.actions import actions_of, actions_on
from tui.keys.help import help_text, page_text, problems_text


class Desk(
    Possible,
    EditActions,
    ClusterActions,
    MovingActions,
    ThresholdActions,
    FilterActions,
    ViewActions,
    OrderActions,
    CopyActions,
    ScoringActions,
    SimulatorActions,
):
    """One session on the screen."""

    def on_mount(self) -> None:
        """Show where the last visit ended, then start scoring."""
        self._restore_view()
        self.table.focus()
        self._show_sample()
        self.set_interval(TICK_S, self._tick)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        dataset = self.session.dataset
        if dataset.family is Family.OTHER:
            self._scorer = "none"
            names = ", ".join(dataset.column_names[:12])
            self.say(
                f"no family fits the columns of this dataset: {names}\n"
                "name the prompt with --prompt-column (and --response-column) to score it",
                severity="warning",
                timeout=20,
            )
        self.session.start_scoring(self._scorer, self._scorer_options)
        self._started = True
        if self._threshold is not None:
            self._set_threshold(self._threshold)
        self._focus_scoring()
        self.session.hash_in_background()
        self.session.duplicates.require()

    def _restore_view(self) -> None:
        settings = self.session.store.get_setting
        sort = settings("sort", None)
        if isinstance(sort, list) and sort[0] in list(Column):
            self._sort = Sort(Column(sort[0]), bool(sort[1]))
        filter_text = settings("filter", "")
        if isinstance(filter_text, str) and filter_text:
            try:
                chosen, self._matching = rows_matching(self.session, filter_text)
                self._filter_text = str(chosen)
            except TamisError as error:
                self.say(f"the filter of the last time was left out: {error}", severity="warning")
        if self.session.blind:
            self._put_aside()
        cursor = settings("cursor", 0)
        row = min(cursor, self.session.dataset.rows - 1) if isinstance(cursor, int) else 0
        ordered = self._sort != Sort() or self.session.orders.current is not None
        if ordered or self._matching is not None:
            self._settling = row
            self._show_order(keep_row=row)
        else:
            self.table.go_to_row(row)

    def action_code(self, key: str = "") -> None:
        """Say why the last rejection was one; at a panel, a digit is for it."""
        if key and self.panel is not None and self.at_panel:
            self.panel.type_digit(key)
        else:
            super().action_code(key)

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
            glyphs=self._glyphs,
        )
        if panel is not None and panel.page:
            text = Content.assemble(text, "\n\n", page_text(panel.page, actions_of(self.app)))
        self.app.push_screen(TextDialog(f"Help: {self.place}", text))

    def action_problems(self) -> None:
        """What could not be read."""
        self.app.push_screen(TextDialog("Problems", problems_text(self.session.dataset)))

    def action_theme(self) -> None:
        """Choose a theme."""
        names = sorted(name for name in self.app.available_themes if name.startswith("tamis-"))

        def chosen(name: str | None) -> None:
            if name:
                self.app.theme = name

        self.app.push_screen(
            ChoiceDialog("Theme", [(name, name) for name in names], self.app.theme), chosen
        )

    def action_quit(self) -> None:
        """Leave; everything is on disk."""
        self._save_cursor()
        self.app.exit()
