"""Widgets whose styles have names of their own."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.style import Style
from textual.widget import Widget


class StyledWidget(Widget):
    """A widget that draws with styles by name; each is a component class, looked up once."""

    STYLES: ClassVar[str]
    """What the component classes start with: style `mark` is the class `STYLES--mark`."""

    def __init__(self, *children: Widget, **options: Any) -> None:
        super().__init__(*children, **options)
        self._styles_by_name: dict[str, Style] = {}

    def notify_style_update(self) -> None:
        """Forget styles of the former theme or focus."""
        super().notify_style_update()
        self._styles_by_name.clear()

    def _style(self, name: str) -> Style:
        """The style of a name; the widget's own for an empty one."""
        style = self._styles_by_name.get(name)
        if style is None:
            own = f"{self.STYLES}--{name}"
            style = self.get_component_rich_style(own) if name else self.rich_style
            self._styles_by_name[name] = style
        return style
