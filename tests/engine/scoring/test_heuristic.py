"""What the surface tells: planted faults are found, ordinary answers are not."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sample import Family, Message, Role, Sample, Side
from engine.scoring.heuristic import START_THRESHOLD, HeuristicScorer, explain, score_of
from engine.scoring.scorer import Encoded, Scored
from tests.engine.scoring.samples import sample

QUESTION = "Explain to a beginner how rain forms, and why some clouds bring none."
ANSWER = (
    "Rain forms when warm, moist air rises and cools. The water in it condenses on tiny specks "
    "of dust and becomes droplets, which we see as clouds. When the droplets join and grow heavy "
    "enough, they fall. Some clouds bring none, because their droplets stay too small, or because "
    "the drops evaporate on the way down."
)
CODE = (
    "Here is a function that adds two numbers:\n\n```python\ndef add(a, b):\n    return a + b\n```"
)
LIST = "1. Olive oil\n2. Two cloves of garlic\n3. Fresh basil\n4. A pound of spaghetti\n5. Salt"
CHINESE = (
    "雨是这样形成的：温暖潮湿的空气上升后冷却，其中的水汽凝结在微小的尘埃上，变成小水滴，"
    "我们看到的云就是它们。当水滴合并变大、足够重时，就会落到地面。有些云不下雨，因为水滴太小。"
)
JAPANESE = (
    "雨は、暖かく湿った空気が上昇して冷えることで生まれます。水蒸気は小さなちりの上で凝結し、"
    "雲の粒になります。粒が集まって重くなると、地上に落ちてきます。"
)
GERMAN = (
    "Regen entsteht, wenn warme, feuchte Luft aufsteigt und sich abkühlt. Das Wasser darin "
    "schlägt sich an winzigen Staubteilchen nieder und wird zu Tröpfchen. Manche Wolken bringen "
    "keinen Niederschlag, weil ihre Tröpfchen zu klein bleiben."
)
RUSSIAN = "Дождь образуется, когда тёплый влажный воздух поднимается и охлаждается, а капли растут."
ARABIC = (
    "يتكون المطر عندما يرتفع الهواء الدافئ الرطب ويبرد، ثم تتكثف المياه على ذرات الغبار الصغيرة."
)


def score(response: str, prompt: str = QUESTION) -> float:
    return score_of(explain(sample(prompt, response)))


def names(response: str, prompt: str = QUESTION) -> set[str]:
    return {finding.name for finding in explain(sample(prompt, response))}


@pytest.mark.parametrize(
    "response", [ANSWER, CODE, LIST, CHINESE, JAPANESE, GERMAN, RUSSIAN, ARABIC, ANSWER * 1 + CODE]
)
def test_ordinary_answers_stay_well_above_the_threshold(response: str) -> None:
    prompt = "How?"
    assert score(response, prompt) > 0.75


@pytest.mark.parametrize("response", ["Paris", "42", "Yes.", "True", "B", "7.5 km"])
def test_short_answers_are_answers(response: str) -> None:
    assert score(response, "What is the capital of France?") > START_THRESHOLD


@pytest.mark.parametrize(
    ("response", "name"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        (QUESTION, "echo"),
        (QUESTION.upper(), "echo"),
        (QUESTION + " " + QUESTION, "repetition"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ("As an AI language model, I do not have feelings about rain.", "refusal"),
        ("I cannot assist with this request.", "refusal"),
        ("抱歉，我无法回答这个问题。", "refusal"),
        ("Lo siento, no puedo ayudar con eso.", "refusal"),
        ("<noinput>", "placeholder"),
        ("N/A", "placeholder"),
        (ANSWER[:170], "truncation"),
        (ANSWER[: ANSWER.index("When")] + "Some of the", "truncation"),
        (CODE.removesuffix("```"), "truncation"),
        ("the rain falls down " * 20, "repetition"),
        ("Rain falls.\n" * 12, "repetition"),
        ("雨水落下来了。" * 20, "repetition"),
        ("aaaaaaaaaaaaaaaaaaaaaaa", "repetition"),
        ("asdfjkl qwrtp zxcvbn hjklsdf wrtqz plkjh mnbvc xzqwr", "gibberish"),
        ("xkq zvbnt qwrtpls jjkkl vvbxz", "gibberish"),
        ("Zm9vYmFyYmF6cXV4" * 5, "gibberish"),
        ("Ã©tÃ© trÃ¨s Ã©levÃ© et dÃ©jÃ  lÃ  â€™", "characters"),
        ("rain \ufffd\ufffd\ufffd\ufffd falls \ufffd\ufffd \x00\x01 down", "characters"),
    ],
)
def test_planted_faults_fall_under_the_threshold_and_are_named(response: str, name: str) -> None:
    assert name in names(response)
    assert score(response) < START_THRESHOLD


def test_random_letters_are_gibberish() -> None:
    rng = random.Random(1)
    caught = 0
    for _ in range(100):
        words = [
            "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9))) for _ in range(20)
        ]
        caught += score(" ".join(words)) < START_THRESHOLD
    assert caught >= 85


@pytest.mark.parametrize(
    "response",
    ["DCCL is 750.", "1251 is MCCLI in Roman numerals.", "HTTP.", "Use HTTPS, XML and JSON."],
)
def test_roman_numerals_and_acronyms_are_spelled_not_said(response: str) -> None:
    found = explain(sample("What is that called?", response))
    assert "gibberish" not in [finding.name for finding in found]
    assert score_of(found) > START_THRESHOLD


def test_capitals_do_not_hide_gibberish() -> None:
    found = explain(sample("Say something.", "XKQZVBNT QWRTPLSD JJKKLLMNP VVBXZGH"))
    assert "gibberish" in [finding.name for finding in found]


def test_tool_call_prompts_without_an_answer_are_judged_by_themselves() -> None:
    asked = "Find the area of a triangle with a base of 10 units and a height of 5 units."
    turns = (Message(Role.USER, asked),)
    alone = Sample(0, Family.TOOL_CALL, turns, asked, "")
    assert score_of(explain(alone)) > START_THRESHOLD
    answered = Sample(0, Family.TOOL_CALL, (*turns, Message(Role.ASSISTANT, "")), asked, "")
    assert [finding.name for finding in explain(answered)] == ["empty"]


def test_quoting_the_question_before_answering_costs_little() -> None:
    assert score(f"{QUESTION} {ANSWER}") > 0.8


def test_length_does_not_dominate() -> None:
    one, many = score("Water condenses, and it falls as rain."), score(ANSWER)
    assert 0.0 < many - one < 0.2
    assert score(ANSWER + " " + GERMAN) - many < 0.05


def test_few_words_for_an_essay_cost_more_than_for_a_question() -> None:
    assert score("It rains.", "Write an essay about rain.") < score("It rains.", "What is up?")


def test_an_unrelated_answer_ranks_lower() -> None:
    prompt = "Summarise the history of the Roman aqueducts and their engineering briefly."
    assert "relation" in names(ANSWER, prompt)
    assert START_THRESHOLD < score(ANSWER, prompt) < score(ANSWER)


def test_tags_links_and_signatures_end_a_text() -> None:
    for ending in (
        " Join us today! #CleanWater #Rain",
        " See https://example.org/rain",
        " Yours, Ann",
    ):
        assert "truncation" not in names(ANSWER + ending)


@pytest.mark.parametrize("family", [Family.PROMPT, Family.TEXT])
def test_texts_that_answer_nothing_are_judged_by_themselves(family: Family) -> None:
    good = Sample(0, family, (Message(Role.USER, ANSWER),), ANSWER, "")
    bad = Sample(0, family, (Message(Role.USER, "xkq zvbnt qwrtpls"),), "xkq zvbnt qwrtpls", "")
    refusal = Sample(0, family, (), "I cannot help with this, said the king to his son.", "")
    assert score_of(explain(good)) > 0.9
    assert score_of(explain(bad)) < START_THRESHOLD
    assert "refusal" not in {finding.name for finding in explain(refusal)}


def test_the_last_question_is_what_is_answered() -> None:
    turns = (
        Message(Role.USER, "Hello there, how are you?"),
        Message(Role.ASSISTANT, "Fine."),
        Message(Role.USER, QUESTION),
        Message(Role.ASSISTANT, QUESTION),
    )
    talk = Sample(0, Family.MESSAGES, turns, "user: Hello ...", QUESTION)
    assert "echo" in {finding.name for finding in explain(talk)}


def test_every_finding_says_why() -> None:
    scorer = HeuristicScorer()
    (encoded,) = scorer.encode([sample(QUESTION, "I'm sorry, but I can't help with that.")])
    assert isinstance(encoded, Encoded)
    (scored,) = scorer.score([encoded])
    assert isinstance(scored, Scored)
    assert "refusal -60%: says \"I'm sorry, but I can't" in scored.why
    assert scorer.start_threshold == START_THRESHOLD
    assert scorer.key(Side.CHOSEN) != scorer.key(Side.REJECTED)


@given(prompt=st.text(max_size=80), response=st.text(max_size=300))
def test_any_text_has_a_score_between_0_and_1(prompt: str, response: str) -> None:
    assert 0.0 <= score(response, prompt) <= 1.0


@pytest.mark.parametrize(
    "unit", ["a", "a ", "x.", ".", ".\n", "```", "```\n", "🙂", "\ud800a", "([{", "@a", "1", "雨"]
)
def test_strange_texts_of_any_length_have_a_score_too(unit: str) -> None:
    for times in (1, 7, 30_000):
        assert 0.0 <= score(unit * times, unit * times * 2) <= 1.0
