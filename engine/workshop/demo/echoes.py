"""Echoes: the prompt comes back, and no answer with it."""

from __future__ import annotations

import re

from engine.workshop.demo import faults as spoil
from engine.workshop.demo.draft import Draft
from engine.workshop.demo.material import capital
from engine.workshop.demo.seeded_random import Dice

STYLES = (
    "whole",
    "framed",
    "unfinished",
    "retyped",
    "reported",
    "turned round",
    "input",
    "pointed",
)

FRAMES = (
    "You asked: {}",
    'Your question was: "{}"',
    "Question: {}",
    'The task reads as follows: "{}"',
    'I understand your request: "{}"',
    "So the question is this: {}",
    '"{}" That is the question.',
    "You wrote: {}",
    'Regarding your message "{}":',
)
UNFINISHED = (
    "{}\n\nAnswer:",
    "{}\nHere is my answer:",
    "{}\n\nSure! Here it is:",
    "{}\nOutput:",
    "{}\n\nThe answer is as follows.",
    "{}\nSolution:",
)
REPORTED = (
    "You would like me to do the following: {}",
    "So you want this from me: {}",
    "In other words, what you need is this: {}",
    "As I understand it: {}",
    "You say: {}",
)
TURNED = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "i'm": "you're",
    "i've": "you've", "i'd": "you'd", "am": "are", "we": "you", "our": "your", "us": "you",
    "you": "I", "your": "my",
}  # fmt: skip
QUESTIONS = (
    (r"How do I (.+?)\?", "You want to know how to {}."),
    (r"What is the best way to (.+?)\?", "You are looking for the best way to {}."),
    (r"What is the difference between (.+?)\?", "The question is what the difference between {} is."),
    (r"What is (?!left)([^,?]+)\?", "You want to know what {} is."),
    (r"What is ([^,?]+), and why does it matter\?", "The question is what {} is and why it matters."),
    (r"Which (.+?)\?", "It is about which {}."),
    (r"I want to (.+?)\. Any advice\?", "You want to {} and would like some advice."),
)  # fmt: skip


def echo(dice: Dice, style: str, draft: Draft) -> str | None:
    """What `draft` asks, given back in a style; None where the style has no use for it."""
    asked = draft.asked.strip()
    if style == "whole":
        return asked
    if style == "framed":
        return dice.pick(FRAMES).format(asked)
    if style == "unfinished":
        return dice.pick(UNFINISHED).format(asked)
    if style == "retyped":
        typed = spoil.reworded(dice, _synonyms(dice, asked))
        return typed if typed != asked else None
    if style == "reported":
        return dice.pick(REPORTED).format(_turned(asked))
    if style == "turned round":
        first, *rest = re.split(r"\n|(?<=[.?!:]) ", asked, maxsplit=1)
        return f"{rest[0]}\n{first}" if rest else None
    if style == "input":
        return draft.task.input or None
    for pattern, statement in QUESTIONS:
        found = re.search(pattern, asked)
        if found and "\n" not in asked:
            said = statement.format(_turned(found[1]).strip())
            left = asked[: found.start()].strip()
            return f"{capital(_turned(left))} {said}".strip()
    return None


def _synonyms(dice: Dice, text: str) -> str:
    """`text` with a word or two exchanged, where it has any that can be."""
    known = [
        place
        for place, word in enumerate(text.split(" "))
        if word.strip(".,;:?").lower() in spoil.SYNONYMS
    ]
    return spoil.edited(dice, text, min(2, len(known))) if known else text


def _turned(text: str) -> str:
    """`text` from the other side: "my bike" becomes "your bike"."""

    def other(found: re.Match[str]) -> str:
        word = TURNED.get(found[0].lower())
        if word is None or found[0] == "US":
            return found[0]
        start = found.start()
        first = start == 0 or text[start - 2 : start].strip() in {".", "?", "!", ":"}
        return capital(word) if first else word

    return re.sub(r"[A-Za-z]+(?:'[a-z]+)?", other, text)
