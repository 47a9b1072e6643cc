"""What the cache of the hub holds is opened as it is, and nobody is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.hub.address import HubAddress
from engine.hub.source import NotOnDiskError, find_source
from tests.engine.hub.rows import dataset

pytestmark = pytest.mark.usefixtures("nothing_is_sent")
COMMIT, OLDER = "a" * 40, "b" * 40
ADDRESS = HubAddress("org/name")


def cached(
    hub: Path, files: dict[str, bytes], commit: str = COMMIT, reference: str = "main"
) -> Path:
    """A snapshot as the library lays it out: links to blobs."""
    folder = hub / "datasets--org--name"
    for number, (name, content) in enumerate(files.items()):
        blob = folder / "blobs" / f"{commit[:4]}{number}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        pointer = folder / "snapshots" / commit / name
        pointer.parent.mkdir(parents=True, exist_ok=True)
        depth = len(pointer.relative_to(folder).parts) - 1
        pointer.symlink_to(Path(*[".."] * depth) / "blobs" / blob.name)
    if reference:
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "refs" / reference).write_text(commit)
    return folder / "snapshots" / commit


def test_a_snapshot_is_found_through_its_links(hub: Path) -> None:
    folder = cached(hub, dataset())
    source = find_source(ADDRESS)
    assert (source.folder, source.commit) == (folder, COMMIT)
    assert source.name == f"hf://datasets/org/name@{COMMIT}"
    assert len(source.chosen.files) == 3


def test_a_revision_is_a_branch_a_commit_or_its_beginning(hub: Path) -> None:
    cached(hub, dataset(), OLDER, "v1")
    cached(hub, dataset(), COMMIT)
    assert find_source(HubAddress("org/name", "v1")).commit == OLDER
    assert find_source(HubAddress("org/name", OLDER)).commit == OLDER
    assert find_source(HubAddress("org/name", OLDER[:9])).commit == OLDER
    assert find_source(ADDRESS).commit == COMMIT
    with pytest.raises(NotOnDiskError):
        find_source(HubAddress("org/name", "v2"))


def test_where_nobody_wrote_down_what_main_was_the_newest_stands_for_it(hub: Path) -> None:
    cached(hub, dataset(), COMMIT, "")
    assert find_source(ADDRESS).commit == COMMIT


def test_what_is_not_there_is_told_with_the_place_and_what_to_do(hub: Path) -> None:
    with pytest.raises(NotOnDiskError) as caught:
        find_source(ADDRESS)
    assert str(hub / "datasets--org--name") in caught.value.message
    assert caught.value.hint.startswith("--download fetches it from ")
    assert caught.value.exit_code == 3


def test_a_shard_that_is_missing_is_noticed(hub: Path) -> None:
    files = dataset()
    del files["data/train-00001-of-00002.jsonl"]
    cached(hub, files)
    with pytest.raises(NotOnDiskError, match=r"one of 2 shards data/train-\*\.jsonl"):
        find_source(ADDRESS)
    assert find_source(ADDRESS, split="test").chosen.files == ("data/test.jsonl",)


def test_a_link_that_leads_nowhere_is_no_file(hub: Path) -> None:
    folder = cached(hub, dataset())
    (folder / "data" / "test.jsonl").resolve().unlink()
    with pytest.raises(NotOnDiskError):
        find_source(ADDRESS, split="test")


def test_a_card_alone_is_no_dataset_on_this_disk(hub: Path) -> None:
    cached(hub, {"README.md": dataset()["README.md"]})
    with pytest.raises(NotOnDiskError, match="looked in"):
        find_source(ADDRESS)
    with pytest.raises(UsageError):
        find_source(ADDRESS, "no-such")


def test_a_session_is_kept_by_what_was_asked_for_and_not_by_the_commit(hub: Path) -> None:
    cached(hub, dataset())
    keys = {
        find_source(ADDRESS).key,
        find_source(ADDRESS, "plain").key,
        find_source(ADDRESS, "other").key,
        find_source(ADDRESS, split="test").key,
        find_source(HubAddress("org/name", COMMIT)).key,
    }
    assert len(keys) == 4
    assert find_source(ADDRESS).key == "hf://datasets/org/name?config=plain"
