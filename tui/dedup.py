"""`tamis dedup`: which rows repeat others, and which questions have several answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tui.cli_options import (
    DataArgument,
    FamilyOption,
    JsonOption,
    PromptOption,
    ResponseOption,
    choice,
)
from tui.headless import headless
from tui.streams import print_json, print_text


def dedup(
    data: DataArgument,
    *,
    on: Annotated[
        str, typer.Option("--on", metavar="PART", help="What is compared: prompt, response, both.")
    ] = "both",
    shingle: Annotated[
        str,
        typer.Option(
            "--shingle",
            metavar="S",
            help="Runs of words or characters, word:3 or char:5; default as the part needs.",
        ),
    ] = "",
    similarity: Annotated[
        str, typer.Option("--similarity", metavar="SIM", help="0.8, above 0 and at most 1.")
    ] = "0.8",
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Also write the pairs as Parquet: row_a, row_b, jaccard."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file.")
    ] = False,
    family: FamilyOption = None,
    prompt_column: PromptOption = None,
    response_column: ResponseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find rows that repeat others; nothing is changed.

    Every pair has its exact Jaccard similarity. To leave such rows out of an export, use
    tamis export --drop-duplicates.
    """
    from engine.dataset import open_dataset
    from engine.duplicates.settings import (
        Unit,
        default_settings,
        parse_shingling,
        parse_similarity,
    )
    from engine.duplicates.survey import check_pairs_file, survey, write_pairs

    settings = default_settings(choice(Unit, on, "--on"), parse_similarity(similarity))
    if shingle:
        settings = replace(settings, shingling=parse_shingling(shingle))
    with headless() as progress:
        dataset = open_dataset(
            data,
            family=family,
            prompt_column=prompt_column,
            response_column=response_column,
            progress=progress,
        )
        try:
            if output is not None:
                check_pairs_file(output, dataset, overwrite=overwrite)
            begun_s = time.monotonic()
            found = survey(dataset, settings, progress=progress)
            values: dict[str, Any] = {**found.values(), "elapsed_s": time.monotonic() - begun_s}
            if output is not None:
                write_pairs(found, output)
                values["output"] = str(output)
        finally:
            dataset.close()
    if as_json:
        print_json(values)
    else:
        print_text(_text(values, settings.similarity, settings.unit.value))


def _text(values: Mapping[str, Any], similarity: float, part: str) -> str:
    count = {name: f"{number:,}" for name, number in values.items() if isinstance(number, int)}
    whole = part == "both"
    lines = [
        f"rows            {count['rows']}, compared by {'the whole sample' if whole else part}",
        f"exact repeats   {count['exact']}",
        f"pairs           {count['pairs']} at a similarity of {similarity:g} or more",
        f"clusters        {count['clusters']}, with {count['duplicate_rows']} rows beyond one each",
        f"duplication     {values['duplication_rate']:.2%}",
        f"dropped         {count['dropped']}, if the rule were on"
        if whole
        else "dropped         none: only whole samples are",
        f"contradictions  {count['contradictions']} questions with several answers",
        f"took            {values['elapsed_s']:.1f} s",
    ]
    if "output" in values:
        lines.append(f"pairs are in    {values['output']}")
    return "\n".join(lines)
