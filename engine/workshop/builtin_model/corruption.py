"""The training corrupter: what is wrong with a response, planted in a sound pair.

A fault is planted wholly or in part, and keeps the length of the sound response as far as its
kind allows, so that a model can't tell it by length. `examples.py` balances what is left.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from engine.workshop.builtin_model import phrases
from engine.workshop.builtin_model.retelling import FROM_TEXT, sentences
from engine.workshop.builtin_model.sources import Pair


class Fault(StrEnum):
    """The ways of failing that the model learns to tell from an answer."""

    MISMATCHED = "mismatched"
    TRUNCATED = "truncated"
    REPEATED = "repeated"
    GIBBERISH = "gibberish"
    REFUSAL = "refusal"
    WRONG_LANGUAGE = "wrong language"
    EMPTY_TALK = "empty talk"
    ECHOED = "echoed"
    FORMAT_BROKEN = "format broken"


WHOLE_WORDS = 6
"""A response of fewer words is too short to cut."""
ASKS_LANGUAGE = re.compile(
    r"translat|language|\b(french|german|spanish|italian|portuguese|dutch|swedish|polish|turkish|"
    r"russian|greek|chinese|mandarin|japanese|korean|arabic|hindi|latin|deutsch|español|français)\b",
    re.IGNORECASE,
)
STOP_WORDS = frozenset(  # a text, because a list would be sixty lines
    """
    about above after again against also because been before being below between both could does
    doing down during each every following from further give given have having here into just like
    list make more most much must only other over please same should some such than that their
    them then there these they this those through under until using very want what when where
    which while will with would write your yours create describe explain provide sentence
    """.split()  # noqa: SIM905 - see above
)


def corrupt(pair: Pair, fault: Fault, dice: random.Random, others: Sequence[Pair]) -> Pair | None:
    """The pair with that fault in its response.

    Args:
        pair: a sound pair.
        fault: what to plant.
        dice: all chance comes from here.
        others: sound pairs of the same source, to take foreign answers and words from.

    Returns:
        None where this fault can't be planted in this pair: too short to cut, nothing to copy.
    """
    response = _PLANT[fault](pair, dice, others)
    if response is None or response.strip() in ("", pair.response):
        return None
    return replace(pair, response=response.strip())


def _mismatched(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Another prompt's answer; the best of a few in length, at times the best in words too."""
    drawn = [dice.choice(others) for _ in range(8)]
    drawn = [other for other in drawn if foreign(pair, other)]
    if not drawn:
        return None
    if dice.random() < 0.35:
        wanted = _topics(pair.prompt + " " + pair.response)
        return max(drawn, key=lambda other: len(wanted & _topics(other.prompt))).response
    return min(drawn, key=lambda other: abs(len(other.response) - len(pair.response))).response


def foreign(pair: Pair, other: Pair) -> bool:
    """Whether the other's answer can't pass for one to this prompt: not the same task or label.

    What was told in another form has its task in common with many, and a text of its own.
    """
    if other.response == pair.response or other.prompt == pair.prompt:
        return False
    if pair.source in FROM_TEXT:
        return any(word not in pair.prompt for word in other.response.split())
    return (
        other.prompt.split("\n")[0] != pair.prompt.split("\n")[0]
        and len(other.response.split()) > 3
    )


def _topics(text: str) -> set[str]:
    words = re.findall(r"[a-z]{4,}", text.lower())
    return {word for word in words if word not in STOP_WORDS}


def _truncated(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Broken off inside a sentence, now and then inside a word."""
    del others
    words = re.findall(r"\s*\S+", pair.response)
    if len(words) < WHOLE_WORDS:
        return None
    count = max(3, int(len(words) * dice.uniform(0.3, 0.95)))
    while count > 3 and words[count - 1][-1] in ".!?:;\"'”)]}`":
        count -= 1
    kept = "".join(words[:count])
    if kept[-1] in ".!?:;\"'”)]}`" or count == len(words):
        return None
    following = words[count].strip()
    if dice.random() < 0.3 and len(following) > 4:
        kept += " " + following[: dice.randint(1, len(following) - 2)]
    return kept.rstrip(",") if dice.random() < 0.7 else kept


def _repeated(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Caught in a loop: of a sentence, of a few words, of one word, of the whole."""
    del others
    text, words = pair.response, pair.response.split()
    if len(words) < 3:
        return dice.choice((" ", "\n", ", ")).join([text] * dice.randint(3, 12))
    style = dice.randrange(8)
    if style == 0:  # one sentence, or two in turn, to the end
        parts = sentences(text) if "\n" not in text else [each for each in text.split("\n") if each]
        start = dice.randrange(len(parts))
        loop = parts[start : start + dice.choice((1, 1, 2))]
        joint = dice.choice((" ", " ", "\n")) if "\n" not in text else "\n"
        return joint.join(parts[:start] + loop * dice.randint(3, 7))
    if style == 1:
        start = dice.randint(2, len(words))
        tail = words[max(0, start - dice.randint(2, 6)) : start]
        return " ".join(words[:start] + tail * dice.randint(3, 10))
    if style == 2:
        start = dice.randint(1, len(words))
        return " ".join(words[:start] + [words[start - 1]] * dice.randint(5, 30))
    if style in (3, 4) and len(words) < 120:
        return dice.choice(("\n", "\n\n", " ")).join([text] * dice.randint(2, 4))
    if style == 5:  # points that all say the same
        point = dice.choice(sentences(text)).replace("\n", " ")
        marks = dice.choice(("{}. ", "- ", "* ", "{}) ", "Step {}: "))
        return "\n".join(marks.format(at) + point for at in range(1, dice.randint(4, 7)))
    if style == 6:  # a part of a sentence again and again, broken off
        start = dice.randrange(max(1, len(words) - 4))
        part = words[start : start + dice.randint(3, 9)]
        looped = part * dice.randint(3, 7)
        return " ".join(words[:start] + looped[: len(looped) - dice.randint(0, len(part) - 1)])
    half = words[: max(3, len(words) // dice.randint(2, 4))]
    return " ".join(half * dice.randint(2, 4))


def _gibberish(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Text without meaning, in place of all or of the later part of the response."""
    words = pair.response.split()
    if len(words) < 3:
        words = dice.choice(others).response.split()[:12] + words
    kept = 0 if dice.random() < 0.6 else dice.randint(0, len(words) * 2 // 3)
    style = dice.randrange(7)
    vocabulary = words + dice.choice(others).response.split() + dice.choice(others).response.split()
    spoilt = [_nonsense(word, style, dice, vocabulary) for word in words[kept:]]
    return " ".join(words[:kept] + spoilt)


def _nonsense(word: str, style: int, dice: random.Random, vocabulary: list[str]) -> str:
    if style == 0:  # keys hit at random
        return "".join(
            dice.choice(dice.choice(phrases.KEYBOARD_ROWS)) for _ in range(dice.randint(2, 9))
        )
    if style == 1:  # words that don't exist
        return "".join(
            dice.choice("bcdfghklmnprstvwz") + dice.choice("aeiou")
            for _ in range(dice.randint(1, 4))
        )
    if style == 2:  # real words in no order
        return dice.choice(vocabulary)
    if style == 3:  # the wrong encoding
        return (
            word[:2]
            + dice.choice("äéöñüß\u2013\u2019ç").encode().decode("cp1252", "replace")
            + word[2:]
        )
    if style == 4:  # symbols
        return "".join(dice.choice(phrases.SYMBOLS) for _ in range(dice.randint(1, 7)))
    if style == 5:  # letters of each word in no order
        return "".join(dice.sample(word, len(word)))
    return "".join(  # a part of the letters exchanged
        dice.choice("abcdefghijklmnopqrstuvwxyz")
        if each.isalpha() and dice.random() < 0.5
        else each
        for each in word
    )


def _topic(prompt: str, dice: random.Random) -> str:
    """A word or two that the prompt is about."""
    words = [word for word in re.findall(r"[A-Za-z]{4,}", prompt) if word.lower() not in STOP_WORDS]
    if not words:
        return "this topic"
    at = dice.randrange(len(words))
    return " ".join(words[at : at + dice.randint(1, 2)]).lower()


def _said(text: str, pair: Pair, dice: random.Random) -> str:
    """A phrase with its places filled, with a capital at its start."""
    text = text.replace("{do}", dice.choice(phrases.REFUSAL_DOING))
    text = text.replace("{topic}", _topic(pair.prompt, dice))
    return text[0].upper() + text[1:]


def _refusal(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """A refusal of a harmless request; at times with the beginning of an answer after it."""
    sentences = [dice.choice(phrases.REFUSAL_OPENINGS)]
    sentences += dice.sample(phrases.REFUSAL_REASONS, dice.choice((0, 0, 1, 1, 2, 3)))
    sentences += dice.sample(phrases.REFUSAL_CLOSINGS, dice.choice((0, 1, 1, 2)))
    text = " ".join(_said(sentence, pair, dice) for sentence in sentences)
    if others and dice.random() < 0.15:
        text += " " + _said(dice.choice(phrases.EMPTY_MIDDLES), pair, dice)
    return text


def _empty_talk(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Fluent sentences that say nothing, about as many as the response has."""
    del others
    wanted = max(1, min(12, round(len(pair.response.split()) / 13) + dice.randint(-1, 1)))
    sentences = [dice.choice(phrases.EMPTY_OPENINGS)] if dice.random() < 0.5 else []
    sentences += dice.sample(phrases.EMPTY_MIDDLES, min(wanted, len(phrases.EMPTY_MIDDLES)))
    if dice.random() < 0.4:
        sentences.append(dice.choice(phrases.EMPTY_CLOSINGS))
    if dice.random() < 0.1:
        sentences = [dice.choice((*phrases.EMPTY_OPENINGS, *phrases.EMPTY_CLOSINGS))]
    return " ".join(_said(sentence, pair, dice) for sentence in sentences)


def _wrong_language(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Sentences of another language in place of all or of the later part of the response."""
    del others
    if ASKS_LANGUAGE.search(pair.prompt) or sum(map(ord, pair.prompt)) > 300 * len(pair.prompt):
        return None
    foreign_ones = phrases.FOREIGN[dice.choice(list(phrases.FOREIGN))]
    numbers = re.findall(r"\S*\d\S*", pair.response)[:12]
    wanted = max(25, len(pair.response))
    text = "" if dice.random() < 0.75 else pair.response[: len(pair.response) // dice.randint(3, 6)]
    while len(text) < wanted and len(text) < 1_500:
        sentence = dice.choice(foreign_ones)
        if dice.random() < 0.5:
            words = sentence.split()
            taken = numbers if numbers and dice.random() < 0.6 else [_topic(pair.prompt, dice)]
            for _ in range(dice.randint(1, 3) if taken is numbers else 1):
                words.insert(dice.randrange(len(words) + 1), dice.choice(taken))
            sentence = " ".join(words)
        text += (" " if text else "") + sentence
        if dice.random() < 0.05:
            break
    return text


def _echoed(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """The prompt again, whole or in part, in place of an answer."""
    del others
    prompt = pair.prompt
    if len(prompt.split()) < 4:
        return None
    style = dice.randrange(10)
    lines = [line for line in prompt.split("\n") if len(line.split()) > 3]
    if style == 0:
        return f"{dice.choice(phrases.ECHO_OPENINGS)} {prompt}"
    if style == 1:
        return f"{prompt}\n{prompt}"
    if style == 2 and len(lines) > 1:  # the task without its text, or the text without its task
        return dice.choice((lines[0], "\n".join(lines[1:])))
    if style == 3:  # the last sentences, or the first ones
        parts = sentences(prompt)
        count = dice.randint(1, max(1, len(parts) - 1))
        return " ".join(dice.choice((parts[:count], parts[-count:])))
    if style == 4:
        words = prompt.lower().rstrip("?.!").split()
        return f"{dice.choice(phrases.ECHO_BEGINNINGS)} {' '.join(words)}."
    if style == 5:  # told in its own words, a few of them left out
        kept = [word for word in prompt.split() if dice.random() > 0.12]
        return " ".join(kept) + dice.choice(("", ".", "?", "..."))
    if style == 6:
        return dice.choice(phrases.ECHO_QUOTING).format(prompt)
    if style == 7:  # broken off
        words = prompt.split()
        return " ".join(words[: dice.randint(max(4, len(words) // 2), len(words))])
    return prompt


def _format_broken(pair: Pair, dice: random.Random, others: Sequence[Pair]) -> str | None:
    """Leftovers of templates and markup, fences that never close, another dialogue running on."""
    text = pair.response
    words = text.split()
    style = dice.randrange(10)
    other = dice.choice(others)
    if style == 0:  # goes on with another dialogue
        roles = dice.choice(phrases.ROLES)
        return f"{text}\n\n{roles[0]} {other.prompt[:200]}\n{roles[1]} {other.response[:200]}"
    if style == 1:  # leftovers scattered
        for _ in range(dice.randint(1, 4)):
            words.insert(
                dice.choice((0, len(words), dice.randint(0, len(words)))),
                dice.choice(phrases.LEFTOVERS),
            )
        return " ".join(words)
    if style == 2:  # markup scattered
        for _ in range(dice.randint(2, 3 + len(words) // 12)):
            words.insert(dice.randint(0, len(words)), dice.choice(phrases.MARKUP))
        return " ".join(words)
    if style == 3:  # escaped once too often
        return _escaped(text, dice)
    if style == 4:  # a fence, a bracket or a tag that never closes
        return f"{dice.choice(phrases.NEVER_CLOSED)}{text}"
    if style == 5:  # numbering that goes nowhere
        marks = dice.choice(("1. ", "- ", "* ", "| ", "# "))
        return "\n".join(f"{marks}{part}" for part in _cut(words, dice)) + dice.choice(
            ("", f"\n{marks}", f"\n{marks}\n{marks}")
        )
    if style == 6 and "\n" in text:  # lines run together
        return dice.choice((" ", "", " ")).join(text.split("\n"))
    if style == 7 and text[-1] in "]}`|" and len(text) > 8:  # what was opened stays open
        return text.rstrip("]}`|\n")[: -dice.randint(1, 3)] + dice.choice(("", ",", '"'))
    if style == 8 and text[0] in "[{|`":  # marks lost, or of another syntax
        lost = dice.choice(('"', "|", ",", ":", "`"))
        return (
            text.replace(lost, dice.choice(("", "'", ";")))
            if lost in text
            else f"{text}\n{text[0]}"
        )
    if style in (8, 9):  # an object of the pipeline that it went through
        return dice.choice(phrases.OBJECTS).format(text.replace("\n", "\\n"))
    return (
        dice.choice(phrases.LEFTOVERS)
        + dice.choice(("\n", " "))
        + dice.choice(("", text, dice.choice(phrases.LEFTOVERS)))
    )


def _escaped(text: str, dice: random.Random) -> str:
    """Line ends, quotes or signs written as their codes, as by one step too many."""
    style = dice.randrange(4)
    if style == 0:
        coded = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        coded = coded.replace('"', "&quot;").replace("'", "&#39;")
        return coded if coded != text else "<br />".join(text.split("\n")) + "<br />"
    escaped = text.replace("\n", "\\n").replace('"', '\\"')
    if style == 1:
        places = [at for at, each in enumerate(escaped) if each == " "]
        for at in dice.sample(places, min(len(places), dice.randint(1, 4))):
            code = dice.choice(("\\n", "\\t"))  # as long as what it takes the place of, and one
            escaped = f"{escaped[:at]}{code}{escaped[at + 1 :]}"
        return escaped
    return dice.choice(('"{}"', '{{"output": "{}"', "b'{}'", '"{}\\n\\n')).format(escaped)


def _cut(words: list[str], dice: random.Random) -> list[str]:
    """Pieces of one to four words."""
    pieces: list[str] = []
    at = 0
    while at < len(words):
        size = dice.randint(1, 4)
        pieces.append(" ".join(words[at : at + size]))
        at += size
    return pieces


_PLANT: dict[Fault, Callable[[Pair, random.Random, Sequence[Pair]], str | None]] = {
    Fault.MISMATCHED: _mismatched,
    Fault.TRUNCATED: _truncated,
    Fault.REPEATED: _repeated,
    Fault.GIBBERISH: _gibberish,
    Fault.REFUSAL: _refusal,
    Fault.WRONG_LANGUAGE: _wrong_language,
    Fault.EMPTY_TALK: _empty_talk,
    Fault.ECHOED: _echoed,
    Fault.FORMAT_BROKEN: _format_broken,
}
