"""The embedded model as it is shipped: loaded by the loader of all models, measured on the demo."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from engine.sample import Side
from engine.scoring import DEFAULT_SCORER, Scorer, ScorerOptions, check_scorer, make_scorer
from engine.scoring.builtin import MODEL, START_THRESHOLD
from engine.scoring.models import precision
from engine.workshop.builtin_model.evaluation import measure_planted, sample_of, score_with
from engine.workshop.builtin_model.evaluation.sets import demo

QUESTION = "How do I keep bread fresh for a few days?"
ANSWER = (
    "Wrap the bread in a clean cloth or keep it in a bread box at room temperature. Don't put it "
    "in the fridge, because it goes stale faster there. If you have too much, slice and freeze it."
)
FAILING = {
    "mismatched": "The capital of Norway is Oslo, which lies at the northern end of a long fjord.",
    "truncated": "Wrap the bread in a clean cloth or keep it in a bread box at room temp",
    "gibberish": "Vrelt ombi kaschu nar dirpel, sotti wem balo frinka tuhm gersi pollo wanti mek.",
    "refusal": "I'm sorry, but as an AI I am not able to help with questions about bread.",
    "wrong language": "Man wickelt das Brot in ein Tuch und legt es in einen Kasten aus Holz.",
}


@pytest.fixture(scope="module")
def scorer() -> Iterator[Scorer]:
    with closing(make_scorer("builtin", options=ScorerOptions(dtype="float32"))) as made:
        yield made


def test_it_is_what_is_used_where_nothing_is_named(scorer: Scorer) -> None:
    check_scorer(DEFAULT_SCORER, columns=(), options=ScorerOptions())
    assert DEFAULT_SCORER == scorer.name == "builtin"
    assert scorer.start_threshold == START_THRESHOLD
    assert scorer.warnings == ()
    assert scorer.label.startswith("builtin · pair · float32")
    key = scorer.key(Side.CHOSEN)
    assert (key.scorer, key.input_format, key.max_length) == ("builtin", "pair", 256)


def test_it_is_small_and_holds_no_code() -> None:
    assert (MODEL / "model.safetensors").stat().st_size <= 24_000_000
    assert {file.suffix for file in MODEL.iterdir()} == {".json", ".safetensors"}


def test_options_of_other_models_do_not_change_what_it_reads() -> None:
    options = ScorerOptions(input_format="chat", label="helpful", dtype="float32")
    with closing(make_scorer("builtin", options=options)) as made:
        assert made.key(Side.CHOSEN).input_format == "pair"


@pytest.mark.parametrize(
    ("features", "dtype"),
    [({"avx512_bf16"}, "bfloat16"), ({"amx_bf16"}, "bfloat16"), (set(), "float32")],
)
def test_its_dtype_is_the_processors_and_not_the_moments(
    features: set[str], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "processor_features", lambda: frozenset(features))
    with closing(make_scorer("builtin", options=ScorerOptions(device="cpu"))) as made:
        assert made.key(Side.CHOSEN).dtype == dtype
        known = getattr(made, "calibration")  # noqa: B009 - of models only
        assert (known is not None) == (dtype == "bfloat16")
        assert made.start_threshold == START_THRESHOLD


def test_it_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with closing(make_scorer("builtin", options=ScorerOptions(dtype="float32"))) as made:
        assert made.score([*made.encode([sample_of(QUESTION, ANSWER)])])  # type: ignore[list-item]


@pytest.mark.parametrize("fault", list(FAILING))
def test_an_answer_stands_above_its_failures(scorer: Scorer, fault: str) -> None:
    good, bad = score_with(scorer)(
        [sample_of(QUESTION, ANSWER), sample_of(QUESTION, FAILING[fault])]
    )
    assert good > bad


def test_the_demo_faults_are_found(scorer: Scorer) -> None:
    figures = measure_planted(score_with(scorer), demo())
    assert figures.overall.value >= 0.9
    assert len(figures.kinds) == 9
    weak = {kind: auc.value for kind, auc in figures.kinds.items() if auc.value < 0.75}
    assert not weak


def test_it_starts_where_most_of_what_is_sound_is_kept(scorer: Scorer) -> None:
    rows = demo()
    score = score_with(scorer)
    sound = score(rows.sound)
    spoilt = score([row for kind in rows.spoilt.values() for row in kind])
    assert np.mean(sound >= START_THRESHOLD) > 0.85
    assert np.mean(spoilt < START_THRESHOLD) > 0.75


def test_scores_are_finite_whatever_is_read(scorer: Scorer) -> None:
    odd = ["", " ", "\x00", "\ud800", "é" * 5_000, "a" * 20_000, "🂡" * 300, "<|endoftext|>"]
    samples = [sample_of(one, other) for one in odd for other in odd if other]
    assert np.isfinite(score_with(scorer)(samples)).all()
