"""Which number format a model computes in, and that the choice holds."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError
from engine.sample import Side
from engine.scoring.models import precision
from engine.scoring.models.classifier import Classifier
from engine.scoring.models.precision import BFLOAT16, FLOAT32, compare, wanted_dtype
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import ScorerOptions
from tests.engine.scoring.models.test_reward_model import scores_of
from tests.engine.scoring.samples import random_samples


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Says which instructions the processor has."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "CPU_INFO", file)
    monkeypatch.setattr(precision, "LEAST_PARAMETERS", 0)

    def has(flags: str) -> None:
        file.write_text(f"processor\t: 0\nflags\t\t: fpu sse {flags}\n\n")

    return has


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """How long a forward pass is said to take in each format."""
    times = {FLOAT32: 1.0, BFLOAT16: 0.4}
    monkeypatch.setattr(Classifier, "seconds", lambda self, _probes: times[self.dtype])
    return times


def test_bfloat16_is_taken_where_it_is_faster_and_stays(
    bert: Path, processor: Callable[[str], None], pace: dict[str, float]
) -> None:
    processor("avx512_bf16")
    first = RewardModel(f"{bert}#bad", ScorerOptions())
    assert (first.dtype, first.key(Side.CHOSEN).dtype) == (BFLOAT16, BFLOAT16)
    assert first.calibration is not None
    assert first.calibration.gain == 2.5
    assert 0 < first.calibration.shift < first.calibration.spread
    pace[BFLOAT16] = 3.0  # a busy moment must not change what scores mean
    again = RewardModel(f"{bert}#bad", ScorerOptions())
    assert again.dtype == BFLOAT16
    assert again.calibration == first.calibration
    samples = random_samples(12, seed=70, longest=30)
    exact = scores_of(RewardModel(f"{bert}#bad", ScorerOptions(dtype=FLOAT32)), samples)
    assert scores_of(again, samples) == pytest.approx(
        exact, abs=0.5
    )  # of weights far from real ones
    assert scores_of(again, samples) != exact


def test_float32_is_kept_where_bfloat16_gains_little(
    bert: Path, processor: Callable[[str], None], pace: dict[str, float]
) -> None:
    processor("amx_bf16")
    pace[BFLOAT16] = 0.9
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == FLOAT32
    pace[BFLOAT16] = 0.1
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == FLOAT32
    assert RewardModel(f"{bert}#bad", ScorerOptions(dtype=BFLOAT16)).dtype == BFLOAT16


@pytest.mark.usefixtures("pace")
def test_nothing_is_measured_where_the_processor_cannot(
    bert: Path, processor: Callable[[str], None]
) -> None:
    processor("avx2 avx512f")
    model = RewardModel(f"{bert}#bad", ScorerOptions())
    assert (model.dtype, model.calibration) == (FLOAT32, None)


@pytest.mark.usefixtures("pace")
def test_another_processor_or_model_is_measured_for_itself(
    bert: Path, tmp_path: Path, processor: Callable[[str], None], pace: dict[str, float]
) -> None:
    processor("avx512_bf16")
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == BFLOAT16
    pace[BFLOAT16] = 2.0
    processor("avx512_bf16 amx_bf16")
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == FLOAT32
    processor("avx512_bf16")
    other = shutil.copytree(bert, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "note": "another revision"}))
    assert RewardModel(f"{other}#bad", ScorerOptions()).dtype == FLOAT32


@pytest.mark.usefixtures("pace")
def test_a_choice_that_cannot_be_kept_is_made_again(
    bert: Path,
    tmp_path: Path,
    processor: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor("avx512_bf16")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == BFLOAT16
    state = tmp_path / "state" / "tamis"
    state.mkdir(parents=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(state.parent))
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == BFLOAT16
    (known,) = json.loads((state / "precision.json").read_text())
    for damage in ("{", '{"gain": 2}', '{"dtype": "int4", "gain": 1, "shift": 0, "spread": 1}'):
        (state / "precision.json").write_text(json.dumps({known: damage}))
        assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == BFLOAT16


def test_weights_saved_in_bfloat16_stay_so_where_the_processor_multiplies_them(
    bert: Path, tmp_path: Path, processor: Callable[[str], None]
) -> None:
    folder = shutil.copytree(bert, tmp_path / "saved")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}))
    processor("avx512_bf16")
    assert RewardModel(f"{folder}#bad", ScorerOptions()).dtype == BFLOAT16
    processor("avx2")
    assert RewardModel(f"{folder}#bad", ScorerOptions()).dtype == FLOAT32


def test_what_bfloat16_does_is_known_where_it_was_asked_for(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = RewardModel(f"{bert}#bad", ScorerOptions(dtype=BFLOAT16))
    assert asked.calibration is not None
    assert (asked.calibration.dtype, asked.calibration.gain) == (BFLOAT16, 0.0)
    assert 0 < asked.calibration.shift < asked.calibration.spread
    assert RewardModel(f"{bert}#bad", ScorerOptions(dtype=FLOAT32)).calibration is None
    monkeypatch.setattr(precision, "QUICK_PARAMETERS", 10)
    assert RewardModel(f"{bert}#bad", ScorerOptions(dtype=BFLOAT16)).calibration is None


def test_nothing_is_measured_where_a_second_copy_does_not_fit(
    bert: Path,
    processor: Callable[[str], None],
    pace: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor("avx512_bf16")
    free = [10**9]  # for the model itself
    monkeypatch.setattr("engine.scoring.models.loading.available_bytes", lambda: free[0])
    exact = RewardModel._ready

    def filled(self: RewardModel, *given: Any) -> Classifier:
        free[0] = 10
        return exact(self, *given)

    monkeypatch.setattr(RewardModel, "_ready", filled)
    model = RewardModel(f"{bert}#bad", ScorerOptions())
    assert pace[BFLOAT16] < pace[FLOAT32]
    assert (model.dtype, model.calibration) == (FLOAT32, None)


def test_small_models_are_not_measured(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(*_: Any) -> float:
        raise AssertionError

    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda _device: True)
    monkeypatch.setattr(Classifier, "seconds", measured)
    assert RewardModel(f"{bert}#bad", ScorerOptions()).dtype == FLOAT32


def test_what_bfloat16_does_is_told_in_figures() -> None:
    found = compare(2.0, 0.5, [0.0, 1.0, 2.0], [0.01, 1.0, 1.97])
    assert found.dtype == BFLOAT16
    assert found.gain == 4.0
    assert found.shift == pytest.approx(0.03)
    assert found.spread == pytest.approx(0.816, abs=1e-3)
    assert compare(1.0, 0.9, [0.0], [0.0]).dtype == FLOAT32


def test_an_unknown_dtype_is_a_message() -> None:
    assert (wanted_dtype(""), wanted_dtype("float32")) == ("auto", "float32")
    with pytest.raises(UsageError, match="no such dtype: int8") as caught:
        wanted_dtype("int8")
    assert "bfloat16" in caught.value.hint


def test_models_that_are_loaded_at_once_come_out_whole(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification as Loader

    loading = threading.Lock()
    begin = threading.Barrier(4)
    load = Loader.from_pretrained

    def watched(*arguments: Any, **more: Any) -> Any:
        assert loading.acquire(blocking=False), "two models are being built at once"
        try:
            return load(*arguments, **more)
        finally:
            loading.release()

    def scorer(dtype: str) -> RewardModel:
        begin.wait(60)
        return RewardModel(f"{bert}#bad", ScorerOptions(dtype=dtype))

    monkeypatch.setattr(Loader, "from_pretrained", watched)
    wanted = [FLOAT32, BFLOAT16] * 2
    with ThreadPoolExecutor(len(wanted)) as threads:
        assert [each.dtype for each in threads.map(scorer, wanted)] == wanted
    assert torch.get_default_dtype() == torch.float32
