"""`tamis spotcheck` as a person or a script meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from tui.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tamis(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(str(ended.value.code)), out, err

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "my train.jsonl"
    rows = [{"prompt": f"ask {n}", "response": f"say {n}", "q": n / 300} for n in range(300)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def values(tamis: Run, *arguments: object) -> dict[str, Any]:
    code, out, err = tamis("spotcheck", *arguments, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def decide(data: Path, *, bad: int) -> list[int]:
    """Answer the check that is in hand, as a reviewer would."""
    session = Session.open(data, OpenOptions(reviewer="ada"))
    queue = session.orders.current
    assert queue is not None
    session.decide(queue.rows[:bad], Verdict.REJECT)
    session.decide(queue.rows[bad:], Verdict.ACCEPT)
    session.close()
    drawn: list[int] = queue.rows.tolist()
    return drawn


def test_a_check_is_drawn_decided_and_reported(tamis: Run, data: Path) -> None:
    drawn = values(tamis, data, "--rows", 40, "--seed", 7, "--scorer", "column:q",
                   "--threshold", 0.5, "--reviewer", "eve")  # fmt: skip
    assert (drawn["rows"], drawn["seed"], drawn["population"]) == (40, 7, 150)
    assert (drawn["seen"], drawn["complete"], drawn["share_bad"]) == (0, False, None)
    assert drawn["drawn_by"] == "eve"
    rows = decide(data, bad=2)
    assert np.min(rows) >= 150
    report = values(tamis, data, "--report", "--scorer", "column:q")
    assert (report["bad"], report["sound"], report["complete"]) == (2, 38, True)
    assert report["share_bad"] == 0.05
    assert report["interval"]["low"] < 0.05 < report["interval"]["high"]
    assert (report["stale"], report["kept_digest"]) == (False, drawn["kept_digest"])


def test_the_same_seed_draws_the_same_rows(tamis: Run, data: Path, tmp_path: Path) -> None:
    sessions = [tmp_path / "a.db", tmp_path / "b.db"]
    rows = []
    for session in sessions:
        values(tamis, data, "--seed", 3, "--scorer", "column:q", "--session", session)
        opened = Session.open(data, OpenOptions(session=session))
        assert opened.orders.check is not None
        rows.append(opened.orders.check.rows.tolist())
        opened.close()
    assert rows[0] == rows[1]
    assert len(rows[0]) == 100


def test_people_are_told_what_to_do(tamis: Run, data: Path, tmp_path: Path) -> None:
    session = tmp_path / "s.db"
    code, out, _ = tamis("spotcheck", data, "--scorer", "column:q", "--session", session)
    assert code == 0
    assert "100 of 150 rows kept by rule" in out
    assert "0 of 100 seen" in out
    assert f"tamis '{data}' --session {session}" in out


def test_the_manifest_and_the_card_carry_it(tamis: Run, data: Path, tmp_path: Path) -> None:
    how = ("--scorer", "column:q", "--threshold", "0.5")
    values(tamis, data, "--rows", 10, *how)
    values(tamis, data, "--rows", 30, *how)
    decide(data, bad=3)
    assert tamis("export", data, "--output", tmp_path / "out", *how)[0] == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    first, last = manifest["spot_checks"]
    assert first["complete"] is False
    assert (last["bad"], last["complete"], last["stale"]) == (3, True, False)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Spot check (30 of 150 rows kept by rule" in card
    assert "3 of 30 bad, 10.0%" in card
    assert "1 earlier" in card
    stale = ("--scorer", "column:q", "--threshold", "0.6", "--overwrite")
    assert tamis("export", data, "--output", tmp_path / "out", *stale)[0] == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["spot_checks"][-1]["stale"] is True
    assert "Other rows were kept then" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--rows", "0"), "at least one row"),
        (("--seed", "-1"), "seed lies between"),
        (("--report", "--seed", "1"), "draws nothing"),
        (("--threshold", "2"), "nothing to check"),
        (("--report",), "no session|no spot check"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tamis: Run, data: Path, flags: tuple[str, ...], said: str
) -> None:
    code, _, err = tamis("spotcheck", data, "--scorer", "column:q", *flags)
    assert code in (2, 3)
    assert any(part in err for part in said.split("|"))
