"""What the simulator says, as text for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.help import page_text
from engine.simulator import Model, Prediction
from engine.simulator.advice import Advice, Step
from engine.simulator.cost import Savings
from engine.simulator.noise import NoiseEstimate, NoiseSource
from engine.simulator.prediction import Frontier

if TYPE_CHECKING:
    from engine.review.threshold import Threshold
    from engine.session.simulator_link import Live
    from engine.simulator.noise import Assumption
    from engine.simulator.sweep import Sweep
    from tui.keys.actions import Action

NO_FORECAST = "a what-if aid, not a forecast: tamis simulate --about"
UNDER_ASSUMPTIONS = "under these assumptions"


def about_text(actions: Sequence[Action] | None = None) -> str:
    """What is calibrated on what, and what is illustrative; keys are those of `actions`."""
    # The actions stand on textual, which the other texts of the command line do without.
    from tui.keys.actions import ACTIONS, name_keys  # noqa: PLC0415 - see above

    return name_keys(page_text("simulator").rstrip("\n"), ACTIONS if actions is None else actions)


def percent(share: float) -> str:
    """A share on the screen: a decimal where it says something."""
    return f"{100 * share:.1f} %"


def points(value: float) -> str:
    """Points with a sign."""
    return f"{value:+.1f}" if abs(value) >= 0.05 else "0.0"


def noise_text(noise: NoiseEstimate) -> str:
    """A noise with its interval and source."""
    source = "assumed" if noise.source is NoiseSource.ASSUMED else "from labels"
    return f"{percent(noise.share)} ({percent(noise.low)} to {percent(noise.high)}, {source})"


def minutes(seconds: float) -> str:
    """Minutes below two hours, then hours."""
    return f"{seconds / 60:,.1f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def savings_text(savings: Savings) -> str:
    """A training run on everything, and on what is kept."""
    whole, kept = savings.whole, savings.kept
    about = "≈ " if savings.saved.estimated else ""
    return (
        f"{whole.rows:,} → {kept.rows:,} rows, {about}{whole.tokens:,} → {kept.tokens:,} tokens, "
        f"{minutes(whole.seconds)} → {minutes(kept.seconds)}, "
        f"${whole.price:,.2f} → ${kept.price:,.2f}"
    )


def reading_lines(prediction: Prediction) -> list[str]:
    """Performance, what is lost to what, and the rates of exchange."""
    terms = prediction.terms
    if prediction.band is None:
        band = ", no band" + (f": {prediction.message}" if prediction.message else "")
    else:
        band = f", band {prediction.band[0]:.1f} to {prediction.band[1]:.1f}"
    if prediction.clamped:
        band += " (held at the end of the book's box: 100 to 100,000 rows, up to 50 % noise)"
    lost = f"volume {terms.volume:.1f} · noise {terms.noise:.1f} · duplication "
    lost += f"{terms.duplication:.1f}"
    if prediction.model is Model.CALIBRATED:
        lost += f" · irreducible {terms.irreducible:.1f}"
    lines = [
        f"performance  {prediction.performance:.1f} points{band}",
        f"points lost  {lost}",
    ]
    if prediction.slope is None or prediction.elasticity is None:
        lines.append("elasticity   none: here more rows do not help the book's score")
    else:
        lines += [
            f"elasticity   {prediction.elasticity:.3g}: per cent more rows for 1 % more noise",
            f"slope        {prediction.slope / 100:,.0f} rows per point of noise, at the margin; "
            + next_point(prediction),
        ]
    return lines


def next_point(prediction: Prediction) -> str:
    """What one whole point of noise more costs at equal performance, in words."""
    rows = prediction.next_point
    if rows is None or not math.isfinite(rows):
        return "no number of rows makes up for a whole one"
    return f"{rows:,.0f} for a whole one"


def point_text(prediction: Prediction, line: Frontier, *, listed: bool) -> str:
    """One point, and the line of equal performance where it was asked for."""
    point = prediction.point
    where = f"{percent(point.noise)} noise, {percent(point.duplication)} duplication"
    lines = [
        f"{prediction.model.value} model: {point.rows:,.0f} rows, {where}",
        *reading_lines(prediction),
    ]
    if listed:
        lines.append(frontier_text(line))
    return "\n".join([*lines, NO_FORECAST])


def frontier_text(line: Frontier) -> str:
    """Rows against noise, one pair a line."""
    if not len(line.noise):
        return f"frontier     {line.target:g} points cannot be reached with any number of rows"
    lines = [f"frontier     {line.target:g} points with"]
    lines += [
        f"  {rows:>15,.0f} rows at {100 * noise:4.0f} % noise"
        for noise, rows in zip(line.noise, line.rows, strict=True)
    ]
    if line.limit is not None:
        lines.append(f"  out of reach above {percent(line.limit)} noise")
    return "\n".join(lines)


def advice_text(advice: Advice) -> str:
    """One thing to do, and what the model says of it."""
    gain = f"{points(advice.gain)} points"
    if advice.step is Step.THRESHOLD:
        side = "stricter" if advice.stricter else "looser"
        text = f"a {side} threshold, {advice.threshold:.4g}, keeping {advice.rows:,.0f} rows"
    elif advice.step is Step.REVIEW:
        text = f"one more hour of review, {advice.rows:,.0f} rows"
    else:
        text = f"dropping {advice.rows:,.0f} duplicates"
    under = f" ({UNDER_ASSUMPTIONS})" if advice.assumed else ""
    return f"{gain}: {text}{under}"


def data_text(
    threshold: Threshold | None,
    live: Live,
    prediction: Prediction,
    line: Sweep | None,
    advice: Sequence[Advice],
    assumption: Assumption,
) -> str:
    """A dataset under its threshold."""
    point = prediction.point
    copies = live.duplication
    lines = [
        f"{prediction.model.value} model: {point.rows:,.0f} rows kept, "
        + (str(threshold) if threshold else "no threshold"),
        "noise        " + (noise_text(live.noise) if live.noise else "0.0 %, all by hand"),
    ]
    if live.noise is not None and live.noise.source is NoiseSource.ASSUMED:
        lines.append(
            f"assumed      {percent(assumption.noise)} noise in the whole set, "
            f"AUC of the scores {assumption.auc:.2f} ({assumption.auc_from})"
        )
    if live.unchecked_beyond is not None:
        lines.append(f"             no spot check reaches beyond {live.unchecked_beyond:.4g}")
    if live.floor is not None:
        lines.append(f"floor        {percent(live.floor)} contradict others: wrong if one is right")
    if copies is not None:
        hot = "; a few large clusters hold them" if copies.hot else ""
        lines.append(
            f"duplication  {percent(copies.rate)} ({live.found_by}), worth "
            f"{copies.effective:,.0f} rows{hot}"
        )
    lines += reading_lines(prediction)
    best = line.best if line is not None else None
    if line is not None and best is not None:
        under = f", {UNDER_ASSUMPTIONS}" if line.assumed else ""
        if line.clearly_better(None if threshold is None else threshold.value) is None:
            under += "; not clearly better than now"
        lines.append(
            f"best         {line.performance[best]:.1f} points at {line.thresholds[best]:.4g}, "
            f"{line.rows[best]:,.0f} rows{under}"
        )
    lines += [f"next         {advice_text(one)}" for one in advice]
    lines += [f"training     {savings_text(live.savings)}", NO_FORECAST]
    return "\n".join(lines)
