"""The list of review orders: one to take in hand, over all rows or the unreviewed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.review.review_orders import KIND_TEXT, OrderKind
from tui.dialogs.dialogs import ListDialog
from tui.keys.actions import key_name
from tui.terminal.display import sanitize

KIND_CELLS = max(len(kind.value) for kind in OrderKind) + 2


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """What was chosen."""

    kind: OrderKind
    unreviewed: bool


class OrderDialog(ListDialog[OrderChoice]):
    """One order of all there are; `esc` leaves the one in hand as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "cancel", show=False),
        Binding("u", "unreviewed", "Unreviewed only"),
    ]

    def __init__(self, current: OrderChoice, check: str, keys: tuple[str, ...]) -> None:
        """Ask, starting from the order in hand.

        Args:
            current: in hand now.
            check: how the last spot check stands; empty where there is none.
            keys: open this dialog; again, they choose.
        """
        super().__init__()
        self._kind, self._unreviewed, self._check = current.kind, current.unreviewed, check
        self._anew = " ".join([key_name(keys[0])] * 2) if keys else "enter"
        for key in keys:
            self._bindings.bind(key, "choose", show=False)

    def compose(self) -> ComposeResult:
        """Title, orders, the switch, keys."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content("Review order"), classes="dialog-title")
            yield OptionList(*(Option(self._text(kind), id=kind.value) for kind in OrderKind))
            yield Static(id="queue-unreviewed", classes="dialog-body")
            yield Static(
                Content(f"enter choose    {self._anew} make it anew    u unreviewed    esc cancel"),
                classes="dialog-keys",
            )

    def _text(self, kind: OrderKind) -> Content:
        what = KIND_TEXT[kind]
        if kind is OrderKind.SPOT_CHECK and self._check:
            what = self._check
        return Content(sanitize(f"{kind.value:<{KIND_CELLS}}{what}"))

    def on_mount(self) -> None:
        """Start on the order in hand."""
        self.query_one(OptionList).highlighted = list(OrderKind).index(self._kind)
        self._say_unreviewed()

    def _say_unreviewed(self) -> None:
        which = "rows without a verdict only" if self._unreviewed else "all rows"
        self.query_one("#queue-unreviewed", Static).update(Content(f"u  {which}"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        event.stop()
        self.dismiss(OrderChoice(OrderKind(str(event.option.id)), self._unreviewed))

    def action_choose(self) -> None:
        """Take the highlighted one: the key that opens the list makes its order anew."""
        self.query_one(OptionList).action_select()

    def action_unreviewed(self) -> None:
        """All rows, or those without a verdict."""
        self._unreviewed = not self._unreviewed
        self._say_unreviewed()
