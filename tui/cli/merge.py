"""`tamis merge`: several reviewers' sessions of one dataset into a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli import flags
from tui.cli.streams import print_result

if TYPE_CHECKING:
    from engine.session.merge import MergeReport, PairAgreement


def merge(
    sessions: Annotated[
        list[Path], typer.Argument(metavar="SESSION…", help="Session files, two or more.")
    ],
    *,
    output: Annotated[Path, typer.Option("--output", metavar="PATH", help="The new session file.")],
    reviewer: flags.Reviewer = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier session at that place.")
    ] = False,
    as_json: flags.Json = False,
) -> None:
    """Bring several reviewers together; say how far they agree.

    The sessions are only read. Where one accepts what another rejects the sample is undecided:
    open the new session and take the review order "reviewers disagree" to adjudicate.
    """
    from engine.session.merge import merge as merged
    from engine.session.session import login_name

    report = merged(sessions, output, reviewer=reviewer or login_name(), overwrite=overwrite)
    print_result(_values(report), "\n".join(_text(report)), as_json=as_json)


def _values(report: MergeReport) -> dict[str, Any]:
    return {
        "output": str(report.output),
        "sessions": report.reviewers,
        "decided": report.decided,
        "agreed": report.agreed,
        "conflicts": report.conflicts,
        "notes": report.notes,
        "joined_notes": report.merged_notes,
        "tags": report.tags,
        "edits": report.edits,
        "edit_conflicts": report.edit_conflicts,
        "agreement": [
            {
                "first": pair.first,
                "second": pair.second,
                "rows": pair.agreement.rows,
                "table": pair.agreement.table,
                "observed": pair.agreement.observed,
                "kappa": pair.agreement.kappa,
                "pabak": pair.agreement.pabak,
            }
            for pair in report.pairs
        ],
    }


def _text(report: MergeReport) -> list[str]:
    lines = [f"{name}: {count:,} verdicts" for name, count in report.reviewers.items()]
    for pair in report.pairs:
        lines += ["", *_agreement(pair)]
    lines += [
        "",
        f"merged: {report.decided:,} samples decided, {report.agreed:,} of them by several alike",
        f"annotations: {report.notes:,} notes, {report.tags:,} tagged, {report.edits:,} edited",
    ]
    if report.merged_notes:
        lines.append(
            f"{report.merged_notes:,} samples were noted differently: all of it stands, under names"
        )
    if report.edit_conflicts:
        lines.append(
            f"{report.edit_conflicts:,} parts were edited differently: the latest edit stands"
        )
    lines.append(f"conflicts: {report.conflicts:,}, undecided until somebody adjudicates")
    lines.append(f"written: {report.output}")
    if report.conflicts:
        from engine.review.review_orders import OrderKind

        lines.append(
            f"next: tamis DATA --session {report.output}, then the review order "
            f'"{OrderKind.CONFLICTS}"'
        )
    return lines


def _agreement(pair: PairAgreement) -> list[str]:
    found = pair.agreement
    lines = [f"{pair.first} and {pair.second}: {found.rows:,} samples accepted or rejected by both"]
    if found.observed is None:
        return lines
    (aa, ar), (ra, rr) = found.table
    kappa = "not defined (all of one kind)" if found.kappa is None else f"{found.kappa:.2f}"
    return [
        *lines,
        f"  agree on {found.observed:.1%}, Cohen's kappa {kappa}, PABAK {found.pabak:.2f}",
        f"  both accept {aa:,}, both reject {rr:,}",
        f"  accepted by {pair.first} and rejected by {pair.second}: {ar:,}; the other way: {ra:,}",
    ]
