"""`tamis dedup`: which rows are duplicates, and which questions have several answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import UsageError
from tui.cli import flags
from tui.cli.headless import headless
from tui.cli.hub import located
from tui.cli.streams import print_result


@flags.grouped
def dedup(
    data: flags.Data,
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
        str,
        typer.Option(
            "--similarity",
            metavar="SIM",
            help="Above 0 and at most 1; default 0.8, with --semantic 0.9.",
        ),
    ] = "",
    semantic: Annotated[
        Path | None,
        typer.Option(
            "--semantic",
            metavar="FOLDER",
            help="Compare by meaning, with the sentence-transformers model in this folder: "
            "the cosine of embeddings instead of shingles in common.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", help="Also write the pairs as Parquet: row_a, row_b, jaccard (or cosine)."
        ),
    ] = None,
    overwrite: flags.Overwrite = False,
    parts: flags.Parts,
    download: flags.Download = False,
    reading: flags.Reading,
    as_json: flags.Json = False,
) -> None:
    """Find duplicates and contradictions; nothing is changed.

    Every pair has its exact Jaccard similarity, or with --semantic its cosine. To leave rows out
    of an export, use tamis export --drop-duplicates.
    """
    from engine.dataset.dataset import open_dataset
    from engine.duplicates.dedup_report import check_pairs_file, dedup_report, write_pairs
    from engine.duplicates.meaning import USUAL
    from engine.duplicates.settings import (
        DROP_FROM,
        ComparedUnit,
        default_settings,
        parse_shingling,
        parse_similarity,
    )

    unit = flags.choice(
        ComparedUnit, on, "--on", (ComparedUnit.PROMPT, ComparedUnit.RESPONSE, ComparedUnit.BOTH)
    )
    usual = DROP_FROM if semantic is None else USUAL
    settings = default_settings(unit, parse_similarity(similarity) if similarity else usual)
    if shingle and semantic is not None:
        raise UsageError("a model that compares by meaning has no shingles", "leave --shingle out")
    if shingle:
        settings = replace(settings, shingling=parse_shingling(shingle))
    with headless() as progress:
        place = located(data, reading.options(), parts, progress, download=download)
        dataset = open_dataset(place.path, place.reading, progress=progress)
        try:
            if output is not None:
                check_pairs_file(output, dataset, overwrite=overwrite)
            begun_s = time.monotonic()
            found = dedup_report(dataset, settings, model=semantic, progress=progress)
            values: dict[str, Any] = {**found.values(), "elapsed_s": time.monotonic() - begun_s}
            if output is not None:
                write_pairs(found, output)
                values["output"] = str(output)
        finally:
            dataset.close()
    measure = "similarity" if semantic is None else "cosine"
    text = _text(values, f"{measure} of {settings.similarity:g}", unit.value)
    print_result(values, text, as_json=as_json)


def _text(values: Mapping[str, Any], bound: str, part: str) -> str:
    count = {name: f"{number:,}" for name, number in values.items() if isinstance(number, int)}
    whole = part == "both" and bound.startswith("similarity")
    compared = "the whole sample" if part == "both" else part
    lines = [
        f"rows            {count['rows']}, compared by {compared}",
        f"exact           {count['exact']} duplicates",
        f"pairs           {count['pairs']} at a {bound} or more",
        f"clusters        {count['clusters']}, with {count['duplicate_rows']} rows beyond one each",
        f"duplication     {values['duplication_rate']:.2%}",
        f"dropped         {count['dropped']}, if the rule were on"
        if whole
        else "dropped         none: only whole samples are, by the words they share",
        f"contradictions  {count['contradictions']} questions with several answers",
        f"took            {values['elapsed_s']:.1f} s",
    ]
    if "output" in values:
        lines.append(f"pairs are in    {values['output']}: of rows that say the same, each")
        lines.append("                with the first of them")
    return "\n".join(lines)
