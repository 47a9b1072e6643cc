"""The clusters screen: its widgets, and following what changes.

A key repaints a line or two. What takes longer (the comparison of two samples, how alike the
members are) is done in a thread when the cursor has come to rest.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine.preferences.folded import folded
from engine.session.cluster_review import Kind, Listed
from engine.session.duplication import SearchState
from engine.session.table_columns import COLUMNS
from tui.clusters import words
from tui.clusters.cluster_list import ClusterList, ListedCluster
from tui.clusters.comparison import Comparison, Laid, Shown, compare
from tui.clusters.members import MemberColumns, MemberSimilarities, answer_letter, compared_rows
from tui.clusters.pane import ComparisonPane
from tui.deciding import DecidingScreen
from tui.keys.actions import Group, actions_on, bindings
from tui.table.rows import SessionRows
from tui.table.sample_table import SampleTable
from tui.terminal.display import ASCII_GLYPHS, STATE_TEXT, UNICODE_GLYPHS, one_line
from tui.widgets.prompt_bar import PromptBar
from tui.widgets.status import KeyBar, StatusLine
from tui.working_screen import WorkingScreen

TICK_S = 0.1

COMPARED_AFTER_S = 0.06
"""A held-down motion key compares nothing but what it stops at."""

EXPLAINED = "clusters"
"""The name under which it is remembered that a person knows what the numbers mean."""

PART_TITLES = ("prompt", "response", "rejected")
"""The texts that are compared, by their columns."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two members to compare."""

    found: Listed
    cluster: int
    keeper: int
    other: int
    about_keeper: tuple[str, ...]
    about_other: tuple[str, ...]


class ClusterBase(WorkingScreen):
    """List, members and comparison of the clusters of a session."""

    BINDINGS: ClassVar[list[BindingType]] = list[BindingType](bindings(actions_on(Group.CLUSTERS)))

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it so
        (0, "-narrow"),
        (110, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - the same
        (0, "-short"),
        (32, "-tall"),
    ]

    def __init__(
        self, desk: DecidingScreen, rows: SessionRows, *, start: int | None, ascii_only: bool
    ) -> None:
        """Show the clusters of a session.

        Args:
            desk: whose session, and what stays its own: pausing, themes, leaving.
            rows: what is shown of a row.
            start: the row whose cluster is opened first, where it is in one.
            ascii_only: the terminal shows no other signs.
        """
        super().__init__()
        self.desk = desk
        self.session = desk.session
        self.review = desk.session.clusters
        self.leaves_at: int | None = None
        """The row that the desk is to go to; None: where it was."""
        self.glyphs = ASCII_GLYPHS if ascii_only else UNICODE_GLYPHS
        self._rows = rows
        self._members = MemberColumns(self.glyphs)
        self._wanted: int | None = start
        """The row whose cluster the cursor goes to as soon as it is listed."""
        self._seen: object = None
        self.found: Listed | None = None
        """What is listed on the screen: numbers of clusters here are those of this one. A thread
        may have made a newer one by now; the next tick shows it."""
        self._comparisons = self._compared = 0
        self._shown: tuple[Listed, int, int] | None = None  # list, cluster, row compared
        self._rests = 0
        self._moves = 0
        self._moving_to: float | None = None
        self._one_move = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Title, list and members, comparison, duplication rate, input, keys."""
        yield StatusLine(id="clusters-title")
        with Container(id="clusters-top"):
            yield ClusterList(self, glyphs=self.glyphs, id="clusters-list")
            yield SampleTable(
                self._rows, columns=self._members.columns, glyphs=self.glyphs, empty_text="",
                id="clusters-members",
            )  # fmt: skip
        yield ComparisonPane(glyphs=self.glyphs, id="clusters-comparison")
        yield StatusLine(id="clusters-rate")
        yield StatusLine(id="clusters-rule")
        yield Static(id="clusters-words", markup=False)
        yield KeyBar(id="keys")
        yield PromptBar(id="prompt")

    @property
    def cluster_list(self) -> ClusterList:
        """The clusters."""
        return self.query_one(ClusterList)

    @property
    def members(self) -> SampleTable:
        """The rows of the cluster under the cursor."""
        return self.query_one(SampleTable)

    @property
    def comparison(self) -> ComparisonPane:
        """The keeper beside the member under the cursor."""
        return self.query_one(ComparisonPane)

    @property
    def similarity(self) -> float:
        """The one of all clusters, as asked for last."""
        return self.review.similarity if self._moving_to is None else self._moving_to

    def on_mount(self) -> None:
        """Show what is known, and follow what comes."""
        self.query_one(KeyBar).show_group(Group.CLUSTERS)
        self.members.set_order(np.zeros(0, np.int64))
        self.set_focus(self.cluster_list)
        self.explain(on=EXPLAINED not in folded())
        self.show_list()
        self.review.refresh()
        self._tick()
        self.set_interval(TICK_S, self._tick)

    def explain(self, *, on: bool) -> None:
        """Put a sentence to each number, or fold them."""
        self.set_class(on, "-explained")
        self._draw_lines()

    def on_resize(self) -> None:
        """The lines above and below take what fits."""
        self.call_after_refresh(self._draw_lines)

    def is_at_rest(self) -> bool:
        """Whether everything is on screen that was searched, listed, counted and compared."""
        review = self.review
        if self.session.duplicates.status.state is SearchState.RUNNING or review.behind:
            return False  # asked first: what a thread has made by now is then seen below
        return (
            self.found is not None
            and self.found is review.listed
            and self.found.clusters.similarity == self.similarity
            and review.duplication is not None
            and self._seen == self._marks
            and self._shown == self._under_cursor
            and self._compared == self._comparisons
        )

    # -- following -----------------------------------------------------------------------------

    def _tick(self) -> None:
        """Draw what changed since the last tick."""
        self.review.refresh()
        if self.found is not self.review.listed:
            self.show_list()
        seen = self._marks
        if seen != self._seen:
            self._seen = seen
            if self.found is None:
                self.show_list()  # it says whether there will be one
            self._draw_lines()
            self.cluster_list.refresh_changed()
        self.members.refresh_changed()

    @property
    def _marks(self) -> object:
        """Changes with what the lines around the list say."""
        duplicates = self.session.duplicates
        return self.review.version, duplicates.status, duplicates.rule_on, self.similarity

    def _draw_lines(self) -> None:
        review = self.review
        self.query_one("#clusters-title", StatusLine).show(
            [
                *self.too_small,
                *words.title_parts(
                    self.session,
                    self.found,
                    len(self.cluster_list.order),
                    self.similarity,
                    self.key("search_duplicates"),
                ),
            ]
        )
        found = review.duplication
        if found is None:
            rate, rule = ["duplication rate of the kept rows: not counted yet"], [""]
        else:
            now = found.after if self.session.duplicates.rule_on else found.before
            bar = words.rate_line(now, self.glyphs)
            rate = [f"{bar} {words.rate_text(now)}", words.zone_text(now), words.hot_text(now)]
            rule = [words.rule_text(self.session.duplicates.similarity, found, self.key("rule"))]
        self.query_one("#clusters-rate", StatusLine).show([part for part in rate if part])
        self.query_one("#clusters-rule", StatusLine).show(rule)
        if self.has_class("-explained"):
            about = words.about_numbers(review.kind, self.similarity)
            about[-1] += f" ({self.key('explain')} folds)"
            width = max(self.size.width - 2, 0)
            shown = "\n".join(one_line(line, width) for line in about)
            self.query_one("#clusters-words", Static).update(Content(shown))

    def show_list(self) -> None:
        """List the clusters in view; the cursor stays on its cluster."""
        raise NotImplementedError

    def _end_move(self) -> None:
        """Do at once what waits for a similarity key to rest."""
        if self._moving_to is not None and self.review.kind is not Kind.MEANING:
            self._moves += 1
            self.session.duplicates.move(self._moving_to)
            self._moving_to = None

    # -- the list --------------------------------------------------------------------------------

    @property
    def mean_title(self) -> str:
        """Of the list's fourth column."""
        return "bits" if self.review.kind is Kind.CONTRADICTIONS else "mean"

    def listed(self, cluster: int) -> ListedCluster:
        """A line of the list."""
        found = self.found
        assert found is not None
        listing = found.listing
        groups = listing.groups
        state = words.STATE_WORDS[listing.state_of(cluster)]
        open_ = state == "undecided"
        if open_ and (groups.sampled[cluster] or not found.clusters.is_complete):
            state = "incomplete"
        mean = groups.mean if groups.entropy is None else groups.entropy
        first = int(groups.members[groups.starts[cluster]])
        texts = (self._rows.text(first, COLUMNS[part]) for part in PART_TITLES)
        return ListedCluster(
            number=cluster,
            size=int(groups.size_of(cluster)),
            lowest=float(groups.lowest[cluster]),
            mean=float(mean[cluster]),
            scores=None if self.session.blind else listing.scores_of(cluster),
            state=state,
            is_open=open_,
            text=next(filter(None, texts), ""),
        )

    def moved(self) -> None:
        """List the members of the cluster that the person has gone to."""
        self._wanted = None
        self.show_members()

    def show_members(self) -> None:
        """List the members of the cluster under the cursor.

        Their cursor stays on its row, or goes to the first that is not the keeper: that is what
        is to be judged.
        """
        cluster, found, row = self.cluster_list.cluster, self.found, self.members.cursor_row
        self._rests += 1
        if cluster is None or found is None:
            self.members.set_order(np.zeros(0, np.int64))
            self.comparison.say("")
            self._shown = None
            return
        rows = found.listing.groups.rows_of(cluster)
        if self._shown is None or self._shown[:2] != (found, cluster):
            self._members.similarities = MemberSimilarities()
        if row is None or found.listing.groups.label[row] != cluster:
            keeper, _ = self.review.keeper(found, cluster)
            row = int(rows[0] if int(rows[0]) != keeper else rows[1])
        self.members.set_order(rows, keep_row=row)
        self._compare_soon()

    def on_sample_table_cursor_moved(self) -> None:
        """Compare it with the keeper, when it rests."""
        self._compare_soon()

    def _compare_soon(self) -> None:
        self._rests += 1
        rests = self._rests
        self.set_timer(COMPARED_AFTER_S, lambda: self._compare(rests))

    def _compare(self, rests: int) -> None:
        """Have the comparison made, unless the cursor has moved on."""
        at = self._under_cursor
        if rests != self._rests or at is None or at == self._shown:
            return
        self._shown = found, cluster, row = at
        rows = found.listing.groups.rows_of(cluster)
        keeper, reason = self.review.keeper(found, cluster)
        blind = self.session.hides(keeper)
        other = row if row != keeper else int(rows[0] if rows[0] != keeper else rows[1])
        pair = _Pair(
            found, cluster, keeper, other,
            (self._about(keeper), "suggested" if blind else f"suggested: {reason}"),
            (self._about(other),),
        )  # fmt: skip
        self._comparisons += 1
        make = partial(self._make, self._comparisons, pair, self.comparison)
        self.run_worker(partial(make, self.comparison.text_cells), thread=True, group="comparison")

    @property
    def _under_cursor(self) -> tuple[Listed, int, int] | None:
        """The list, the cluster and the row that the cursors are on."""
        found, cluster, row = self.found, self.cluster_list.cluster, self.members.cursor_row
        return None if found is None or cluster is None or row is None else (found, cluster, row)

    def _about(self, row: int) -> str:
        state = self._rows.state(row)
        return f"row {row} {self.glyphs.states[state]} {STATE_TEXT[state]}"

    def _make(self, number: int, pair: _Pair, pane: ComparisonPane, width: int) -> None:
        """Compare the samples; in a thread, which looks for no widget: the screen may be gone."""
        if number != self._comparisons:
            return
        similarities = self._similarities(pair)
        dot = " | " if self.glyphs.ascii_only else " · "
        sides = []
        for row, about in ((pair.keeper, pair.about_keeper), (pair.other, pair.about_other)):
            title = dot.join([about[0], *_alike(similarities, row), *about[1:]])
            texts = tuple(self._rows.text(row, COLUMNS[part]) for part in PART_TITLES)
            sides.append(Shown(title, texts))
        made = compare(sides[0], sides[1], PART_TITLES)
        laid = pane.lay_out(made, width)
        self.app.call_from_thread(self._put, number, similarities, made, laid, width)

    def _put(
        self,
        number: int,
        similarities: MemberSimilarities,
        made: Comparison,
        laid: Laid,
        width: int,
    ) -> None:
        # An older comparison may end after a newer one.
        if number == self._comparisons and self.is_running:
            self._compared = number
            self._members.similarities = similarities
            self.members.refresh_changed()
            self.comparison.show(made, laid, width)

    def _similarities(self, pair: _Pair) -> MemberSimilarities:
        groups = pair.found.listing.groups
        rows, answers = groups.rows_of(pair.cluster), groups.answers_of(pair.cluster)
        compared = compared_rows(rows, pair.keeper, pair.other)
        reference = int(np.flatnonzero(compared == pair.keeper)[0])
        alike = self.review.similarity_to(pair.found, compared, reference)
        return MemberSimilarities(
            pair.keeper,
            dict(zip(compared.tolist(), alike.similarity.tolist(), strict=True)),
            {row: why for row, why in zip(compared.tolist(), alike.why_kept, strict=True) if why},
            {} if answers is None else dict(zip(rows.tolist(), answers.tolist(), strict=True)),
        )

    def go_to_row(self, row: int) -> bool:
        """To a member of a listed cluster; False where it is in none."""
        cluster = int(self.found.listing.groups.label[row]) if self.found is not None else -1
        line = self.cluster_list.line_of(cluster)
        if line is None:
            return False
        self.cluster_list.cursor = line
        return self.members.go_to_row(row)

    # -- panes -----------------------------------------------------------------------------------

    @property
    def pane(self) -> ClusterList | SampleTable | ComparisonPane:
        """The one that the motions move in."""
        if self.members.has_focus:
            return self.members
        return self.comparison if self.comparison.has_focus else self.cluster_list

    def watch_focused(self, focused: Widget | None) -> None:
        """Similarity keys mean all clusters in the list, and one inside it: say which."""
        if focused is not None and self.is_mounted:
            self._draw_lines()


def _alike(similarities: MemberSimilarities, row: int) -> list[str]:
    """What is known of a member beside the keeper, in words."""
    parts = []
    if row in similarities.answers:
        parts.append(f"answer {answer_letter(similarities.answers[row])}")
    if row != similarities.keeper and row in similarities.similarity:
        parts.append(f"{similarities.similarity[row]:.3f} alike")
        if row in similarities.why_kept:
            parts.append(f"{similarities.why_kept[row]}: not dropped")
    return parts
