"""`tamis simulate`: the simulator without a screen, on numbers or on a dataset."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import UsageError
from tui.cli import flags
from tui.cli.headless import headless, opened, score_rows
from tui.cli.streams import print_csv, print_json, print_text
from tui.simulation_text import about_text, data_text, point_text

if TYPE_CHECKING:
    from engine.session import Session
    from engine.simulator import Model

DEFAULT_ROWS = "10000"
DEFAULT_NOISE = 0.1
DEFAULT_DUPLICATION = 0.0


@flags.grouped
def simulate(
    *,
    size: Annotated[
        str | None, typer.Option("--size", metavar="N", help="Rows: 10000, 52k, 1M.")
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(
            "--noise",
            metavar="SHARE",
            help="Share of noisy rows, 0 to 1; with --data, of the whole set before the threshold.",
        ),
    ] = None,
    duplication: Annotated[
        float | None,
        typer.Option(
            "--duplication", metavar="SHARE", help="Share of rows that are duplicates, 0 to 1."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="M", help="calibrated, or book: the chapter's own.")
    ] = "calibrated",
    target: Annotated[
        float | None,
        typer.Option(
            "--frontier",
            metavar="P",
            help="List rows against noise for P points; default the point's own performance.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DATA", help="Take size and duplication from this dataset."),
    ] = None,
    threshold: flags.Threshold = None,
    scorer: flags.Scorer = None,
    auc: Annotated[
        float | None,
        typer.Option("--auc", help="With --data: how well scores tell sound from bad rows."),
    ] = None,
    tokens_per_second: Annotated[
        float | None,
        typer.Option("--tokens-per-second", help="Of training; default as in AlpaGasus."),
    ] = None,
    price_per_hour: Annotated[
        float | None, typer.Option("--price-per-hour", help="Of training; default $20.48.")
    ] = None,
    session: flags.Session = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Beside a desk that is open.")
    ] = False,
    parts: flags.Parts,
    how: flags.Model,
    about: Annotated[
        bool, typer.Option("--about", help="Say what is calibrated on what, and exit.")
    ] = False,
    as_json: flags.Json = False,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="The frontier with --frontier, the threshold sweep with --data, else "
            "performance over size.",
        ),
    ] = False,
) -> None:
    """What a dataset of this size, noise and duplication is worth.

    A what-if aid fitted to published tables, not a forecast: --about says what it rests on.
    """
    from engine.simulator import Model

    if about:
        print_text(about_text())
        return
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    wanted = flags.choice(Model, model, "--model")
    if data is None:
        _refuse_without_data(
            threshold=threshold, scorer=scorer, auc=auc, session=session,
            tokens_per_second=tokens_per_second, price_per_hour=price_per_hour,
            read_only=read_only or None,
            config=parts.config or None, split=parts.split or None,
            **{flag: value or None for flag, value in asdict(how).items()},
        )  # fmt: skip
        _on_numbers(wanted, size, noise, duplication, target=target, as_json=as_json, as_csv=as_csv)
        return
    if size is not None or duplication is not None:
        raise UsageError(
            "with --data, size and duplication are measured", "leave --size and --duplication out"
        )
    from engine.session import OpenOptions
    from engine.simulator.noise import Assumption

    options = OpenOptions(session=session, read_only=read_only)
    with (
        headless() as progress,
        opened(data, options, progress, parts, download=how.download) as review,
    ):
        link = review.simulator_link
        usual = Assumption()
        Assumption(
            usual.noise if noise is None else noise, usual.auc if auc is None else auc
        ).check()
        run = link.run
        run = replace(
            run,
            tokens_per_s=run.tokens_per_s if tokens_per_second is None else tokens_per_second,
            price_per_hour=run.price_per_hour if price_per_hour is None else price_per_hour,
        )
        run.check()
        link.run = run
        score_rows(review, scorer, how.options(), progress)
        assumed = link.assumption  # of the scorer at work
        assumed = replace(assumed, noise=assumed.noise if noise is None else noise)
        if auc is not None:
            assumed = replace(assumed, auc=auc, auc_low=None, auc_high=None, auc_from="given")
        link.assume_for_this_run(assumed)
        if threshold is not None:
            review.threshold_choice.forget()
            review.set_threshold(threshold, save=False)
        review.threshold_choice.resolve()
        progress("looking for duplicates", 0, None)
        link.find_duplicates()
        _on_data(review, wanted, target, as_json=as_json, as_csv=as_csv)


def _refuse_without_data(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} is about a dataset", "name one with --data")


def _on_numbers(
    model: Model,
    size: str | None,
    noise: float | None,
    duplication: float | None,
    *,
    target: float | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    import numpy as np

    from engine.simulator import Point, predict, report
    from engine.simulator.band import DRAWS
    from engine.simulator.parsing import parse_rows
    from engine.simulator.prediction import (
        LARGEST_ROWS,
        SMALLEST_ROWS,
        check_point,
        frontier,
        size_curve,
    )

    point = Point(
        parse_rows(size or DEFAULT_ROWS),
        DEFAULT_NOISE if noise is None else noise,
        DEFAULT_DUPLICATION if duplication is None else duplication,
    )
    check_point(point)
    prediction = predict(model, point)
    line = frontier(model, _target(target, prediction.performance), point)
    if as_json:
        print_json(report.prediction_values(prediction, line))
    elif as_csv and target is not None:
        print_csv(report.FRONTIER_COLUMNS, report.frontier_table(line))
    elif as_csv:
        sizes = np.geomspace(SMALLEST_ROWS, LARGEST_ROWS, 81)
        curve = size_curve(model, point, sizes, draws=DRAWS)
        print_csv(report.CURVE_COLUMNS, report.curve_table(curve))
    else:
        print_text(point_text(prediction, line, listed=target is not None))


def _target(asked: float | None, performance: float) -> float:
    """The performance of the frontier; at its very ends there is no line, so just beside them."""
    return min(max(performance, 0.01), 99.99) if asked is None else asked


def _on_data(
    review: Session, model: Model, target: float | None, *, as_json: bool, as_csv: bool
) -> None:
    from engine.simulator import predict, report
    from engine.simulator.advice import advise
    from engine.simulator.prediction import frontier

    link = review.simulator_link
    live, line = link.live(), link.sweep(model)
    if live.point is None:
        raise UsageError("nothing is kept, so there is nothing to simulate", "set --threshold")
    prediction = predict(model, live.point)
    equal = frontier(model, _target(target, prediction.performance), live.point)
    if as_csv:
        if target is not None:
            print_csv(report.FRONTIER_COLUMNS, report.frontier_table(equal))
        else:
            print_csv(report.SWEEP_COLUMNS, [] if line is None else report.sweep_table(line))
        return
    advice = advise(live.point, link.sweep(), link.pace(), live.noise, link.threshold_value)
    if not as_json:
        print_text(data_text(review.threshold, live, prediction, line, advice, link.assumption))
        return
    values: dict[str, Any] = report.prediction_values(prediction, equal)
    values["threshold"] = None if review.threshold is None else str(review.threshold)
    if live.noise is not None:
        values["noise_estimate"] = report.noise_values(live.noise, **link.noise_basis())
    if live.duplication is not None:
        values["copies"] = report.duplication_values(live.duplication, live.found_by)
    values["contradiction_floor"] = live.floor
    if line is not None:
        values |= report.sweep_values(line, link.threshold_value)
    values["cost"] = report.cost_values(live.savings)
    values["next"] = report.advice_values(advice)
    print_json(values)
