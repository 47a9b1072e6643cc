"""The single lines around the table: what is open and being scored, what is kept, which keys."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from engine.policy import Summary
from engine.scoring.worker import WorkerState, WorkerStatus
from engine.threshold import Threshold
from tui.actions import ACTIONS
from tui.display import cells, one_line, sanitize

SEPARATOR = " · "


class StatusLine(Static):
    """One line of text; drawn again only when it reads differently."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._text = ""

    def show(self, parts: list[str]) -> None:
        """Join what fits, most important first; the last part that does not fit is cut."""
        width = max(self.size.width - 2, 0)
        text = ""
        for part in parts:
            longer = text + (SEPARATOR if text else "") + part
            if text and cells(longer) > width:
                break
            text = longer
        text = one_line(sanitize(text), width)
        if text != self._text:
            self._text = text
            self.update(Content(text), layout=False)


def scoring_parts(status: WorkerStatus | None, spec: str) -> list[str]:
    """The scorer and what it is doing, most important first."""
    if status is None:
        return ["no scorer (m chooses one)"] if spec == "none" else [f"{spec}: stopped"]
    name = status.scorer or spec
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
            parts = [f"{name}: no scores", "m chooses another scorer"]
    if status.failed:
        parts.insert(1, f"{status.failed:,} failed")
    if status.device and status.state is not WorkerState.FAILED:
        parts.append(status.device)
    return parts


def duration(seconds: float) -> str:
    """`0:42`, `12:05` or `3:20:00`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def summary_parts(
    summary: Summary, threshold: Threshold | None, typed: str, *, exact_tokens: bool
) -> list[str]:
    """The threshold and what it does, most important first."""
    parts = []
    if threshold is None:
        parts.append("no threshold yet")
    else:
        origin = (
            " (guess: median)"
            if threshold.guess
            else f" ({typed})"
            if "%" in typed or "top" in typed
            else ""
        )
        parts.append(f"{threshold}{origin}")
    parts.append(f"kept {summary.kept:,} of {summary.rows:,} ({summary.share_kept:.1%})")
    if summary.accepted_but_dropped or summary.rejected_but_kept:
        parts.append(contradictions(summary))
    parts.append(f"{summary.kept_by_hand:,} by hand, {summary.kept_by_rule:,} by rule")
    parts.append(f"{'' if exact_tokens else '≈ '}{summary.tokens_kept:,} tokens")
    parts.append(
        f"dropped {summary.dropped:,}: {summary.dropped_by_hand:,} by hand,"
        f" {summary.dropped_by_rule:,} by rule"
    )
    if summary.pending:
        parts.append(f"pending {summary.pending:,}")
    if summary.broken:
        parts.append(f"unreadable {summary.broken:,}")
    return parts


def contradictions(summary: Summary) -> str:
    """What the threshold says against the verdicts given by hand; those stand all the same."""
    said = []
    if summary.accepted_but_dropped:
        said.append(f"drops {summary.accepted_but_dropped:,} that you accepted")
    if summary.rejected_but_kept:
        said.append(f"keeps {summary.rejected_but_kept:,} that you rejected")
    return "threshold " + ", ".join(said)


class KeyBar(Static):
    """The keys that matter now, from the registry; for a few seconds, what was just done.

    A message here costs a line on the wire; a toast over the table costs a screenful.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self.message = ""
        self._generation = 0

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

    def _forget(self, generation: int) -> None:
        if generation == self._generation:
            self.message = ""
            self._draw()

    def _draw(self) -> None:
        self.update(
            Content.styled(self.message, "bold") if self.message else self._keys(), layout=False
        )

    def _keys(self) -> Content:
        """The actions that have a footer label, as many as fit."""
        width = max(self.size.width - 2, 0)
        pieces: list[Content] = []
        used = 0
        for action in ACTIONS:
            if not action.footer:
                continue
            key = "[ ]" if action.id == "threshold_down" else action.shown_keys.split(" ")[0]
            need = cells(key) + 1 + cells(action.footer) + 2
            if used + need > width + 2:
                break
            used += need
            pieces.append(
                Content.assemble((key, "$footer-key-foreground"), " ", action.footer, "  ")
            )
        return Content("").join(pieces)
