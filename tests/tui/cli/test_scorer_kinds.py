"""A kind of scorer is a row of a table: one more is known everywhere, and nothing else changes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from engine.help import __file__ as help_file
from engine.preferences.config import config_path, sample_config
from engine.review.threshold import Direction
from engine.sample import Sample, Side
from engine.scoring import kinds
from engine.scoring.kinds import KINDS, ScorerKind, Work, find_kind, known_scorers
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey
from engine.session import OpenOptions, Session
from tests.tui.cli import test_command
from tests.tui.cli.test_command import Run
from tests.tui.desk_app import open_desk
from tui.dialogs import scorer_dialog
from tui.dialogs.scorer_dialog import ScorerDialog

tamis, data = test_command.tamis, test_command.data


class Vowels:
    """Scores a response by its share of vowels."""

    name = label = "vowels"
    device = "elsewhere"
    start_threshold: float | None = 0.3
    direction = Direction.AT_LEAST
    warnings: tuple[str, ...] = ()
    token_budget = 0

    def key(self, side: Side) -> ScoreKey:
        return ScoreKey("vowels", "7", side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        return [Encoded(1, payload=sample.response) for sample in samples]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        texts = [str(encoded.payload) for encoded in batch]
        return [Scored(sum(map(text.count, "aeiou")) / len(text), 1) for text in texts]

    def close(self) -> None:
        pass


ROW = ScorerKind(
    "vowels",
    "the share of vowels",
    lambda _what, _making: Vowels(),
    interpreter_bound=True,
    sends=True,
    explain=lambda sample: (f"{len(sample.response)} letters",),
)


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> ScorerKind:
    monkeypatch.setattr(kinds, "KINDS", (*KINDS, ROW))
    return ROW


@pytest.mark.usefixtures("row")
def test_the_command_line_scores_and_exports_with_it(tamis: Run, data: Path) -> None:
    found = tamis("score", data, "--scorer", "vowels", "--json").json
    assert (found["scorer"], found["revision"], found["scored"]) == ("vowels", "7", 10)
    assert "vowels" in tamis("score", data, "--scorer", "nonsense").err
    assert tamis("export", data, "--output", "out").code == 0
    manifest = json.loads((data.parent / "out" / "manifest.json").read_text())
    assert manifest["scorer"]["name"] == manifest["scorer"]["key"]["scorer"] == "vowels"
    assert manifest["threshold"]["value"] == 0.3


@pytest.mark.usefixtures("row")
def test_the_config_file_takes_it(tamis: Run, data: Path) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text('[defaults]\nscorer = "vowels"\n')
    ran = tamis("score", data, "--json")
    assert (ran.json["scorer"], ran.err) == ("vowels", "")


@pytest.mark.usefixtures("row")
def test_the_session_explains_its_scores(data: Path) -> None:
    session = Session.open(data, OpenOptions())
    try:
        session.start_scoring("vowels")
        session.scoring.wait(lambda _: False)
        assert session.scoring.explain(3)[0].endswith(" letters")
        assert session.scoring.estimated.all()
    finally:
        session.close()


@pytest.mark.usefixtures("row")
async def test_the_desk_lists_it_and_says_what_it_sends(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_models: tuple[Callable[[], list[Any]], ...] = (list,)
    monkeypatch.setattr(scorer_dialog.ScorerDialog.__init__, "__defaults__", no_models)
    async with open_desk(data) as desk:
        await desk.scored()
        await desk.press("m")
        await desk.until(lambda: isinstance(desk.app.screen, ScorerDialog), "the dialog")
        options = desk.app.screen.query_one(OptionList)
        assert [each.id for each in options.options] == ["builtin", "heuristic", "none", "vowels"]
        assert "vowels · the share of vowels · sends samples to another machine" in desk.screen
        await desk.press("down", "down", "down", "down", "enter")
        await desk.until(lambda: desk.session.scoring.spec == "vowels", "the switch")
        await desk.scored()


def test_the_help_of_the_command_line_names_every_row() -> None:
    program = (
        "from engine.scoring import kinds\n"
        "kinds.KINDS += (kinds.ScorerKind('vowels', 'the share of vowels', None),)\n"
        "from tui.cli.main import main\n"
        "main(['score', '--help'])\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    text = " ".join(ran.stdout.decode().split())
    assert all(kind.spelled in text for kind in (*KINDS, ROW))


def test_help_and_sample_config_name_every_row() -> None:
    help_text = (Path(help_file).parent / "scorers.md").read_text("utf-8")
    for kind in KINDS:
        assert f"  {kind.spelled}" in help_text, kind.spelled
        assert kind.spelled.partition("[")[0] in sample_config(), kind.spelled


def test_no_scorer_sends_anything_anywhere() -> None:
    assert not [kind.name for kind in KINDS if kind.sends]


def test_a_name_is_of_one_kind_at_most() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        spec = f"{kind.name}:x" if kind.argument else kind.name
        assert find_kind(spec) is kind
        assert find_kind(kind.name if kind.argument else f"{kind.name}:x") is None
        assert kind.spelled in known_scorers()
    assert [kind.name for kind in KINDS if kind.work is Work.LOOKS_UP] == ["column", "file"]
