"""Pushing to a real HTTP server on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Cancelled, InputError, UsageError
from engine.hub.publishing import Upload, ask_standing, push_export
from tests.engine.hub.rows import lines
from tests.fake_hub import TOKEN, FakeHub, Fault

NAME = "me/mine"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "README.md").write_text("---\nlicense: unknown\n---\n# Mine\n")
    (folder / "manifest.json").write_text("{}\n")
    (folder / "kept.jsonl").write_bytes(lines(2_000))
    (folder / "decisions.parquet").write_bytes(b"PAR1" * 5_000)
    return folder


def upload(folder: Path, *, private: bool = False) -> Upload:
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    return Upload(ask_standing(NAME, private=private), folder, sizes, 2_000)


def test_a_folder_is_pushed_once(fake_hub: FakeHub, export: Path) -> None:
    wish = upload(export, private=True)
    size = sum(wish.sizes.values())
    assert wish.lines() == [
        f"to         {fake_hub.url.removeprefix('http://')}",
        "dataset    me/mine (new), private",
        f"to send    4 files, 2,000 rows, {size / 1e3:.1f} kB",
    ]
    assert fake_hub.asked("POST|PUT") == [], "nothing is sent before a yes"
    told: list[int] = []
    pushed = push_export(wish, progress=lambda _what, done, _total: told.append(done))
    repository = fake_hub.repositories[NAME]
    assert pushed.is_new
    assert (pushed.commit, pushed.url) == (repository.head, f"{fake_hub.url}/datasets/{NAME}")
    assert repository.private
    files = repository.commits[repository.head]
    assert set(files) == {path.name for path in export.iterdir()} | {".gitattributes"}
    for path in export.iterdir():
        assert files[path.name] == path.read_bytes()
    assert told
    assert max(told) <= size

    # Again: nothing is new, nothing large is sent, and there is no other commit.
    sent = len(fake_hub.asked("PUT"))
    again = upload(export)
    assert again.lines()[1:] == [
        "dataset    me/mine (exists), private",
        wish.lines()[2],
        "           what is there already is not sent again",
    ]
    same = push_export(again)
    assert not same.is_new
    assert same.commit == pushed.commit
    assert len(fake_hub.asked("PUT")) == sent
    assert len(fake_hub.asked("/commit/")) == 1
    assert not any("Authorization" in each for each in fake_hub.headers_of("PUT"))


def test_a_push_that_breaks_in_the_middle_goes_on(fake_hub: FakeHub, export: Path) -> None:
    fake_hub.faults.append(Fault("PUT /storage/", status=403, passes=1, times=1))
    with pytest.raises(InputError, match="does not allow it") as caught:
        push_export(upload(export))
    assert TOKEN not in str(caught.value)
    assert len(fake_hub.stored) == 1
    assert list(fake_hub.repositories[NAME].commits.values())[-1].keys() == {".gitattributes"}
    already = len(fake_hub.asked("PUT"))
    assert push_export(upload(export)).is_new
    assert len(fake_hub.asked("PUT")) == already + 1, "only what is missing is sent"
    assert len(fake_hub.stored) == 2


def test_a_push_can_be_stopped_and_shows_nothing_then(fake_hub: FakeHub, export: Path) -> None:
    fake_hub.faults.append(Fault("/commit/", late_s=60))
    with pytest.raises(Cancelled, match="sends what is missing"):
        push_export(upload(export), cancelled=lambda: len(fake_hub.stored) == 2)
    assert set(fake_hub.repositories[NAME].commits[fake_hub.repositories[NAME].head]) == {
        ".gitattributes"
    }


def test_other_files_of_the_dataset_stay_and_are_told(fake_hub: FakeHub, export: Path) -> None:
    fake_hub.add(NAME, {".gitattributes": b"", "older.parquet": b"PAR1", "README.md": b"# Old"})
    wish = upload(export)
    assert wish.lines()[1] == "dataset    me/mine (exists), public: everybody can read it"
    assert wish.lines()[-1] == "stays      1 files that the dataset has beside these"
    push_export(wish)
    files = fake_hub.repositories[NAME].commits[fake_hub.repositories[NAME].head]
    assert files["older.parquet"] == b"PAR1"
    assert files["README.md"] == (export / "README.md").read_bytes()


def test_private_is_not_promised_for_what_is_public(fake_hub: FakeHub) -> None:
    fake_hub.add(NAME, {"README.md": b""})
    with pytest.raises(UsageError, match="exists and is public"):
        ask_standing(NAME, private=True)


def test_without_a_token_nothing_is_asked(
    fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(InputError, match="no token is known"):
        ask_standing(NAME, private=False)
    assert fake_hub.requests == []


def test_the_token_may_lie_in_the_hubs_own_file(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    assert not ask_standing(NAME, private=False).exists
    assert fake_hub.headers_of("/api/")[0]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.usefixtures("fake_hub")
def test_a_token_that_the_hub_does_not_know_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(InputError, match="not who asks") as caught:
        ask_standing(NAME, private=False)
    assert "hf_wrong" not in str(caught.value)
