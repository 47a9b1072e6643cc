"""The application: opens a session while the first screen is up, then shows the desk.

It composes and routes only. The terminal is left as it was found whatever ends the program, and
nothing that a library prints reaches the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Middle
from textual.content import Content
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from engine.errors import Cancelled, TamisError
from tui.dialogs.palette import ActionProvider, HelpProvider
from tui.keys.actions import key_name
from tui.preferences import Preferences
from tui.terminal.ascii_signs import AsciiSigns
from tui.terminal.display import sanitize
from tui.terminal.input_driver import accept_any_bytes
from tui.terminal.key_order import KeysInOrder
from tui.terminal.screen_log import bound_log, quiet_libraries
from tui.theme import MONOCHROME_THEME, ascii_wanted, choose_theme, load_themes, variable_defaults

if TYPE_CHECKING:
    from textual.actions import ActionParseResult

    from engine.dataset.reading.options import ColumnMapping
    from engine.scoring import ScorerOptions
    from engine.session import OpenOptions, Session
    from tui.desk import Desk
    from tui.dialogs.hub_questions import HubWish
    from tui.working_screen import WorkingScreen


SWITCH_INTERVAL_S = 0.001

LOG_BOUNDED_EVERY_S = 60

_ASCII_SIGNS = AsciiSigns()

MESSAGES_SHOWN = 3
"""Toasts about a person's own files at the start; more would cover the table."""


class Opening(Screen[None]):
    """Shown while the dataset is read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,escape,ctrl+c", "cancel", "Cancel")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._named = name
        self.cancelled = False

    def compose(self) -> ComposeResult:
        """One line in the middle."""
        with Middle():
            yield Static(Content(f"opening {sanitize(self._named)}"), id="opening")

    def show(self, what: str, done: int, total: int | None) -> None:
        """Say how far it is; from the screen's own thread."""
        share = f" of {total:,}" if total else ""
        self.say(f"{what}: {done:,}{share}")

    def say(self, how_far: str) -> None:
        """Say how far it is, in words; from the screen's own thread."""
        if self.is_mounted:
            text = f"opening {self._named}\n{how_far}   (q cancels)"
            self.query_one("#opening", Static).update(Content(sanitize(text)))

    def action_cancel(self) -> None:
        """Stop reading and leave."""
        self.cancelled = True


class TamisApp(App[None]):
    """Holds themes, the palette, and the session that is open."""

    CSS_PATH = "../themes/base.tcss"
    COMMANDS: ClassVar = {ActionProvider, HelpProvider}
    COMMAND_PALETTE_BINDING: ClassVar[str] = "ctrl+p"
    TITLE = "tamis"

    def __init__(
        self,
        path: Path,
        options: OpenOptions,
        *,
        scorer: str | None = None,
        threshold: str | None = None,
        scorer_options: ScorerOptions | None = None,
        preferences: Preferences | None = None,
        hub: HubWish | None = None,
    ) -> None:
        """Prepare to open `path`, or what `hub` names; nothing is read before the first frame."""
        preferences = preferences or Preferences()
        self.actions = preferences.keymap.actions
        """The registry, with the keys that this person has chosen."""
        palette = next(action for action in self.actions if action.id == "palette")
        self.COMMAND_PALETTE_BINDING = palette.keys[0]  # type: ignore[misc] # Textual adds it itself
        found = load_themes()
        theme, unknown = choose_theme(preferences.theme, found.themes)
        # Read before Textual takes NO_COLOR out of the environment; without colour means the
        # terminal's own, not greys.
        super().__init__(ansi_color=True if theme == MONOCHROME_THEME else None)
        self._path = path
        self._hub = hub
        self._open_options = options
        self._scorer = scorer
        self._threshold = threshold
        self._scorer_options = scorer_options
        self.session: Session | None = None
        self.failure: TamisError | None = None
        """Why the dataset could not be opened; the command line says it when the screen is gone."""
        self._messages = (*preferences.problems, *found.messages, *unknown)
        self._said = ""
        """What the desk has to say when it is open again."""
        wanted = preferences.ascii_only
        self._ascii_only = ascii_wanted() if wanted is None else wanted
        self._keys = KeysInOrder(self, super().on_event)
        self.set_keymap(preferences.keymap.changes())
        for shipped in found.themes.values():
            self.register_theme(shipped)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What themes may leave out."""
        return variable_defaults(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and signs in ASCII where the terminal has no others."""
        filters = super().get_line_filters()
        return (*filters, _ASCII_SIGNS) if self._ascii_only else filters

    def action_command_palette(self) -> None:
        """Find an action; only at the desk, whose actions they are."""
        if not isinstance(self.screen, ModalScreen):
            super().action_command_palette()

    async def on_event(self, event: events.Event) -> None:
        """Whatever a person does, threads that compute in plain Python let the screen go first."""
        if self.session is not None and isinstance(event, events.InputEvent):
            self.session.ui_priority.ask()
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            await self._keys.add(event)
        else:
            await super().on_event(event)

    @property
    def _working(self) -> WorkingScreen | None:
        """The desk, or a screen over it, where that is on top; None: a dialog, or nothing yet."""
        from tui.working_screen import WorkingScreen

        return self.screen if isinstance(self.screen, WorkingScreen) else None

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do an action; where it cannot be done on the screen now, say why instead."""
        screen = self._working if self.session is not None else None
        if screen is not None and default_namespace is screen and isinstance(action, str):
            why = screen.refusal(action.partition("(")[0])
            if why:
                screen.say(why)
                return True
        return await super().run_action(action, default_namespace, namespaces)

    def on_key(self, event: events.Key) -> None:
        """Say so where a key means nothing; what a line of input takes does not come here."""
        screen = self._working if self.session is not None else None
        if screen is not None and screen.means_nothing(event.key):
            shows = f"{screen.key('help')} shows the keys"
            screen.say(f"{key_name(event.key)} means nothing here: {shows}")

    def action_help_quit(self) -> None:
        """Textual's answer to ctrl+c: what does quit."""
        screen = self._working if self.session is not None else None
        if screen is not None:
            screen.say(f"{screen.key('quit')} quits; everything is on disk already")
        else:
            self.notify("esc closes this, then q quits", markup=False)

    async def on_mount(self) -> None:
        """Show the first screen and read the dataset behind it."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            if (number := getattr(signal, name, None)) is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, self.exit)
        self.set_interval(LOG_BOUNDED_EVERY_S, bound_log)
        opening = Opening(self._opened_name)
        await self.push_screen(opening)
        self.run_worker(lambda: self._open(opening), thread=True)

    @property
    def _opened_name(self) -> str:
        """What is opened, as it was named."""
        return str(self._path) if self._hub is None else str(self._hub.address)

    def _find_on_hub(self, opening: Opening) -> None:
        """Find or fetch what an address means, once; from then on it is files on this disk.

        Raises:
            TamisError: it is not here, and cannot be or is not to be fetched.
        """
        from engine.session.from_hub import hub_reading, hub_session
        from tui.dialogs.hub_questions import hub_source

        if self._hub is None or self._open_options.reading.files:
            return
        source = hub_source(
            self,
            self._hub,
            show=lambda text: self.call_from_thread(opening.say, text),
            cancelled=lambda: opening.cancelled,
        )
        options = self._open_options
        self._path = source.folder
        self._open_options = replace(
            options,
            reading=hub_reading(options.reading, source),
            session=hub_session(source, options.session),
        )

    def _open(self, opening: Opening, otherwise: OpenOptions | None = None) -> None:
        from engine.session import Session

        def progress(what: str, done: int, total: int | None) -> None:
            self.call_from_thread(opening.show, what, done, total)

        try:
            self._find_on_hub(opening)
            session = Session.open(
                self._path,
                self._open_options,
                progress=progress,
                cancelled=lambda: opening.cancelled,
            )
        except TamisError as error:
            if otherwise is None or opening.cancelled:
                self.call_from_thread(self._fail, error)
                return
            self._open_options, self._messages = otherwise, (str(error),)
            self._open(opening)
        else:
            self.call_from_thread(self._open_on, session)

    def reopen(self, mapping: ColumnMapping, said: str = "") -> None:
        """Read the dataset anew under other columns; what was decided is on disk.

        Args:
            mapping: how it is read.
            said: told when it is.
        """
        before = replace(self._open_options, columns_chosen=True)
        self._open_options = replace(before, reading=replace(before.reading, mapping=mapping))
        self._said = said
        if self.session is not None and self.session.keeps_choices:
            self._scorer = self._threshold = None  # they are on file, and may be others by now
        opening = Opening(self._opened_name)
        self.switch_screen(opening)
        self.run_worker(lambda: self._open_again(opening, before), thread=True)

    def _open_again(self, opening: Opening, before: OpenOptions) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.close()
            if not before.reading.mapping.names():  # as it was read, if this cannot be
                before = replace(before, reading=session.reading)
        self._open(opening, otherwise=before)

    def _fail(self, error: TamisError) -> None:
        self.failure = error
        self.exit(return_code=error.exit_code)

    def _open_on(self, session: Session) -> None:
        from engine.scoring import ScorerOptions
        from tui.desk import Desk

        self.session = session
        session.ui_priority.has_screen = True
        desk = Desk(
            session,
            scorer=self._scorer,
            threshold=self._threshold,
            scorer_options=self._scorer_options or ScorerOptions(),
            ascii_only=self._ascii_only,
        )
        self._keys.is_awaited = lambda: desk.awaits_rows
        self.switch_screen(desk)
        desk.call_after_refresh(freeze_memory)
        desk.call_after_refresh(self._tell_of_preferences, desk)
        if self._said:
            desk.call_after_refresh(desk.say, self._said, timeout=8)
            self._said = ""

    def _tell_of_preferences(self, desk: Desk) -> None:
        """What of a person's own files could not be used; a long list by its number."""
        for message in self._messages[:MESSAGES_SHOWN]:
            desk.say(message, severity="warning", timeout=12)
        if len(self._messages) > MESSAGES_SHOWN:
            desk.say(
                f"{len(self._messages) - MESSAGES_SHOWN} more; tamis config lists them",
                severity="warning",
                timeout=12,
            )


def run_desk(
    path: Path,
    options: OpenOptions,
    *,
    scorer: str | None,
    threshold: str | None,
    scorer_options: ScorerOptions | None,
    preferences: Preferences,
    hub: HubWish | None = None,
) -> None:
    """Run the desk until it is left; then raise what kept the dataset from opening, if anything.

    Raises:
        TamisError: the dataset or the session could not be opened.
        Cancelled: the person left while it was being read.
    """
    # A scorer in plain Python holds the interpreter; the loop gets it back five times sooner.
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.disable()  # until the first table is drawn: start-up makes little garbage
    accept_any_bytes()
    app = TamisApp(
        path,
        replace(options, config=preferences.config),
        scorer=scorer,
        threshold=threshold,
        scorer_options=scorer_options,
        preferences=preferences,
        hub=hub,
    )
    try:
        with quiet_libraries(path.name):
            app.run(mouse=preferences.mouse)
    finally:
        gc.enable()
        if app.session is not None:
            app.session.close()
    if isinstance(app.failure, Cancelled):
        said = app.failure.message
        raise Cancelled("left while the dataset was being read" if said == "cancelled" else said)
    if app.failure is not None:
        raise app.failure
    if app.return_code:
        raise TamisError(
            "the desk stopped on an error of its own",
            "every decision up to then is on disk; tamis log shows what happened",
        )


def freeze_memory() -> None:
    """Start collecting garbage, and leave out all that start-up has made.

    It stays until the end, and walking over it would hold the screen for 40 ms and more each
    time. Source: `gc.freeze` in Python's documentation; measured, a full collection takes 32 ms
    on an idle desk, 60 ms beside a scorer in plain Python.
    """
    gc.freeze()
    gc.enable()
