"""A model that nobody waits for any more gives way to the one that is wanted."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Cancelled
from engine.scoring.models import precision, reward_model
from engine.scoring.models.loading import ONE_AT_A_TIME, load_model
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import ScorerOptions

WAIT_S = 60.0


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Any]]:
    """The models that were built."""
    found: list[weakref.ref[Any]] = []

    def watched(*arguments: Any, **more: Any) -> Any:
        model = load_model(*arguments, **more)
        found.append(weakref.ref(model))
        return model

    monkeypatch.setattr(reward_model, "load_model", watched)
    return found


@pytest.fixture
def measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor may be faster in bfloat16, so two models are built."""
    monkeypatch.setattr(precision, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(precision, "LEAST_PARAMETERS", 0)
    (tmp_path / "cpuinfo").write_text("flags\t\t: fpu avx512_bf16\n")


@pytest.mark.usefixtures("measuring")
def test_a_load_gives_way_between_any_two_steps_and_leaves_nothing(
    bert: Path, built: list[weakref.ref[Any]]
) -> None:
    def load_until(most: int) -> bool:
        asked = itertools.count()

        def check_wanted() -> None:
            if next(asked) >= most:
                raise Cancelled

        try:
            RewardModel(f"{bert}#bad", ScorerOptions(), check_wanted).close()
        except Cancelled:
            return False
        return True

    counts: list[int] = []
    while not load_until(len(counts)):
        counts.append(len(built))
        assert not ONE_AT_A_TIME.locked()
        gc.collect()
        assert not any(each() for each in built)
        built.clear()
    assert len(counts) > 8
    assert counts == sorted(counts), "what was built before it was asked, and no more"
    assert set(counts) == {0, 1, 2}


def test_a_load_that_waits_for_its_turn_builds_nothing_when_it_is_not_wanted_any_more(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoTokenizer

    waiting, given_up = threading.Event(), threading.Event()

    def check_wanted() -> None:
        waiting.set()
        if given_up.is_set():
            raise Cancelled

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was built all the same")

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", never)
    with ThreadPoolExecutor(1) as thread:
        with ONE_AT_A_TIME:
            load = thread.submit(RewardModel, f"{bert}#bad", ScorerOptions(), check_wanted)
            assert waiting.wait(WAIT_S)
            given_up.set()
        with pytest.raises(Cancelled):
            load.result(WAIT_S)
