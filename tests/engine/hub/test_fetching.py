"""Fetching from a real HTTP server on loopback, with everything that goes wrong on the way."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from engine.errors import Cancelled, InputError, UsageError
from engine.hub.address import HubAddress
from engine.hub.cache import cache_folder
from engine.hub.explaining import explained
from engine.hub.listing import listing_of
from engine.hub.source import FetchPlan, NotOnDiskError, fetch, find_source, plan_fetch, size_text
from tests.engine.hub.rows import CARD, dataset, lines
from tests.fake_hub import TOKEN, FakeHub, Fault

ADDRESS = HubAddress("org/name")
BIG = 10_000
"""Rows of a file of 2.3 MB."""


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_only_the_files_of_the_choice_come_and_are_found_again(
    fake_hub: FakeHub, tmp_path: Path
) -> None:
    commit = fake_hub.add("org/name", dataset(400))
    plan = plan_fetch(ADDRESS, split="train")
    assert plan.files == 2
    assert plan.size_bytes == sum(len(dataset(400)[name]) for name in plan.chosen.files)
    host = fake_hub.url.removeprefix("http://")
    assert plan.lines() == [
        f"from       {host}",
        "dataset    org/name",
        f"revision   main, commit {commit[:12]}",
        "config     plain, splits train",
        f"to fetch   2 files, {size_text(plan.size_bytes)}",
    ]
    told: list[tuple[str, int, int | None]] = []
    fetched = fetch(plan, progress=lambda *how_far: told.append(how_far))
    assert fetched.commit == commit
    for name in fetched.chosen.files:
        assert (fetched.folder / name).read_bytes() == dataset(400)[name]
    assert (fetched.folder / "README.md").read_bytes() == CARD
    assert told
    assert all(what == "fetching org/name" and total for what, _done, total in told)
    assert find_source(ADDRESS, split="train") == fetched

    # The library finds it, too, and asks nobody for it.
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache("org/name", fetched.chosen.files[0], repo_type="dataset")
    assert found == str(fetched.folder / fetched.chosen.files[0])

    # What belongs to other choices is known to be missing, and is all that comes then.
    with pytest.raises(NotOnDiskError, match=r"data/test\.jsonl is missing"):
        find_source(ADDRESS)
    rest = plan_fetch(ADDRESS)
    assert rest.files == 1
    fetch(rest)
    assert len(find_source(ADDRESS).chosen.files) == 3
    asked = fake_hub.asked()
    assert not [line for line in asked if "made.py" in line or "picture" in line or "other" in line]
    assert not [line for line in asked if "agent" in line], "the library asks for nothing else"

    # The token went to the hub, and neither to its storage nor onto this disk.
    assert fake_hub.headers_of("/resolve/")[0]["Authorization"] == f"Bearer {TOKEN}"
    assert fake_hub.headers_of("GET /storage/")
    assert not any("Authorization" in each for each in fake_hub.headers_of("GET /storage/"))
    assert TOKEN.encode() not in everything_below(tmp_path)


def stop_in_the_middle(hub: FakeHub, plan: FetchPlan) -> int:
    """Cancel when a part has come; returns how many bytes were sent by then."""
    hub.faults.append(Fault(r"GET /storage/", slow_s=0.01))
    before = hub.sent_bytes
    with pytest.raises(Cancelled, match="goes on from there"):
        fetch(plan, cancelled=lambda: hub.sent_bytes - before > 600_000)
    hub.faults.clear()
    return hub.sent_bytes - before


def test_a_download_that_was_stopped_goes_on_where_it_was(fake_hub: FakeHub) -> None:
    content = lines(BIG)
    fake_hub.add("org/name", {"train.jsonl": content})
    plan = plan_fetch(ADDRESS)
    sent = stop_in_the_middle(fake_hub, plan)
    assert sent < len(content)
    with pytest.raises(NotOnDiskError):
        find_source(ADDRESS)
    again = plan_fetch(ADDRESS)
    assert again.size_bytes < plan.size_bytes
    fetched = fetch(again)
    assert (fetched.folder / "train.jsonl").read_bytes() == content
    (asked,) = fake_hub.headers_of("GET /storage/")[1:]
    assert asked["Range"] == f"bytes={len(content) - again.size_bytes}-"
    blobs = fetched.folder.parent.parent / "blobs"
    assert [path.name for path in blobs.iterdir() if path.name.endswith("incomplete")] == []


def test_a_connection_that_is_cut_in_mid_file_is_taken_up_again(fake_hub: FakeHub) -> None:
    content = lines(BIG)
    fake_hub.add("org/name", {"train.jsonl": content})
    fake_hub.faults.append(Fault(r"GET /storage/", cut_after=1_000_000, times=1))
    fetched = fetch(plan_fetch(ADDRESS))
    assert (fetched.folder / "train.jsonl").read_bytes() == content
    ranges = [each.get("Range") for each in fake_hub.headers_of("GET /storage/")]
    assert ranges[0] is None
    assert ranges[1] is not None


def test_what_came_broken_is_thrown_away_and_comes_anew(fake_hub: FakeHub) -> None:
    content = lines(BIG)
    fake_hub.add("org/name", {"train.jsonl": content})
    plan = plan_fetch(ADDRESS)
    stop_in_the_middle(fake_hub, plan)
    (partial,) = cache_folder().rglob("*.incomplete")
    with partial.open("r+b") as file:
        file.write(b"x" * 100)
    with pytest.raises(InputError, match="not what the hub says"):
        fetch(plan)
    assert (fetch(plan).folder / "train.jsonl").read_bytes() == content


@pytest.mark.parametrize(
    ("fault", "says", "hint"),
    [
        (Fault(r"/api/", status=401), "does not know the dataset, or not who asks (401)", "token"),
        (Fault(r"/api/", cut_after=0), "no connection to", "check the network"),
        (Fault(r"/resolve/", status=500), "answered with an error (500)", "later"),
    ],
    ids=["401", "cut", "500-of-a-file"],
)
def test_what_the_hub_refuses_is_told_in_our_words(
    fake_hub: FakeHub, fault: Fault, says: str, hint: str
) -> None:
    fake_hub.add("org/name", dataset())
    fake_hub.faults.append(fault)
    with pytest.raises(InputError) as caught:
        plan_fetch(ADDRESS)
    assert says in caught.value.message
    assert fake_hub.url.removeprefix("http://") in caught.value.message
    assert hint in caught.value.hint
    assert TOKEN not in str(caught.value)
    assert "http" not in str(caught.value), "addresses may be signed"


@pytest.mark.parametrize(
    ("status", "says"),
    [(403, "does not allow it"), (404, "does not know"), (429, "too often"), (503, "error (503)")],
)
def test_a_status_is_told_without_what_the_library_says(status: int, says: str) -> None:
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    request = httpx2.Request("GET", f"http://hub/x?token={TOKEN}")
    response = httpx2.Response(status, request=request)
    told = explained(HfHubHTTPError(f"for url {request.url}", response=response))
    assert says in told["error"]
    assert TOKEN not in repr(told)


def test_a_full_disk_and_a_closed_folder_are_told() -> None:
    assert explained(OSError(errno.ENOSPC, "x"))["error"] == "the disk is full"
    told = explained(PermissionError(errno.EACCES, "Permission denied", "/closed"))
    assert told["error"] == "cannot be written: /closed: Permission denied"
    wrapped = RuntimeError(f"with {TOKEN}")
    assert explained(wrapped)["error"].endswith("failed (RuntimeError)")


def test_a_private_dataset_needs_the_token(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub.add("org/name", {"train.jsonl": lines(3)}, private=True)
    assert plan_fetch(ADDRESS).files == 1
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(InputError, match="not who asks"):
        plan_fetch(ADDRESS)


def test_a_wrong_choice_is_refused_before_anything_comes(fake_hub: FakeHub) -> None:
    fake_hub.add("org/name", dataset())
    with pytest.raises(UsageError, match="no split is called 'dev'"):
        plan_fetch(ADDRESS, split="dev")
    assert fake_hub.asked("/storage/") == []


def test_no_room_is_said_before_anything_comes(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub.add("org/name", dataset())
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5))
    with pytest.raises(InputError, match=r"no room for .* 5 bytes are free"):
        plan_fetch(ADDRESS)
    assert fake_hub.asked("/storage/") == []


@pytest.mark.usefixtures("nothing_is_sent")
def test_offline_is_offline(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set"):
        plan_fetch(ADDRESS)
    assert fake_hub.requests == []


def test_what_the_hub_names_leads_nowhere_else() -> None:
    blob, commit = "b" * 40, "c" * 40
    files = {"../../out.jsonl": [1, blob], "in.jsonl": [1, "../../x"], "a.jsonl": [1, blob]}
    listing = listing_of({"commit": commit, "files": files, "card": ""})
    assert {name: each.blob for name, each in listing.files.items()} == {
        "in.jsonl": "",
        "a.jsonl": blob,
    }
    with pytest.raises(InputError, match="names no commit"):
        listing_of({"commit": "../x", "files": {}, "card": ""})
