from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.demo import SPOILT, labels
from engine.errors import InputError, ScorerError
from engine.review.threshold import Direction
from engine.sample import Role, Sample
from engine.scoring.scorer import Encoded, Failed
from engine.workshop.builtin_model.corruption import Fault
from engine.workshop.builtin_model.evaluation import (
    EvaluationData,
    Figures,
    estimate_start,
    evaluate_candidate,
    evaluation_prompts,
    measure_planted,
    plant,
    plant_held_out,
    read_evaluation,
    read_figures,
    score_with,
    speed,
    write_figures,
)
from engine.workshop.builtin_model.evaluation.__main__ import evaluate_all
from engine.workshop.builtin_model.evaluation.floors import by_heuristic, by_length
from engine.workshop.builtin_model.evaluation.sets import demo, english, sample_of
from tests.conftest import SHARED_DATA
from tests.engine.scoring.samples import FakeScorer, random_samples
from tests.engine.workshop.builtin_model import made


@pytest.fixture(scope="module")
def data() -> EvaluationData:
    return made.small_evaluation()


def test_a_scorer_gives_its_scores_in_the_order_of_the_rows() -> None:
    samples = random_samples(2_300)
    scorer = FakeScorer(token_budget=500)
    scores = score_with(scorer)(samples)
    assert scores.tolist() == [float(len(sample.response)) for sample in samples]
    assert len(scorer.batches) > 50
    assert score_with(scorer)([]).tolist() == []


def test_where_less_is_better_the_scores_are_turned_around() -> None:
    samples = random_samples(10)
    scorer = FakeScorer()
    scorer.direction = Direction.AT_MOST
    assert score_with(scorer)(samples).tolist() == [-float(len(s.response)) for s in samples]


def test_a_row_that_cannot_be_scored_is_no_figure() -> None:
    class Picky(FakeScorer):
        def encode(self, samples: object) -> list[Encoded | Failed]:
            return [Failed(f"too odd: {samples}")]

    with pytest.raises(ScorerError, match="too odd"):
        score_with(Picky())(random_samples(1))


def test_planting_takes_every_fault_from_rows_that_are_not_among_the_sound() -> None:
    samples = made.rows(120)
    planted = plant("made", samples, 50, 7)
    assert len(planted.sound) == 50
    assert set(planted.spoilt) == {fault.value for fault in Fault}
    sound = {sample.prompt for sample in planted.sound}
    for kind, spoilt in planted.spoilt.items():
        assert len({sample.prompt for sample in spoilt}) == len(spoilt) == 7, kind
        assert sound.isdisjoint(sample.prompt for sample in spoilt), kind
    originals = {(sample.prompt, sample.response) for sample in samples}
    assert not originals & {
        (s.prompt, s.response) for each in planted.spoilt.values() for s in each
    }
    assert plant("made", samples, 50, 7) == planted


def test_held_out_pairs_are_the_sound_rows_and_are_spoilt_the_same_way_twice() -> None:
    pairs = made.held_out(30)
    planted = plant_held_out(pairs, each_kind=5)
    assert sorted(s.prompt for s in planted.sound) == sorted(pair.prompt for pair in pairs)
    assert {len(each) for each in planted.spoilt.values()} == {5}
    assert plant_held_out(pairs, each_kind=5) == planted


def test_the_demo_counts_only_rows_without_any_label_as_sound() -> None:
    planted = demo()
    marked = labels()
    assert len(planted.sound) == 2_000 - len(marked)
    for kind in SPOILT:
        assert len(planted.spoilt[kind.value]) == sum(label.kind is kind for label in marked)


def test_rows_in_other_scripts_and_rows_to_be_filled_in_are_left_out() -> None:
    good = sample_of("Name a café.", "The naïve one.")
    others = [sample_of("你好", "您好，我很高兴认识您。"), sample_of("Who?", "I am {{name}}.")]
    assert english([*others, good]) == [good]


def test_a_blind_scorer_is_at_one_half_everywhere(data: EvaluationData) -> None:
    figures = evaluate_candidate("nothing", made.nothing, data)
    for planted in (*figures.planted.values(), figures.demo):
        assert planted.overall.value == pytest.approx(0.5)
        assert {kind.value for kind in planted.kinds.values()} == {0.5}
    assert {figure.value for figure in figures.preferred.values()} == {0.5}
    assert {figure.value for figure in figures.natural.values()} == {0.5}
    assert {figure.value for figure in figures.rated.values()} == {0.0}
    assert figures.length["alpaca"].deciles == pytest.approx([0.5] * 10)


def test_length_is_told_by_its_correlation_and_its_deciles(data: EvaluationData) -> None:
    figures = evaluate_candidate("length", by_length, data)
    length = figures.length["alpaca"]
    assert length.characters.value == pytest.approx(1)
    assert list(length.deciles) == sorted(length.deciles)
    assert length.deciles[0] < 0.1
    assert length.deciles[-1] > 0.9
    assert figures.rated["wildbench"].value == pytest.approx(1)


def test_what_sees_the_subject_sees_what_is_mismatched(data: EvaluationData) -> None:
    alpaca = evaluate_candidate("overlap", made.by_overlap, data).planted["alpaca"]
    assert alpaca.kinds["mismatched"].value > 0.8
    assert alpaca.overall.value == pytest.approx(
        np.mean([kind.value for kind in alpaca.kinds.values()])
    )
    assert alpaca.overall.rows == sum(kind.rows for kind in alpaca.kinds.values())


def test_held_out_figures_are_those_of_the_held_out_pairs(data: EvaluationData) -> None:
    held_out = plant_held_out(made.held_out(), each_kind=5)
    figures = evaluate_candidate("overlap", made.by_overlap, data, validation=held_out)
    assert figures.validation == measure_planted(made.by_overlap, held_out).overall
    assert evaluate_candidate("overlap", made.by_overlap, data).validation is None


def test_a_folder_is_measured_as_the_application_loads_it(
    deberta: Path, data: EvaluationData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "THREADS", 1)
    few = plant("alpaca", made.rows(40), 20, 2)
    small = replace(data, planted=(few,), demo=few, speed=data.speed[:40])
    one = evaluate_candidate("deberta", deberta, small)
    two = evaluate_candidate("deberta", deberta, small, speed=False)
    assert one.size_bytes == (deberta / "model.safetensors").stat().st_size
    assert [each.dtype for each in one.speed] == ["float32", "bfloat16"]
    assert all(each.rows_per_s > 0 for each in one.speed)
    assert two.speed == ()
    assert (one.planted, one.rated) == (two.planted, two.rated)
    assert 0 < one.demo.overall.value < 1


def test_the_start_value_lies_between_what_is_planted_and_what_is_natural(
    data: EvaluationData,
) -> None:
    figures = evaluate_candidate("overlap", made.by_overlap, data)
    start = estimate_start(figures)
    assert start.planted == figures.planted["alpaca"].overall
    assert start.natural == figures.natural["LLMBar Natural"]
    assert start.value == pytest.approx((start.planted.value + start.natural.value) / 2)
    assert start.low <= min(start.planted.low, start.natural.low) <= start.value <= start.high


def test_figures_come_back_as_they_were_written(data: EvaluationData, tmp_path: Path) -> None:
    held_out = plant_held_out(made.held_out(), each_kind=5)
    measured = evaluate_candidate("overlap", made.by_overlap, data, validation=held_out)
    figures = Figures(1, data.files, (measured,)).ship("overlap", {"layers": 2})
    path = tmp_path / "figures.json"
    write_figures(figures, path)
    written = path.read_bytes()
    back = read_figures(path)
    write_figures(back, path)
    assert path.read_bytes() == written
    assert back.chosen == "overlap"
    assert back.model == {"layers": 2}
    assert back.start_auc is not None
    assert back.candidate("overlap").demo.overall.value == pytest.approx(
        measured.demo.overall.value, abs=1e-4
    )
    with pytest.raises(InputError, match="no figures of 'other'"):
        back.candidate("other")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "seed": 3}'])
def test_figures_of_another_kind_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text(content)
    with pytest.raises(InputError):
        read_figures(path)


def test_all_are_measured_and_what_was_measured_before_is_kept(
    data: EvaluationData, tmp_path: Path
) -> None:
    out = tmp_path / "figures.json"
    held_out = plant_held_out(made.held_out(), each_kind=5)
    before = Figures(20_240, data.files, (evaluate_candidate("earlier", made.nothing, data),))
    write_figures(before, out)
    evaluate_all({}, data, held_out, out, pairs=made.held_out(20), seed=1)
    names = [candidate.name for candidate in read_figures(out).candidates]
    assert names == ["earlier", "n-grams", "heuristic", "length"]
    other = replace(data, files=())
    write_figures(evaluate_all({}, other, held_out, out), out)
    assert read_figures(out).candidates == ()


@pytest.fixture(scope="module")
def real() -> EvaluationData:
    if not SHARED_DATA.is_dir():
        pytest.skip("the real datasets are not beside this checkout")
    return read_evaluation(SHARED_DATA)


def test_real_sets_are_read_whole(real: EvaluationData) -> None:
    assert {each.name: len(each.better) for each in real.preferred} == {
        "LLMBar Natural": 100,
        "LLMBar Neighbor": 134,
        "LLMBar GPTInst": 92,
        "LLMBar GPTOut": 47,
        "LLMBar Manual": 46,
        "MT-Bench": 200,
        "dpo_en": 300,
    }
    rated = {each.name: each for each in real.rated}
    assert {name: len(each.samples) for name, each in rated.items()} == {
        "prometheus mt_bench": 320,
        "prometheus vicuna": 320,
        "wildbench": 994,
    }
    for planted in real.planted:
        assert len(planted.spoilt) == len(Fault), planted.name
    dialogues = rated["prometheus mt_bench"].samples
    assert all(_roles(sample) == "user assistant user assistant" for sample in dialogues)
    texts = [sample.prompt + sample.response for each in rated.values() for sample in each.samples]
    assert not [text for text in texts if "###" in text and "Rubric" in text]
    assert (
        rated["prometheus vicuna"].samples[0].prompt
        == "How can I improve my time management skills?"
    )
    groups = rated["prometheus vicuna"].groups
    assert groups is not None
    assert len(set(groups.tolist())) == 80


def _roles(sample: Sample) -> str:
    assert sample.turns[-1].role is Role.ASSISTANT
    return " ".join(turn.role.value for turn in sample.turns)


def test_prompts_to_leave_out_hold_the_questions_inside_dialogues(shared_data: Path) -> None:
    prompts = evaluation_prompts(shared_data)
    assert "Take your previous response and rephrase it as a limerick." in prompts
    assert "Give three tips for staying healthy." in prompts
    assert len(prompts) > 60_000


def test_floors_reach_what_surface_checks_reach_on_real_rows(real: EvaluationData) -> None:
    alpaca = real.planted[0]
    assert measure_planted(by_heuristic(), alpaca).kinds["repeated"].value > 0.9
    assert 0.4 < measure_planted(by_length, alpaca).overall.value < 0.65


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"alpaca_data\.json"):
        read_evaluation(tmp_path)


def test_a_figure_says_how_many_rows_it_is_from(data: EvaluationData) -> None:
    figures = evaluate_candidate("length", by_length, data)
    assert figures.preferred["LLMBar Manual"].rows == 60
    assert figures.natural["LLMBar Natural"].rows == 60
    assert figures.rated["wildbench"].rows == 120
