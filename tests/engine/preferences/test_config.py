from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.preferences.config import (
    REJECT_REASONS,
    SETTINGS,
    Config,
    config_path,
    load_config,
    read_config,
    sample_config,
)
from engine.preferences.toml_lines import read_lined
from engine.session import OpenOptions, Session
from engine.simulator.cost import TrainingRun

FILE = Path("/home/ada/config.toml")


def test_no_file_is_no_problem() -> None:
    config = load_config()
    assert config == Config()
    assert config.path is None
    assert config.reasons == REJECT_REASONS


def test_what_the_file_says_is_used_and_knows_its_line() -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(
        '[defaults]\nscorer = "heuristic"\nthreshold = 25\nreviewer = " ada "\n'
        '[screen]\ntheme = "tamis-light"\nascii = true\nmouse = false\n'
        '[reject]\nreasons = [\n  "bad",\n  "worse",\n]\n'
        "[simulator]\ntokens_per_s = 9000\nprice_per_hour = 0\nepochs = 2\n"
        '[keys]\naccept = "y"\n'
    )
    config = load_config()
    assert config.problems == ()
    assert (config.scorer, config.threshold, config.reviewer) == ("heuristic", "25", "ada")
    assert (config.theme, config.ascii, config.mouse) == ("tamis-light", True, False)
    assert config.reasons == ("bad", "worse")
    assert config.training == TrainingRun(9000, 0, 2)
    assert config.lines["screen.mouse"] == 8
    assert config.lines["reject.reasons"] == 10
    assert [(entry.path, entry.value) for entry in config.keys] == [(("keys", "accept"), "y")]


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ('[defaults]\nscorer = "gpt"\n', 2, "no such scorer: 'gpt'"),
        ("[defaults]\nscorer = 3\n", 2, "a text in quotes, not 3"),
        ('[defaults]\nthreshold = "many"\n', 2, "defaults.threshold"),
        ('\n# a comment\nscorer = "none"\n', 3, "did you mean defaults.scorer?"),
        ('[defaults]\nreviever = "x"\n', 2, "did you mean defaults.reviewer?"),
        ('[screen]\nmouse = "no"\n', 2, "true or false"),
        ("[screen]\nascii = 1\n", 2, "true or false"),
        ('[reject]\nreasons = "wrong"\n', 2, "a list of texts"),
        ('[reject]\nreasons = ["a", "a"]\n', 2, "given twice"),
        ('[reject]\nreasons = ["a", " "]\n', 2, "is empty"),
        (f"[reject]\nreasons = {[str(n) for n in range(10)]}\n", 2, "only 9 digits"),
        ("[simulator]\nepochs = 0\n", 2, "a number above 0"),
        ("[simulator]\nepochs = true\n", 2, "a number above 0"),
        ("[simulator]\nprice_per_hour = -1\n", 2, "a number above 0"),
        ("[simulator]\nepochs = inf\n", 2, "a number above 0"),
        ('[defaults]\nscorer = "none\n', 2, "Unterminated string"),
        ("[defaults\n", 1, "']'"),
        ("nonsense\n", 1, "left out"),
        ("[[defaults]]\n", 1, "list of tables"),
        ("[screen]\nmouse = true\nmouse = false\n", 3, "given twice; line 2 counts"),
        ("[reject]\nreasons = [\n", 2, "left out"),
        ("[defaults]\nscorer = {}\n", 2, "a text in quotes, not {}"),
        ('[defaults]\nscorer.name = "none"\n', 2, "no such setting: defaults.scorer.name"),
        ('"defaults.scorer" = "none"\n', 1, "no such setting: 'defaults.scorer'"),
        ("defaults = 1\n", 1, "no such setting: defaults"),
        ("keys = 1\n", 1, "no such setting: keys"),
        (f"[simulator]\nepochs = 1{'0' * 5000}\n", 2, "left out"),
        (f"[simulator]\nepochs = 0x{'f' * 5000}\n", 2, "not so long a number"),
        (f"[defaults]\nthreshold = 0x{'f' * 5000}\n", 2, "defaults.threshold"),
        (f"[defaults]\nscorer = {'[' * 5000}\n", 2, "left out"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_the_rest_is_used(
    text: str, line: int, complaint: str
) -> None:
    config = read_config(f'{text}[defaults]\nreviewer = "ada"\n', FILE)
    assert len(config.problems) == 1
    assert config.problems[0].startswith(f"{FILE}:{line}: ")
    assert complaint in config.problems[0]
    assert config.reviewer == "ada"


def test_a_file_that_cannot_be_read_is_named() -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_bytes(b'[defaults]\nreviewer = "\xff"\n')
    assert f"{config_path()}:2: not UTF-8" in load_config().problems[0]
    config_path().unlink()
    config_path().mkdir()
    assert str(config_path()) in load_config().problems[0]


def test_the_sample_names_every_setting_and_holds_what_is_built_in() -> None:
    sample = sample_config()
    assert read_config(sample, FILE) == Config(path=FILE)
    switched_on = re.sub(r"^# (\w+ = )", r"\1", sample, flags=re.MULTILINE)
    config = read_config(switched_on, FILE)
    assert config.problems == ()
    assert set(config.lines) == set(SETTINGS)
    assert config.reasons == REJECT_REASONS
    assert config.training.epochs == TrainingRun().epochs
    assert all(len(line) <= 100 for line in sample.splitlines())


@given(st.text(alphabet=st.sampled_from("ab=[]\"'\n#.1 {},"), max_size=60))
def test_no_text_is_more_than_a_problem(text: str) -> None:
    config = read_config(text, FILE)
    for problem in config.problems:
        assert problem.startswith(f"{FILE}:")
    entries, faults = read_lined(text)
    last = len(text.splitlines())
    lines = [entry.line for entry in entries] + [line for line, _ in faults]
    assert all(1 <= line <= last for line in lines)


@given(
    st.dictionaries(
        st.text(alphabet="abcxyz", min_size=1, max_size=4),
        st.one_of(st.integers(0, 99), st.booleans(), st.text("xyz", max_size=5)),
        min_size=1,
    )
)
def test_every_value_is_read_with_the_line_it_stands_in(values: dict[str, Any]) -> None:
    lines = ["[table]"]
    for name, value in values.items():
        lines += ["", f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}"]
    entries, faults = read_lined("\n".join(lines))
    assert faults == []
    assert {entry.path[1]: entry.value for entry in entries} == values
    assert [entry.line for entry in entries] == [3 + 2 * n for n in range(len(values))]


def written(value: Any) -> str:
    """A value in TOML, over several lines and with comments where TOML has them."""
    if isinstance(value, dict):
        inside = (f"{flat(name)} = {flat(each)}" for name, each in value.items())
        return f"{{ {', '.join(inside)} }}"
    if isinstance(value, list):
        return "".join(["[  # a ] comment\n\n", *(f"{written(each)},\n" for each in value), "]"])
    if isinstance(value, str) and "\n" in value and "'" not in value and value.isascii():
        return f"'''\n{value}'''"
    return flat(value)


def flat(value: Any) -> str:
    """A value in TOML, in one line."""
    if isinstance(value, dict):
        return written(value)
    if isinstance(value, list):
        return f"[{', '.join(map(flat, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, (int, float)) else value.isoformat()


TEXTS = st.text(
    st.one_of(
        st.sampled_from("a.#=[]{}\"' \n\t\u2028\x85,"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    max_size=12,
)
SINGLE = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.dates(),
    st.datetimes(),
)
VALUES = st.recursive(
    SINGLE,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
TABLES = st.dictionaries(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=4), max_size=4)


def leaves(table: dict[str, Any], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, value in table.items():
        if isinstance(value, dict) and value:
            found |= leaves(value, (*above, name))
        else:
            found[*above, name] = value
    return found


@given(TABLES, st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_valid_is_read_as_it_is_meant(tables: dict[str, Any], newline: str) -> None:
    lines = ["# a comment"]
    for header, values in tables.items():
        lines += ["", f"  [{flat(header)}]  # a comment"]
        for name, value in values.items():
            lines += ["", f"{flat(name)} = {written(value)}  # a comment"]
    text = "\n".join(lines).replace("\n", newline)
    entries, faults = read_lined(text)
    assert faults == []
    meant = leaves({header: values for header, values in tables.items() if values})
    assert leaves({name: value for name, value in tomllib.loads(text).items() if value}) == meant
    assert {entry.path: entry.value for entry in entries} == meant
    rows = text.split("\n")
    for entry in entries:
        assert " = " in rows[entry.line - 1]


@given(st.sampled_from(SETTINGS), VALUES)
def test_a_value_of_any_type_is_used_or_named_with_its_line(setting: str, value: Any) -> None:
    table, _, name = setting.partition(".")
    text = f"\n[{table}]\n{name} = {written(value)}\n[keys]\nx = 1\n"
    config = read_config(text, FILE)
    assert all(problem.startswith(f"{FILE}:3: ") for problem in config.problems)
    assert bool(config.problems) != (setting in config.lines)
    assert [entry.path for entry in config.keys] == [("keys", "x")]


def test_a_session_takes_preferences_where_it_remembers_nothing(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"prompt": "a", "response": "b"}\n' * 2)
    config = Config(
        scorer="heuristic", threshold="<= 0.25", reviewer="ada", training=TrainingRun(1, 2, 3)
    )
    session = Session.open(data, OpenOptions(config=config))
    try:
        assert session.reviewer == "ada"
        assert session.scoring.last_spec == "heuristic"
        session.start_scoring(None)
        session.scoring.wait(lambda _: False)
        assert session.threshold_choice.resolve() is not None
        assert session.threshold_choice.preferred
        assert session.threshold is not None
        assert str(session.threshold) == "score <= 0.25 keeps"
        assert session.simulator_link.run == TrainingRun(1, 2, 3)
        session.set_threshold("0.75")
        assert not session.threshold_choice.preferred
    finally:
        session.close()
    session = Session.open(data, OpenOptions(config=config, reviewer="bob"))
    try:
        assert session.reviewer == "bob"
        session.start_scoring(None)
        session.scoring.wait(lambda _: False)
        session.threshold_choice.resolve()
        assert not session.threshold_choice.preferred
        assert session.threshold is not None
        assert session.threshold.value == 0.75
    finally:
        session.close()
