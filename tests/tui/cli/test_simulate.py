"""`tamis simulate` as a person or a script meets it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.scoring.figures import start_auc
from tui.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def simulate(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", *(str(argument) for argument in arguments)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(str(ended.value.code)), out, err

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    rows = [{"prompt": f"ask {n}", "response": f"say {n}", "q": n / 300} for n in range(300)]
    rows += [{"prompt": "ask 299", "response": "say 299", "q": 1.0}] * 20
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def values(simulate: Run, *arguments: object) -> dict[str, Any]:
    code, out, _ = simulate(*arguments, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_story_of_alpagasus(simulate: Run) -> None:
    every = values(simulate, "--size", 52002, "--noise", 0.17)
    best = values(simulate, "--size", "9,229", "--noise", 0.03)
    assert every["performance"] == pytest.approx(90.2791, abs=1e-3)
    assert best["performance"] == pytest.approx(91.8332, abs=1e-3)
    assert every["band"] == pytest.approx([85.2, 93.3], abs=0.1)
    assert every["elasticity"] == pytest.approx(7.46, abs=0.01)
    assert every["slope"] / 100 == pytest.approx(22_825, abs=1)
    dearer = values(simulate, "--size", 52002 + every["rows_for_next_point"], "--noise", 0.18)
    assert dearer["performance"] == pytest.approx(every["performance"], abs=1e-4)
    assert every["rows_for_next_point"] > every["slope"] / 100
    assert sum(every["terms"].values()) == pytest.approx(100 - every["performance"])
    assert set(every["terms"]) == {"volume", "noise", "duplication", "irreducible"}
    assert {"noise": 0.0, "rows": pytest.approx(3170, abs=1)} == every["frontier"][0]


def test_the_book_and_the_defaults(simulate: Run) -> None:
    assert values(simulate)["performance"] == pytest.approx(90.7449, abs=1e-3)
    book = values(simulate, "--model", "book", "--duplication", 0.25)
    assert book["band"] is None
    assert book["performance"] == pytest.approx((32 - 1.8) * 1.15)
    assert values(simulate, "--model", "book", "--size", "1M")["clamped"]
    _, out, _ = simulate("--model", "book", "--size", "2M", "--noise", 0.5)
    assert "held at the end" in out
    assert "more rows do not help" in out


def test_frontier_as_json_text_and_csv(simulate: Run) -> None:
    line = values(simulate, "--frontier", 88)
    rows = {point["noise"]: point["rows"] for point in line["frontier"]}
    assert (rows[0.0], rows[0.1], rows[0.2]) == (997, 1858, 20849)
    assert line["frontier_noise_limit"] == pytest.approx(0.290, abs=5e-4)
    _, out, _ = simulate("--frontier", 88)
    assert "1,858 rows at   10 % noise" in out
    assert "out of reach above 29.0 % noise" in out
    _, out, _ = simulate("--frontier", 88, "--csv")
    table = list(csv.DictReader(io.StringIO(out)))
    assert table[10] == {"noise": "0.1", "rows": "1858"}
    _, out, _ = simulate("--frontier", 99.9)
    assert "cannot be reached" in out


def test_csv_of_the_curve(simulate: Run) -> None:
    _, out, _ = simulate("--csv")
    table = list(csv.DictReader(io.StringIO(out)))
    middle = next(row for row in table if abs(float(row["rows"]) - 10_000) < 1)
    assert float(middle["performance"]) == pytest.approx(90.7449, abs=1e-3)
    assert float(middle["low"]) < 90 < float(middle["high"])
    _, out, _ = simulate("--csv", "--model", "book")
    assert next(csv.DictReader(io.StringIO(out)))["low"] == ""


def test_text_for_people(simulate: Run) -> None:
    code, out, _ = simulate("--size", "52k", "--noise", "0.17")
    assert code == 0
    assert "90.3 points, band 85.2 to 93.3" in out
    assert "not a forecast" in out
    _, about, _ = simulate("--about")
    assert "RobustFT" in about
    assert about.count("forecast") == about.count("not a forecast")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--noise", "10"], "did you mean 0.10?"),
        (["--duplication", "25"], "did you mean 0.25?"),
        (["--size", "0"], "at least one row"),
        (["--size", "lots"], "size not understood"),
        (["--model", "oracle"], "calibrated, book"),
        (["--frontier", "120"], "between 0 and 100"),
        (["--json", "--csv"], "exclude each other"),
        (["--threshold", "1"], "name one with --data"),
        (["--auc", "0.7"], "name one with --data"),
        (["--allow-pickle"], "--allow-pickle is about a dataset"),
        (["--noise", "nan"], "noise is a share"),
    ],
)
def test_bad_usage_is_said(simulate: Run, arguments: list[str], said: str) -> None:
    code, out, err = simulate(*arguments)
    assert code == 2
    assert said in err
    assert not out


def test_what_was_measured_of_the_scorer_at_work_is_assumed(simulate: Run, data: Path) -> None:
    found = values(simulate, "--data", data, "--scorer", "builtin", "--threshold", "top 10")
    measured, assumed = start_auc("builtin"), found["noise_estimate"]["assumed"]
    assert measured is not None
    assert (assumed["auc"], assumed["auc_low"], assumed["auc_high"]) == (
        measured.value, measured.low, measured.high,
    )  # fmt: skip
    assert assumed["auc_from"] == measured.source
    given = values(simulate, "--data", data, "--scorer", "builtin", "--auc", 0.7)
    assert given["noise_estimate"]["assumed"]["auc"] == 0.7


def test_on_a_dataset(simulate: Run, data: Path) -> None:
    found = values(
        simulate, "--data", data, "--scorer", "column:q", "--threshold", 0.5, "--noise", 0.3
    )
    assert found["rows"] == 170
    assert found["copies"]["rate"] == pytest.approx(20 / 170)
    assert found["copies"]["found_by"] == "exact repeats only"
    assert found["copies"]["hot_clusters"]
    assert found["effective_rows"] == pytest.approx(149 + 1 + 11.19, abs=0.01)
    noise = found["noise_estimate"]
    assert noise["source"] == "assumed"
    assert noise["assumed"]["noise"] == 0.3
    assert noise["interval"][0] < noise["share"] == found["noise"] < 0.3
    assert found["best"]["under_these_assumptions"]
    assert found["best"]["performance"] == pytest.approx(
        max(point["performance"] for point in found["sweep"])
    )
    assert found["cost"]["saved"]["rows"] == 150
    assert {one["step"] for one in found["next"]} == {"review", "duplicates"}
    assert not found["best"]["clearly_better_than_now"]
    sure = ("--scorer", "column:q", "--threshold", 0.01, "--noise", 0.3, "--auc", 0.95)
    found = values(simulate, "--data", data, *sure)
    assert found["best"]["clearly_better_than_now"]
    assert "threshold" in {one["step"] for one in found["next"]}
    code, out, _ = simulate("--data", data, "--scorer", "column:q", "--threshold", "top 10")
    assert code == 0
    assert "under these assumptions" in out
    assert "exact duplicates only" in out
    assert "17.0 % noise in the whole set" in out
    _, out, _ = simulate("--data", data, "--scorer", "column:q", "--csv")
    table = list(csv.DictReader(io.StringIO(out)))
    assert len(table) > 100
    assert float(table[0]["rows"]) == 320


def test_training_at_ones_own_price(simulate: Run, data: Path) -> None:
    cost = values(
        simulate, "--data", data, "--scorer", "column:q", "--threshold", "25%",
        "--tokens-per-second", 100, "--price-per-hour", 36,
    )["cost"]  # fmt: skip
    whole = cost["whole"]
    assert whole["seconds"] == pytest.approx(whole["tokens"] * 3 / 100)
    assert whole["price"] == pytest.approx(whole["seconds"] / 100)


def test_a_threshold_of_one_run_is_not_remembered(simulate: Run, data: Path) -> None:
    values(simulate, "--data", data, "--scorer", "column:q", "--threshold", 0.9)
    again = values(simulate, "--data", data, "--scorer", "column:q")
    assert again["rows"] > 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--size", "10"], "are measured"),
        (["--auc", "2"], "an AUC lies between"),
        (["--noise", "17"], "did you mean 0.17?"),
        (["--threshold", "high"], "threshold not understood"),
        (["--scorer", "none"], "nothing is kept"),
        (["--tokens-per-second", "0"], "must be a positive number"),
        (["--price-per-hour", "-1"], "must be a positive number"),
    ],
)
def test_bad_usage_with_data_is_said(
    simulate: Run, data: Path, arguments: list[str], said: str
) -> None:
    code, out, err = simulate("--data", data, *arguments)
    assert code == 2
    assert said in err
    assert not out
