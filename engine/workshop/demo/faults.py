"""The planted faults of the demo: each turns a sound answer into one that a reviewer would reject.

Lengths follow those of sound answers as far as the fault allows: a short answer must not give a
row away, and neither must a long one.
"""

from __future__ import annotations

import re
from itertools import pairwise

from engine.workshop.demo.material import capital
from engine.workshop.demo.seeded_random import Dice

CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxz", "aeiouy"
HOME_ROW = ("asdf", "jklö", "qwer", "uiop", "zxcv", "hjkl", "asdfgh", "lkjh", "poiu", "fdsa")


GIBBERISH = ("keys", "invented words", "word salad", "wrong encoding", "symbols",
             "shuffled letters", "mixed scripts", "machine dump")  # fmt: skip
SCRIPTS = (
    "абвгдежзиклмнопрстуфхцчшщыюя", "αβγδεζηθικλμνξοπρστυφχψω", "יכלמנסעפצקרשתאבגדהו",
    "的一是不了人我在有他这中大来上国", "ありかさたなはまやらわけしてのを", "กขคงจชซดตถทนบปผพมยรลวส",
)  # fmt: skip


def gibberish(dice: Dice, style: int, length: int, words: list[str]) -> str:
    """Text without meaning, about `length` characters long; `words` are real ones to shuffle.

    The style is an index into `GIBBERISH`.
    """
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < length:
        parts.append(_scrap(dice, style, words))
    if style == 2:
        for index in range(0, len(parts), 9):
            parts[index] = capital(parts[index])
        return " ".join(parts) + "."
    return " ".join(parts)


def _scrap(dice: Dice, style: int, words: list[str]) -> str:
    if style == 0:
        return "".join(dice.pick(HOME_ROW) for _ in range(dice.between(1, 3)))
    if style == 1:
        pairs = (dice.pick(CONSONANTS) + dice.pick(VOWELS) for _ in range(dice.between(1, 4)))
        return "".join(pairs) + dice.pick(("", "n", "r", "st"))
    if style == 2:
        return dice.pick(words)
    if style == 3:
        text = dice.pick(words) + dice.pick("äéöñ–“ü") + dice.pick(words)[:3]
        return _misread(_misread(text))
    if style == 4:
        return "".join(
            dice.pick("#%&/=+*~^<>|_$@!?;:0123456789abcdef") for _ in range(dice.between(2, 9))
        )
    if style == 5:
        return "".join(dice.shuffled(dice.pick(words)))
    if style == 6:
        script = dice.pick(SCRIPTS)
        mixed = "".join(dice.pick(script) for _ in range(dice.between(2, 6)))
        return mixed + dice.pick(words)[:2] if dice.chance(0.3) else mixed
    return dice.pick(("{}", "{}=", "0x{}", "\\x{}", "{}:0", "at {}+1")).format(
        "".join(dice.pick("0123456789abcdefGHJKQRTVXYZ") for _ in range(dice.between(4, 12)))
    )


def _misread(text: str) -> str:
    """UTF-8 taken for Windows-1252, the usual accident."""
    return text.encode().decode("cp1252", "replace")


TRUNCATED = ("inside a sentence", "inside a word", "early", "after a joining word")
JOINING = {
    "a", "an", "the", "and", "or", "but", "of", "to", "in", "on", "at", "by", "for", "from",
    "with", "until", "because", "so", "that", "which", "when", "while", "if", "as", "than", "is",
    "are", "before", "after", "into", "over", "under", "between",
}  # fmt: skip


def truncated(dice: Dice, style: int, text: str) -> str:
    """The beginning of `text`, broken off; the style is an index into `TRUNCATED`.

    A style that has no hold on the text ends inside a sentence.
    """
    words = re.findall(r"\s*\S+", text)
    low, high = (12, 30) if style == 2 else (40, 88)
    count = max(3, len(words) * dice.between(low, high) // 100)
    joining = [
        place
        for place in range(max(3, len(words) // 3), len(words))
        if words[place - 1].strip().lower() in JOINING
    ]
    if style == 3 and joining:
        count = dice.pick(joining)
    while count > 2 and words[count - 1][-1] in ".!?:`\"'":
        count -= 1
    kept = "".join(words[:count]).rstrip(",;")
    following = words[count].strip() if count < len(words) else ""
    if style == 1 and len(following) > 4 and following.isalpha():
        kept += f" {following[: len(following) // 2]}"
    return kept


REPEATED = ("sentence", "phrase", "word", "whole answer", "numbered", "restart", "in turn")
IN_TURN = REPEATED.index("in turn")
LOOPED = 0.6
"""A loop goes on until at most this share of its pairs of words differ, and longer if it must."""


def repeated(dice: Dice, style: int, text: str, length: int) -> str:
    """`text` caught in a loop, about `length` characters long.

    The style is an index into `REPEATED`: a sentence over and over, a tail of a few words, a
    single word, the whole, one point numbered again and again, a start that begins anew, two
    sentences in turn.
    """
    parts = sentences(text)
    words = text.split()
    if style == 0:
        return _loop("", dice.pick(parts), " ", 3, length)
    if style == 1:
        start = dice.between(4, max(4, len(words) // 2))
        tail = words[start - dice.between(2, 4) : start]
        return _loop(" ".join(words[:start]), " ".join(tail), " ", 4, length)
    if style == 2:
        start = dice.between(2, max(2, min(12, len(words) - 1)))
        return _loop(" ".join(words[:start]), words[start - 1], " ", 8, length)
    if style == 4:
        point = max(parts, key=len)
        count = next(n for n in range(3, 99) if n == 98 or n * (len(point) + 4) > length)
        return "\n".join(f"{number}. {point}" for number in range(1, count + 1))
    if style == 5:
        part = words[: dice.between(4, max(4, min(9, len(words))))]
        return _loop(" ".join(part), " ".join(part), dice.pick((" ", "\n", " ... ")), 3, length)
    if style == IN_TURN:
        return _loop("", " ".join(dice.some(parts, 2)), " ", 2, length)
    return _loop("", text.strip(), "\n", 2, length)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text."""
    return [part for part in re.split(r"(?<=[.!?])\s+|\n+", text.strip()) if part]


def _loop(head: str, unit: str, joint: str, least: int, length: int) -> str:
    """`head` and then `unit` at least `least` times, and on to the length and the repetition."""
    parts = [head, *[unit] * least] if head else [unit] * least
    while len(joint.join(parts)) + len(unit) / 2 < length or not _looped(joint.join(parts)):
        parts.append(unit)
    return joint.join(parts)


def _looped(text: str) -> bool:
    pairs = list(pairwise(text.split()))
    return len(set(pairs)) <= LOOPED * len(pairs)


SYNONYMS = {
    "usually": "normally", "begin": "start", "small": "little", "quickly": "fast",
    "because": "since", "large": "big", "also": "too", "several": "a few", "about": "roughly",
    "until": "till", "whole": "entire", "often": "frequently", "before": "ahead of",
    "together": "jointly", "need": "require", "takes": "needs", "buy": "purchase",
    "easily": "without trouble",
    "slowly": "gently", "make": "produce", "only": "just", "many": "plenty of", "write": "compose",
    "please": "kindly", "should": "ought to", "next": "following", "found": "discovered",
}  # fmt: skip


def edited(dice: Dice, text: str, edits: int) -> str:
    """`text` with a few words exchanged, doubled or given another case; digits stay."""
    words = text.split(" ")
    known = [i for i, word in enumerate(words) if word.strip(".,;:").lower() in SYNONYMS]
    for index in dice.some(known, edits):
        bare = words[index].strip(".,;:")
        words[index] = words[index].replace(bare, SYNONYMS[bare.lower()])
    if len(known) < edits:
        plain = [i for i, word in enumerate(words) if word.isalpha() and len(word) > 4]
        index = dice.pick(plain)
        words[index] = words[index][:-2] + words[index][-1] + words[index][-2]
    return " ".join(words)


def reworded(dice: Dice, text: str) -> str:
    """`text` as another person would type it: same words, other courtesy or punctuation."""
    style = dice.between(0, 4)
    if style == 0:
        return f"Please: {text}"
    if style == 1:
        return f"{text} Thanks."
    if style == 2:
        return text.lower()
    if style == 3:
        return text.rstrip("?.! ") + dice.pick(("", "??", " …"))
    return text.replace(",", "")
