"""`tamis info`: what a dataset is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tui.cli import flags
from tui.cli.headless import headless
from tui.cli.hub import located
from tui.cli.streams import print_result

LISTED_PROBLEMS = 20
LISTED_COLUMNS = 30


@flags.grouped
def info(
    data: flags.Data,
    *,
    parts: flags.Parts,
    download: flags.Download = False,
    reading: flags.Reading,
    session: flags.Session = None,
    migration: Annotated[
        bool,
        typer.Option("--migration", help="Say what opening its session would do; writes nothing."),
    ] = False,
    as_json: flags.Json = False,
) -> None:
    """Say what DATA is: family, columns, rows, problems."""
    from engine.dataset.dataset import open_dataset
    from engine.dataset.info import describe
    from engine.session.choices import choices_in
    from engine.session.migration import migration_report
    from engine.session.verdict_import import plan_import
    from engine.store import session_path

    with headless() as progress:
        place = located(
            data, reading.options(), parts, progress, session=session, download=download
        )
        options = place.reading
        dataset = open_dataset(place.path, options, progress=progress)
        if migration:
            file = session_path(place.path, explicit=place.session)
            report = migration_report(dataset, file, options)
            dataset.close()
            print_result(report.values(), report.text(), as_json=as_json)
            return
        description = describe(dataset)
        plan = plan_import(dataset)
        description["verdicts"] = None if plan is None else plan.values()
        file = session_path(place.path, explicit=place.session)
        description["session"] = choices_in(file) if file.is_file() else None
        dataset.close()
    print_result(description, info_text(description), as_json=as_json)


def _made_of(description: Mapping[str, Any]) -> str:
    made_of = description["source_rows"]
    return f", made of {made_of:,} in the file" if made_of != description["rows"] else ""


def _parts(what: str, rows: Mapping[str, int]) -> str:
    listed = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    return f"{what:<10}{listed}" if rows else ""


def info_text(description: Mapping[str, Any]) -> str:
    """A dataset, from `engine.dataset.info.describe`."""
    columns = ", ".join(f"{part} = {name}" for part, name in description["columns"].items())
    families = description["families"]
    counted = ", ".join(f"{name} {rows:,}" for name, rows in families.items())
    longest = description["longest"]
    broken = description["broken"]
    files = description["files"]
    unread = f", {broken:,} could not be read" if broken else ""
    named = description["name"] if description["name"].startswith("hf:") else ""
    lines = [
        f"name      {named}" if named else "",
        f"family    {description['family']}" + (f" ({counted})" if len(families) > 1 else ""),
        f"format    {description['format']}" + (f", {files:,} files" if files > 1 else ""),
        _parts("splits", description["splits"]),
        _parts("configs", description["configs"]),
        f"columns   {columns or _unknown(description['all_columns'])}",
        f"rows      {description['rows']:,}{unread}{_made_of(description)}",
        f"longest   row {longest['row']}, {longest['characters']:,} characters" if longest else "",
        f"system    {description['system_turns']:,} turns, tool {description['tool_turns']:,}",
        _carried(description["verdicts"]),
        _chosen(description["session"]),
        f"problems  {description['problems_total']:,}",
    ]
    for problem in description["problems"][:LISTED_PROBLEMS]:
        where = problem["file"] + (f":{problem['line']}" if problem["line"] else "")
        row = "" if problem["row"] is None else f" (row {problem['row']})"
        lines.append(f"  {where}{row}: {problem['cause']}")
    hidden = description["problems_total"] - LISTED_PROBLEMS
    if hidden > 0:
        lines.append(f"  … and {hidden:,} more: --json lists the first 1,000")
    return "\n".join(" ".join(line.splitlines()) for line in lines if line)


def _carried(verdicts: Mapping[str, Any] | None) -> str:
    if verdicts is None:
        return ""
    rows, where = verdicts["carried"], f"{verdicts['carrier']} `{verdicts['column']}`"
    return f"verdicts  carried by {rows:,} rows ({where}): tamis import takes them over"


def _chosen(session: Mapping[str, Any] | None) -> str:
    """What the session goes by; empty where there is none, or nothing was chosen."""
    if session is None or session["scorer"] is None:
        return ""
    threshold, similarity = session["threshold"], session["drop_duplicates"]
    parts = [f"scored by {session['scorer']}"]
    parts += [f"the {session['side']} side"] if session["side"] != "chosen" else []
    parts.append(f"threshold {threshold}" if threshold else "no threshold set")
    parts += [f"duplicates dropped from {similarity:g}"] if similarity is not None else []
    return f"session   {', '.join(parts)}"


def _unknown(names: Sequence[str]) -> str:
    more = ", …" if len(names) > LISTED_COLUMNS else ""
    listed = ", ".join(names[:LISTED_COLUMNS]) + more
    return f"{listed}: no family fits, name the prompt with --prompt-column"
