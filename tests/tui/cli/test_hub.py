"""Datasets of the hub on the command line: what is sent, and what is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.hub.address import HubAddress
from engine.hub.source import fetch, plan_fetch
from tests.engine.hub.rows import dataset, lines
from tests.fake_hub import TOKEN, FakeHub, Fault
from tests.tui.pty_terminal import CHECKOUT, TAMIS, Terminal
from tui.cli.main import main
from tui.dialogs.hub_questions import HubWish

DATA = "hf://datasets/org/name"
COMMANDS = (
    ("info", DATA, "--json"),
    ("score", DATA, "--scorer", "heuristic", "--json"),
    ("dedup", DATA, "--json"),
    ("spotcheck", DATA, "--rows", "2", "--threshold", "0.1", "--json"),
    ("simulate", "--data", DATA, "--scorer", "heuristic", "--json"),
    ("export", DATA, "--output", "out", "--scorer", "heuristic", "--threshold", "0.1", "--json"),
)


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def tamis(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run a command in this process; nothing that it says may hold the token."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert TOKEN not in out + err
        return Ran(int(str(ended.value.code)), out, err)

    return run


def files_with_token(folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda each: each[0])
@pytest.mark.usefixtures("nothing_is_sent")
def test_without_the_flag_nothing_is_sent(
    arguments: tuple[str, ...], tamis: Run, fake_hub: FakeHub
) -> None:
    fake_hub.add("org/name", dataset())
    ran = tamis(*arguments)
    assert ran.code == 3
    assert "is not on this disk; looked in " in ran.err
    assert "--download fetches it from 127.0.0.1" in ran.err
    assert ran.out == ""
    assert fake_hub.requests == []


@pytest.fixture
def fetched(fake_hub: FakeHub) -> FakeHub:
    """A hub whose dataset is in the cache; what was asked until then is forgotten."""
    fake_hub.add("org/name", dataset())
    fetch(plan_fetch(HubAddress("org/name")))
    fake_hub.requests.clear()
    return fake_hub


def test_what_is_in_the_cache_is_opened_and_nobody_is_asked(
    tamis: Run, fetched: FakeHub, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.getfixturevalue("nothing_is_sent")
    cache = Path(os.environ["HF_HUB_CACHE"])
    before = sorted(cache.rglob("*"))
    commit = fetched.repositories["org/name"].head
    for command in COMMANDS:
        ran = tamis(*command)
        assert ran.code == 0, (command, ran.err)
        json.loads(ran.out)
    assert fetched.requests == []
    assert sorted(cache.rglob("*")) == before, "no session, no export inside of the cache"
    sessions = Path(os.environ["XDG_STATE_HOME"]) / "tamis"
    (session,) = sessions.glob("*.tamis.db")
    assert session.name.startswith("datasets-org-name-config-plain-")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["source"]["name"] == f"{DATA}@{commit}"
    assert f"`{DATA}@{commit}`" in (tmp_path / "out" / "README.md").read_text()
    assert tamis("info", DATA, "--split", "test", "--json").json["rows"] == 5
    assert tamis("info", DATA, "--config", "other", "--json").code == 3


def test_a_download_says_its_size_first_and_prints_one_object(
    tamis: Run, fake_hub: FakeHub, tmp_path: Path
) -> None:
    for name in ("json.py", "huggingface_hub.py"):  # in the folder that one happens to be in
        (tmp_path / name).write_text("raise SystemExit('run')\n")
    fake_hub.add("org/name", dataset())
    ran = tamis("info", DATA, "--download", "--split", "train", "--json")
    assert (ran.json["rows"], ran.json["files"]) == (40, 2)
    assert ran.json["name"].startswith(f"{DATA}@")
    assert ran.err.startswith("tamis: fetching 2 files, ")
    assert f"of {DATA} from 127.0.0.1" in ran.err
    fake_hub.requests.clear()
    assert tamis("info", DATA, "--download", "--split", "train").code == 0
    assert fake_hub.requests == [], "what is there is not asked for again"


def test_ctrl_c_leaves_what_has_come(fake_hub: FakeHub) -> None:
    content = lines(10_000)
    fake_hub.add("org/name", {"train.jsonl": content})
    fake_hub.faults.append(Fault("GET /storage/", slow_s=0.02))
    command = [*TAMIS, "info", DATA, "--download", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as running:
        limit_s = time.monotonic() + 60
        while fake_hub.sent_bytes < 600_000:
            assert time.monotonic() < limit_s
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert "the download was stopped; the next one goes on from there" in err
    assert "Traceback" not in err
    (part,) = Path(os.environ["HF_HUB_CACHE"]).rglob("*.incomplete")
    assert 0 < part.stat().st_size < len(content)


def test_the_desk_is_opened_on_an_address(
    tamis: Run, monkeypatch: pytest.MonkeyPatch, fake_hub: FakeHub
) -> None:
    opened: list[Any] = []
    monkeypatch.setattr("tui.cli.desk.refuse_without_terminal", lambda: None)
    monkeypatch.setattr("tui.app.run_desk", lambda *_, hub, **__: opened.append(hub))
    assert tamis(f"{DATA}@v1", "--split", "test").code == 0
    assert tamis("open", DATA, "--config", "a", "--download").code == 0
    assert opened == [
        HubWish(HubAddress("org/name", "v1"), "", "test"),
        HubWish(HubAddress("org/name"), "a", may_fetch=True),
    ]
    wrong = tamis("hf://org/name")
    assert wrong.code == 2
    assert "did you mean hf://datasets/org/name?" in wrong.err
    assert fake_hub.requests == []


# -- pushing -----------------------------------------------------------------------------------


@pytest.fixture
def rows(tmp_path: Path) -> str:
    (tmp_path / "train.jsonl").write_bytes(lines(30))
    return "train.jsonl"


def export(data: str, *more: str) -> tuple[str, ...]:
    scoring = ("--scorer", "heuristic", "--threshold", "0.1")
    return ("export", data, "--output", "out", *scoring, *more)


def test_a_push_sends_the_export_once_and_tells_it(
    tamis: Run, fake_hub: FakeHub, rows: str, tmp_path: Path
) -> None:
    ran = tamis(*export(rows, "--push", "me/mine", "--private", "--yes", "--json"))
    pushed = ran.json["push"]
    repository = fake_hub.repositories["me/mine"]
    assert pushed == {
        "repository": "me/mine",
        "url": f"{fake_hub.url}/datasets/me/mine",
        "commit": repository.head,
        "private": True,
        "files": len(ran.json["files"]),
        "rows": ran.json["counts"]["kept"],
        "size_bytes": sum(ran.json["files"].values()),
        "new": True,
    }
    files = repository.commits[repository.head]
    for name in ran.json["files"]:
        assert files[name] == (tmp_path / "out" / name).read_bytes()
    assert repository.private
    assert files_with_token(tmp_path) == []
    assert files_with_token(Path(os.environ["XDG_STATE_HOME"])) == []


def test_a_push_that_breaks_says_where_the_export_is_and_the_next_one_goes_on(
    tamis: Run, fake_hub: FakeHub, rows: str, tmp_path: Path
) -> None:
    fake_hub.faults.append(Fault("POST .*/commit/", status=403, times=1))
    ran = tamis(*export(rows, "--push", "me/mine", "--yes"))
    assert ran.code == 3
    assert ran.out.startswith(f"{tmp_path / 'out'}: 30 rows")
    assert f"does not allow it (403); the export is whole in {tmp_path / 'out'}" in ran.err
    assert "--overwrite tries again" in ran.err
    sent = len(fake_hub.asked("PUT"))
    assert sent
    again = tamis(*export(rows, "--push", "me/mine", "--yes", "--overwrite"))
    assert again.code == 0
    assert f"pushed    {fake_hub.url}/datasets/me/mine (public), commit " in again.out
    assert len(fake_hub.asked("PUT")) == sent, "its large files had arrived"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--push", "me/mine"), "--push asks before it sends, and there is no terminal to ask on"),
        (("--push", "no name", "--yes"), "not the name of a repository: 'no name'"),
        (("--private",), "--private is about a push"),
        (("--yes",), "--yes is about a push"),
        (("--split", "test"), "no split is called 'test'"),
        (("--config", "a"), "no configuration is called 'a'"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
@pytest.mark.usefixtures("nothing_is_sent")
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    more: tuple[str, ...], says: str, tamis: Run, fake_hub: FakeHub, rows: str, tmp_path: Path
) -> None:
    ran = tamis(*export(rows, *more))
    assert ran.code == 2
    assert says in ran.err
    assert not (tmp_path / "out").exists()
    assert fake_hub.requests == []


def test_who_cannot_push_hears_it_before_anything_is_scored(
    tamis: Run, fake_hub: FakeHub, rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    ran = tamis(*export(rows, "--push", "me/mine", "--yes"))
    assert ran.code == 3
    assert "no token is known to write with" in ran.err
    assert not (tmp_path / "out").exists()
    assert fake_hub.requests == []


@pytest.mark.parametrize("answer", ["n\r", "\x03"], ids=["no", "ctrl+c"])
def test_on_a_terminal_the_count_comes_before_the_question(
    answer: str, fake_hub: FakeHub, rows: str, tmp_path: Path
) -> None:
    command = (*TAMIS, *export(str(tmp_path / rows), "--push", "me/mine"))
    place = str(tmp_path / "out")
    command = tuple(place if each == "out" else each for each in command)
    with Terminal(command, size=(160, 24)) as terminal:
        terminal.wait_for("anything else does not:")
        shown = terminal.text
        assert "kept      " in shown
        assert "dataset    me/mine (new), public: everybody can read it" in shown
        assert "to send    5 files, " in shown
        terminal.send(answer)
        assert terminal.wait() == 130
        assert "not pushed, nothing of it was sent; the export is whole in" in terminal.text
    assert fake_hub.asked("POST|PUT") == []
