"""What the panel says around its numbers, in few words and in many."""

from __future__ import annotations

from engine.session.simulation import Control, Shown
from engine.simulator import Model, Prediction
from engine.simulator.advice import Advice, Step
from engine.simulator.book import grade
from engine.simulator.cost import Savings
from engine.simulator.noise import NoiseSource
from tui.simulation_text import (
    UNDER_ASSUMPTIONS,
    advice_text,
    minutes,
    next_point,
    points,
    savings_text,
)
from tui.terminal.display import count_text

ROOMY_CELLS = 60
"""From this width on sentences are whole."""

LEAST_SHOWN_SHARE = 0.0005
"""Less is shown as 0.0 %."""

NOTHING_KEPT = "nothing is kept: move the threshold"
BOOK_BOX = "held at 100 to 100k rows, 50 % noise"
BOOK_SILENT = "the book has no message here"


ABOUT_CONTROL = {
    Control.SIZE: "how many rows a model would be trained on",
    Control.NOISE: "the share of these rows whose answer is wrong or bad",
    Control.DUPLICATION: "rows that repeat another; worth: distinct rows as good",
    Control.WHOLE_NOISE: "the same in the whole file, before any threshold",
    Control.AUC: "how often a sound row outscores a bad one; .5 is chance",
}
"""A plain sentence to each slider, of at most 57 characters, for a panel of 60."""

ABOUT_POINTS = {
    Model.CALIBRATED: "of 100, where nothing is lost; compare, don't quote",
    Model.BOOK: "the chapter's own score, of 100; compare, don't quote",
}
ABOUT_BAND = "nine of ten fits of the published tables lie in the band"
ABOUT_LOSS = {
    "volume": "lost to having no more rows than these",
    "noise": "lost to wrong answers among the rows",
    "irreducible": "lost whatever the rows: no dataset wins it",
    "duplication": "lost to rows that repeat others",
}
"""The same to each loss, of at most 44 characters: beside its bar in a panel of 78."""

ABOUT_GAIN = "won: a few repeats help, as a study found"

ABOUT_ELASTICITY = "elasticity: % more rows that make up for 1 % more noise"
ABOUT_SLOPE = "slope: rows that make up for one more point of noise"


def head(
    shown: Shown, help_key: str, explain_key: str, *, roomy: bool, explained: bool = False
) -> str:
    """Which model, whose numbers, that this is no forecast, and the key that explains them."""
    whose = "linked" if shown.linked else "unlinked"
    if not roomy:
        return f"{shown.model.value} · {whose} · no forecast: {help_key} {explain_key}"
    whose = "linked to the rows kept now" if shown.linked else "numbers of your own"
    folds = "folds" if explained else "explains"
    return (
        f"{shown.model.value} model · {whose} · not a forecast: {help_key} · {explain_key} {folds}"
    )


def value_text(control: Control, value: float) -> str:
    """A number on its slider."""
    if control is Control.SIZE:
        return f"{value:,.0f}"
    return f"{value:.2f}" if control is Control.AUC else f"{100 * value:.1f} %"


def name(control: Control) -> str:
    """What a slider is called, in at most 11 cells."""
    return {Control.WHOLE_NOISE: "noise, all", Control.AUC: "scores' AUC"}.get(
        control, control.value
    )


def rests_on(shown: Shown, control: Control) -> str:
    """Where a linked number comes from; empty where it was set by hand."""
    live = shown.live
    if live is None:
        return ""
    if control is Control.SIZE:
        return "rows kept now"
    if control is Control.DUPLICATION:
        found = live.duplication
        if found is None or found.rate < LEAST_SHOWN_SHARE:
            return live.found_by
        hot = ", in a few large clusters" if found.hot else ""
        return f"{live.found_by}: worth {found.effective:,.0f} rows{hot}"
    if control is Control.WHOLE_NOISE:
        return "assumed, before any threshold"
    if control is Control.AUC:
        assumed = shown.assumption
        if assumed is None:
            return ""
        if assumed.auc_low is None or assumed.auc_high is None:
            return assumed.auc_from
        return f"{assumed.auc_low:.2f} to {assumed.auc_high:.2f}, {assumed.auc_from}"
    return noise_source(shown)


def noise_source(shown: Shown) -> str:
    """The interval of the noise and what it rests on."""
    noise = shown.live.noise if shown.live is not None else None
    if noise is None:
        return "accepted by hand only"
    interval = f"{100 * noise.low:.1f} to {100 * noise.high:.1f} %"
    if noise.source is NoiseSource.ASSUMED:
        return f"{interval}, assumed"
    return f"{interval}, from {shown.labels} labels"


def floor(share: float, *, roomy: bool) -> str:
    """What contradictions among the kept rows say of the noise."""
    if roomy:
        return (
            f"contradictions: at least {100 * share:.1f} % of the kept rows are wrong, "
            "where only one answer is right"
        )
    return f"contradictions: {100 * share:.1f} % or more wrong"


def unchecked(reach: float, *, roomy: bool) -> str:
    """That labels don't speak of all rows kept."""
    if roomy:
        return f"no spot check reaches beyond {reach:.4g}: the noise there is only bounded"
    return f"not spot-checked beyond {reach:.4g}"


def verdict(prediction: Prediction) -> str:
    """The band; for the book's model, which has none, its grade."""
    if prediction.band is None:
        return f"{grade(prediction.performance).value}, no band"
    return f"band {prediction.band[0]:.1f} to {prediction.band[1]:.1f}"


def pinned(shown: Shown, *, roomy: bool) -> str:
    """The pinned point."""
    if shown.pinned is None:
        return ""
    point = shown.pinned.point
    where = f"{point.rows:,.0f} rows, {100 * point.noise:.1f} % noise"
    if not roomy:
        return f"{shown.pinned.performance:.1f} at {where}"
    return f"{shown.pinned.performance:.1f} at {where}, {100 * point.duplication:.1f} % duplication"


def messages(prediction: Prediction) -> list[str]:
    """What the book's model says; nothing for the other one."""
    if prediction.model is not Model.BOOK:
        return []
    said = [f'the book says "{prediction.message}"' if prediction.message else BOOK_SILENT]
    return said + ([BOOK_BOX] if prediction.clamped else [])


def savings(spared: Savings, width: int) -> str:
    """Training on what is kept, against training on everything, in the fullest words that fit."""
    full, whole, kept = savings_text(spared), spared.whole, spared.kept
    about = "≈ " if spared.saved.estimated else ""
    if len(full) <= width:
        return full
    shorter = (
        f"{whole.rows:,} → {kept.rows:,} rows, "
        f"{about}{count_text(whole.tokens, 4).strip()} → {count_text(kept.tokens, 4).strip()} "
        "tokens, "
        f"{minutes(whole.seconds)} → {minutes(kept.seconds)}, "
        f"${whole.price:,.2f} → ${kept.price:,.2f}"
    )
    if len(shorter) <= width:
        return shorter
    saved = spared.saved
    return f"saves {saved.rows:,} rows, {about}{minutes(saved.seconds)}, ${saved.price:,.2f}"


def advice(step: Advice, width: int, take_key: str) -> str:
    """One thing to do next, in the fullest words that fit; `take_key` takes a threshold."""
    full = advice_text(step)
    if len(full) <= width:
        return full
    if step.step is Step.THRESHOLD:
        text = f"{take_key} takes {step.threshold:.4g}"
    elif step.step is Step.REVIEW:
        text = "an hour of review"
    else:
        text = f"drop {step.rows:,.0f} duplicates"
    short = f"{points(step.gain)}: {text}"
    if not step.assumed:
        return short
    under = f"{short} {UNDER_ASSUMPTIONS}"
    # Never without what it rests on.
    return under if len(under) <= width else f"{short} (assumed)"


def rates(prediction: Prediction, width: int) -> str:
    """Elasticity and slope under their right names, in the fullest words that fit."""
    if prediction.elasticity is None or prediction.slope is None:
        return "more rows do not help the book here"
    whole = next_point(prediction)
    slope, elasticity = f"{prediction.slope / 100:,.0f}", f"{prediction.elasticity:.3g}"
    texts = (
        f"elasticity {elasticity} · slope {slope} rows per point, at the margin; {whole}",
        f"elasticity {elasticity} · slope {slope} rows per point, at the margin",
        f"elasticity {elasticity} · slope {slope} rows/point at margin",
        f"elasticity {elasticity} · slope {slope}/pt",
    )
    return next((text for text in texts if len(text) <= width), texts[-1])
