"""What `tamis info`, `score` and `export` found, as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.review.threshold import parse_threshold

if TYPE_CHECKING:
    from engine.export import ExportReport

LISTED_PROBLEMS = 20
LISTED_COLUMNS = 30


def info_text(description: Mapping[str, Any]) -> str:
    """A dataset, from `engine.dataset.info.describe`."""
    columns = ", ".join(f"{part} = {name}" for part, name in description["columns"].items())
    families = description["families"]
    counted = ", ".join(f"{name} {rows:,}" for name, rows in families.items())
    longest = description["longest"]
    broken = description["broken"]
    files = description["files"]
    unread = f", {broken:,} could not be read" if broken else ""
    lines = [
        f"family    {description['family']}" + (f" ({counted})" if len(families) > 1 else ""),
        f"format    {description['format']}" + (f", {files:,} files" if files > 1 else ""),
        f"columns   {columns or _unknown(description['all_columns'])}",
        f"rows      {description['rows']:,}{unread}",
        f"longest   row {longest['row']}, {longest['characters']:,} characters" if longest else "",
        f"system    {description['system_turns']:,} turns, tool {description['tool_turns']:,}",
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


def _unknown(names: Sequence[str]) -> str:
    more = ", …" if len(names) > LISTED_COLUMNS else ""
    listed = ", ".join(names[:LISTED_COLUMNS]) + more
    return f"{listed}: no family fits, name the prompt with --prompt-column"


def score_text(result: Mapping[str, Any]) -> str:
    """A run of scoring, from `LiveScoring.result`."""
    form = f" in the format {result['input_format']}" if result["input_format"] else ""
    cut = f", {result['truncated']:,} read in part" if result["truncated"] else ""
    return (
        f"{result['scored']:,} of {result['rows']:,} rows scored by {result['scorer']}{form}"
        f"{cut}, {result['failed']:,} failed, {result['broken']:,} could not be read; "
        f"{result['new_scores']:,} scores are new"
    )


def export_text(report: ExportReport, threshold: object) -> str:
    """An export, and the threshold of its manifest with who set it."""
    count = {name: f"{rows:,}" for name, rows in report.counts.items()}
    kept = f"{count['kept_by_hand']} by hand, {count['kept_by_rule']} by rule"
    dropped = f"{count['dropped_by_hand']} by hand, {count['dropped_by_rule']} by rule"
    lines = [
        f"{report.output}: {count['rows']} rows",
        f"kept      {count['kept']}: {kept}",
        f"dropped   {count['dropped']}: {dropped}, {count['dropped_broken']} could not be read",
        f"pending   {count['pending']}",
    ]
    if isinstance(threshold, dict):
        typed = f", for {threshold['text']}" if threshold["text"] else ""
        lines.append(f"threshold {threshold['says']} ({threshold['source']}{typed})")
        asked = parse_threshold(threshold["text"]).top if threshold["text"] else None
        if asked is not None and report.counts["kept_by_rule"] > asked:
            lines.append("equal scores stand together, so more rows are kept than asked for")
        if threshold["guess"]:
            lines.append("nobody chose that threshold: set one with --threshold")
    else:
        lines.append("threshold none")
    rule = report.manifest["duplicates"]
    if isinstance(rule, dict):
        lines.append(
            f"repeats   {rule['dropped']:,} dropped at a similarity of {rule['similarity']:g} or "
            f"more; {rule['duplication_rate_kept']:.1%} of the kept rows still repeat another"
        )
    boosts = report.manifest["repeats"]
    if isinstance(boosts, dict) and boosts["repeated_rows"]:
        how = f"column {boosts['column']}" if boosts["column"] else "lines"
        lines.append(
            f"boosts    {boosts['repeated_rows']:,} rows count more than once ({how}): "
            f"{boosts['kept_counted']:,} with repeats"
        )
    return "\n".join(lines)
