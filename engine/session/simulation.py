"""What the simulator shows: a point set by hand, or the rows kept now; and one to compare with.

Linked, it follows the dataset under review; unlinked, its three numbers are there to play with.
Which of the two, the model and the numbers are remembered from visit to visit.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from engine.errors import UsageError
from engine.session.settings import SessionSettings
from engine.session.simulator_link import Live, SimulatorLink
from engine.simulator.advice import Advice, advise
from engine.simulator.noise import AUC_RANGE, Assumption, NoiseSource
from engine.simulator.parsing import parse_percent, parse_rows
from engine.simulator.prediction import (
    LARGEST_NOISE,
    LARGEST_ROWS,
    SMALLEST_ROWS,
    Model,
    Point,
    Prediction,
    check_point,
    predict,
)
from engine.simulator.sweep import Sweep

SETTING = "simulator"

START = Point(rows=10_000, noise=0.1)
"""Of the sliders. Source: the simulator of the source chapter."""

FINE_SIZES, COARSE_SIZES = 20, 4
"""Steps per factor of ten."""


class Control(StrEnum):
    """A number that can be set: three of the point, two that are assumed of a dataset."""

    SIZE = "size"
    NOISE = "noise"
    DUPLICATION = "duplication"
    WHOLE_NOISE = "noise of all rows"
    AUC = "AUC of the scores"


OF_THE_POINT = (Control.SIZE, Control.NOISE, Control.DUPLICATION)

RANGES = {
    Control.SIZE: (float(SMALLEST_ROWS), float(LARGEST_ROWS)),
    Control.NOISE: (0.0, LARGEST_NOISE),
    Control.DUPLICATION: (0.0, 1.0),
    Control.WHOLE_NOISE: (0.0, LARGEST_NOISE),
    Control.AUC: AUC_RANGE,
}
"""Both ends of each slider."""

STEPS = {Control.DUPLICATION: (0.01, 0.1)}
"""Fine and coarse, where they are not a point and five."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a panel shows, at one moment."""

    model: Model
    linked: bool
    prediction: Prediction | None
    """None while linked to a dataset of which nothing is kept."""
    controls: tuple[Control, ...]
    values: dict[Control, float]
    live: Live | None
    """None while not linked."""
    sweep: Sweep | None
    assumption: Assumption | None
    """What the noise rests on, where it is assumed."""
    labels: int
    """Verdicts that the noise rests on, where it is not."""
    pinned: Prediction | None
    advice: tuple[Advice, ...]
    """The most rewarding first."""

    @property
    def gained(self) -> float | None:
        """Points against the pinned one; None without one."""
        if self.pinned is None or self.prediction is None:
            return None
        return self.prediction.performance - self.pinned.performance


class Simulation:
    """See the module's docstring; one per session."""

    def __init__(self, link: SimulatorLink, settings: SessionSettings) -> None:
        """Show what the last visit showed, else the rows under review."""
        self._link, self._settings = link, settings
        self.model = Model.CALIBRATED
        self.linked = True
        self.own = START
        """The point set by hand."""
        self.pinned: Point | None = None
        self._restore(settings.get(SETTING))

    def _restore(self, remembered: object) -> None:
        if not isinstance(remembered, dict):
            return
        with contextlib.suppress(KeyError, TypeError, ValueError, UsageError):
            model = Model(remembered["model"])
            rows, noise, rate = (float(remembered[n]) for n in ("rows", "noise", "duplication"))
            point = Point(rows, noise, rate)
            check_point(point)
            self.model, self.linked, self.own = model, bool(remembered["linked"]), point

    def _remember(self) -> None:
        own = self.own
        self._settings.remember(
            SETTING,
            {
                "model": self.model.value,
                "linked": self.linked,
                "rows": own.rows,
                "noise": own.noise,
                "duplication": own.duplication,
            },
        )

    # -- what a person does ------------------------------------------------------------------

    def link(self, *, linked: bool) -> None:
        """Follow the dataset under review, or stay where it is and play."""
        if self.linked and not linked:
            self._leave()
        self.linked = linked
        self._remember()

    def _leave(self) -> None:
        """Start playing from where the dataset is."""
        point = self._link.live(wait=False).point
        if point is not None:
            self.own = Point(float(round(point.rows)), point.noise, point.duplication)
        self.linked = False

    def swap_model(self) -> None:
        """From one model to the other."""
        self.model = Model.BOOK if self.model is Model.CALIBRATED else Model.CALIBRATED
        self._remember()

    def pin(self) -> None:
        """Keep the point shown now to compare with, or let go of the one kept."""
        self.pinned = None if self.pinned is not None else self._point()

    def set(self, control: Control, value: float, *, save: bool = True) -> None:
        """Set one number. One of the point, while linked, unlinks it: what if it were so.

        Args:
            control: which.
            value: rows, a share, or an AUC; typed numbers may lie beyond the slider's ends.
            save: remember it; False while a slider is still being dragged.

        Raises:
            UsageError: no such number.
        """
        if control is Control.WHOLE_NOISE:
            self._link.assume(noise=value, save=save)
            return
        if control is Control.AUC:
            self._link.assume(auc=value, save=save)
            return
        if self.linked:
            self._leave()
        names = {Control.SIZE: "rows", Control.NOISE: "noise", Control.DUPLICATION: "duplication"}
        wanted = replace(self.own, **{names[control]: value})
        check_point(wanted)
        self.own = wanted
        if save:
            self._remember()

    def set_text(self, control: Control, text: str) -> None:
        """Set one number as typed: rows as `52k`, shares in percent, an AUC as `.85`.

        Raises:
            UsageError: not understood, or out of range.
        """
        self.set(control, read_number(control, text))

    def step(self, control: Control, steps: int, *, coarse: bool = False) -> None:
        """Move one number by steps of its slider, held at the ends."""
        low, high = RANGES[control]
        now = self.values(self._point())[control]
        if control is Control.SIZE:
            factor = 10 ** (steps / (COARSE_SIZES if coarse else FINE_SIZES))
            wanted = float(f"{now * factor:.1e}")
        else:
            size = STEPS.get(control, (0.01, 0.05))[coarse]
            wanted = round((now + steps * size) / size) * size
        self.set(control, round(min(max(wanted, low), high), 10))

    # -- what is shown -----------------------------------------------------------------------

    def _point(self) -> Point | None:
        return self._link.live(wait=False).point if self.linked else self.own

    def values(self, point: Point | None) -> dict[Control, float]:
        """Where every slider stands."""
        assumed = self._link.assumption
        return {
            Control.SIZE: point.rows if point is not None else RANGES[Control.SIZE][0],
            Control.NOISE: point.noise if point is not None else 0.0,
            Control.DUPLICATION: point.duplication if point is not None else 0.0,
            Control.WHOLE_NOISE: assumed.noise,
            Control.AUC: assumed.auc,
        }

    def show(self) -> Shown:
        """What there is to see now; cheap enough for every step of the threshold."""
        link = self._link
        live = link.live(wait=False) if self.linked else None
        point = live.point if live is not None else self.own
        noise = live.noise if live is not None else None
        assumed = noise is not None and noise.source is NoiseSource.ASSUMED
        calibrated = link.sweep(wait=False) if live is not None else None
        shown_sweep = calibrated
        if live is not None and self.model is not Model.CALIBRATED:
            shown_sweep = link.sweep(self.model, wait=False)
        advice: tuple[Advice, ...] = ()
        if live is not None and point is not None:
            now = link.threshold_value
            advice = tuple(advise(point, calibrated, link.pace(), noise, now))
        more = (Control.WHOLE_NOISE, Control.AUC) if assumed else ()
        return Shown(
            model=self.model,
            linked=self.linked,
            prediction=None if point is None else predict(self.model, point),
            controls=OF_THE_POINT + more,
            values=self.values(point),
            live=live,
            sweep=shown_sweep,
            assumption=link.assumption if assumed else None,
            labels=0 if assumed or noise is None else len(link.labels().bad),
            pinned=None if self.pinned is None else predict(self.model, self.pinned),
            advice=advice,
        )

    def best(self) -> tuple[float, bool] | None:
        """The threshold that the shown model likes best, and whether under assumptions only.

        None where none is clearly better than the one that holds.
        """
        line = self._link.sweep(self.model)
        best = None if line is None else line.clearly_better(self._link.threshold_value)
        if line is None or best is None:
            return None
        return float(line.thresholds[best]), line.assumed


def read_number(control: Control, text: str) -> float:
    """A number as typed on the screen: rows as `52k`, shares in percent, an AUC as `.85`.

    Raises:
        UsageError: not understood, or out of range.
    """
    if control is Control.SIZE:
        return parse_rows(text)
    if control is not Control.AUC:
        return parse_percent(text, control.value)
    try:
        auc = float(text)
    except ValueError:
        auc = math.nan
    if not math.isfinite(auc):
        raise UsageError(f"AUC not understood: {text!r}", "type a number from .5 to .999")
    Assumption(auc=auc).check()
    return auc


def slider_share(control: Control, value: float) -> float:
    """How far along its slider a value stands, in [0, 1]; size on a log scale."""
    low, high = RANGES[control]
    held = min(max(value, low), high)
    if control is Control.SIZE:
        return float(np.log(held / low) / np.log(high / low))
    return (held - low) / (high - low)


def slider_value(control: Control, share: float) -> float:
    """The value that stands `share` of the way along a slider, rounded to be read."""
    low, high = RANGES[control]
    held = min(max(share, 0.0), 1.0)
    if control is Control.SIZE:
        return float(f"{low * (high / low) ** held:.1e}")
    return round(low + held * (high - low), 2 if control is not Control.AUC or held < 1 else 3)
