"""Which clusters are listed: kind, similarity, splits, filter, order; the search and the rule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.listing import FIELDS, GroupFilter, Order, parse_group_filter
from engine.duplicates.rule import Preference
from engine.duplicates.settings import parse_similarity
from engine.errors import UsageError
from engine.preferences.folded import fold
from engine.session.cluster_review import Kind, RuleEffect
from engine.session.duplication import SearchState
from engine.session.matching import rows_matching
from tui.clusters import words
from tui.clusters.base import EXPLAINED
from tui.clusters.deciding import DecidingActions

FINE, COARSE = 0.01, 0.05

MOVED_AFTER_S = 0.15
"""A held-down key cuts nothing but what it stops at."""


class ViewingActions(DecidingActions):
    """What v, the threshold keys, f, s, o, d and C do."""

    _filter = GroupFilter()
    _order = Order.NUMBER
    _descending = False

    def show_list(self) -> None:
        """List the clusters in view; the cursor stays on its row, or goes to a wanted one."""
        self.found = found = self.review.listed
        if found is None:
            searching = self.session.duplicates.status.state is SearchState.RUNNING
            goes_on = (
                "the search goes on" if searching else f"{self.key('search_duplicates')} searches"
            )
            self.cluster_list.empty_text = f"nothing is known yet: {goes_on}"
            self.cluster_list.set_order(np.zeros(0, np.int64), None)
            self.show_members()
            return
        listing = found.listing
        order = listing.sorted(self._order, descending=self._descending)
        passed = self._filter.passes(listing, self._matching(self._filter))
        row = self.members.cursor_row
        if self._wanted is not None and listing.groups.label[self._wanted] >= 0:
            row, self._wanted = self._wanted, None
        self.cluster_list.empty_text = (
            "no cluster passes the filter" if len(order) else "no clusters at this similarity"
        )
        # Numbers mean other clusters in another list: the cursor stays with the row.
        keep = None if row is None else int(listing.groups.label[row])
        self.cluster_list.set_order(order[passed[order]], keep)
        self.show_members()
        if row is not None:
            self.members.go_to_row(row)

    def _matching(self, chosen: GroupFilter) -> NDArray[np.bool_] | None:
        return rows_matching(self.session, chosen.rows)[1] if chosen.rows else None

    # -- kind and similarity -----------------------------------------------------------------------

    def action_kind(self) -> None:
        """The next kind."""
        self._wanted = self.members.cursor_row
        self.review.show_next()
        self.show_list()
        self._draw_lines()

    def action_similarity_down(self) -> None:
        """A fine step down."""
        self._step_similarity(-FINE)

    def action_similarity_up(self) -> None:
        """A fine step up."""
        self._step_similarity(FINE)

    def action_similarity_far_down(self) -> None:
        """A coarse step down."""
        self._step_similarity(-COARSE)

    def action_similarity_far_up(self) -> None:
        """A coarse step up."""
        self._step_similarity(COARSE)

    @property
    def _split_row(self) -> int | None:
        """A row of the cluster that similarity keys split; None: they mean all clusters."""
        return None if self.pane is self.cluster_list else self.members.cursor_row

    def _step_similarity(self, step: float) -> None:
        row, base = self._split_row, self.similarity
        if row is not None:
            base = self.session.duplicates.splits.of(self.review.kind.unit, row) or base
        wanted = round((base + step) / FINE) * FINE
        self._set_similarity(min(max(wanted, FINE), 1.0), row)

    def _set_similarity(self, similarity: float, row: int | None) -> None:
        """Of all clusters, or of the one that `row` is in."""
        if row is None:
            self._move_to(similarity)
        elif similarity > self.similarity:
            self.session.duplicates.split(self.review.kind.unit, row, similarity)
            self.say(
                f"this cluster is cut at {similarity:.2f}; below {self.similarity:.2f} joins it"
            )
        else:
            self.session.duplicates.split(self.review.kind.unit, row, None)
            self.say(f"this cluster is cut at {self.similarity:.2f}, as all others")

    def _move_to(self, similarity: float) -> None:
        """Say it at once, and cut anew when the key rests: below what is known a search starts."""
        duplicates = self.session.duplicates
        move = duplicates.move_meaning if self.review.kind is Kind.MEANING else duplicates.move
        self._moves += 1
        self._moving_to = similarity
        self._draw_lines()
        # The desk's work: it is done as well when this screen is left at once.
        self.desk.run_worker(self._move(self._moves, partial(move, similarity)))

    async def _move(self, number: int, move: Callable[[], None]) -> None:
        """Cut anew, unless another key has come; one at a time, so that the last one holds."""
        await asyncio.sleep(MOVED_AFTER_S)
        async with self._one_move:
            if number == self._moves:
                await asyncio.to_thread(move)
        if number == self._moves:
            self._moving_to = None

    def action_type_similarity(self) -> None:
        """Type it."""
        row = self._split_row
        self.ask(
            "similarity" if row is None else "split this cluster at",
            "0.85 or 85%",
            lambda text: (
                self._set_similarity(parse_similarity(text), row) if text.strip() else None
            ),
        )

    # -- filter and order --------------------------------------------------------------------------

    def action_list_filter(self) -> None:
        """Ask for a filter of clusters."""
        self.ask(
            "filter",
            FIELDS + "  or any filter of rows; empty shows all",
            self._set_filter,
            value=str(self._filter),
            preview=self._count_filter,
        )

    def _count_filter(self, text: str) -> str:
        if self.found is None or not text.strip():
            return ""
        chosen = self._read_filter(text)
        passed = chosen.passes(self.found.listing, self._matching(chosen))
        return f"{np.count_nonzero(passed):,} of {len(passed):,} clusters"

    def _read_filter(self, text: str) -> GroupFilter:
        chosen = parse_group_filter(text)
        if self.session.blind and any(field == "spread" for field, _, _ in chosen.terms):
            raise UsageError("spread is of scores, which are hidden while blind")
        return chosen

    def _set_filter(self, text: str) -> None:
        chosen = self._read_filter(text)
        self._matching(chosen)  # what is wrong with it is said before it is taken
        self._filter = chosen
        self.show_list()
        self._draw_lines()

    def action_list_sort(self) -> None:
        """Choose an order."""
        arrow = " (descending)" if self._descending else " (ascending)"
        usable = [
            order
            for order in Order
            if (order is not Order.ENTROPY or self.review.kind is Kind.CONTRADICTIONS)
            and (order is not Order.SPREAD or not self.session.blind)
        ]
        choices = [
            (order.value, order.value + (arrow if order is self._order else "")) for order in usable
        ]

        def chosen(name: str) -> None:
            order = Order(name)
            # What there is most of comes first; similarities from the loosest on.
            first_down = order in (Order.SIZE, Order.SPREAD, Order.ENTROPY)
            self._descending = not self._descending if order is self._order else first_down
            self._order = order
            self.show_list()

        self.choose("Sort clusters by", choices, chosen, self._order.value)

    def action_keeper(self) -> None:
        """Choose what makes a row the one to keep."""
        duplicates = self.session.duplicates
        choices = [(each.value, words.PREFERENCE_TEXT[each]) for each in Preference]

        def chosen(name: str) -> None:
            duplicates.prefer(Preference(name))
            self.say(f"suggested: {words.PREFERENCE_TEXT[duplicates.preferences[0]]}")
            self._shown = None
            self.show_members()

        self.choose("Suggested of each cluster", choices, chosen, duplicates.preferences[0])

    def action_compare_meaning(self) -> None:
        """Ask for a model, compare whole samples with it, and list what it finds."""
        hint = "a sentence-transformers model on this disk"
        self.ask("model folder", hint, self._compare_meaning)

    def _compare_meaning(self, text: str) -> None:
        if text.strip():
            self.session.duplicates.search_meaning(Path(text.strip()).expanduser())
            self.review.show(Kind.MEANING)
            self.show_list()
            self._draw_lines()

    def action_explain(self) -> None:
        """Put a sentence to each number, or fold them for good."""
        on = not self.has_class("-explained")
        fold(EXPLAINED, on=not on)
        self.explain(on=on)

    # -- search and rule ---------------------------------------------------------------------------

    def action_search_duplicates(self) -> None:
        """Stop the search, or go on with it."""
        duplicates = self.session.duplicates
        if duplicates.status.state is SearchState.RUNNING:
            # It ends at the next step, which may be a while.
            self.run_worker(duplicates.stop, thread=True, group="search")
            self.say("stopping; what is found stays")
        elif duplicates.status.state is SearchState.DONE and not duplicates.missing:
            self.say("everything has been searched")
        else:
            duplicates.search()
        self._draw_lines()

    def action_rule(self) -> None:
        """Switch the rule on after a count, or off."""
        if self.session.duplicates.rule_on:
            off = f"rule off: duplicates are kept again; {self.key('rule')} switches it on"
            self._switch_rule(None, off)
            return
        self._work("counting…", self.review.count, self._ask_rule, background=True)

    def _switch_rule(self, similarity: float | None, said: str) -> None:
        def switched(_: None) -> None:
            self.say(said)
            self._draw_lines()

        switch = partial(self.session.duplicates.set_rule, similarity)
        self._work("…", switch, switched, background=False)

    def _ask_rule(self, found: RuleEffect | None) -> None:
        if found is None:
            self.say("no clusters of whole samples are known yet")
            return
        lines = words.rule_lines(found)
        if self.session.duplicates.status.state is not SearchState.DONE:
            lines.append("The search is not done: these are counts of what is known so far.")

        def switch_on() -> None:
            on = f"rule on: duplicates at >= {found.similarity:.2f} are dropped"
            self._switch_rule(found.similarity, on)

        title = f"Drop duplicates at similarity >= {found.similarity:.2f}?"
        self.confirm(title, lines, f"drop {found.dropped:,} rows", switch_on)
