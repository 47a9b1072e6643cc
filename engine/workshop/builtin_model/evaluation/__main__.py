"""Measure models' folders and the floors, and write `figures.json`.

A file that is there already is added to, so that candidates can be measured as they are made;
it begins anew where an evaluation set, the demo or the corrupter is no longer the same.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import TamisError
from engine.workshop.builtin_model.evaluation import (
    CandidateFigures,
    EvaluationData,
    Figures,
    Planted,
    evaluate_candidate,
    evaluation_prompts,
    plant_held_out,
    read_evaluation,
    read_figures,
    write_figures,
)
from engine.workshop.builtin_model.evaluation.floors import by_heuristic, by_length, fit_ngrams
from engine.workshop.builtin_model.evaluation.sets import SEED
from engine.workshop.builtin_model.sources import HELD_OUT, Pair, read_pairs, split

log = logging.getLogger(__name__)


def evaluate_all(
    folders: dict[str, Path],
    data: EvaluationData,
    held_out: Planted,
    out: Path,
    *,
    pairs: Sequence[Pair] | None = None,
    seed: int = 0,
    speed: bool = True,
) -> Figures:
    """Measure each folder, and the floors where `pairs` to fit them on are given.

    Written after each one, so that what is done is done.
    """
    figures = _begun(out, data)

    def add(measured: CandidateFigures, started: float) -> None:
        nonlocal figures
        figures = figures.with_candidate(measured)
        write_figures(figures, out)
        log.info("%s", summary(measured, time.monotonic() - started))

    for name, folder in folders.items():
        started = time.monotonic()
        add(evaluate_candidate(name, folder, data, validation=held_out, speed=speed), started)
    if pairs is not None:
        ngrams = fit_ngrams(pairs, seed=seed, progress=log.info)
        for name, description, score in (
            ("n-grams", "logistic regression on hashed n-grams, the same examples", ngrams),
            ("heuristic", "the scorer without a model", by_heuristic()),
            ("length", "characters of the response, longer is better", by_length),
        ):
            started = time.monotonic()
            measured = evaluate_candidate(
                name, score, data, description=description, validation=held_out
            )
            add(measured, started)
    return figures


def summary(measured: CandidateFigures, elapsed_s: float) -> str:
    """One line for whoever waits."""
    held_out = f"held out {measured.validation.value:.3f}, " if measured.validation else ""
    alpaca = measured.planted["alpaca"].overall.value
    rates = ", ".join(f"{each.rows_per_s:,.0f} rows/s {each.dtype}" for each in measured.speed)
    return (
        f"{measured.name}: {held_out}alpaca {alpaca:.3f}, demo {measured.demo.overall.value:.3f}, "
        f"length {measured.length['alpaca'].characters.value:+.2f}"
        f"{', ' + rates if rates else ''} ({elapsed_s:.0f} s)"
    )


def _begun(out: Path, data: EvaluationData) -> Figures:
    if out.exists():
        figures = read_figures(out)
        if (figures.seed, figures.files) == (SEED, data.files):
            return figures
        log.info("%s is of other evaluation sets and begins anew", out)
    return Figures(SEED, data.files, ())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.workshop.builtin_model.evaluation", description=__doc__
    )
    parser.add_argument("models", nargs="*", metavar="NAME=FOLDER")
    parser.add_argument("--data", type=Path, required=True, help="the folder of public datasets")
    parser.add_argument("--out", type=Path, required=True, help="figures.json")
    parser.add_argument("--floors", action="store_true", help="measure the floors, too")
    parser.add_argument("--no-speed", action="store_true", help="for a machine that is busy")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    folders = {}
    for model in chosen.models:
        name, _, folder = model.rpartition("=")
        folders[name or Path(folder).name] = Path(folder)
    try:
        prompts = evaluation_prompts(chosen.data)
        pairs, held_out = split(
            read_pairs(chosen.data, chosen.seed, prompts), HELD_OUT, chosen.seed
        )
        evaluate_all(
            folders,
            read_evaluation(chosen.data),
            plant_held_out(held_out),
            chosen.out,
            pairs=pairs if chosen.floors else None,
            seed=chosen.seed,
            speed=not chosen.no_speed,
        )
    except TamisError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
