"""How the embedded model is made: sources, faults, examples, cut shapes, fitting."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256 as digest_of
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InputError
from engine.workshop.builtin_model import sources
from engine.workshop.builtin_model.corruption import Fault, corrupt
from engine.workshop.builtin_model.examples import draw, weights
from engine.workshop.builtin_model.fitting import (
    Fit,
    batches,
    calibrate,
    encode,
    first_token_logits,
    fit,
    padded,
    score,
)
from engine.workshop.builtin_model.shapes import (
    SPECIAL,
    ClassifierShape,
    cut_classifier,
    cut_vocabulary,
    new_classifier,
    train_vocabulary,
)
from engine.workshop.builtin_model.sources import Pair, Prompts, TextSource, split, usable

TINY = ClassifierShape((0, 1), hidden=24, intermediate=32, heads=2, vocabulary=300)


def pairs(count: int = 60, source: str = "gsm8k") -> list[Pair]:
    things = ("bread", "rivers", "maps", "bees", "tides", "clocks")
    found = []
    for number in range(count):
        thing = things[number % len(things)]
        found.append(
            Pair(
                f"How do I look after {number} {thing} in a small garden shed?",
                f"Keep {number} {thing} dry and look at the {thing} twice a day. "
                f"Most {thing} need air, light and a little patience. "
                f"After {number} days the {thing} are ready.",
                source,
            )
        )
    return found


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_changes_the_response_and_nothing_else(fault: Fault) -> None:
    dice = random.Random(1)
    own = pairs()
    spoilt = [corrupt(pair, fault, dice, own) for pair in own]
    planted = [(pair, bad) for pair, bad in zip(own, spoilt, strict=True) if bad]
    assert len(planted) > 40
    for pair, bad in planted:
        assert (bad.prompt, bad.source) == (pair.prompt, pair.source)
        assert bad.response not in ("", pair.response)
        assert bad.response == bad.response.strip()
    assert len({bad.response for _, bad in planted}) > 20


def test_faults_come_from_the_dice_alone() -> None:
    def one(seed: int) -> list[Pair | None]:
        dice = random.Random(seed)
        own = pairs()
        return [corrupt(pair, fault, dice, own) for fault in Fault for pair in own[:8]]

    assert one(3) == one(3) != one(4)


@pytest.mark.parametrize(
    ("fault", "pair"),
    [
        (Fault.TRUNCATED, Pair("Name a colour.", "Red it is.", "gsm8k")),
        (Fault.ECHOED, Pair("Hello there", "Hello! How can I help you today?", "gsm8k")),
        (Fault.WRONG_LANGUAGE, Pair("Translate into French: good day", "Bonjour.", "gsm8k")),
    ],
)
def test_a_fault_that_cannot_be_planted_is_left(fault: Fault, pair: Pair) -> None:
    assert corrupt(pair, fault, random.Random(0), pairs()) is None


def test_a_foreign_answer_is_never_to_the_same_prompt() -> None:
    same = [Pair("Sort this list of words.", f"A list of {n} sorted words.", "x") for n in range(9)]
    assert corrupt(same[0], Fault.MISMATCHED, random.Random(0), same) is None


def test_each_group_is_half_sound_and_exchanges_responses() -> None:
    groups = draw(pairs(), random.Random(0), mismatched=1.0)
    assert groups
    for group in groups:
        assert [example.fault for example in group] == [None, None, *[Fault.MISMATCHED] * 2]
        responses = Counter(example.pair.response for example in group)
        prompts = Counter((example.pair.before, example.pair.prompt) for example in group)
        assert set(responses.values()) == set(prompts.values()) == {2}


def test_other_faults_stand_beside_their_own_sound_pair() -> None:
    groups = draw(pairs(200), random.Random(0), mismatched=0.4)
    twos = [group for group in groups if len(group) == 2]
    assert {group[1].fault for group in twos} == set(Fault)
    assert all(group[0].fault is None for group in twos)
    assert all(group[0].pair.prompt == group[1].pair.prompt for group in twos)
    stale = [group[1].pair for group in twos if group[1].fault is Fault.MISMATCHED]
    assert all(pair.response == pair.before[-1].text for pair in stale)


def test_under_the_weights_length_tells_nothing() -> None:
    own = [
        replace(pair, response=f"{pair.response} " * (1 + number % 4))
        for number, pair in enumerate(pairs(300))
    ]
    groups = draw(own, random.Random(0), mismatched=0.2)
    examples = [example for group in groups for example in group]
    weight = weights(examples)
    lengths = np.array([len(example.pair.response) for example in examples])
    sound = np.array([example.fault is None for example in examples])
    bins = np.floor(2 * np.log2(lengths))
    balanced = 0
    for each in np.unique(bins):
        good, bad = (weight[(bins == each) & which].sum() for which in (sound, ~sound))
        if good and bad and max(weight[bins == each]) < 5 and min(weight[bins == each]) > 0.2:
            assert good == pytest.approx(bad, rel=1e-4)
            balanced += 1
    assert balanced >= 2


def test_known_prompts_are_found_in_other_words_around_them() -> None:
    asked = "Explain in plain words why the sky over the sea looks so much darker at noon."
    known = Prompts([asked, "Say hello."])
    assert asked.upper() in known
    assert "say   hello" in known
    assert f"Please: {asked}" in known
    assert (
        "Explain how bread is made in a wood oven by people who have never seen one." not in known
    )


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("", False),
        ("Paris", True),
        ("one two " * 20 + "and", False),
        ("one two " * 20 + "end.", True),
        ("word " * 3_000 + ".", False),
    ],
)
def test_what_can_stand_for_a_sound_pair(response: str, expected: bool) -> None:
    assert usable(Pair("A question?", response.strip(), "x")) is expected


def test_splitting_keeps_prompts_together() -> None:
    both = pairs(100) + [replace(pair, response="Another answer.") for pair in pairs(100)]
    kept, held = split(both, 0.2, seed=0)
    assert len(kept) + len(held) == 200
    assert 10 <= len(held) <= 70
    assert not {pair.prompt for pair in kept} & {pair.prompt for pair in held}


def _source(folder: Path, rows: list[dict[str, str]]) -> TextSource:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")

    def read(rows: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
        for row in rows:
            yield row["q"], row["a"]

    return TextSource(
        "made", {"rows.jsonl": digest_of(path.read_bytes()).hexdigest()}, "MIT", read, 20
    )


def test_sources_are_checked_read_and_decontaminated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"q": f"Question {n} of many?\u2028Yes.", "a": f"Answer {n}."} for n in range(30)]
    monkeypatch.setattr(sources, "SOURCES", (_source(tmp_path, rows),))
    known = [row["q"] for row in rows[:5]]
    found = sources.read_pairs(tmp_path, 0, known)
    assert len(found) == 25
    assert not {pair.prompt for pair in found} & set(known)
    assert found == sources.read_pairs(tmp_path, 0, known)
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(InputError, match="not the file"):
        sources.read_pairs(tmp_path, 0, known)
    (tmp_path / "rows.jsonl").unlink()
    with pytest.raises(InputError, match=r"rows\.jsonl"):
        sources.read_pairs(tmp_path, 0, known)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_vocabulary((f"{pair.prompt} {pair.response}" for pair in pairs()), 300)


def test_a_vocabulary_of_its_own_writes_pairs_as_bert_does(tokenizer: Any) -> None:
    tokens = encode(pairs(1), tokenizer)[0]
    text = tokenizer.decode(tokens["input_ids"])
    assert text.startswith("[CLS] how do i look after")
    assert text.count("[SEP]") == 2
    turn = tokens["token_type_ids"].index(1)
    assert tokenizer.decode(tokens["input_ids"][turn:]).startswith("keep 0 bread dry")


def test_a_cut_vocabulary_reads_everything_and_keeps_what_is_used(tokenizer: Any) -> None:
    texts = [pair.response for pair in pairs()]
    cut = cut_vocabulary(tokenizer, texts, 120)
    assert len(cut) == 120
    assert [cut.convert_ids_to_tokens(at) for at in range(5)] == list(SPECIAL)
    assert cut.decode(cut("bread")["input_ids"], skip_special_tokens=True) == "bread"
    odd = "patience in a shed, look."
    assert "[UNK]" not in cut.convert_ids_to_tokens(cut(odd)["input_ids"])
    first, second = cut("a", "b")["input_ids"], cut("a", "b")["token_type_ids"]
    assert cut.decode(first) == "[CLS] a [SEP] b [SEP]"
    assert second == [0, 0, 0, 1, 1]


def test_cutting_keeps_the_layers_and_pieces_that_were_chosen(tokenizer: Any) -> None:
    import torch
    from transformers import BertConfig, BertModel

    source: Any = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=24,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=48,
        )
    )
    source.eval()
    pieces = list(range(0, 50, 2))
    model = cut_classifier(source, replace(TINY, layers=(0, 2)), pieces)
    old, new = source.state_dict(), model.state_dict()
    words = "embeddings.word_embeddings.weight"
    assert torch.equal(new[f"bert.{words}"], old[words][pieces])
    query = "attention.self.query.weight"
    assert torch.equal(new[f"bert.encoder.layer.1.{query}"], old[f"encoder.layer.2.{query}"])
    assert new["bert.encoder.layer.0.output.dense.weight"].shape == (24, 32)
    assert model.config.max_position_embeddings == 256
    whole = cut_classifier(source, replace(TINY, intermediate=48), pieces).eval().bert
    ids = torch.tensor([[3, 7, 9]])
    expected = source.encoder.layer[0](
        source.embeddings(torch.tensor([pieces[i] for i in ids[0]])[None])
    )
    assert torch.allclose(whole.encoder.layer[0](whole.embeddings(ids)), expected, atol=1e-5)


def test_logits_of_the_first_token_are_those_of_the_model(tokenizer: Any) -> None:
    import torch

    model = new_classifier(TINY, len(tokenizer)).eval()
    inputs = padded(encode(pairs(7), tokenizer), tokenizer.pad_token_id)
    with torch.inference_mode():
        assert torch.allclose(
            first_token_logits(model, **inputs), model(**inputs).logits[:, 0], atol=1e-5
        )


def test_batches_keep_groups_together_within_the_budget() -> None:
    dice = random.Random(0)
    sizes = [dice.choice((2, 4)) for _ in range(40)]
    tokens = [{"input_ids": [1] * dice.randint(5, 60)} for _ in range(sum(sizes))]
    found = batches(tokens, sizes, 300, dice)
    assert sorted(row for batch in found for row in batch) == list(range(len(tokens)))
    starts = np.cumsum([0, *sizes])
    where = {row: number for number, batch in enumerate(found) for row in batch}
    for start, stop in pairwise(starts):
        assert len({where[row] for row in range(start, stop)}) == 1
    for batch in found:
        longest = max(len(tokens[row]["input_ids"]) for row in batch)
        assert longest * len(batch) <= 300 or len(batch) <= 4


HOW = Fit(epochs=2, learning_rate=5e-3, batch_tokens=1_500)


def _fitted(tokenizer: Any, checkpoint: Path, how: Fit) -> Any:
    import torch

    torch.manual_seed(0)
    model = new_classifier(TINY, len(tokenizer))
    fit(model, tokenizer, pairs(), how, checkpoint)
    return model


def test_an_interrupted_run_ends_as_one_that_was_not(
    tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from engine.workshop.builtin_model import fitting

    whole = _fitted(tokenizer, tmp_path / "whole", HOW)
    epoch = fitting._epoch

    def once(*arguments: Any) -> float:
        if arguments[-1] == 1:
            raise KeyboardInterrupt
        return epoch(*arguments)

    monkeypatch.setattr(fitting, "_epoch", once)
    with pytest.raises(KeyboardInterrupt):
        _fitted(tokenizer, tmp_path / "part", HOW)
    monkeypatch.setattr(fitting, "_epoch", epoch)
    resumed = _fitted(tokenizer, tmp_path / "part", HOW)
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_training_learns(tokenizer: Any, tmp_path: Path) -> None:
    how = Fit(epochs=6, learning_rate=5e-3, batch_tokens=1_500, matching_epochs=0)
    model = _fitted(tokenizer, tmp_path / "checkpoint", how)
    dice = random.Random(9)
    own = pairs()
    spoilt = [corrupt(pair, Fault.GIBBERISH, dice, own) for pair in own]
    bad = score(model, tokenizer, [pair for pair in spoilt if pair])
    assert (score(model, tokenizer, own)[:, None] > bad[None]).mean() > 0.85


def test_calibration_makes_the_output_log_odds(tokenizer: Any) -> None:
    model = new_classifier(TINY, len(tokenizer))
    weight, bias = (each.detach().clone() for each in model.classifier.parameters())
    dice = np.random.default_rng(0)
    scores = dice.normal(0, 2, 40_000)
    sound = dice.random(40_000) < 1 / (1 + np.exp(-(1.7 * scores - 0.6)))
    calibrate(model, scores, sound)
    slope = float((model.classifier.weight.detach() / weight).mean())
    assert slope == pytest.approx(1.7, abs=0.1)
    even = np.log((~sound).sum() / sound.sum())
    assert float(model.classifier.bias.detach()[0]) == pytest.approx(
        slope * float(bias[0]) - 0.6 + even, abs=0.1
    )
