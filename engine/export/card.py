"""The dataset card: README.md with the front matter that `datasets` and the Hub read.

Source: Hugging Face Hub documentation, "Dataset Cards" and "Manual Configuration".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.export.plan import ExportPlan
from engine.review.policy import Outcome

DECISIONS = "decisions.parquet"
_MOST_COLUMNS = 20
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|~!&$])")


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file with rows, as a card names it."""

    config: str
    """What became of its rows: kept, dropped, pending."""
    split: str
    name: str
    rows: int
    features: str | None
    """In the words of a dataset card; None where readers find them out."""


def card(manifest: dict[str, Any], plan: ExportPlan, row_files: Sequence[RowFile]) -> str:
    """The card of an export.

    Args:
        manifest: of the same export.
        plan: of the same export.
        row_files: in their order, that with the decisions last; the first configuration is the
            default.
    """
    counts, source = manifest["counts"], manifest["source"]
    return f"""{_front_matter(row_files)}
# {_text(source["name"])}, reviewed with tamis

A selection of rows from `{_code(source["name"])}` ({source["rows"]:,} rows of the family \
{_text(source["family"])}), made by reading, scoring and deciding them one by one or by rule. \
The rows are those of the source{_as_they_are(manifest)}{_annotated(plan)}.{_changes(manifest)}

## How the rows were selected

{_rules(manifest)}

| outcome | reason | decided by | rows |
|---|---|---|---:|
{_reasons(manifest)}

Of {counts["rows"]:,} rows, {counts["kept"]:,} were kept ({counts["kept_by_hand"]:,} by hand, \
{counts["kept_by_rule"]:,} by rule), {counts["dropped"]:,} dropped and {counts["pending"]:,} left \
without an outcome. Pending rows never count as kept.{_lengths(manifest)}

## Files

| file | rows |
|---|---:|
{_files(manifest)}

`{DECISIONS}` has one line for every row of the source, exported or not: its position (`row`, \
from 0), identity, outcome and the reason for it, scores, verdict, reviewer, the reason given for \
a rejection, note and tags. \
`manifest.json` has the fingerprint of the source, the settings, and the size and SHA-256 of \
every file.{_unreadable(counts)}

## Licence

Unknown: take it from the source. A selection carries the terms of what it was selected from.

## What to keep in mind

- A score is one judge's taste. What the scorer prefers (length, tone, politeness, a language, a \
format) leaks into what was kept, and a model trained on it inherits the preference.
- The threshold was set on this dataset; the same number means something else on another one.
- Verdicts by hand are those of the reviewers named above, on the rows they looked at.
"""


def _front_matter(row_files: Sequence[RowFile]) -> str:
    lines = ["---", "license: unknown", "tags:", "- tamis", "configs:"]
    features: dict[str, str] = {}
    for config in dict.fromkeys(each.config for each in row_files):
        files = _with_rows([each for each in row_files if each.config == config])
        if not files:
            continue
        lines.append(f"- config_name: {config}")
        lines.extend(["  default: true"] if config == row_files[0].config else [])
        lines.append("  data_files:")
        for each in files:
            lines.extend([f"  - split: {each.split}", f"    path: {each.name}"])
            if each.features is not None:
                features.setdefault(config, each.features)
    lines.extend(["dataset_info:"] if features else [])
    for config, line in features.items():
        lines.extend([f"- config_name: {config}", f"  features: {line}"])
    return "\n".join([*lines, "---"])


def _with_rows(files: Sequence[RowFile]) -> list[RowFile]:
    """Those that readers can read: they stumble over files without rows.

    Kept rows stay what is loaded by default, though there are none.
    """
    filled = [each for each in files if each.rows]
    return filled or [each for each in files[:1] if each.config == Outcome.KEPT.name.lower()]


def _rules(manifest: dict[str, Any]) -> str:
    threshold, scorer, verdicts = manifest["threshold"], manifest["scorer"], manifest["verdicts"]
    if threshold is None:
        rule = "no threshold was set"
    else:
        typed = f", typed as `{_code(threshold['text'])}`" if threshold["text"] else ""
        guess = "; nobody chose it, it is the median of the scores" if threshold["guess"] else ""
        rank = f": {threshold['rank']['says']}" if threshold["rank"] else ""
        rule = f"`{_code(threshold['says'])}` the row{typed}{guess}{rank}"
    revision = f", revision `{_code(scorer['revision'])}`" if scorer["revision"] else ""
    names = ", ".join(_text(name) for name in verdicts["reviewers"]) or "nobody"
    side = f", on the {scorer['side']} side"
    return f"""A verdict by hand comes first; a row without a score is pending; the threshold \
decides the rest{_judged_last(manifest)}.

- Threshold: {rule}.{_duplicates(manifest)}{_copies(manifest)}
- Scorer: `{_code(scorer["name"] or "none")}`{revision}{side}.
- Verdicts: {verdicts["count"]:,} ({verdicts["accepted"]:,} accepted, {verdicts["rejected"]:,} \
rejected, {verdicts["skipped"]:,} skipped) by {names}.{_coded(manifest)}{_checked(manifest)}"""


def _checked(manifest: dict[str, Any]) -> str:
    """What the last spot check found, where there is one."""
    if not manifest["spot_checks"]:
        return ""
    check = manifest["spot_checks"][-1]
    drawn = f"{check['rows']:,} of {check['population']:,} rows kept by rule, seed {check['seed']}"
    if not check["complete"]:
        return f"\n- Spot check: {drawn}; not finished."
    interval, answered = check["interval"], check["sound"] + check["bad"]
    stale = " Other rows were kept then than now." if check["stale"] else ""
    skipped = (
        f" {check['skipped']:,} more were not judged: at most "
        f"{check['high_if_skipped_are_bad']:.1%} if all of them are bad."
        if check["skipped"]
        else ""
    )
    earlier = len(manifest["spot_checks"]) - 1
    more = f" {earlier} earlier ones are in the manifest." if earlier else ""
    return (
        f"\n- Spot check ({drawn}, scores hidden): {check['bad']} of {answered} bad, "
        f"{check['share_bad']:.1%} ({interval['confidence']:.0%} interval {interval['low']:.1%} to "
        f"{interval['high']:.1%}).{skipped}{stale}{more}"
    )


def _coded(manifest: dict[str, Any]) -> str:
    """Why rows were rejected, where reviewers said so."""
    coded = sorted(manifest["remarks"]["reject_reasons"].items(), key=lambda pair: -pair[1])
    if not coded:
        return ""
    listed = ", ".join(f"{_text(name)} {rows:,}" for name, rows in coded)
    return f" Reasons given: {listed}."


def _as_they_are(manifest: dict[str, Any]) -> str:
    edits, source = manifest["edits"], manifest["source"]
    same = "" if manifest["changes"] else ", unchanged"
    if source["made_of_trees"]:
        same = f", one for each path of its trees of {source['source_rows']:,} rows, as `messages`"
    if not edits["rows"]:
        return same
    where = f"`edited` in `{DECISIONS}` says which"
    if edits["applied"]:
        return f"{same} but for {edits['rows']:,} that reviewers edited ({where})"
    return (
        f"{same}; edits of {edits['rows']:,} were left out, whose scores are of the edited "
        f"texts ({where})"
    )


def _changes(manifest: dict[str, Any]) -> str:
    """What was made of values on the way from one format to another."""
    if not manifest["changes"]:
        return ""
    lines = [
        f"- {each['what']}" + (f": {_columns(each['columns'])}" if each["columns"] else "")
        for each in manifest["changes"]
    ]
    return "\n\nWhat is not as it was in the source:\n\n" + "\n".join(lines)


def _columns(names: list[str]) -> str:
    listed = ", ".join(f"`{_code(name)}`" for name in names[:_MOST_COLUMNS])
    more = len(names) - _MOST_COLUMNS
    return listed + (f" and {more:,} more, which the manifest names" if more > 0 else "")


def _judged_last(manifest: dict[str, Any]) -> str:
    return "" if manifest["duplicates"] is None else "; of what is left, duplicates are dropped"


def _duplicates(manifest: dict[str, Any]) -> str:
    rule = manifest["duplicates"]
    if rule is None:
        return ""
    return f"""
- Duplicates: {rule["dropped"]:,} rows were dropped for being at least {rule["similarity"]:g} \
similar (exact Jaccard of `{rule["shingles"]}` shingles of the whole sample) to a row that is \
kept and says the same; `matched_row` in `{DECISIONS}` names that row. Of the kept rows, \
{rule["duplication_rate_kept"]:.1%} are still duplicates of another one."""


def _copies(manifest: dict[str, Any]) -> str:
    copies = manifest["copies"]
    column = copies["column"]
    if not copies["repeated_rows"] and column is None:
        return ""
    how = "as so many lines" if column is None else f"in the column `{_code(column)}`"
    return f"""
- Copies: {copies["repeated_rows"]:,} kept rows count more than once, {how}; with them \
{copies["kept_counted"]:,} rows."""


def _lengths(manifest: dict[str, Any]) -> str:
    """How long the kept rows are, and of how many the scorer read only a part."""
    tokens = manifest["tokens"]
    sign = "≈ " if tokens["kept_estimated"] else ""
    how = "at four characters each" if tokens["kept_estimated"] else "by the scorer's tokenizer"
    text = f" The kept rows have {sign}{tokens['kept']:,} tokens in prompt and response, {how}."
    if tokens["kept_rows_read_in_part"]:
        text += (
            f" The scorer read only a part of {tokens['kept_rows_read_in_part']:,} of them "
            f"({tokens['share_of_kept_read_in_part']:.1%})."
        )
    return text


def _reasons(manifest: dict[str, Any]) -> str:
    return "\n".join(
        f"| {entry['outcome']} | {entry['reason_text']} | {entry['by']} | {entry['rows']:,} |"
        for entry in manifest["reasons"]
    )


def _files(manifest: dict[str, Any]) -> str:
    return "\n".join(
        f"| `{name}` | {file['rows']:,} |"
        for name, file in manifest["files"].items()
        if file["rows"] is not None
    )


def _annotated(plan: ExportPlan) -> str:
    return ", with what tamis knows in added columns" if plan.annotate else ""


def _unreadable(counts: dict[str, int]) -> str:
    if not counts["unreadable"]:
        return ""
    return (
        f"\n\n{counts['unreadable']:,} rows could not be read as JSON; where dropped rows were "
        "exported, their text is in `unreadable.jsonl`."
    )


def _text(text: str) -> str:
    """Foreign text inside Markdown, as plain text on one line."""
    return _MARKUP.sub(r"\\\1", _UNSAFE.sub(" ", text))


def _code(text: str) -> str:
    """Foreign text inside a code span."""
    return _UNSAFE.sub(" ", text).replace("`", "'").replace("|", "/")
