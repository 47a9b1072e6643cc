"""What every part of the desk stands on: its widgets, and following what changes.

What is true lives in the session; ten times a second the desk looks whether it changed and draws
what did, never more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.notifications import SeverityLevel
from textual.reactive import Reactive
from textual.widget import Widget

from engine.dataset.text_search import Search
from engine.errors import Cancelled, TamisError
from engine.review.histogram import ScoreBins
from engine.scoring import ScorerOptions
from engine.scoring.kinds import find_kind
from engine.scoring.worker.worker import FINISHED, WorkerState
from engine.session import Session
from engine.session.table_columns import Sort
from engine.session.view import ShownRows
from tui.keys.actions import actions_on, bindings
from tui.sample.detail import SampleDetail
from tui.table.row_source import RowMarks
from tui.table.rows import SessionRows
from tui.table.sample_table import SampleTable
from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS, cells, one_line, sanitize
from tui.terminal.key_order import PATIENCE_S
from tui.widgets.prompt_bar import PromptBar
from tui.widgets.status import (
    BFLOAT16_SIGN,
    SEPARATOR,
    KeyBar,
    StatusLine,
    blind_parts,
    duplicates_parts,
    scoring_parts,
    summary_parts,
)
from tui.widgets.threshold_slider import NO_SCORES, ThresholdSlider
from tui.working_screen import WorkingScreen

Act = Callable[[NDArray[np.int64], str], None]
"""Does something to rows, told what to call them."""

TICK_S = 0.1
"""How often the desk looks for new scores.  Source: ten times a second costs the loop nothing."""

SHARE_OF_LOOP = 0.04
"""Counting what streams in may take this share of the loop's time; at a million rows it is done
less often, not less exactly."""

COUNTS_AT_LATEST_S = 2.0
"""Counts are drawn after this long whatever their share: a loop that was held up for seconds while
a model was loaded had not spent them on counting."""

TICK_WORK_S = 0.01
"""What counting a million rows takes, where nothing is in the way."""

STATUS_EVERY_S = 0.5

REACH_SHOWN_S = 20.0
"""Long enough to read four lines while the first scores come."""

COMPACT_BELOW_CELLS = 110
"""Narrower screens get the counts in fewer words."""

FILTER_CELLS = 8
"""Of a filter in the title at least, however much else limits the view."""

SAMPLE_SHOWN_AFTER_S = 0.05
"""A held-down motion key sends the lines it passes and only the last sample."""

CURSOR_SAVED_AFTER_S = 0.5
"""A cursor that rests is remembered; after a decision it is at once."""

NOTHING_SEEN = (-1, -1, 0, -1)
"""Versions of board and review, which board, version of the duplicates."""


class DeskBase(WorkingScreen):
    """The widgets of a desk, and the timer that keeps them true to the session."""

    BINDINGS: ClassVar[list[BindingType]] = list[BindingType](bindings(actions_on(None)))

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """The two panes show who has the focus; the rest of the screen need not be sent again."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it so
        (0, "-narrow"),
        (150, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - the same
        (0, "-short"),
        (32, "-tall"),
        (48, "-high"),
    ]

    def __init__(
        self,
        session: Session,
        *,
        scorer: str | None,
        scorer_options: ScorerOptions,
        threshold: str | None = None,
        ascii_only: bool = False,
    ) -> None:
        """Show `session`, score it with `scorer`, and start at `threshold` where one is given.

        Args:
            session: open, and closed by whoever opened it.
            scorer: as `--scorer` names it; None: the one used last, in the way it was used.
            scorer_options: for this scorer and for those chosen later.
            threshold: as typed.
            ascii_only: the terminal shows no other signs.
        """
        super().__init__()
        self._threshold = threshold
        self.session = session
        self._scorer = scorer
        self._scorer_options = scorer_options
        self._glyphs = ASCII_GLYPHS if ascii_only else UNICODE_GLYPHS
        self._rows = SessionRows(session)
        self._view_drawn = session.view.version
        self._awaited: tuple[Future[ShownRows], float] | None = None
        """The change of the view that keys wait for, and since when."""
        self._search: Search | None = None
        self._seen = NOTHING_SEEN
        self._drawn_threshold: object = None
        self._bins: ScoreBins | None = None
        self._counts_due_s = 0.0
        self._status_due_s = 0.0
        self._cursor_due_s = 0.0
        self._unsaved_cursor: int | None = None
        self._told: set[str] = set()
        self._open_known: tuple[object, int] | None = None
        """Rows that bfloat16 leaves open, and what that rests on."""
        self._zoomed = False
        self._last_done: tuple[int, Act] | None = None
        """To how many rows, 0 for all shown, and what: for the key that repeats it."""
        self._moves = 0
        self._shown: tuple[int, RowMarks] | None = None
        self._told_end = True
        """Whether it was said that the review order in hand has come to its end."""
        self._started = False
        """Whether scoring has been asked for: before that there is nothing to wait for."""
        self._restoring = False
        """Whether the filter and sort of the last visit wait for its scores."""
        self._returns_to: int | None = None
        """The row that the last visit ended at."""

    def compose(self) -> ComposeResult:
        """Title, table and sample, slider, summary, input, keys."""
        yield StatusLine(id="title")
        with Container(id="body"):
            yield SampleTable(
                self._rows, glyphs=self._glyphs, columns=self.session.column_choice.columns(),
                empty_text="no row matches the filter", id="table",
            )  # fmt: skip
            yield SampleDetail(glyphs=self._glyphs, id="detail")
            yield from self.make_panels()
        yield ThresholdSlider(glyphs=self._glyphs, id="slider")
        yield StatusLine(id="summary")
        yield KeyBar(id="keys")
        yield PromptBar(id="prompt")

    def make_panels(self) -> Iterable[Widget]:
        """The panels beside or under the table, hidden."""
        raise NotImplementedError

    @property
    def table(self) -> SampleTable:
        """The table of samples."""
        return self.query_one(SampleTable)

    @property
    def detail(self) -> SampleDetail:
        """The pane with the whole sample."""
        return self.query_one(SampleDetail)

    @property
    def slider(self) -> ThresholdSlider:
        """Histogram and threshold."""
        return self.query_one(ThresholdSlider)

    def on_resize(self) -> None:
        """What is cut or counted for the width is drawn anew at the next tick."""
        self._seen = NOTHING_SEEN

    def _tick(self) -> None:
        """Draw what changed since the last tick; costs next to nothing where nothing did."""
        now = time.monotonic()
        session = self.session
        seen = (
            session.board.version, session.review.version, id(session.board),
            session.duplicates.version,
        )  # fmt: skip
        session.choices.keep_if_due(now)
        session.threshold_choice.resolve()
        scores_came = seen != self._seen
        if scores_came or session.threshold != self._drawn_threshold:
            if now >= self._counts_due_s or not scores_came:
                self._seen = seen
                self._draw_counts(recount=scores_came)
                spent_s = time.monotonic() - now
                self._counts_due_s = now + min(spent_s / SHARE_OF_LOOP, COUNTS_AT_LATEST_S)
            self.table.refresh_changed()
            self._show_sample_again()
        if now >= self._status_due_s:
            self._status_due_s = now + STATUS_EVERY_S
            self._draw_title()
        if session.view.version != self._view_drawn:
            self._draw_view()
        if self._restoring:
            self._restore_again()
        if self._unsaved_cursor is not None and now >= self._cursor_due_s:
            self._save_cursor()

    def on_key(self) -> None:
        """Whoever presses a key is where they want to be."""
        self._restoring, self._returns_to = False, None

    # -- which rows are shown ----------------------------------------------------------------

    def _restore_view(self) -> None:
        """Show the rows of the last visit, and its cursor."""
        cursor = self.session.store.get_setting("cursor", 0)
        row = min(cursor, self.session.dataset.rows - 1) if isinstance(cursor, int) else 0
        self.table.go_to_row(row)
        if (asked := self.session.view.restore()) is not None:
            self._restoring, self._returns_to = True, row
            self._show_when_ready(asked, self._restored, keys_wait=False)

    def _restored(self, shown: ShownRows) -> None:
        if shown.left_out:
            self.say(
                f"the filter of the last time was left out: {shown.left_out}", severity="warning"
            )

    def _restore_again(self) -> None:
        """Once the scores of the last visit are back: its filter and sort may need them."""
        worker = self.session.scoring.worker
        if not self._started or self.session.view.at_work:
            return
        if worker is None or worker.cache_applied or worker.status().state in FINISHED:
            self._restoring = False
            self._show_when_ready(self.session.view.refresh(), keys_wait=False)

    def _show_when_ready(
        self,
        asked: Future[ShownRows],
        then: Callable[[ShownRows], None] | None = None,
        *,
        place: Callable[[], int | None] | None = None,
        failed: Callable[[TamisError], None] | None = None,
        keys_wait: bool = True,
    ) -> None:
        """Draw a change of the view when it has been worked out.

        Args:
            asked: the change.
            then: called after it was drawn.
            place: called before; the row the cursor goes to, None: it stays on its sample.
            failed: told why nothing has changed; by default it is said.
            keys_wait: the next key is meant for the new rows.
        """

        async def show() -> None:
            try:
                shown = await asyncio.wrap_future(asked)
            except Cancelled:  # something else was asked for
                pass
            except TamisError as error:
                if failed is not None:
                    failed(error)
                else:
                    self.say(str(error), severity="error", timeout=8)
            else:
                self._draw_view(place() if place is not None else self._returns_to)
                if then is not None:
                    then(shown)
            if self._awaited is not None and self._awaited[0] is asked:
                self._awaited = None

        if keys_wait:
            self._awaited = asked, time.monotonic()
        self.run_worker(show(), group="view", exit_on_error=True)

    @property
    def awaits_rows(self) -> bool:
        """Whether the next key waits for rows that the one before has asked for."""
        return self._awaited is not None and time.monotonic() - self._awaited[1] < PATIENCE_S

    def _draw_view(self, keep_row: int | None = None) -> None:
        """Show the rows in view; the cursor stays on its sample, or goes to `keep_row`."""
        view, in_order = self.session.view, self.session.orders.current is not None
        self._view_drawn, shown = view.version, view.shown
        self.table.set_order(shown.rows, keep_row=keep_row)
        unsorted = in_order or shown.sort.column == Sort().column
        self.table.set_sort(
            None if unsorted else shown.sort.column, descending=shown.sort.descending
        )
        self._draw_title()
        self._show_sample()

    # -- drawing what changed ----------------------------------------------------------------

    def _draw_counts(self, *, recount: bool) -> None:
        """Slider and summary; the bins are counted anew where scores came."""
        session = self.session
        session.ui_priority.ask(TICK_WORK_S)
        summary = session.summary()
        if recount:
            self._bins = session.score_bins(max(self.slider.size.width, 1))
        self.slider.empty_text = (
            f"blind: {self.key('blind')} shows the scores" if session.blind else NO_SCORES
        )
        if session.blind:
            self.slider.show(None, None)
        elif self._bins is not None:
            edges = self._bins.edges
            self._rows.score_range = (float(edges[0]), float(edges[-1]))
            above = summary.kept_by_rule + summary.duplicates
            self.slider.show(self._bins.split(session.threshold, above), session.threshold)
        else:
            self.slider.show(None, session.threshold)
        self._drawn_threshold = session.threshold
        self.query_one("#summary", StatusLine).show(
            blind_parts(summary, self.key("blind"))
            if session.blind
            else summary_parts(
                summary,
                session.threshold,
                session.threshold_choice.text,
                compact=self._compact,
                duplicates=session.clusters.rate_kept,
                ties=ranked.ties if (ranked := session.threshold_choice.ranked) else "",
            )
        )

    def _draw_title(self) -> None:
        """What limits the view, whatever the width; then the work; then the rest."""
        session = self.session
        status = session.scoring.status()
        limits = self._limit_parts()
        known = scoring_parts(status, session.scoring.spec, self.key("model"))
        if status is not None and status.state in (WorkerState.LOADING, WorkerState.IDLE):
            limits.append(known.pop(0))
        parts = [*limits, *known[:1], *duplicates_parts(session.duplicates.status), *known[1:]]
        if cut := int(np.count_nonzero(session.scoring.cut)):
            parts.append(f"{cut:,} read in part")
        if open_rows := self._open_rows():
            parts.append(f"{BFLOAT16_SIGN}{open_rows:,}")
        if session.view.shown.matching is None and not self._zoomed:
            parts.append(f"{session.dataset.rows:,} rows")
        parts += [session.title, " + ".join(family.value for family in session.dataset.families)]
        if status is not None:
            how = status.scorer.split(SEPARATOR)[1:]
            parts += how if status.device in how else [*how, *filter(None, [status.device])]
        self.query_one("#title", StatusLine).show(parts, always=max(len(limits), 1))
        for notice in session.notices:
            self._tell(notice, severity="warning")
        if status is not None:
            if status.state is WorkerState.FAILED:
                back = session.fall_back()
                goes_on = f"\n{back} goes on" if back else ""
                self._tell(status.message + goes_on, severity="error")
                if back:
                    self._bins = None
                    self._focus_scoring()
            for warning in status.warnings:
                self._tell(warning, severity="warning")
            self._tell(session.scoring.settle_failure, severity="error")
            if status.done:
                self._tell_reach()

    def _tell_reach(self) -> None:
        """Say what the scorer sees and what it does not, once per dataset."""
        kind = find_kind(self.session.scoring.spec)
        if kind is None or not kind.sees or kind.sees in self._told:
            return
        self._told.add(kind.sees)
        if not self.session.store.get_setting(f"told of {kind.name}", default=False):
            self.session.remember(f"told of {kind.name}", value=True)
            more = f"{self.key('help')} says it again."
            self.notify(f"{kind.sees} {more}", timeout=REACH_SHOWN_S, markup=False)

    def title_notes(self) -> list[tuple[str, str]]:
        """What is in the title now and does not explain itself: as it stands there, and why."""
        session, notes = self.session, []
        kind = find_kind(session.scoring.spec)
        if kind is not None and kind.sees:
            notes.append((kind.name, kind.sees))
        if cut := int(np.count_nonzero(session.scoring.cut)):
            only = "The scorer read only the beginning or the end of so many rows: @cut:yes."
            notes.append((f"{cut:,} read in part", only))
        if open_rows := self._open_rows():
            closer = (
                "Scores in bfloat16 are rounded: so many rows stand so near the threshold that "
                f"they may be on its wrong side. {self.key('settle')} scores them in float32."
            )
            notes.append((f"{BFLOAT16_SIGN}{open_rows:,}", closer))
        return notes

    def _open_rows(self) -> int:
        """Rows whose side of the threshold bfloat16 leaves open, once all are scored."""
        session, status = self.session, self.session.scoring.status()
        if session.blind or status is None or status.state is not WorkerState.DONE:
            return 0
        at_work, board = session.scoring.at_work, session.board
        basis = (at_work, board, board.version, session.side, session.threshold)
        if self._open_known is None or self._open_known[0] != basis:
            open_rows = len(session.scoring.uncertain(session.threshold))
            self._open_known = (basis, open_rows)
        return self._open_known[1]

    def _limit_parts(self) -> list[str]:
        """What keeps rows, sides or keys from the person now, each in few words."""
        session, view = self.session, self.session.view.shown
        before = [*self.too_small, *self._order_parts(), *self._focus_parts()]
        after = []
        if session.orders.current is None and view.sort != Sort():
            after.append(f"sort: {view.sort}")
        if session.sides == 2:
            after.append(f"side: {session.side}")
        for kind, name in (("config", session.reading.config), ("split", session.reading.split)):
            after += [f"{kind} {sanitize(name)}"] if name else []
        if session.reading.limit is not None:
            after.append(f"first {session.reading.limit:,} rows only")
        if session.blind:
            after.append("blind")
        if session.read_only:
            after.append("read-only")
        if session.view.at_work:
            after.append(f"filtering and sorting…; {self.key('close')} stops it")
        if not view.filter_text:
            return [*before, *after]
        rows = f"{session.dataset.rows:,}"
        found = f"{len(self.table.order):,}" + ("" if self._compact else f" of {rows} rows")
        taken = sum(
            cells(part) + len(SEPARATOR) for part in (*before, f"filter:  ({found})", *after)
        )
        text = one_line(sanitize(view.filter_text), max(self.size.width - taken, FILTER_CELLS))
        return [*before, f"filter: {text} ({found})", *after]

    @property
    def _compact(self) -> bool:
        """Whether there is room for few words only."""
        return self.size.width < COMPACT_BELOW_CELLS

    def _focus_parts(self) -> list[str]:
        """Where in the view the sample stands that fills the screen; empty where none does."""
        return []

    @property
    def nothing_to_code(self) -> str:
        """Why a digit gives no reason now; empty where it does."""
        raise NotImplementedError

    def _order_parts(self) -> list[str]:
        """The review order in hand and how far it is; empty where there is none."""
        return []

    def _tell(self, text: str, *, severity: SeverityLevel) -> None:
        """Say something once per scorer."""
        if text and text not in self._told:
            self._told.add(text)
            self.say(text, severity=severity, timeout=15)

    def on_sample_table_cursor_moved(self) -> None:
        """Show the sample and remember the cursor, both when it rests."""
        self._show_sample_soon()
        self._unsaved_cursor = self.table.cursor_row
        self._cursor_due_s = time.monotonic() + CURSOR_SAVED_AFTER_S

    def _show_sample_soon(self) -> None:
        """When the cursor, or the threshold, has come to rest."""
        self._moves += 1
        moves = self._moves
        self.set_timer(SAMPLE_SHOWN_AFTER_S, lambda: self._rested(moves))

    def _rested(self, moves: int) -> None:
        if moves == self._moves:
            self._show_sample()

    def on_sample_table_view_changed(self) -> None:
        """Score first what is looked at."""
        self._focus_scoring()

    def _focus_scoring(self) -> None:
        if self.session.scoring.worker is not None:
            self.session.scoring.worker.focus(self.table.visible_rows())

    def _show_other_scores(self) -> None:
        """Begin anew with what is known of a scorer: another one is at work."""
        self._told.clear()
        self.app.clear_notifications()
        self._bins = None
        self._focus_scoring()
        self._status_due_s = 0.0

    def _show_sample_again(self) -> None:
        """Show the sample where its state or score is another than the one shown."""
        row = self.table.cursor_row
        if row is not None and (row, self.table.marks(row)) != self._shown:
            self._show_sample()

    def _show_sample(self) -> None:
        row = self.table.cursor_row
        self._shown = None if row is None else (row, self.table.marks(row))
        if row is None:
            self.detail.show(None)
        else:
            self.detail.show(self._rows.content(row))

    def _show_changed(self) -> None:
        """Draw at once what was decided or said."""
        self.table.refresh_changed()
        self._show_sample()

    def _save_cursor(self) -> None:
        if self._unsaved_cursor is not None:
            self.session.remember("cursor", self._unsaved_cursor)
        self._unsaved_cursor = None
