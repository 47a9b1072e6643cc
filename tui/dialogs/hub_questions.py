"""A dataset of the hub that is not on this disk: one yes to ask for it, one to fetch it.

Called from a thread while the first screen is up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import App

from engine.errors import Cancelled
from engine.hub.address import HubAddress
from engine.hub.cache import host_name
from engine.hub.source import (
    HubSource,
    NotOnDiskError,
    fetch,
    find_source,
    plan_fetch,
    size_text,
)
from tui.dialogs.dialogs import ConfirmDialog

_STAYS = "A download can be stopped; what has come stays for the next try."


@dataclass(frozen=True, slots=True)
class HubWish:
    """What the command line asked for."""

    address: HubAddress
    config: str = ""
    split: str = ""
    may_fetch: bool = False
    """`--download` was given: a yes beforehand."""


def hub_source(
    app: App[Any],
    wish: HubWish,
    *,
    show: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> HubSource:
    """The files of the dataset, fetched where they are not here and the person wants it.

    Args:
        app: asks the questions; this runs in a thread of it.
        wish: which dataset.
        show: told how far it is, in words.
        cancelled: asked about ten times a second.

    Raises:
        InputError: it cannot be fetched.
        UsageError: it has no such configuration or split.
        Cancelled: a no, or `cancelled` said so.
    """

    def is_over() -> bool:
        return cancelled() or not app.is_running

    try:
        return find_source(wish.address, wish.config, wish.split)
    except NotOnDiskError as error:
        question = (
            f"May {host_name()} be asked what is in it? Its name is sent, and your token of the "
            "hub where there is one. How much would come is said then, before it comes."
        )
        lines = [error.message, "", question]
        if not wish.may_fetch and not _asked(app, "Not on this disk", lines, "ask"):
            raise Cancelled("not asked for; nothing was sent") from error
    show(f"asking {host_name()}")
    plan = plan_fetch(wish.address, wish.config, wish.split, cancelled=is_over)
    lines = [*plan.lines(), "", _STAYS]
    if (
        plan.size_bytes
        and not wish.may_fetch
        and not _asked(app, "Download this dataset?", lines, "download")
    ):
        raise Cancelled("not fetched")

    def progress(what: str, done: int, total: int | None) -> None:
        show(f"{what}: {size_text(done)}" + (f" of {size_text(total)}" if total else ""))

    return fetch(plan, progress=progress, cancelled=is_over)


def _asked(app: App[Any], title: str, lines: Sequence[str], yes: str) -> bool:
    """The answer of a person; no, where the program ends before there is one."""
    answered = threading.Event()
    answers: list[bool] = []

    def take(answer: bool | None) -> None:
        answers.append(answer is True)
        answered.set()

    app.call_from_thread(app.push_screen, ConfirmDialog(title, lines, yes), take)
    while not answered.wait(_LOOKED_EVERY_S):
        if not app.is_running:
            return False
    return answers[0]


_LOOKED_EVERY_S = 0.2
