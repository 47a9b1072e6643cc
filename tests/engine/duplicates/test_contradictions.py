from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.dataset.dataset import open_dataset
from engine.demo import FaultKind, demo_folder, labels
from engine.duplicates import contradictions as module
from engine.duplicates.clusters import cut
from engine.duplicates.content import PairContent, judged
from engine.duplicates.contradictions import AnswerFloor, Contradictions, contradictions
from engine.duplicates.settings import DROP_FROM, ComparedUnit, default_settings
from engine.duplicates.texts import unit_texts
from tests.engine.duplicates.making import find


def contrary(texts: pl.DataFrame) -> Contradictions:
    settings = default_settings(ComparedUnit.PROMPT)
    content = PairContent(texts, settings)
    prompts = judged(find(unit_texts(texts, ComparedUnit.PROMPT), settings), content)
    return contradictions(cut(prompts, DROP_FROM), texts, content)


def of(*rows: tuple[str, str | None]) -> pl.DataFrame:
    prompts, responses = zip(*rows, strict=True)
    return pl.DataFrame(
        {"prompt": prompts, "response": responses, "rejected": [None] * len(rows)},
        schema=dict.fromkeys(("prompt", "response", "rejected"), pl.String),
    )


def test_the_demo_contradicts_itself_exactly_where_it_was_planted() -> None:
    dataset = open_dataset(demo_folder())
    found = contrary(dataset.texts)
    planted = [label for label in labels() if label.kind is FaultKind.CONTRADICTION]
    pairs = {tuple(sorted((label.row, *label.partners))) for label in planted}
    assert {group.rows for group in found.groups} == pairs
    assert found.rows == len(planted)
    assert found.share == pytest.approx(len(planted) / 2000)
    dataset.close()


def test_answers_that_agree_are_grouped_and_entropy_measures_the_split() -> None:
    question = "How many legs does a spider have?"
    found = contrary(
        of(
            (question, "A spider has eight legs."),
            (question, "a spider has eight legs"),
            ("how many legs does a  spider have?", "It has six."),
            (question, "Four, like a dog."),
            ("What is blanching?", "A short dip in boiling water."),
        )
    )
    (group,) = found.groups
    assert group.answers == ((0, 1), (2,), (3,))
    assert group.entropy == pytest.approx(1.5)
    assert group.disagreeing == 2
    assert found.floor == pytest.approx(2 / 5)


def test_other_numbers_make_another_question_and_another_answer() -> None:
    assert not contrary(
        of(
            ("Find the average of 1, 3 and 7 please.", "It is 3.67."),
            ("Find the average of 1, 3 and 8 please.", "It is 4."),
        )
    ).groups
    (group,) = contrary(
        of(
            ("Find the average of 1, 3 and 8 please.", "The average of them is 4."),
            ("Find the average of 1, 3 and 8 please.", "The average of them is 5."),
        )
    ).groups
    assert group.entropy == 1.0


def test_rows_without_an_answer_do_not_disagree() -> None:
    question = "What is the capital of France?"
    assert not contrary(of((question, "Paris"), (question, ""), (question, " "))).groups
    assert not contrary(of((question, None), (question, None))).groups
    assert not contrary(of(("a", "b"))).groups


def test_many_answers_to_one_question_are_compared_with_the_first_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "COMPARED_ANSWERS", 2)
    question = "Tell me a short story about the sea"
    rows = [(question, f"story{n} alpha{n} beta{n} gamma{n}") for n in "abcdefghi"]
    (group,) = contrary(of(*rows, (question, "storya alphaa betaa delta"))).groups
    assert group.answers[0] == (0, 9)
    assert len(group.answers) == 9


def test_the_floor_counts_kept_rows_outside_the_largest_set_that_agrees() -> None:
    found = contrary(
        of(
            ("Which gas do plants take in?", "oxygen"),
            ("Which gas do plants take in?", "carbon dioxide"),
            ("Which gas do plants take in?", "carbon dioxide"),
            ("Who wrote the play about the prince of Denmark?", "Shakespeare"),
            ("Who wrote the play about the prince of Denmark?", "Marlowe"),
        )
    )
    floor = AnswerFloor(found)
    everything = np.ones(len(floor.rows), np.bool_)
    assert floor.wrong(everything) == round(found.floor * 5) == 2
    assert floor.wrong(floor.rows != 1) == 2  # one against one, twice
    assert floor.wrong(~np.isin(floor.rows, (1, 2))) == 1
    assert floor.wrong(~everything) == 0
    assert AnswerFloor(Contradictions((), 5)).wrong(np.zeros(0, np.bool_)) == 0
