"""The planted faults of the demo: each turns a sound answer into one that a reviewer would reject.

Lengths follow those of sound answers as far as the fault allows: a short answer must not give a
row away, and neither must a long one.
"""

from __future__ import annotations

import re

from engine.demo.dice import Dice
from engine.demo.material import Task, capital

CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxz", "aeiouy"
HOME_ROW = ("asdf", "jklö", "qwer", "uiop", "zxcv", "hjkl", "asdfgh", "lkjh", "poiu", "fdsa")


def gibberish(dice: Dice, style: int, length: int, words: list[str]) -> str:
    """Text without meaning, about `length` characters long; `words` are real ones to shuffle.

    Styles: 0 hammered keys, 1 invented words, 2 shuffled words, 3 wrong encoding, 4 symbols.
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
    return "".join(
        dice.pick("#%&/=+*~^<>|_$@!?;:0123456789abcdef") for _ in range(dice.between(2, 9))
    )


def _misread(text: str) -> str:
    """UTF-8 taken for Windows-1252, the usual accident."""
    return text.encode().decode("cp1252", "replace")


REFUSAL_START = (
    "I'm sorry, but I can't help with {}.",
    "Unfortunately I am not able to answer questions on {}.",
    "As an AI language model, I cannot assist with {}.",
    "I must decline this request about {}.",
    "I can't provide information on {}.",
    "I apologise, but {} is something I won't discuss.",
    "Sorry, I cannot do that.",
    "I'm afraid I have to say no here.",
    "This request can't be fulfilled.",
    "I would rather not respond to this.",
)
REFUSAL_REASON = (
    "It may not be appropriate, and my guidelines don't allow it.",
    "I have no access to the information that would be needed, and guessing could do harm.",
    "Such advice should come from a qualified professional only.",
    "There might be risks involved that I cannot judge from here.",
    "I was not designed for tasks of this kind.",
    "Answering could be misunderstood, and I want to be careful.",
    "I do not hold personal opinions or experience, so I am unable to say anything useful.",
    "My policies ask me to avoid topics such as this one.",
)
REFUSAL_END = (
    "Please consult an expert in your area.",
    "Is there anything else that I can do for you today?",
    "Thank you for your understanding.",
    "You may want to look for another source.",
    "I hope that you find the help you are looking for elsewhere.",
    "Feel free to ask me about a different topic instead.",
)
TOPICS = {
    "how-to": "this kind of instruction",
    "word problem": "calculations",
    "quick": "numbers",
    "code": "writing or explaining programs",
    "letter": "personal letters",
    "story": "fiction",
    "poem": "poetry",
    "translate": "translations",
    "foreign": "questions in this language",
    "rewrite": "changing someone's words",
    "extract": "messages written by other people",
    "classify": "judging other people's texts",
    "summarise": "texts from third parties",
    "plan": "planning private activities",
    "support": "orders and customers",
}


def refusal(dice: Dice, task: Task) -> str:
    """A refusal of a harmless request, one to four sentences long."""
    topic = TOPICS.get(task.kind, task.subject)
    parts = [dice.pick(REFUSAL_START).format(topic)]
    parts += dice.some(REFUSAL_REASON, dice.between(0, 2))
    if len(parts) == 1 or dice.chance(0.6):
        parts.append(dice.pick(REFUSAL_END))
    return " ".join(parts)


def truncated(dice: Dice, text: str) -> str:
    """The beginning of `text`, broken off inside a sentence and now and then inside a word."""
    words = re.findall(r"\s*\S+", text)
    count = len(words) * dice.between(35, 80) // 100
    while count > 2 and words[count - 1][-1] in ".!?:`\"'":
        count -= 1
    kept = "".join(words[:count]).rstrip(",;")
    following = words[count].strip() if count < len(words) else ""
    if dice.chance(0.3) and len(following) > 4 and following.isalpha():
        kept += f" {following[: len(following) // 2]}"
    return kept


def repeated(dice: Dice, style: int, text: str) -> str:
    """`text` caught in a loop.

    Styles: 0 a sentence over and over, 1 a tail of a few words, 2 a single word, 3 the whole.
    """
    sentences = re.findall(r"\S[^.!?]*[.!?]?", text) or [text]
    words = text.split()
    if style == 0:
        looped = dice.pick(sentences).strip()
        return " ".join([looped] * dice.between(3, 6))
    if style == 1:
        start = dice.between(4, max(4, len(words) // 2))
        tail = words[start - dice.between(2, 4) : start]
        return " ".join(words[:start] + tail * dice.between(4, 9))
    if style == 2:
        start = dice.between(2, max(2, min(12, len(words) - 1)))
        return " ".join(words[:start] + [words[start - 1]] * dice.between(8, 25))
    return "\n".join([text.strip()] * dice.between(3, 4))


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
