"""The panels of the desk: which there are, and opening, closing and following them."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from tui.desk.base import DeskBase
from tui.keys.actions import BY_ID, Action, Group, actions_of, bindings
from tui.panel import Panel
from tui.simulator import SimulatorPanel
from tui.widgets.status import KeyBar

PANELS: list[type[Panel]] = [SimulatorPanel]
"""One row each."""

UNDOING = ("undo", "redo")
"""Verdict keys that work at a panel, too."""


class PanelActions(DeskBase):
    """What all panels have in common; at most one is open."""

    panel: Panel | None = None
    """The open one."""

    def make_panels(self) -> Iterable[Panel]:
        """One of each, hidden; the desk hands on the actions that are a panel's own."""
        for kind in PANELS:
            panel = kind(self, glyphs=self._glyphs)
            setattr(self.app, "actions", (*actions_of(self.app), *kind.actions))  # noqa: B010 - TamisApp's
            for action in kind.actions:
                setattr(self, f"action_{action.id}", getattr(panel, f"action_{action.id}"))
            for binding in bindings(kind.actions):
                self._bindings.bind(binding.key, binding.action, show=False)
            yield panel

    @property
    def at_panel(self) -> bool:
        """Whether keys go to the panel; true at once, where a widget hears of it later."""
        return self.panel is not None and self.focused is self.panel

    def panel_of(self, action: Action) -> Panel | None:
        """The panel whose action this is."""
        return next((panel for panel in self.query(Panel) if panel.group == action.group), None)

    def belongs_to_panel(self, action: Action) -> bool:
        """Whether it is one of a panel's keys, other than the one that opens it."""
        panel = self.panel_of(action)
        return panel is not None and action.id != panel.opener

    # -- opening and closing -----------------------------------------------------------------

    def toggle_panel(self, kind: type[Panel]) -> None:
        """Open it and go to it; from inside, close it."""
        panel = self.query_one(kind)
        if self.panel is panel and self.at_panel:
            self.close_panel()
            return
        if self.panel is not panel:
            self._shut()
            if self._zoomed:
                self._zoomed = False
                self.remove_class("-zoomed")
            self.panel = panel
            panel.add_class("-open")
            self.add_class("-panel")
            self._fit_panel()
            panel.opened()
            self.call_after_refresh(self.draw_panel)
        self.enter_panel()

    def enter_panel(self) -> None:
        """Keys go to the panel; on a short screen it takes the place of the table."""
        self.add_class("-at-panel")
        # At once, so that keys typed right behind this one belong to the panel.
        self.app.stylesheet.update(self)
        self.set_focus(self.panel)

    def close_panel(self) -> None:
        """The table has the screen again."""
        self._shut()
        self.table.focus()

    def _shut(self) -> None:
        panel, self.panel = self.panel, None
        if panel is not None:
            self.remove_class("-panel", "-at-panel")
            panel.remove_class("-open")
            panel.closed()

    def on_resize(self) -> None:
        """A panel beside the table is as wide as it asks for."""
        self.call_after_refresh(self._fit_panel)

    def _fit_panel(self) -> None:
        if self.panel is not None:
            self.panel.styles.width = self.panel.cells_beside if self.has_class("-wide") else None

    def watch_focused(self, focused: Widget | None) -> None:
        """Keys in the footer are those that work here."""
        if focused is None:
            return
        if isinstance(focused, Panel):
            self.add_class("-at-panel")
        elif focused in (self.table, self.detail):
            self.remove_class("-at-panel")
        here = self.panel if self.has_class("-at-panel") else None
        self.query_one(KeyBar).show_group(None if here is None else here.group)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Verdicts rest while a panel has the keys: nobody looks at the row they go to."""
        if action == "code" and self.at_panel and self.panel is not None:
            return self.panel.takes_digits
        known = BY_ID.get(action)
        rests = known is not None and known.group is Group.VERDICTS and action not in UNDOING
        if rests and self.has_class("-at-panel"):
            return False
        return super().check_action(action, parameters)

    def panel_obstacle(self, panel: Panel, action: Action) -> str:
        """Why an action of a panel cannot be done now; empty where it can."""
        if action.id == panel.opener:
            return ""
        if panel is not self.panel:
            return f"{self.key(panel.opener)} opens {panel.place}"
        return panel.obstacle(action)

    # -- following the data ------------------------------------------------------------------

    def _tick(self) -> None:
        """Also draw when a thread has found something for the panel."""
        super()._tick()
        if self.panel is not None and not self.panel.is_drawn:
            self.draw_panel()

    def _draw_counts(self, *, recount: bool) -> None:
        """The panel follows scores, verdicts and threshold as the histogram does."""
        super()._draw_counts(recount=recount)
        self.draw_panel()

    def draw_panel(self) -> None:
        """Let the open panel show what is true now."""
        if self.panel is not None:
            self.panel.draw()
