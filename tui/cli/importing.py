"""`tamis import`: verdicts that a dataset carries, taken over into its session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import InputError
from tui.cli import flags
from tui.cli.headless import headless, opened
from tui.cli.progress import ProgressLine
from tui.cli.streams import print_result

if TYPE_CHECKING:
    from engine.session import OpenOptions
    from engine.session.verdict_import import ImportPlan


@flags.grouped
def import_carried(
    data: flags.Data,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be imported; writes nothing.")
    ] = False,
    reading: flags.Reading,
    session: flags.Session = None,
    reviewer: flags.Reviewer = None,
    as_json: flags.Json = False,
) -> None:
    """Take over verdicts that DATA carries, such as Prodigy's.

    Known are `answer` of Prodigy (accept, reject, ignore), `tamis_verdict` of an export with
    --annotate, and a column `verdict` of accept, reject and skip. They keep their reviewers'
    names. Rows that something was said of in the session keep that, so a second import changes
    nothing. One undo in the desk takes an import back.
    """
    from engine.session import OpenOptions
    from engine.session.verdict_import import import_verdicts, plan_for
    from engine.store import session_path

    options = OpenOptions(
        reading=reading.options(), session=session, reviewer=reviewer, read_only=dry_run
    )
    place, count = session_path(data, explicit=session), 0
    with headless() as progress:
        if dry_run and not place.exists():
            plan = _first_look(data, options, progress)
        else:
            with opened(data, options, progress) as review:
                plan, place = _known(plan_for(review), data), review.store.path
                count = 0 if dry_run else import_verdicts(review, plan)
    values = {**plan.values(), "imported": count, "dry_run": dry_run, "session": str(place)}
    lines = [str(plan.carried), *plan.lines(), _ending(plan, place, dry_run=dry_run)]
    print_result(values, "\n".join(lines), as_json=as_json)


def _first_look(data: Path, options: OpenOptions, progress: ProgressLine) -> ImportPlan:
    """What an import would do where there is no session yet; none is begun for it."""
    from engine.dataset.dataset import open_dataset
    from engine.session.verdict_import import plan_import

    dataset = open_dataset(data, options.reading, progress=progress)
    try:
        return _known(plan_import(dataset), data)
    finally:
        dataset.close()


def _known(plan: ImportPlan | None, data: Path) -> ImportPlan:
    if plan is None:
        raise InputError(
            f"no verdict is known in the columns of {data}",
            "those are read: Prodigy's answer beside _task_hash, tamis_verdict, verdict",
        )
    return plan


def _ending(plan: ImportPlan, place: Path, *, dry_run: bool) -> str:
    if dry_run:
        return "a dry run: nothing was written"
    if not len(plan.rows):
        return "nothing to import"
    return f"imported into {place}"
