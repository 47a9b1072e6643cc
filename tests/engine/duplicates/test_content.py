"""What the rule takes for one sample, and what it never does."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from engine.duplicates.clusters import cut
from engine.duplicates.content import PairContent, judged
from engine.duplicates.large import LargeComponents
from engine.duplicates.rule import drop
from engine.duplicates.settings import ComparedUnit, SearchSettings
from engine.duplicates.texts import unit_texts
from engine.duplicates.typos import Vocabulary, may_be_slip, slips
from tests.engine.duplicates.making import candidates, find, ranking

Row = tuple[str, str]


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    prompts, responses = zip(*rows, strict=True)
    columns = {"prompt": prompts, "response": responses, "rejected": [None] * len(rows)}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def dropped(rows: Sequence[Row], at: float = 0.8) -> set[int]:
    texts = frame(rows)
    settings = SearchSettings()
    content = PairContent(texts, settings)
    whole = unit_texts(texts, ComparedUnit.BOTH)
    matches = judged(find(whole, settings), content)
    large = LargeComponents(whole, settings, matches.large, content) if matches.large else None
    clusters = cut(matches, at, large=large)
    ranked = ranking(len(rows)).best_first(clusters.members)
    found = drop(clusters, candidates(len(rows)), ranked, large)
    return set(found.rows.tolist())


LONG = (
    "The harbour of the little town was quiet in the morning, when the boats came home with "
    "their nets and the gulls followed them over the grey water to the old stone quay."
)
ASK = "Tell me in a few plain sentences what the harbour of the little town looked like that day."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Say it.", "x + y"), ("Say it.", "x - y")),
        (("Say it.", "👍"), ("Say it.", "👎")),
        (("Which language?", "C"), ("Which language?", "C++")),
        (("Which language?", "C#"), ("Which language?", "C++")),
        ((ASK, LONG + " It was -5."), (ASK, LONG + " It was 5.")),
        ((ASK, LONG + " a == b"), (ASK, LONG + " a != b")),
        (
            (ASK, "for x in y:\n    if x:\n        f(x)\n" + LONG),
            (ASK, "for x in y:\nif x:\nf(x)\n" + LONG),
        ),
        ((ASK, LONG + " That was so."), (ASK, LONG + " That was not so.")),
        ((ASK + " Answer for Anna.", LONG), (ASK + " Answer for Berta.", LONG)),
        ((ASK + " Use all words.", LONG), (ASK + " Use few words.", LONG)),
        ((ASK + " Walk from here to there.", LONG), (ASK + " Walk to here from there.", LONG)),
        ((ASK + " Sort them ascending.", LONG), (ASK + " Sort them descending.", LONG)),
        ((ASK + " Prices increase.", LONG), (ASK + " Prices decrease.", LONG)),
        ((ASK + " Give two of them.", LONG), (ASK + " Give three of them.", LONG)),
        ((LONG + ASK, "Yes, gladly."), (LONG + ASK, "No, never.")),
        ((ASK + " Couldn't it be?", LONG), (ASK + " Wouldn't it be?", LONG)),
    ],
)
@pytest.mark.parametrize("at", [0.7, 1.0])
def test_what_differs_in_content_is_never_dropped(one: Row, other: Row, at: float) -> None:
    assert not dropped([one, other], at)
    assert not dropped([other, one], at)


@pytest.mark.parametrize(
    "other",
    [
        (ASK.upper(), LONG),
        (ASK.replace(" ", "  "), LONG.replace(". ", ".\n")),
        (ASK.replace(".", "!"), LONG.replace(",", "")),
        (ASK.replace("the ", ""), LONG),
        ("Please " + ASK, LONG),
        (ASK.replace("harbour", "habrour"), LONG),
        (ASK.replace("sentences", "sentances").replace("looked", "loked"), LONG),
        (ASK, LONG.replace("little", "small")),
        (ASK.replace("that day", "on that day"), LONG),
    ],
)
def test_what_differs_in_wording_is_dropped(other: Row) -> None:
    assert dropped([(ASK, LONG), other], 0.7) == {1}


def test_a_word_that_others_use_is_no_slip() -> None:
    one = (ASK + " Write to Marten.", LONG)
    other = (ASK + " Write to Martin.", LONG)
    assert dropped([one, other], 0.7) == {1}
    known = [("Who was Martin?", "A monk."), ("Where is Marten?", "In the woods.")]
    assert not dropped([one, other, *known], 0.7)


def test_a_long_system_prompt_makes_no_questions_alike() -> None:
    rules = "system: " + " ".join(f"Rule {n}: keep to the style." for n in range(40))
    asked = ["the capital of Peru", "a poem on rain", "why cats purr", "how to fold a shirt"]
    rows = [(f"{rules}\n\nuser: {question}", LONG) for question in asked]
    assert not dropped(rows)
    assert dropped([*rows, rows[2]]) == {4}


def test_without_a_prompt_the_text_is_asked_instead() -> None:
    settings = SearchSettings()
    texts = frame([("", LONG + " It belongs to Ash."), ("", LONG + " It belongs to Oak.")])
    texts = texts.with_columns(pl.lit(None, pl.String).alias("prompt"))
    check = PairContent(texts, settings).compare(np.array([0]), np.array([1]))
    assert not check.same[0]


NAMES = (
    *("Ada", "Ben", "Cleo", "Dov", "Eve", "Finn", "Gia", "Hugo", "Ines", "Jon", "Kaya", "Leo"),
    *("Mona", "Nils", "Olga", "Paul"),
)
CITIES = (
    *("Lima", "Oslo", "Rome", "Cairo", "Delhi", "Quito", "Paris", "Tunis", "Perth", "Turin"),
    *("Genoa", "Lagos"),
)
THINGS = ("apples", "pears", "books", "coins", "shells", "stamps", "cards", "boxes")
WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
OPERATORS = ("+", "-", "*", "/", "<", ">", "==", "!=", "<=", ">=", "&", "|")


def translation(chance: random.Random) -> Row:
    who, where = chance.choice(NAMES), chance.choice(CITIES)
    prompt = f"""You are a translator who keeps names and tone. Translate the sentence between the
marks into French and answer with the translation alone.

«{who} takes the night train to {where} because it is the cheapest way to travel there.»"""
    return prompt, f"{who} prend le train de nuit pour {where}, car il n'y a pas moins cher."


def labelled(chance: random.Random) -> Row:
    who, thing = chance.choice(NAMES), chance.choice(THINGS)
    prompt = f"""Read the review, answer with one word (positive, negative, mixed), and do not
explain yourself.

Review: {who} bought {thing} in {chance.choice(CITIES)} and was delighted."""
    return prompt, "positive"


def worded_sum(chance: random.Random) -> Row:
    who = chance.choice(NAMES)
    one, other = chance.choice(WORDS), chance.choice(WORDS)
    prompt = f"""{who} has {one} {chance.choice(THINGS)} in the left pocket and {other} more in the
right pocket. How many are there in both pockets together?"""
    return prompt, "Add what is in the left pocket to what is in the right pocket, one by one."


def swapped(chance: random.Random) -> Row:
    one, other = chance.sample(NAMES, 2)
    prompt = f"Write a short letter in which {one} thanks {other} for the help with the garden."
    letter = "Thank you for the help with the garden! It looks lovely now, and so do the beds."
    return prompt, f"Dear {other}! {letter} Yours, {one}"


def code(chance: random.Random) -> Row:
    sign, limit = chance.choice(OPERATORS), chance.choice("abcdefgh")
    prompt = f"Complete the function so that it keeps the values with value {sign} {limit}."
    kept = f"[value for value in values if value {sign} {limit}]"
    return prompt, f"def keep(values, {limit}):\n    return {kept}"


TEMPLATES = (translation, labelled, worded_sum, swapped, code)


def test_rows_made_from_templates_are_dropped_only_for_their_copies() -> None:
    chance = random.Random(7)
    rows = [chance.choice(TEMPLATES)(chance) for _ in range(3000)]
    lost = dropped(rows)
    assert len(lost) == len(rows) - len(set(rows))


def blanks(text: str, chance: random.Random) -> str:
    parts = text.split(" ")
    at = chance.randrange(1, len(parts))
    return " ".join(parts[:at]) + "  " + " ".join(parts[at:])


def case(text: str, chance: random.Random) -> str:
    return chance.choice((text.upper(), text.lower(), text.title()))


def punctuation(text: str, chance: random.Random) -> str:
    return chance.choice((text.replace(",", ""), text.rstrip(".?!"), text.replace(".", " ...")))


def typo(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= 7 and word.isalpha()]
    at = chance.choice(long)
    place = chance.randrange(1, len(words[at]) - 2)
    word = words[at]
    words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def function_word(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    words.insert(chance.randrange(1, len(words)), chance.choice(("the", "a", "of", "really")))
    return " ".join(words)


EDITS: tuple[Callable[[str, random.Random], str], ...] = (
    *(blanks, case, punctuation, typo, function_word),
)


def test_copies_with_harmless_edits_are_dropped() -> None:
    chance = random.Random(11)
    heads, tails = ("kan", "mer", "pol", "rus", "sit", "tol"), ("ren", "lost", "wick", "dam", "bus")
    middles = ("ando", "erli", "imba", "opse", "ulty", "abri")
    words = [f"{a}{b}{c}{b}" for a in heads for b in middles for c in tails]
    rows: list[Row] = []
    for _ in range(400):
        said = [" ".join(chance.choices(words, k=size)) for size in (14, 30)]
        rows.append((f"Explain {said[0]}, and why.", f"Well, {said[1]}."))
    copies = []
    for prompt, response in rows:
        edit = chance.choice(EDITS)
        copies.append((edit(prompt, chance), edit(response, chance)))
    lost = dropped([*rows, *copies], 0.7)
    harmless = sum(copy not in rows for copy in copies)
    assert lost <= set(range(400, 800))
    assert len(lost) >= 0.95 * harmless


def test_slips_are_near_words_that_are_no_opposites() -> None:
    assert may_be_slip("garden", "gadren")
    assert may_be_slip("recieve", "receive")
    assert not may_be_slip("cat", "car")
    assert not may_be_slip("include", "exclude")
    assert not may_be_slip("possible", "impossible")
    assert not may_be_slip("under", "over")
    assert slips(["what", "is", "the", "garden"], ["what", "is", "garden"]) == []
    assert slips(["blue", "garden"], ["blue", "gadren"]) == [("garden", "gadren")]
    assert slips(["blue", "garden"], ["red", "garden"]) is None


def test_a_vocabulary_knows_what_stands_in_more_than_one_text() -> None:
    known = Vocabulary(pl.Series(["One two", "two, three", "THREE four four"]))
    assert known.once(["one", "two", "three", "four", "five"]) == {
        "one": True, "two": False, "three": False, "four": True, "five": True,
    }  # fmt: skip
    assert known.once(["two", "six"]) == {"two": False, "six": True}
    assert Vocabulary(pl.Series([], dtype=pl.String)).once(["one"]) == {"one": True}
