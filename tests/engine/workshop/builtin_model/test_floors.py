from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.heuristic import explain, score_of
from engine.workshop.builtin_model.evaluation import measure_planted, plant_held_out, sample_of
from engine.workshop.builtin_model.evaluation.floors import by_heuristic, by_length, fit_ngrams
from engine.workshop.builtin_model.ngrams import PLACES, hashed
from tests.engine.workshop.builtin_model import made


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_places_and_weights_of_length_one(prompt: str, response: str) -> None:
    places, values = hashed(prompt, response)
    assert places.size == values.size > 0
    assert len(set(places.tolist())) == places.size
    assert 0 <= places.min() <= places.max() < PLACES
    assert float(values @ values) == pytest.approx(1, abs=1e-4)


def test_hashing_is_the_same_in_every_run_and_tells_prompt_from_response() -> None:
    places, _ = hashed("Name a bird.", "A wren.")
    assert places.tolist() == sorted(places.tolist())
    assert int(places.sum()) == 3_517_355
    swapped, _ = hashed("A wren.", "Name a bird.")
    assert set(places.tolist()) != set(swapped.tolist())


def test_lone_surrogates_and_long_texts_are_read() -> None:
    assert hashed("\ud800", "\udfff" * 10)[0].size
    assert hashed("", "word " * 100_000)[0].size < 5_000


def test_length_counts_the_characters_of_the_response() -> None:
    assert by_length([sample_of("long prompt", "ab"), sample_of("", "abc")]).tolist() == [2, 3]


def test_the_heuristic_floor_is_the_scorer_itself() -> None:
    samples = made.rows(20)
    expected = [score_of(explain(sample)) for sample in samples]
    assert by_heuristic()(samples).tolist() == expected


def test_n_grams_learn_what_can_be_seen_in_words_and_twice_the_same() -> None:
    pairs = made.held_out(120)
    unseen = plant_held_out(pairs[100:], each_kind=10)
    fitted = fit_ngrams(pairs[:100], seed=3, epochs=2)
    figures = measure_planted(fitted, unseen)
    assert figures.kinds["gibberish"].value > 0.9
    assert figures.kinds["wrong language"].value > 0.9
    again = fit_ngrams(pairs[:100], seed=3, epochs=2)
    assert np.array_equal(fitted.weights, again.weights)
    assert fitted.bias == again.bias
    assert not np.array_equal(fitted.weights, fit_ngrams(pairs[:100], seed=4, epochs=2).weights)
