"""Datasets of the hub on the command line: found, fetched if allowed, pushed after a yes."""

from __future__ import annotations

import select
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import Cancelled, TamisError, UsageError
from tui.cli.flags import Parts
from tui.cli.progress import ProgressLine
from tui.cli.streams import put_message

if TYPE_CHECKING:
    from engine.dataset.reading.options import ReadOptions
    from engine.export.plan import ExportReport
    from engine.hub.publishing import Standing
    from engine.hub.source import HubSource


@dataclass(frozen=True, slots=True)
class Located:
    """What is opened: a path on this disk, how it is read, and the session file if it is known."""

    path: Path
    reading: ReadOptions
    session: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Where an export is sent to when it is finished."""

    push: Annotated[
        str | None,
        typer.Option(metavar="ORG/NAME", help="Then send it to this dataset of the hub."),
    ] = None
    private: Annotated[
        bool, typer.Option("--private", help="With --push: where it is new, make it private.")
    ] = False
    yes: Annotated[
        bool, typer.Option("--yes", help="With --push: send without asking once more.")
    ] = False

    def check(self, progress: ProgressLine) -> Standing | None:
        """Refuse what can only fail later, before anything is read, scored or written.

        Returns:
            How the repository stands, as the hub says; None where nothing is to be pushed.

        Raises:
            UsageError: a name that is none, nobody to ask, or flags that need --push; or
                --private, and the dataset is public.
            InputError: no token, no permission, no connection.
        """
        if self.push is None:
            if self.private or self.yes:
                flag = "--private" if self.private else "--yes"
                raise UsageError(f"{flag} is about a push", "name a dataset with --push ORG/NAME")
            return None
        from engine.hub.address import checked_repository
        from engine.hub.cache import host_name
        from engine.hub.publishing import ask_standing

        checked_repository(self.push)
        if not self.yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(
                "--push asks before it sends, and there is no terminal to ask on",
                "--yes says so beforehand",
            )
        progress(f"asking {host_name()}", 0, None)
        return ask_standing(self.push, private=self.private)


def located(
    data: Path,
    reading: ReadOptions,
    parts: Parts,
    progress: ProgressLine,
    *,
    session: Path | None = None,
    download: bool = False,
) -> Located:
    """The files that DATA means, fetched where it is an address and `download` allows it.

    Raises:
        NotOnDiskError: it is not in the hub's cache, and not to be fetched.
        InputError: it cannot be fetched.
        UsageError: no such configuration or split.
    """
    from engine.hub.address import is_hub_address

    if not is_hub_address(data):
        chosen = replace(reading, config=parts.config, split=parts.split)
        return Located(data, chosen, session)
    from engine.session.from_hub import hub_reading, hub_session

    source = _source(data, parts, progress, download=download)
    return Located(source.folder, hub_reading(reading, source), hub_session(source, session))


def _source(data: Path, parts: Parts, progress: ProgressLine, *, download: bool) -> HubSource:
    from engine.hub.address import parse_address
    from engine.hub.cache import host_name
    from engine.hub.source import NotOnDiskError, fetch, find_source, plan_fetch

    address = parse_address(data)
    try:
        return find_source(address, parts.config, parts.split)
    except NotOnDiskError:
        if not download:
            raise
    progress(f"asking {host_name()}", 0, None)
    plan = plan_fetch(address, parts.config, parts.split)
    if plan.size_bytes:
        progress.say(f"fetching {plan.amount()}, of {address} from {host_name()}")
    return fetch(plan, progress=progress.show_bytes)


def push_report(
    report: ExportReport, standing: Standing, progress: ProgressLine, *, yes: bool
) -> dict[str, Any]:
    """Count, ask, send; returns what `--json` tells of it.

    Raises:
        Cancelled: the answer was no, or ctrl+c.
        InputError: no permission, no connection.
    """
    from engine.export.card import DECISIONS
    from engine.hub.publishing import Upload, push_export

    written: dict[str, Any] = report.manifest["files"]  # type: ignore[assignment] # of JSON
    rows = sum(
        file["rows"] or 0
        for name, file in written.items()
        if Path(name).stem != Path(DECISIONS).stem
    )
    upload = Upload(standing, report.output, report.files, rows)
    try:
        if not yes:
            put_message("\n".join([f"Push {report.output}?", *upload.lines(), ""]))
            if not _is_yes():
                raise Cancelled("not pushed, nothing of it was sent")
        pushed = push_export(upload, progress=progress.show_bytes)
    except TamisError as error:
        raise type(error)(
            f"{error.message}; the export is whole in {report.output}",
            "\n".join(filter(None, [error.hint, _AGAIN])),
        ) from error
    return {
        "repository": standing.repository,
        "url": pushed.url,
        "commit": pushed.commit,
        "private": standing.private,
        "files": len(upload.sizes),
        "rows": upload.rows,
        "size_bytes": upload.size_bytes,
        "new": pushed.is_new,
    }


_LOOKED_EVERY_S = 0.2
_AGAIN = "the same command with --overwrite tries again, and sends what is missing"


def _is_yes() -> bool:
    """The answer; looked for again and again, so that ctrl+c is one too.

    A plain read goes on after a signal where polars has put its own handler in (SA_RESTART).
    """
    put_message("y sends it, anything else does not: ")
    try:
        while not select.select([sys.stdin], [], [], _LOOKED_EVERY_S)[0]:
            pass
    except KeyboardInterrupt:
        raise Cancelled("not pushed, nothing of it was sent") from None
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def push_text(values: dict[str, Any]) -> str:
    """A push for people."""
    what = "pushed" if values["new"] else "nothing new"
    who = "private" if values["private"] else "public"
    return f"{what:9} {values['url']} ({who}), commit {values['commit'][:12]}"
