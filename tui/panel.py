"""What the desk asks of a panel: a pane beside or under the table that a key opens.

A panel is a subclass of `Panel` and a row of `tui.desk.panels.PANELS`. The desk opens and closes
it, moves the focus, keeps it up to date, and asks it what its keys, its help and its obstacles are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

from textual.containers import Container

from engine.session import Session
from tui.keys.actions import Action
from tui.terminal.display import UNICODE_GLYPHS, Glyphs
from tui.widgets.prompt_bar import GETS_FOCUS_BACK
from tui.widgets.threshold_slider import ThresholdSlider


class PanelDesk(Protocol):
    """What a panel may ask of the desk that it stands in."""

    session: Session

    @property
    def slider(self) -> ThresholdSlider:
        """Histogram and threshold."""
        ...

    def key(self, action: str) -> str:
        """The key that messages name for an action."""
        ...

    @property
    def say(self) -> Callable[..., None]:
        """See `WorkingScreen.say`."""
        ...

    @property
    def ask(self) -> Callable[..., None]:
        """See `WorkingScreen.ask`."""
        ...


class Panel(Container, can_focus=True):
    """One panel of a desk; hidden until it is opened. Motions go to it while it has the focus."""

    opener: ClassVar[str]
    """The action that opens it, and closes it from inside."""
    group: ClassVar[str]
    """The heading of its actions; those of the registry have a person's own keys."""
    actions: ClassVar[tuple[Action, ...]] = ()
    """Those that are not in the registry: methods `action_<id>` of the panel; the opener too."""
    place: ClassVar[str]
    """What has the keys while it has the focus, in words."""
    page: ClassVar[str] = ""
    """Its text in `engine/help`, which the help adds; empty: none."""
    takes_digits: ClassVar[bool] = False
    """Whether a digit is for it, and not the reason of a rejection."""
    cells_beside: ClassVar[int | None] = None
    """The width it asks for beside the table, on a wide screen; None: half of it."""

    def __init__(self, desk: PanelDesk, *, glyphs: Glyphs = UNICODE_GLYPHS) -> None:
        super().__init__(classes=GETS_FOCUS_BACK)
        self.desk = desk
        self.glyphs = glyphs

    def opened(self) -> None:
        """It was opened just now: start what it needs."""

    def closed(self) -> None:
        """It was closed."""

    def draw(self) -> None:
        """Show what is true now; called when scores, verdicts or threshold have changed."""

    @property
    def is_drawn(self) -> bool:
        """Whether it shows all that is known; asked ten times a second."""
        return True

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing that it shows is being counted."""
        return self.is_drawn

    def obstacle(self, action: Action) -> str:  # noqa: ARG002 - a panel may need it
        """Why an action of its group cannot be done now, while it is open; empty where it can."""
        return ""

    # -- keys at the panel -------------------------------------------------------------------

    def activate(self) -> None:
        """Enter was pressed."""

    def type_digit(self, digit: str) -> None:
        """A digit was pressed, where `takes_digits`."""

    def move(self, lines: int) -> None:
        """Down by lines, or up."""

    def half_page(self, direction: int) -> None:
        """Down (1) or up (-1)."""

    def go_first(self) -> None:
        """To the top."""

    def go_last(self) -> None:
        """To the end."""
