"""The review desk: table, sample, slider, and what their keys do.

The desk composes and routes. What is true lives in the session; ten times a second the desk
looks whether it changed and draws what did, never more.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import ClassVar, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.notifications import SeverityLevel
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from engine.decision import Verdict
from engine.errors import TamisError, UsageError
from engine.export import ExportPlan, ExportReport
from engine.filter import search
from engine.histogram import ScoreBins
from engine.order import Sort, SortColumn
from engine.review import Change
from engine.sample import Side
from engine.scoring import ScorerOptions
from engine.scoring.worker import WorkerState
from engine.session import Session
from tui.actions import BY_ID, bindings
from tui.detail import SampleDetail
from tui.dialogs import ChoiceDialog, ConfirmDialog, TextDialog, WorkDialog
from tui.display import ASCII_GLYPHS, UNICODE_GLYPHS, sanitize
from tui.export_dialog import ExportDialog
from tui.help import help_text, problems_text
from tui.prompt_bar import PromptBar, Question
from tui.rows import SessionRows
from tui.sample_table import Column, SampleTable
from tui.status import KeyBar, StatusLine, contradictions, scoring_parts, summary_parts
from tui.threshold_slider import ThresholdSlider

TICK_S = 0.1
"""How often the desk looks for new scores.  Source: ten times a second costs the loop nothing."""

SHARE_OF_LOOP = 0.1
"""Counting the histogram may take this share of the loop's time; at a million rows it is counted
less often, not less exactly."""

STATUS_EVERY_S = 0.5
SAMPLE_SHOWN_AFTER_S = 0.05
"""A held-down motion key sends the lines it passes and only the last sample."""

CURSOR_SAVED_AFTER_S = 0.5
"""A cursor that rests is remembered; after a decision it is at once."""
INLINE_ROWS = 2_000
"""A bulk of more rows runs in the background under a dialog."""

Result = TypeVar("Result")

VERDICT_WORDS = {
    Verdict.ACCEPT: "accepted",
    Verdict.REJECT: "rejected",
    Verdict.SKIP: "skipped",
    Verdict.UNDECIDED: "cleared",
}


class Desk(Screen[None]):
    """One session on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = list[BindingType](bindings())

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """The two panes show who has the focus; the rest of the screen need not be sent again."""

    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [
        (0, "-narrow"),
        (150, "-wide"),
    ]
    VERTICAL_BREAKPOINTS: ClassVar[list[tuple[int, str]] | None] = [
        (0, "-short"),
        (32, "-tall"),
        (48, "-high"),
    ]

    def __init__(
        self,
        session: Session,
        *,
        scorer: str,
        scorer_options: ScorerOptions,
        threshold: str | None = None,
        ascii_only: bool = False,
    ) -> None:
        """Show `session`, score it with `scorer`, and start at `threshold` where one is given."""
        super().__init__()
        self._threshold = threshold
        self.session = session
        self._scorer = scorer
        self._scorer_options = scorer_options
        self._glyphs = ASCII_GLYPHS if ascii_only else UNICODE_GLYPHS
        self._rows = SessionRows(session)
        self._sort = Sort()
        self._filter_text = ""
        self._matching: NDArray[np.bool_] | None = None
        self._found: NDArray[np.bool_] | None = None
        self._search_text = ""
        self._seen = (-1, -1, 0)  # board version, review version, board
        self._drawn_threshold: object = None
        self._bins: ScoreBins | None = None
        self._bins_due_s = 0.0
        self._status_due_s = 0.0
        self._cursor_due_s = 0.0
        self._unsaved_cursor: int | None = None
        self._told: set[str] = set()
        self._zoomed = False
        self._moves = 0

    def compose(self) -> ComposeResult:
        """Title, table and sample, slider, summary, input, keys."""
        yield StatusLine(id="title")
        with Container(id="body"):
            yield SampleTable(
                self._rows, glyphs=self._glyphs, empty_text="no row matches the filter", id="table"
            )
            yield SampleDetail(glyphs=self._glyphs, id="detail")
        yield ThresholdSlider(glyphs=self._glyphs, id="slider")
        yield StatusLine(id="summary")
        yield KeyBar(id="keys")
        yield PromptBar(id="prompt")

    # -- the parts -----------------------------------------------------------------------------

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

    def on_mount(self) -> None:
        """Show where the last visit ended, then start scoring."""
        self._restore_view()
        self.table.focus()
        self._show_sample()
        for notice in self.session.notices:
            self.say(notice, severity="warning", timeout=12)
        self.set_interval(TICK_S, self._tick)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.session.start_scoring(self._scorer, self._scorer_options)
        if self._threshold is not None:
            self._set_threshold(self._threshold)
        self._focus_scoring()
        self.session.hash_in_background()

    def _restore_view(self) -> None:
        settings = self.session.store.get_setting
        sort = settings("sort", None)
        if isinstance(sort, list) and sort[0] in list(SortColumn):
            self._sort = Sort(SortColumn(sort[0]), bool(sort[1]))
        filter_text = settings("filter", "")
        if isinstance(filter_text, str) and filter_text:
            try:
                self._apply_filter(filter_text)
            except TamisError as error:
                self.say(f"the filter of the last time was left out: {error}", severity="warning")
        cursor = settings("cursor", 0)
        row = min(cursor, self.session.dataset.rows - 1) if isinstance(cursor, int) else 0
        if self._sort != Sort() or self._matching is not None:
            self._show_order(keep_row=row)
        else:
            self.table.go_to_row(row)

    # -- following what changes ------------------------------------------------------------------

    def _tick(self) -> None:
        """Draw what changed since the last tick; costs next to nothing where nothing did."""
        now = time.monotonic()
        session = self.session
        seen = (session.board.version, session.review.version, id(session.board))
        session.resolve_threshold()
        scores_came = seen != self._seen
        if scores_came or session.threshold != self._drawn_threshold:
            self._seen = seen
            self._draw_counts(recount=scores_came)
            if self.table.refresh_changed():
                self._show_sample()
        if now >= self._status_due_s:
            self._status_due_s = now + STATUS_EVERY_S
            self._draw_title()
        if self._unsaved_cursor is not None and now >= self._cursor_due_s:
            self._save_cursor()

    def _draw_counts(self, *, recount: bool) -> None:
        """Slider and summary; the histogram is counted anew as often as its cost allows."""
        session = self.session
        summary = session.summary()
        started = time.monotonic()
        if recount:
            if started >= self._bins_due_s:
                self._bins = session.score_bins(self.slider.bins_for())
                spent = time.monotonic() - started
                self._bins_due_s = started + spent / SHARE_OF_LOOP
            else:
                self._seen = (-1, -1, 0)  # come back for it
        if self._bins is not None:
            edges = self._bins.edges
            self._rows.score_range = (float(edges[0]), float(edges[-1]))
            self.slider.set_histogram(self._bins.split(session.threshold, summary.kept_by_rule))
        elif recount:
            self.slider.set_histogram(None)
        self._drawn_threshold = session.threshold
        self.slider.set_threshold(session.threshold)
        exact = session.scorer is not None and session.scorer.token_budget > 0
        self.query_one("#summary", StatusLine).show(
            summary_parts(summary, session.threshold, session.threshold_text, exact_tokens=exact)
        )

    def _draw_title(self) -> None:
        session = self.session
        status = session.scoring_status()
        shown = len(self.table.order)
        rows = f"{session.dataset.rows:,} rows"
        if self._matching is not None:
            rows = f"{shown:,} of {rows}"
        parts = [f"tamis  {session.dataset.path.name}", rows]
        parts += scoring_parts(status, session.scorer_spec)
        if session.read_only:
            parts.insert(1, "read-only")
        if self._filter_text:
            parts.insert(2, f"filter: {self._filter_text}")
        if self._sort != Sort():
            parts.append(f"sort: {self._sort}")
        if session.sides == 2:
            parts.append(f"reviewing: {session.side.value}")
        parts.append(session.dataset.family.value)
        self.query_one("#title", StatusLine).show(parts)
        if status is not None:
            if status.state is WorkerState.FAILED:
                self._tell(status.message, severity="error")
            for warning in status.warnings:
                self._tell(warning, severity="warning")

    def _tell(self, text: str, *, severity: SeverityLevel) -> None:
        """Say something once per scorer."""
        if text and text not in self._told:
            self._told.add(text)
            self.say(text, severity=severity, timeout=15)

    def say(
        self, text: str, *, severity: SeverityLevel = "information", timeout: float = 4
    ) -> None:
        """Say what was done in the key line, and what went wrong in a toast that stays longer."""
        if severity == "information":
            self.query_one(KeyBar).say(text, timeout)
        else:
            self.notify(sanitize(text), severity=severity, timeout=timeout, markup=False)

    # -- the sample under the cursor ---------------------------------------------------------------

    def on_sample_table_cursor_moved(self) -> None:
        """Show the sample and remember the cursor, both when it rests."""
        self._moves += 1
        moves = self._moves
        self.set_timer(SAMPLE_SHOWN_AFTER_S, lambda: self._rested(moves))
        self._unsaved_cursor = self.table.cursor_row
        self._cursor_due_s = time.monotonic() + CURSOR_SAVED_AFTER_S

    def _rested(self, moves: int) -> None:
        if moves == self._moves:
            self._show_sample()

    def on_sample_table_view_changed(self) -> None:
        """Score first what is looked at."""
        self._focus_scoring()

    def on_sample_table_row_activated(self) -> None:
        """Read it."""
        self.action_zoom()

    def on_sample_table_header_clicked(self, event: SampleTable.HeaderClicked) -> None:
        """Sort by a column, or turn it round."""
        columns = {Column.TOKENS: SortColumn.LENGTH, Column.REJECTED: SortColumn.REJECTED_SCORE}
        column = columns.get(event.column) or SortColumn(event.column.value)
        self._sort_by(column)

    def _focus_scoring(self) -> None:
        if self.session.worker is not None:
            self.session.worker.focus(self.table.visible_rows())

    def _show_sample(self) -> None:
        row = self.table.cursor_row
        if row is None:
            self.detail.show(None)
        else:
            self.detail.show(self._rows.content(row))

    def _save_cursor(self) -> None:
        if self._unsaved_cursor is not None and not self.session.read_only:
            self.session.store.set_setting("cursor", self._unsaved_cursor)
        self._unsaved_cursor = None

    # -- verdicts ----------------------------------------------------------------------------------

    def action_accept(self) -> None:
        """Accept the sample or the range."""
        self._decide(Verdict.ACCEPT)

    def action_reject(self) -> None:
        """Reject the sample or the range."""
        self._decide(Verdict.REJECT)

    def action_skip(self) -> None:
        """Skip the sample or the range."""
        self._decide(Verdict.SKIP)

    def action_clear(self) -> None:
        """Clear the verdict of the sample or the range."""
        self._decide(Verdict.UNDECIDED)

    def _decide(self, verdict: Verdict) -> None:
        table = self.table
        if table.selection_anchor is not None:
            self._bulk(verdict, table.selected_rows(), "the range")
            return
        row = table.cursor_row
        if row is None:
            return
        if self.session.dataset.broken[row]:
            self.say(f"row {row} could not be read; there is nothing to decide", severity="warning")
            return
        rows = np.array([row], np.int64)
        if self._try(lambda: self.session.decide(rows, verdict)) is not None:
            table.refresh_rows([row])
        if verdict is not Verdict.UNDECIDED:
            table.move(1)
        self._unsaved_cursor = table.cursor_row
        self._save_cursor()
        self._show_sample()

    def action_bulk_accept(self) -> None:
        """Accept every row of the view."""
        self._bulk(Verdict.ACCEPT, self.table.order, "all rows shown")

    def action_bulk_reject(self) -> None:
        """Reject every row of the view."""
        self._bulk(Verdict.REJECT, self.table.order, "all rows shown")

    def action_bulk_clear(self) -> None:
        """Clear every row of the view."""
        self._bulk(Verdict.UNDECIDED, self.table.order, "all rows shown")

    def _bulk(self, verdict: Verdict, rows: NDArray[np.int64], what: str) -> None:
        """Ask with the counts, then decide as one event."""
        verdicts = self.session.verdicts[rows]
        readable = ~self.session.dataset.broken[rows]
        changed = int(np.count_nonzero(readable & (verdicts != verdict)))
        if not changed:
            self.say(f"nothing to change: {what} is {VERDICT_WORDS[verdict]} already")
            return
        manual = np.isin(verdicts, (Verdict.ACCEPT, Verdict.REJECT))
        overruled = int(np.count_nonzero(readable & manual & (verdicts != verdict)))
        lines = [
            f"{len(rows):,} rows, {changed:,} of them change.",
            f"{overruled:,} verdicts given by hand are overruled.",
            "One undo (U) takes all of it back.",
        ]
        if len(rows) != np.count_nonzero(readable):
            lines.insert(1, f"{np.count_nonzero(~readable):,} could not be read: left out.")

        def answered(yes: bool | None) -> None:
            if yes:
                self.table.clear_selection()
                self._work(
                    f"{VERDICT_WORDS[verdict]}: {changed:,} rows",
                    lambda: self.session.decide(np.sort(rows), verdict),
                    self._bulk_done,
                    background=len(rows) > INLINE_ROWS,
                )

        word = {Verdict.UNDECIDED: "clear"}.get(verdict, verdict.name.lower())
        self.app.push_screen(
            ConfirmDialog(f"{word.capitalize()} {what}?", lines, f"{word} {changed:,} rows"),
            answered,
        )

    def _bulk_done(self, change: Change | None) -> None:
        if change is not None:
            self.say(f"{VERDICT_WORDS[change.verdict]} {len(change.rows):,} rows; U takes it back")
        self.table.refresh_changed()
        self._show_sample()

    def action_undo(self) -> None:
        """Take the last decision back."""
        self._step(self.session.undo, "undone", "nothing to undo")

    def action_redo(self) -> None:
        """Give it again."""
        self._step(self.session.redo, "done again", "nothing to redo")

    def _step(self, step: Callable[[], Change | None], word: str, nothing: str) -> None:
        def stepped(change: Change | None) -> None:
            if change is None:
                self.say(nothing)
                return
            what = VERDICT_WORDS[change.verdict]
            if len(change.rows) == 1:
                row = int(change.rows[0])
                there = self.table.go_to_row(row)
                self.say(f"{word}: {what} row {row}" + ("" if there else ", not in this view"))
            else:
                self.say(f"{word}: {what} {len(change.rows):,} rows")
            self.table.refresh_changed()
            self._show_sample()

        self._work("…", step, stepped, background=self.session.review.largest_step > INLINE_ROWS)

    def action_range(self) -> None:
        """Start or end a range."""
        if self.table.selection_anchor is None:
            self.table.start_selection()
            self.say("range: move, then a x space c; esc leaves it")
        else:
            self.table.clear_selection()

    # -- moving --------------------------------------------------------------------------------------

    def action_down(self) -> None:
        """One down, or scroll the sample."""
        self._pane.move(1)

    def action_up(self) -> None:
        """One up."""
        self._pane.move(-1)

    def action_half_down(self) -> None:
        """Half a page down."""
        self._pane.half_page(1)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._pane.half_page(-1)

    def action_first(self) -> None:
        """To the top."""
        self._pane.go_first()

    def action_last(self) -> None:
        """To the end."""
        self._pane.go_last()

    @property
    def _pane(self) -> SampleTable | SampleDetail:
        """The pane that the motions move in."""
        return self.detail if self.detail.has_focus else self.table

    def action_next_pane(self) -> None:
        """Table, detail, table."""
        if self.detail.has_focus and not self._zoomed:
            self.table.focus()
        else:
            self.detail.focus()

    def action_zoom(self) -> None:
        """The sample takes the whole screen, and gives it back."""
        self._zoomed = not self._zoomed
        self.set_class(self._zoomed, "-zoomed")
        (self.detail if self._zoomed else self.table).focus()

    def action_close(self) -> None:
        """Close what is open; decides nothing."""
        if self._zoomed:
            self.action_zoom()
        elif self.table.selection_anchor is not None:
            self.table.clear_selection()
        elif self.detail.has_focus:
            self.table.focus()
        elif self._found is not None:
            self._found = None
            self.table.set_search(None)
            self.detail.set_search(None)

    # -- the threshold -------------------------------------------------------------------------------

    def action_threshold_down(self) -> None:
        """A fine step down."""
        self._step_threshold(-self.slider.fine_step())

    def action_threshold_up(self) -> None:
        """A fine step up."""
        self._step_threshold(self.slider.fine_step())

    def action_threshold_far_down(self) -> None:
        """A coarse step down."""
        self._step_threshold(-self.slider.coarse_step())

    def action_threshold_far_up(self) -> None:
        """A coarse step up."""
        self._step_threshold(self.slider.coarse_step())

    def _step_threshold(self, step: float) -> None:
        threshold = self.session.threshold
        if threshold is None:
            self.say("no scores yet: type a threshold with t")
            return
        grid = abs(step)
        self._set_threshold(f"{round((threshold.value + step) / grid) * grid:.10g}")

    def on_threshold_slider_moved(self, event: ThresholdSlider.Moved) -> None:
        """Dragged or clicked."""
        self._set_threshold(f"{event.value:.10g}", save=event.released)

    def action_type_threshold(self) -> None:
        """Type it."""
        session = self.session
        self.query_one(PromptBar).ask(
            Question(
                label="threshold",
                hint="1.5 · top 1000 · 25% · <=0.3 keeps the low side",
                value="",
                answer=lambda text: self._set_threshold(text) if text.strip() else None,
                preview=lambda text: session.preview_threshold(text) if text.strip() else "",
            )
        )

    def _set_threshold(self, text: str, *, save: bool = True) -> None:
        self.session.set_threshold(text, save=save)
        self._draw_counts(recount=False)
        self.table.refresh_changed()
        self._show_sample()

    # -- search, filter, sort --------------------------------------------------------------------------

    def action_search(self) -> None:
        """Ask what to look for."""
        self.query_one(PromptBar).ask(
            Question(
                label="search",
                hint="in prompt and response; a capital letter makes it exact",
                value="",
                answer=self._search,
                preview=lambda text: (
                    f"{np.count_nonzero(self._matches(text)):,} rows" if len(text) > 1 else ""
                ),
            )
        )

    def _matches(self, text: str) -> NDArray[np.bool_]:
        return search(self.session.dataset.texts, text)

    def _search(self, text: str) -> None:
        if not text:
            return
        self._search_text = text
        self._found = self._matches(text)
        exact = any(character.isupper() for character in text)
        pattern = re.compile(re.escape(text), 0 if exact else re.IGNORECASE)
        self.table.set_search(pattern)
        self.detail.set_search(pattern)
        self._next(1, from_cursor=True)

    def action_next_match(self) -> None:
        """To the next row that matches."""
        self._next(1)

    def action_previous_match(self) -> None:
        """To the one before."""
        self._next(-1)

    def _next(self, direction: int, *, from_cursor: bool = False) -> None:
        if self._found is None:
            self.say("no search yet: / starts one")
            return
        hits = np.flatnonzero(self._found[self.table.order])
        if not len(hits):
            self.say(f"not found in the rows shown: {self._search_text}")
            return
        cursor = self.table.cursor
        if direction > 0:
            place = int(np.searchsorted(hits, cursor, side="left" if from_cursor else "right"))
        else:
            place = int(np.searchsorted(hits, cursor, side="left")) - 1
        wrapped = not 0 <= place < len(hits)
        place %= len(hits)
        self.table.cursor = int(hits[place])
        note = " (wrapped)" if wrapped else ""
        self.say(f"{place + 1:,} of {len(hits):,} rows with {self._search_text}{note}")
        self._show_sample()
        self.detail.scroll_to_match()

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.query_one(PromptBar).ask(
            Question(
                label="filter",
                hint="state:rejected score<1.5 problem:any words; empty shows all",
                value=self._filter_text,
                answer=self._set_filter,
                preview=self._count_filter,
            )
        )

    def _count_filter(self, text: str) -> str:
        if not text.strip():
            return ""
        _, matching = self.session.matching(text)
        return f"{np.count_nonzero(matching):,} of {len(matching):,} rows"

    def _apply_filter(self, text: str) -> None:
        if text.strip():
            chosen, self._matching = self.session.matching(text)
            self._filter_text = str(chosen)
        else:
            self._matching, self._filter_text = None, ""

    def _set_filter(self, text: str) -> None:
        self._apply_filter(text)
        if not self.session.read_only:
            self.session.store.set_setting("filter", self._filter_text)
        self._show_order()

    def action_sort(self) -> None:
        """Choose a column."""
        usable = [
            column
            for column in SortColumn
            if self.session.sides == 2
            or column not in (SortColumn.REJECTED_SCORE, SortColumn.MARGIN)
        ]
        arrow = " (descending)" if self._sort.descending else " (ascending)"
        choices = [
            (column.value, column.value + (arrow if column is self._sort.column else ""))
            for column in usable
        ]

        def chosen(name: str | None) -> None:
            if name is not None:
                self._sort_by(SortColumn(name))

        self.app.push_screen(ChoiceDialog("Sort by", choices, self._sort.column.value), chosen)

    def _sort_by(self, column: SortColumn) -> None:
        same = column is self._sort.column
        self._sort = Sort(column, descending=not self._sort.descending if same else False)
        if not self.session.read_only:
            self.session.store.set_setting("sort", [column.value, self._sort.descending])
        self._show_order()

    def _show_order(self, keep_row: int | None = None) -> None:
        """Filter and sort as chosen; the cursor stays on its sample."""
        if self._filter_text:
            _, self._matching = self.session.matching(self._filter_text)
        self.table.set_order(self.session.order(self._sort, self._matching), keep_row=keep_row)
        columns = {SortColumn.LENGTH: Column.TOKENS, SortColumn.ROW: None}
        column = columns.get(self._sort.column, Column.ROW)
        if self._sort.column not in columns:
            column = Column(self._sort.column.value)
        self.table.set_sort(column, descending=self._sort.descending)
        self._draw_title()
        self._show_sample()

    # -- scoring -------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        """Pause or go on."""
        worker = self.session.worker
        if worker is None:
            self.say("nothing is being scored; m chooses a scorer")
            return
        if worker.status().state is WorkerState.PAUSED:
            worker.resume()
        else:
            worker.pause()
        self._status_due_s = 0.0

    def action_stop(self) -> None:
        """Stop scoring."""
        self.session.stop_scoring()
        self._status_due_s = 0.0

    def action_retry(self) -> None:
        """Try the failed rows again."""
        rows = np.flatnonzero(self.session.board.failed.any(axis=0))
        if self.session.worker is None or not len(rows):
            self.say("no row has failed")
            return
        self.session.worker.retry(rows)
        self.say(f"trying {len(rows):,} rows again")

    def action_model(self) -> None:
        """Choose another scorer."""
        self.query_one(PromptBar).ask(
            Question(
                label="scorer",
                hint="heuristic · hf:PATH · column:NAME · file:PATH[:COLUMN] · none",
                value=self.session.scorer_spec,
                answer=self._switch_scorer,
            )
        )

    def _switch_scorer(self, spec: str) -> None:
        spec = spec.strip()
        if not spec:
            raise UsageError(
                "no scorer named", "heuristic, hf:PATH, column:NAME, file:PATH or none"
            )
        self._told.clear()
        self._bins = None
        self.session.start_scoring(spec, self._scorer_options)
        self._focus_scoring()
        self._status_due_s = 0.0

    def action_side(self) -> None:
        """Review the other side of preference data."""
        session = self.session
        if session.sides == 1:
            self.say("only preference data has two sides")
            return
        session.review_side(Side.REJECTED if session.side is Side.CHOSEN else Side.CHOSEN)
        self._seen = (-1, -1, 0)
        self._bins_due_s = 0.0
        self.table.refresh()
        self._show_sample()
        self._draw_title()

    # -- out of here -----------------------------------------------------------------------------------

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
                lambda: session.export(plan, progress=progress, cancelled=lambda: dialog.cancelled),
                self._exported,
                background=True,
                dialog=dialog,
            )

        self.app.push_screen(ExportDialog(session.default_plan(), session.describe_plan), chosen)

    def _exported(self, report: ExportReport) -> None:
        counts = ", ".join(f"{count:,} {name}" for name, count in report.counts.items())
        self.say(f"{report.output}: {counts}", timeout=12)

    def action_help(self) -> None:
        """The keys, from the registry."""
        self.app.push_screen(TextDialog("Help", help_text()))

    def action_problems(self) -> None:
        """What could not be read."""
        self.app.push_screen(TextDialog("Problems", problems_text(self.session.dataset)))

    def action_palette(self) -> None:
        """Find an action by words."""
        self.app.action_command_palette()

    def action_theme(self) -> None:
        """Choose a theme."""
        names = sorted(name for name in self.app.available_themes if name.startswith("tamis-"))
        chosen: Callable[[str | None], None] = lambda name: (
            setattr(self.app, "theme", name) if name else None
        )
        self.app.push_screen(
            ChoiceDialog("Theme", [(name, name) for name in names], self.app.theme), chosen
        )

    def action_suspend(self) -> None:
        """Back to the shell."""
        self.app.action_suspend_process()

    def action_quit(self) -> None:
        """Leave; everything is on disk."""
        self._save_cursor()
        self.app.exit()

    # -- doing things that can fail --------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the desk rest while a line of input is open; verdicts in a read-only desk."""
        known = BY_ID.get(action)
        if known is not None:
            if self.query_one(PromptBar).is_open and action not in ("close", "suspend"):
                return False
            if known.writes and self.session.read_only:
                return False
        return super().check_action(action, parameters)

    def _try(self, call: Callable[[], Change | None]) -> Change | None:
        """Do it, or say why not."""
        try:
            return call()
        except TamisError as error:
            self.say(str(error), severity="error", timeout=12)
            return None

    def _work(
        self,
        title: str,
        call: Callable[[], Result],
        done: Callable[[Result], None],
        *,
        background: bool,
        dialog: WorkDialog | None = None,
    ) -> None:
        """Do something, under a dialog where it is long; then `done`, or a message why not."""
        if not background:
            try:
                result = call()
            except TamisError as error:
                self.say(str(error), severity="error", timeout=12)
            else:
                done(result)
            return
        shown = dialog or WorkDialog(title, can_cancel=False)

        def finish(result: Result | None, error: TamisError | None) -> None:
            shown.dismiss(None)
            if error is not None:
                self.say(str(error), severity="error", timeout=12)
            else:
                done(cast("Result", result))

        def work() -> None:
            try:
                result = call()
            except TamisError as error:
                self.app.call_from_thread(finish, None, error)
            else:
                self.app.call_from_thread(finish, result, None)

        self.app.push_screen(shown)
        self.run_worker(work, thread=True, exit_on_error=True)
