"""From an address to files on this disk: found in the hub's cache, or fetched into it.

`find_source` asks nobody. `plan_fetch` asks the hub what there is, `fetch` brings it; both are for
after a yes.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.hub.address import HubAddress
from engine.hub.cache import (
    Snapshot,
    cache_folder,
    find_snapshot,
    host_name,
    repository_folder,
)
from engine.hub.choosing import ChosenFiles, chosen_files
from engine.hub.following import Progress, on_the_network
from engine.hub.listing import CARD, HubListing, listing_of, remember, remembered
from engine.hub.partial import partial_of

_SHARD = re.compile(r"(.*)-\d{5}-of-(\d{5})(.*)")


class NotOnDiskError(InputError):
    """The cache lacks the dataset, or a part of it; the hub may have it."""


@dataclass(frozen=True, slots=True)
class HubSource:
    """A dataset of the hub on this disk."""

    address: HubAddress
    commit: str
    folder: Path
    """Its snapshot."""
    chosen: ChosenFiles
    split: str = ""
    """The one that was asked for; empty: all."""

    @property
    def key(self) -> str:
        """What tells it from others, whatever state of it was fetched: a session is kept by it."""
        config = f"?config={self.chosen.config}" if len(self.chosen.configs) > 1 else ""
        return f"{self.address}{config}" + (f"#split={self.split}" if self.split else "")

    @property
    def name(self) -> str:
        """What it is called: with the commit, so that it can be found again."""
        return str(HubAddress(self.address.repository, self.commit))


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What would be fetched."""

    address: HubAddress
    listing: HubListing
    chosen: ChosenFiles
    files: int
    """That are not whole on this disk."""
    size_bytes: int
    """That are not there yet."""
    split: str = ""
    """The one that was asked for; empty: all."""

    def lines(self) -> list[str]:
        """What a person is asked about."""
        splits = ", ".join(self.chosen.splits)
        return [
            f"from       {host_name()}",
            f"dataset    {self.address.repository}",
            f"revision   {self.address.branch}, commit {self.listing.commit[:12]}",
            f"config     {self.chosen.config}, splits {splits}",
            f"to fetch   {self.amount()}",
        ]

    def amount(self) -> str:
        """How much would come."""
        noun = "file" if self.files == 1 else "files"
        return f"{self.files:,} {noun}, {size_text(self.size_bytes)}"


def size_text(size_bytes: int) -> str:
    """Bytes in a unit that suits them."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:,.1f} {name}"
    return f"{size_bytes} bytes"


def find_source(address: HubAddress, config: str = "", split: str = "") -> HubSource:
    """The dataset as the cache has it; nothing is asked.

    Raises:
        NotOnDiskError: the cache has nothing of it, or not all files that are wanted.
        UsageError: there is no such configuration or split.
        InputError: it holds no data files.
    """
    snapshot = find_snapshot(address)
    if snapshot is None:
        place = repository_folder(cache_folder(), address.repository)
        raise NotOnDiskError(f"{address} is not on this disk; looked in {place}", _how())
    listing = remembered(address.repository, snapshot.commit)
    chosen = _chosen(address, snapshot, listing, config, split)
    lacking = snapshot.missing(chosen.files) + _unfinished(chosen.files)
    if lacking:
        raise NotOnDiskError(
            f"{address} is only in part on this disk: {lacking[0]} is missing in {snapshot.folder}",
            _how(),
        )
    return HubSource(address, snapshot.commit, snapshot.folder, chosen, split)


def _chosen(
    address: HubAddress, snapshot: Snapshot, listing: HubListing | None, config: str, split: str
) -> ChosenFiles:
    if listing is not None:
        return chosen_files(listing.card, list(listing.files), config, split)
    try:
        return chosen_files(snapshot.card(), snapshot.names(), config, split)
    except InputError as error:
        raise NotOnDiskError(
            f"{address}: {error.message} on this disk; looked in {snapshot.folder}", _how()
        ) from error


def _unfinished(names: Iterable[str]) -> list[str]:
    """What numbered shards say is missing, where nobody knows the list of files."""
    found: dict[tuple[str, int, str], int] = defaultdict(int)
    for name in names:
        if match := _SHARD.fullmatch(name):
            found[match[1], int(match[2]), match[3]] += 1
    return [
        f"one of {total} shards {start}-*{end}"
        for (start, total, end), there in found.items()
        if there < total
    ]


def _how() -> str:
    return f"--download fetches it from {host_name()}"


def plan_fetch(
    address: HubAddress,
    config: str = "",
    split: str = "",
    *,
    cancelled: Callable[[], bool] | None = None,
) -> FetchPlan:
    """Ask the hub what the dataset holds, and choose.

    Raises:
        InputError: the hub cannot be asked, does not know it, or it holds no data files.
        UsageError: there is no such configuration or split.
        Cancelled: `cancelled` said so.
    """
    told = on_the_network(
        "look",
        {"repository": address.repository, "revision": address.revision},
        cancelled=cancelled,
        stopped="stopped while the hub was asked; nothing was fetched",
    )
    listing = listing_of(told)
    chosen = chosen_files(listing.card, list(listing.files), config, split)
    remember(address.repository, listing)
    folder = repository_folder(cache_folder(), address.repository)
    to_come = {name: _to_come(folder, listing, name) for name in chosen.files}
    plan = FetchPlan(
        address,
        listing,
        chosen,
        sum(size_bytes > 0 for size_bytes in to_come.values()),
        sum(to_come.values()),
        split,
    )
    _check_room(folder, plan)
    return plan


def _to_come(folder: Path, listing: HubListing, name: str) -> int:
    """Bytes of a file that are not in the cache yet."""
    listed = listing.files[name]
    if not listed.blob:
        return listed.size_bytes
    blob = folder / "blobs" / listed.blob
    if blob.is_file():
        return 0
    with contextlib.suppress(OSError):
        return max(listed.size_bytes - partial_of(blob).stat().st_size, 0)
    return listed.size_bytes


def _check_room(folder: Path, plan: FetchPlan) -> None:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if plan.size_bytes > free:
        raise InputError(
            f"no room for {size_text(plan.size_bytes)} of {plan.address} in {there}: "
            f"{size_text(free)} are free",
            "free some space, or name another cache with HF_HUB_CACHE",
        )


def fetch(
    plan: FetchPlan,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> HubSource:
    """Bring the files of a plan into the cache; what has come of a file is not fetched again.

    Raises:
        InputError: the connection broke, the hub refused, or the disk is full.
        Cancelled: `cancelled` said so, or ctrl+c.
    """
    told = on_the_network(
        "fetch",
        {
            "repository": plan.address.repository,
            "revision": plan.address.revision,
            "commit": plan.listing.commit,
            "files": {name: plan.listing.files[name].size_bytes for name in plan.chosen.files},
            "card_blob": plan.listing.files[CARD].blob if CARD in plan.listing.files else "",
            "size_bytes": plan.size_bytes,
        },
        progress=progress,
        cancelled=cancelled,
        stopped="the download was stopped; the next one goes on from there",
    )
    folder = Path(told["folder"])
    return HubSource(plan.address, plan.listing.commit, folder, plan.chosen, plan.split)
