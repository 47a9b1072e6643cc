"""Empty talk: fluent sentences that go with any question and answer none.

The sentences are in `bank/talk.txt`, in seven manners. One answer keeps to one manner, is about
as long as a sound one, and may mention a word of its prompt.
"""

from __future__ import annotations

import re

from engine.workshop.demo.draft import Draft
from engine.workshop.demo.material import lines
from engine.workshop.demo.seeded_random import Dice

MANNERS = ("general", "promise", "praise", "weight", "steps", "sales", "musing")
COMMON = frozenset(word for (line,) in lines("common") for word in line.split())
"""Words that say nothing about a prompt's subject."""


SUBJECTS = {
    "word problem": "arithmetic",
    "quick": "numbers and words",
    "code": "programming",
    "letter": "correspondence",
    "story": "literature",
    "poem": "poetry",
    "translate": "languages",
    "foreign": "languages",
    "rewrite": "good style",
    "extract": "information",
    "classify": "sorting and judging",
    "summarise": "summaries",
    "plan": "planning",
    "support": "customer service",
    "compare": "comparisons",
    "list": "lists",
    "quiz": "learning",
    "kitchen": "cooking",
    "garden": "gardening",
    "home": "housekeeping",
    "running": "sport",
    "language": "languages",
}
"""What empty talk calls a kind of task or a field; other fields go by their own name."""


def talk(dice: Dice, manner: str, draft: Draft, length: int) -> str:
    """Sentences of one manner, about `length` characters in all; two in three mention the subject."""
    words = _topics(draft.asked)
    topical = bool(words) and dice.chance(0.65)
    bank = {
        place: [
            text
            for kind, where, text in lines("talk")
            if (kind, where) == (manner, place) and (topical or "{" not in text)
        ]
        for place in ("open", "body", "close")
    }
    start = [dice.pick(bank["open"])] if dice.chance(0.8) else []
    close = [dice.pick(bank["close"])] if dice.chance(0.5) else []
    chosen: list[str] = []
    for sentence in dice.shuffled(bank["body"]):
        if len(" ".join([*start, *chosen, *close])) + len(sentence) / 2 > length:
            break
        chosen.append(sentence)
    chosen = chosen or ([] if start else dice.some(bank["body"], 1))
    # In the order of the bank: "first" comes before "then".
    parts = [*start, *sorted(chosen, key=bank["body"].index)]
    if len(" ".join(parts)) < length:
        parts += close
    joint = "\n\n" if length > 220 and dice.chance(0.4) else " "
    half = max(1, len(parts) // 2)
    text = joint.join(" ".join(part) for part in (parts[:half], parts[half:]) if part)
    task = draft.task
    subject = SUBJECTS.get(task.kind) or SUBJECTS.get(task.subject) or task.subject
    return text.format(subject, f'"{dice.pick(words)}"' if words else "")


def _topics(prompt: str) -> list[str]:
    """The words of a prompt that sound like its subject: the longest ones in lower case."""
    words = re.findall(r"(?<![\w'-])[a-z]{5,}(?![\w'-])", prompt)
    return sorted({word for word in words if word not in COMMON}, key=lambda w: (-len(w), w))[:3]
