from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui.cli.main import main
from tui.terminal.screen_log import (
    MAX_LOG_BYTES,
    bound_log,
    earlier_log_path,
    log_lines,
    log_path,
    quiet_libraries,
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


def test_what_is_printed_by_anybody_goes_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_libraries("rows \x1b[2J.jsonl"):
        os.write(1, b"from C on 1\n")
        os.write(2, b"from C on 2\n")
    os.write(1, b"after\n")
    out, err = capfd.readouterr()
    assert (out, err) == ("after\n", "")
    lines = log_lines(10)
    assert lines[1:] == ["from C on 1", "from C on 2"]
    assert "rows \\x1b[2J.jsonl" in lines[0]
    assert log_path().stat().st_mode & 0o777 == 0o600


def test_the_log_is_bounded_while_it_is_written_to() -> None:
    with quiet_libraries():
        for _ in range(3):
            os.write(1, b"x" * 99 + b"\n" * 1)
            os.write(1, (b"y" * 99 + b"\n") * (MAX_LOG_BYTES // 100))
            bound_log()
        os.write(1, b"the last\n")
    assert log_path().stat().st_size < 1000
    assert earlier_log_path().stat().st_size <= MAX_LOG_BYTES
    assert log_lines(2) == ["y" * 99, "the last"]


def test_log_shows_its_end_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "log")
    assert (code, out) == (0, "")
    assert str(log_path()) in err
    log_path().parent.mkdir(parents=True, exist_ok=True)
    log_path().write_bytes(b"one\n\x1b]52;c;ZXZpbA==\x07\xff\nthree\n")
    code, out, _ = run(capsys, "log", "--lines", "2")
    assert code == 0
    assert "one" not in out
    assert "\x1b" not in out
    assert out.splitlines()[1] == "three"
    _, out, _ = run(capsys, "log", "--json")
    assert json.loads(out)["lines"][0] == "one"
    _, out, _ = run(capsys, "log", "--path")
    assert Path(out.strip()) == log_path()
    assert run(capsys, "log", "--lines", "0")[0] == 2


def test_a_state_folder_that_cannot_be_written_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with quiet_libraries():
        os.write(1, b"nowhere\n")
    assert capfd.readouterr() == ("", "")
    assert log_lines(5) == []
