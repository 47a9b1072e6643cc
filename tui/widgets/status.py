"""The single lines around the table: what is open and being scored, what is kept, which keys."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from engine.review.policy import Summary
from engine.review.threshold import Threshold
from engine.scoring.kinds import NO_SCORER
from engine.scoring.worker.worker import WorkerState, WorkerStatus
from engine.session.duplication import SearchState, SearchStatus
from tui.keys.actions import OWN_SCREEN, Action, actions_of, key_of
from tui.terminal.display import cells, one_line, sanitize

SEPARATOR = " · "

BFLOAT16_SIGN = "~"
"""Before the number of rows whose side of the threshold bfloat16 leaves open."""


class StatusLine(Static):
    """One line of text; drawn again only when it reads differently."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._text = ""

    def show(self, parts: list[str], *, always: int = 1) -> None:
        """Join what fits, most important first; a part that does not fit is left out.

        Args:
            parts: what to say.
            always: so many of the first parts are never left out, only cut at the end.
        """
        width = max(self.size.width - 2, 0)
        text = ""
        for number, part in enumerate(parts):
            longer = text + (SEPARATOR if text else "") + part
            if number < always or cells(longer) <= width:
                text = longer
        text = one_line(sanitize(text), width)
        if text != self._text:
            self._text = text
            self.update(Content(text), layout=False)


def short_scorer(status: WorkerStatus, spec: str) -> str:
    """A scorer's name without what its label adds to it: how it reads, in which numbers."""
    return (status.scorer or spec).partition(SEPARATOR)[0]


def scoring_parts(status: WorkerStatus | None, spec: str, model_key: str) -> list[str]:
    """The scorer and what it is doing, most important first; `model_key` chooses another."""
    if status is None:
        return (
            [f"no scorer ({model_key} chooses one)"] if spec == NO_SCORER else [f"{spec}: stopped"]
        )
    name = short_scorer(status, spec)
    share = f"{status.done / status.total:.0%}" if status.total else "100%"
    match status.state:
        case WorkerState.LOADING | WorkerState.IDLE:
            parts = [f"{name}: loading…"]
        case WorkerState.SCORING:
            parts = [f"scoring {share}", name]
            if status.rows_per_s:
                parts.insert(1, f"{status.rows_per_s:,.0f}/s")
            if status.left_s is not None:
                parts.insert(2, f"{duration(status.left_s)} left")
        case WorkerState.PAUSED:
            parts = [f"paused at {share}", name]
        case WorkerState.DONE:
            parts = [f"scored {share}", name]
        case WorkerState.CANCELLED:
            parts = [f"stopped at {share}", name]
        case WorkerState.FAILED:
            parts = [f"{name}: no scores", f"{model_key} chooses another scorer"]
    if status.failed:
        parts.insert(1, f"{status.failed:,} failed")
    return parts


def duplicates_parts(status: SearchStatus) -> list[str]:
    """How far the search for duplicates is, while it runs or rests half way."""
    share = f" {status.done / status.total:.0%}" if status.total else ""
    match status.state:
        case SearchState.RUNNING:
            return [f"looking for duplicates{share}"]
        case SearchState.STOPPED:
            return [f"duplicates stopped at{share}"]
        case SearchState.FAILED:
            return ["no duplicates: the search failed"]
    return []


def duration(seconds: float) -> str:
    """`0:42`, `12:05` or `3:20:00`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def summary_parts(
    summary: Summary,
    threshold: Threshold | None,
    typed: str,
    *,
    compact: bool,
    duplicates: float | None = None,
    ties: str = "",
) -> list[str]:
    """What the threshold does, most important first.

    Args:
        summary: the counts.
        threshold: None while there is none.
        typed: what the person typed, shown where it is more than the bound.
        duplicates: duplication rate among the kept rows, in [0, 1]; None while it is not known.
        ties: how many of the rows with the last score a rank rule takes; empty where it takes all.
        compact: in fewer words, without what stands elsewhere on the screen: the bound under the
            slider, the rows in the title.
    """
    about = "≈ " if summary.kept_estimated else ""
    kept = f"kept {summary.kept:,}"
    share = share_text(summary.kept, summary.rows)
    against = contradictions(summary, compact=compact)
    rest = [f"pending {summary.pending:,}"] if summary.pending else []
    if summary.broken:
        rest.append(f"unreadable {summary.broken:,}")
    if summary.empty:
        rest.append(f"empty {summary.empty:,}")
    if summary.duplicates:
        rest.append(f"duplicates dropped {summary.duplicates:,}")
    if duplicates is not None:
        rest.append(f"duplicates {100 * duplicates:.1f}%")
    by = f"{summary.kept_by_hand:,} by hand, {summary.kept_by_rule:,} by rule"
    if compact:
        tokens = f"{about}{count(summary.tokens_kept)} tokens"
        tied = [ties] if ties else []
        return [f"{kept} ({share})", *against, by, *tied, tokens, *rest]
    tokens = f"{about}{summary.tokens_kept:,} tokens"
    dropped = f"{summary.dropped_by_hand:,} by hand, {summary.dropped_by_rule:,} by rule"
    return [
        _bound(threshold, f"{typed}: {ties}" if ties else typed),
        f"{kept} of {summary.rows:,} ({share})",
        *against,
        by,
        tokens,
        *rest,
        f"dropped {summary.dropped:,}: {dropped}",
    ]


def blind_parts(summary: Summary, blind_key: str) -> list[str]:
    """What was decided by hand, and nothing of what the rules make of the rest."""
    decided = f"{summary.kept_by_hand:,} accepted, {summary.dropped_by_hand:,} rejected by hand"
    return [decided, f"blind: scores and rules are hidden ({blind_key} shows them)"]


def _bound(threshold: Threshold | None, typed: str) -> str:
    if threshold is None:
        return "no threshold yet"
    if threshold.guess:
        return f"{threshold} (guess: median)"
    return f"{threshold} ({typed})" if "%" in typed or "top" in typed else str(threshold)


def share_text(part: int, whole: int) -> str:
    """A share in percent that says 0 or 100 only where it is."""
    share = 100 * part / whole if whole else 0.0
    if part:
        share = max(share, 0.1)
    if part < whole:
        share = min(share, 99.9)
    return f"{share:.1f}%"


def count(number: int) -> str:
    """A large number in few cells: 4.55M, 61k."""
    if number >= 1_000_000:
        return f"{number / 1e6:.3g}M"
    return f"{number / 1e3:.0f}k" if number >= 10_000 else f"{number:,}"


def contradictions(summary: Summary, *, compact: bool) -> list[str]:
    """What the threshold says against the verdicts given by hand; those stand all the same."""
    that = "" if compact else " that you"
    said = []
    if summary.accepted_but_dropped:
        said.append(f"drops {summary.accepted_but_dropped:,}{that} accepted")
    if summary.rejected_but_kept:
        said.append(f"keeps {summary.rejected_but_kept:,}{that} rejected")
    return [("rule " if compact else "threshold ") + ", ".join(said)] if said else []


class KeyBar(Static):
    """The keys that matter now, from the registry; for a few seconds, what was just done.

    A message here costs a line on the wire; a toast over the table costs a screenful.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self.message = ""
        self._generation = 0
        self._group: str | None = None
        self._impossible: frozenset[str] = frozenset()

    def show_group(self, group: str | None) -> None:
        """Show the keys of one group first; None: those of the desk."""
        if group != self._group:
            self._group = group
            self._draw()

    def leave_out(self, impossible: frozenset[str]) -> None:
        """Show no key that would do nothing now, by the names of their actions."""
        if impossible != self._impossible:
            self._impossible = impossible
            self._draw()

    def on_resize(self) -> None:
        """Fit anew."""
        self._draw()

    def say(self, text: str, for_s: float) -> None:
        """Show `text` instead of the keys for a while."""
        self._generation += 1
        generation = self._generation
        self.message = one_line(sanitize(text), max(self.size.width - 2, 0))
        self._draw()
        self.set_timer(for_s, lambda: self._forget(generation))

    def fall_silent(self) -> None:
        """Show the keys again at once."""
        self._forget(self._generation)

    def _forget(self, generation: int) -> None:
        if generation == self._generation:
            self.message = ""
            self._draw()

    def _draw(self) -> None:
        self.update(
            Content.styled(self.message, "bold") if self.message else self._keys(), layout=False
        )

    def _keys(self) -> Content:
        """The actions that have a footer label, as many as fit; help and the way out always."""
        shown = [
            action for action in actions_of(self.app) if action.footer and self._belongs(action)
        ]
        keys = {action.id: self._key(action) for action in shown}
        needed = {action.id: cells(f"{keys[action.id]} {action.footer}  ") for action in shown}
        always = sum(needed[action.id] for action in shown if action.id in ALWAYS_SHOWN)
        room = max(self.size.width - 2, 0) - always
        pieces: list[Content] = []
        for action in shown:
            if action.id not in ALWAYS_SHOWN:
                room -= needed[action.id]
                if room < 0:
                    continue
            pieces.append(
                Content.assemble(
                    (keys[action.id], "$footer-key-foreground"), " ", action.footer, "  "
                )
            )
        return Content("").join(pieces)

    def _key(self, action: Action) -> str:
        """Its key, and that of its counterpart where the label stands for both."""
        names = (action.id, PAIRS[action.id]) if action.id in PAIRS else (action.id,)
        return " ".join(ARROWS.get(key, key) for key in (key_of(self.app, name) for name in names))

    def _belongs(self, action: Action) -> bool:
        if action.id in self._impossible or not action.keys:
            return False
        if self._group is not None:
            return action.group == self._group or action.id in ALWAYS_SHOWN
        return action.group not in OWN_SCREEN


ALWAYS_SHOWN = ("help", "quit")

PAIRS = {
    "threshold_down": "threshold_up",
    "similarity_down": "similarity_up",
    "slider_less": "slider_more",
}
"""Actions whose footer stands for their counterpart, too."""

ARROWS = {"left": "←", "right": "→"}
