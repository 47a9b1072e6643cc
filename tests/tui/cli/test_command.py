"""The command line as a person or a script meets it: output, messages, exit codes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from engine.session.live_scoring import LiveScoring
from tests.tui.pty_terminal import TAMIS, Terminal
from tui.cli.main import main, with_default_command

GOOD = "Prepare the materials, combine them slowly, and check the result before you serve it."
REFUSAL = "As an AI language model, I cannot help with that."


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
def tamis(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ran(int(str(ended.value.code)), out, err)

    return run


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def tasks(count: int = 10) -> list[dict[str, Any]]:
    return [
        {
            "instruction": f"Explain method {n}.",
            "input": "",
            "output": REFUSAL if n % 5 == 0 else f"{GOOD} ({n})",
            "q": n / 10,
        }
        for n in range(count)
    ]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "train.jsonl", tasks())


@pytest.fixture
def decided(data: Path) -> Path:
    with closing(Session.open(data, OpenOptions(reviewer="ann"))) as session:
        import numpy as np

        session.decide(np.array([0]), Verdict.ACCEPT)
        session.decide(np.array([1, 2]), Verdict.REJECT)
    return data


# -- which command -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], []),
        (["train.json"], ["open", "train.json"]),
        (["--reviewer", "info", "train.json"], ["open", "--reviewer", "info", "train.json"]),
        (["info", "x"], ["info", "x"]),
        (["./info"], ["open", "./info"]),
        (["--", "info"], ["open", "--", "info"]),
        (["--version"], ["--version"]),
        (["--help"], ["--help"]),
    ],
)
def test_a_path_alone_opens_it(given: list[str], meant: list[str]) -> None:
    assert with_default_command(given, ["open", "info"]) == meant


def test_help_and_version(tamis: Run) -> None:
    assert tamis("--version").out.startswith("tamis ")
    shown = tamis("--help")
    assert shown.code == 0
    assert "..." not in shown.out.partition("Commands:")[2]
    assert tamis("export", "--help").code == 0
    nothing = tamis()
    assert nothing.code == 2
    assert "Usage" in nothing.err


@pytest.mark.usefixtures("data")
def test_a_slip_in_a_command_is_told_from_a_slip_in_a_path(tamis: Run) -> None:
    assert tamis("exprot").code == 2
    assert "info, score, export" in tamis("exprot").err
    missing = tamis("missing.json")
    assert missing.code == 3
    assert "no such file" in missing.err
    assert tamis("info", "missing.json").code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"],
        ["info", "train.jsonl", "--bogus"],
        ["--bogus"],
        ["info", "train.jsonl", "--family", "bogus"],
        ["info", "train.jsonl", "--prompt-column", "bogus"],
        ["export", "train.jsonl"],
        ["export", "train.jsonl", "--output", "o", "--format", "bogus"],
        ["export", "train.jsonl", "--output", "o", "--keep", "bogus"],
        ["export", "train.jsonl", "--output", "o", "--threshold", "bogus"],
        ["export", "train.jsonl", "--output", "o", "--drop-duplicates", "80"],
        ["export", "train.jsonl", "--output", "o", "--copies", "bogus"],
        ["dedup", "train.jsonl", "--on", "bogus"],
        ["dedup", "train.jsonl", "--shingle", "word"],
        ["dedup", "train.jsonl", "--similarity", "0"],
        ["score", "train.jsonl", "--scorer", "bogus"],
        ["score", "train.jsonl", "--scorer", "none"],
        ["score", "train.jsonl", "--max-length", "-1"],
        ["train.jsonl", "--threshold", "bogus"],
        ["train.jsonl"],
        ["demo"],
    ],
)
def test_misuse_is_two(tamis: Run, data: Path, arguments: list[str]) -> None:
    ran = tamis(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err
    assert not (data.parent / "o").exists()


def test_a_bad_threshold_is_refused_before_anything_is_read(tamis: Run, data: Path) -> None:
    ran = tamis("export", data, "--output", "o", "--threshold", "110%")
    assert ran.code == 2
    assert "between 0 and 100" in ran.err
    assert not list(data.parent.glob("*.db"))


def test_messages_show_hostile_names_as_text(tamis: Run, data: Path) -> None:
    name = "a\x1b]0;owned\x07.jsonl"
    for ran in (tamis("info", name), tamis("info", data, f"--{name}"), tamis(f"./{name}")):
        assert ran.code in (2, 3)
        assert "\x1b" not in ran.err
        assert "owned" in ran.err
    (data.parent / name).write_text('{"prompt": "a", "\x1b[31m\nresponse": 1}\n[\n')
    ran = tamis("info", name)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert json.loads(tamis("info", name, "--json").out)["problems_total"] == 2


UNSEEN = (
    "\x7f", "\x9b", "\x9d", "\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\U000e0041",
)  # fmt: skip


@pytest.mark.parametrize("sign", UNSEEN, ids=ascii)
def test_nothing_unseen_is_printed(tamis: Run, data: Path, sign: str) -> None:
    row = {"prompt": "a", f"x{sign}y": 1, "response": "漢字 é"}
    (data.parent / "odd.jsonl").write_text(json.dumps(row) + "\n[\n")
    ran = tamis("info", "odd.jsonl", "--json")
    assert all(character.isprintable() or character == "\n" for character in ran.out)
    assert sign in json.loads(ran.out)["all_columns"][1]
    for ran in (tamis("info", "odd.jsonl"), tamis("info", f"x{sign}y")):
        assert sign not in ran.out + ran.err


def test_a_name_that_is_no_text_can_be_told(tamis: Run, data: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \xf0\x9f\x8c\xb3.jsonl")
    (data.parent / name).write_bytes(data.read_bytes())
    found = json.loads(tamis("info", name, "--json").out)
    assert found["rows"] == 10
    assert json.loads(tamis("info", f"{name}x", "--json").out or "null") is None
    assert "caf" in json.dumps(found)


# -- info --------------------------------------------------------------------------------------


def test_info(tamis: Run, data: Path) -> None:
    data.write_text(data.read_text() + '{"instruction": \n')
    ran = tamis("info", data)
    assert ran.code == 0
    assert ran.err == ""
    assert "prompt = instruction, input = input, response = output" in ran.out
    assert "rows      11, 1 could not be read" in ran.out
    assert f"{data}:11 (row 10): " in ran.out
    found = tamis("info", data, "--json").json
    assert found["family"] == "alpaca"
    assert found["rows"] == 11
    assert found["problems"][0]["line"] == 11
    assert not list(data.parent.glob("*.db"))


def test_info_lists_no_endless_problems(tamis: Run, data: Path) -> None:
    write(data, [{**row, "output": ""} for row in tasks(30)])
    ran = tamis("info", data)
    assert "and 10 more" in ran.out
    assert len(ran.out.splitlines()) < 32


def test_info_of_a_folder_with_two_families(tamis: Run) -> None:
    from engine.demo import demo_folder

    ran = tamis("info", demo_folder())
    assert ran.code == 0
    assert "alpaca 1," in ran.out
    assert "2 files" in ran.out


def test_info_of_columns_that_nobody_knows(tamis: Run, data: Path) -> None:
    write(data, [{"foo": [1], "bar": {"x": 2}}])
    assert (
        "foo, bar: no family fits, name the prompt with --prompt-column" in tamis("info", data).out
    )
    for command in (["score", data], ["export", data, "--output", "o"]):
        ran = tamis(*command)
        assert ran.code == 2
        assert "--prompt-column" in ran.err


def test_info_imports_no_screen_and_no_model(data: Path) -> None:
    program = (
        "import sys\n"
        "from tui.cli.main import main\n"
        "try: main(['info', sys.argv[1]])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'textual', 'torch', 'transformers', 'datasketch', 'datasets', 'pyarrow'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program, data], check=True, capture_output=True)


@pytest.mark.parametrize("flag", ["--copies", "--repeats"])
def test_copies_have_an_older_name(tamis: Run, data: Path, flag: str) -> None:
    scorer = ("--scorer", "column:q", "--json")
    assert tamis("export", data, "--output", "o", flag, "weight", *scorer).json["copies"] == {
        "as": "weight", "column": "weight", "repeated_rows": 0, "kept_counted": 5
    }  # fmt: skip


# -- score -------------------------------------------------------------------------------------


def test_score_says_what_it_did_and_does_it_once(tamis: Run, data: Path) -> None:
    first = tamis("score", data, "--json").json
    assert (first["scorer"], first["rows"], first["scored"]) == ("builtin", 10, 10)
    assert (first["failed"], first["broken"], first["new_scores"]) == (0, 0, 10)
    ran = tamis("score", data)
    assert ran.out.startswith("10 of 10 rows scored by builtin")
    assert "0 scores are new" in ran.out
    assert ran.err == ""


def test_scores_are_written_and_not_overwritten(tamis: Run, data: Path) -> None:
    assert tamis("score", data, "--output", "s.parquet", "--json").json["output"] == "s.parquet"
    again = tamis("score", data, "--output", "s.parquet")
    assert again.code == 3
    assert "--overwrite" in again.err
    assert tamis("score", data, "--output", "s.parquet", "--overwrite").code == 0
    assert pl.read_parquet("s.parquet").height == 10
    assert tamis("score", data, "--scorer", "file:s.parquet", "--json").json["scored"] == 10


def test_failed_and_broken_rows_are_counted_and_no_error(tamis: Run, data: Path) -> None:
    rows = tasks(3)
    write(data, [{**rows[0], "q": "x"}, *rows[1:]])
    data.write_text(data.read_text() + "{\n")
    ran = tamis("score", data, "--scorer", "column:q", "--json")
    assert ran.code == 0
    assert (ran.json["scored"], ran.json["failed"], ran.json["broken"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        ("column:bogus", "no column"),
        ("hf:no/such-model", "--download"),
        ("file:bogus.parquet", "no such file"),
    ],
)
def test_a_scorer_that_cannot_be_used_is_four_and_forgotten(
    tamis: Run, data: Path, scorer: str, message: str
) -> None:
    ran = tamis("score", data, "--scorer", scorer)
    assert (ran.code, ran.out) == (4, "")
    assert message in ran.err
    assert tamis("score", data, "--json").json["scorer"] == "builtin"


def test_a_scorer_that_can_score_no_row_is_four(tamis: Run, data: Path) -> None:
    ran = tamis("score", data, "--scorer", "column:input", "--output", "s.parquet")
    assert (ran.code, ran.out) == (4, "")
    assert "none of 10 rows could be scored\nthe score's cell is empty" in ran.err
    assert not (data.parent / "s.parquet").exists()


def test_what_a_scorer_and_a_session_have_to_say_is_on_stderr(
    tamis: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.scoring.heuristic import HeuristicScorer

    assert tamis("score", data, "--scorer", "heuristic").err == ""
    monkeypatch.setattr(HeuristicScorer, "warnings", ("be \x1b careful",))
    write(data, tasks(12))
    ran = tamis("score", data, "--json")
    assert ran.json["new_scores"] == 2
    assert "be \N{REPLACEMENT CHARACTER} careful" in ran.err
    assert "the dataset has changed" in ran.err


def test_a_session_that_is_open_is_five(tamis: Run, decided: Path) -> None:
    with closing(Session.open(decided)):
        ran = tamis("score", decided)
        assert ran.code == 5
        assert "--read-only" in ran.err
        assert tamis("export", decided, "--output", "o").code == 5
        beside = tamis("export", decided, "--output", "o", "--read-only", "--json")
        assert beside.json["counts"]["kept_by_hand"] == 1


def test_a_session_elsewhere(tamis: Run, data: Path) -> None:
    (data.parent / "deep").mkdir()
    assert tamis("score", data, "--session", "deep/s.db").code == 0
    assert (data.parent / "deep" / "s.db").exists()
    assert not list(data.parent.glob("*.db"))
    assert tamis("score", data, "--session", data).code == 3
    assert tamis("score", data, "--session", "nowhere/s.db").code == 3


# -- export ------------------------------------------------------------------------------------


def test_export_says_which_threshold_it_used(tamis: Run, decided: Path) -> None:
    own = tamis("export", decided, "--output", "own", "--scorer", "heuristic")
    assert "kept      7: 1 by hand, 6 by rule" in own.out
    assert "score >= 0.5 keeps (the scorer's own)" in own.out
    given = tamis("export", decided, "--output", "given", "--threshold", "<= 25%", "--json").json
    assert given["threshold"]["source"] == "given"
    assert given["threshold"]["direction"] == "<="
    # A threshold on the command line is for that run: the desk's stays what it was.
    after = tamis("export", decided, "--output", "after", "--json").json
    assert after["threshold"]["source"] == "the scorer's own"
    guess = tamis("export", decided, "--output", "guess", "--scorer", "column:q")
    assert "a guess: the median" in guess.out
    assert "set one with --threshold" in guess.out
    none = tamis("export", decided, "--output", "none", "--scorer", "none", "--allow-pending")
    assert "threshold none" in none.out
    assert "kept      1: 1 by hand" in none.out


def test_export_takes_the_threshold_of_the_desk_but_not_its_direction(
    tamis: Run, data: Path
) -> None:
    with closing(Session.open(data)) as session:
        session.start_scoring("column:q")
        session.scoring.wait(lambda _: False)
        session.set_threshold("<= 0.3")
    desk = tamis("export", data, "--output", "a", "--json").json
    assert desk["threshold"]["source"] == "set in the session"
    assert desk["counts"]["kept"] == 4
    given = tamis("export", data, "--output", "b", "--threshold", "0.3", "--json").json
    assert given["counts"]["kept"] == 7


def test_export_formats_and_parts(tamis: Run, data: Path) -> None:
    for form, name in {
        "jsonl": "kept.jsonl",
        "parquet": "kept.parquet",
        "csv": "kept.csv",
        "hf": "kept.parquet",
    }.items():
        ran = tamis("export", data, "--output", form, "--format", form, "--keep", "all", "--json")
        assert ran.code == 0
        assert name in ran.json["files"]
        assert {"decisions.parquet", "manifest.json", "README.md"} <= set(ran.json["files"])
    annotated = tamis("export", data, "--output", "x", "--annotate", "--scorer", "heuristic")
    assert annotated.code == 0
    assert "tamis_score" in (data.parent / "x" / "kept.jsonl").read_text()


def test_a_tie_that_is_cut_is_told(tamis: Run, data: Path) -> None:
    ran = tamis("export", data, "--output", "o", "--threshold", "top 1", "--scorer", "heuristic")
    assert "1 kept: 0 by hand, 1 by rule (1 of 8 tied at 0.9284)" in ran.out
    assert "tied" not in tamis("export", data, "--output", "p", "--threshold", "9").out


def test_pending_rows_stop_an_export(tamis: Run, data: Path) -> None:
    ran = tamis("export", data, "--output", "o", "--scorer", "none")
    assert ran.code == 4
    assert "--allow-pending" in ran.err
    assert not (data.parent / "o").exists()


def test_a_place_that_is_taken_is_told_before_scoring(tamis: Run, data: Path) -> None:
    (data.parent / "o").mkdir()
    (data.parent / "o" / "mine.txt").touch()
    ran = tamis("export", data, "--output", "o", "--overwrite", "--scorer", "hf:no/such-model")
    assert ran.code == 3
    assert "not an export of tamis" in ran.err
    assert tamis("export", data, "--output", "p").code == 0
    assert tamis("export", data, "--output", "p").code == 3
    assert tamis("export", data, "--output", "p", "--overwrite").code == 0


# -- streams, terminals, signals ---------------------------------------------------------------


def run(*arguments: object, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*TAMIS, *map(str, arguments)], check=False, timeout=60, **more)


def test_a_reader_who_has_seen_enough_is_no_error(data: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = run("info", data, "--json", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_no_room_for_the_result_is_a_message(data: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = run("info", data, stdout=full, stderr=subprocess.PIPE)
        assert ran.returncode == 3
        assert b"No space left" in ran.stderr
        assert b"Traceback" not in ran.stderr
        assert run("info", "missing.json", stderr=full).returncode == 3


def test_closed_streams_are_survived(data: Path) -> None:
    command = " ".join(TAMIS)
    for redirection, code in ((">&-", 0), ("2>&-", 0), (">&- 2>&- <&-", 0)):
        shell = f"{command} info '{data}' {redirection}"
        assert subprocess.run(["sh", "-c", shell], check=False, timeout=60).returncode == code


def test_an_ascii_terminal_gets_question_marks(data: Path) -> None:
    write(data, [{**row, "output": ""} for row in tasks(30)])
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = run("info", data, capture_output=True, env=environment)
    assert ran.returncode == 0
    assert b"? and 10 more" in ran.stdout


def test_progress_is_shown_in_a_terminal_and_taken_away(tmp_path: Path) -> None:
    data = write(tmp_path / "train.jsonl", tasks(4000))
    with Terminal([*TAMIS, "score", str(data), "--scorer", "heuristic"], size=(60, 10)) as terminal:
        terminal.wait_for("rows scored by heuristic", timeout_s=60)
        assert b"scoring: heuristic" in terminal.raw
        assert "scoring:" not in terminal.text


def scored_so_far(session: Path) -> int:
    """What a writer has put on disk, read beside it."""
    try:
        with closing(sqlite3.connect(f"file:{session}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT sum(n) FROM score_blocks").fetchone()
    except sqlite3.Error:
        return 0
    return int(count or 0)


PACED = """
import signal, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # tamis leaves it alone where these tests ignore it
from engine.scoring.heuristic import HeuristicScorer
score = HeuristicScorer.score
def paced(self, batch):
    time.sleep(0.003 * len(batch))
    return score(self, batch)
HeuristicScorer.score = paced
from tui.cli.main import main
main()
"""
"""The command with a scorer that takes its time: 24 s for what `slow` gives it."""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A long scoring run, somewhere in its middle."""
    rows = [
        {"prompt": f"Tell a tale, number {n}.", "response": f"{n} " + "all is well. " * 300}
        for n in range(8_000)
    ]
    data = write(tmp_path / "long.jsonl", rows)
    process = subprocess.Popen(
        [TAMIS[0], "-c", PACED, "score", str(data), "--scorer", "heuristic"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not scored_so_far(data.with_name("long.jsonl.tamis.db")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield data, process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_run_that_is_stopped_or_killed_keeps_its_scores(
    slow: tuple[Path, subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    data, process = slow
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert out == b""
    if number is signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 130
        assert err == b"tamis: cancelled; what was scored is kept\n"
    kept = scored_so_far(data.with_name("long.jsonl.tamis.db"))
    assert 0 < kept < 8_000
    with closing(Session.open(data)) as session:
        session.start_scoring("heuristic")
        # What was on disk is all there before the first new score.
        session.scoring.wait(lambda _: session.scoring.new_scores > 0)
        taken = (
            int((session.board.scores == session.board.scores).sum()) - session.scoring.new_scores
        )
        assert taken == kept


def test_a_stopped_run_goes_on(tamis: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LiveScoring, "wait", interrupt)
        ran = tamis("score", data)
        assert (ran.code, ran.err) == (130, "tamis: cancelled; what was scored is kept\n")
        patched.setattr(Session, "open", interrupt)
        assert tamis("score", data).err == "tamis: cancelled\n"
        assert tamis("score", data).code == 130
    assert tamis("score", data, "--json").json["scored"] == 10


def test_a_fault_of_the_program_is_not_hidden(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Session, "open", broken)
    with pytest.raises(ZeroDivisionError):
        main(["score", str(data)])


def test_models_are_listed(tamis: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    ran = tamis("models")
    assert ran.code == 0
    assert "reward-model-deberta-v3-large-v2" in ran.out
    assert "none in the hub's cache" in ran.out
    listed = tamis("models", "--json").json
    assert {model["on_disk"] for model in listed["models"]} == {False}
    assert all(model["input_format"] and model["memory_bytes"] for model in listed["models"])


@pytest.mark.parametrize("command", ["score", "export", "spotcheck", "simulate"])
def test_every_command_that_scores_takes_the_flags_of_a_model(
    tamis: Run, data: Path, tmp_path: Path, command: str
) -> None:
    where = ("--data", data) if command == "simulate" else (data,)
    more = ("--output", tmp_path / "out") if command == "export" else ()
    model = ("--scorer", "builtin", "--device", "cuda:99", "--max-length", 64, "--download")
    code, _, err = tamis(command, *where, *more, *model)
    assert code == 4
    assert "cuda:99" in err
