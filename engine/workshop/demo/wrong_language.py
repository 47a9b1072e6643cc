"""Good answers in the wrong language: the prompt is English and asks for no other.

The answers are translations of the sound ones. Texts come whole from `bank/abroad.txt`; those of
word problems and reviews from `bank/abroad_formulas.txt`, filled with the computed numbers.
"""

from __future__ import annotations

import re

from engine.workshop.demo.draft import Draft
from engine.workshop.demo.material import lines
from engine.workshop.demo.seeded_random import Dice

OTHER_LANGUAGE = re.compile(
    r"French|German|Spanish|Italian|Portuguese|Dutch|[Tt]ranslat|say in English|language school"
)
"""A prompt with one of these may rightly be answered in another language."""
MOODS = ("positive", "negative", "mixed")


def answers(dice: Dice) -> list[tuple[str, ...]]:
    """All entries in random order: kind of task, what it is about, language, text.

    Three translated texts for each filled-in formula, as far as there are enough of them.
    """
    texts = dice.shuffled([tuple(entry) for entry in lines("abroad")])
    formulas = dice.shuffled([("formula", *entry) for entry in lines("abroad_formulas")])
    mixed = []
    for number, formula in enumerate(formulas):
        mixed += [formula, *texts[3 * number : 3 * number + 3]]
    return [*mixed, *texts[3 * len(formulas) :]]


def translated(draft: Draft, entry: tuple[str, ...]) -> str | None:
    """The answer to `draft` in the entry's language; None where the entry answers something else.

    Also None where the conversation holds anything that is not English.
    """
    kind, about, _, text = entry
    if OTHER_LANGUAGE.search(draft.prompt) or not _plain(draft.prompt):
        return None
    task = draft.task
    if kind == "formula":
        if about != _formula(draft):
            return None
        return text.format(*re.findall(r"\d+(?:[.:]\d+)?", task.response))
    fits = task.kind == kind and (
        task.subject == about if kind == "compare" else CARDS[kind, about] in task.response
    )
    # A page or a flash card would have to come back as such.
    fits = fits and len(task.response) <= 2 * len(text) and not task.response.startswith("Q:")
    return text if fits else None


def _formula(draft: Draft) -> str:
    if draft.task.subject != "review":
        return draft.task.subject
    said = draft.task.response.lower()
    return f"review {next(mood for mood in MOODS if mood in said)}"


def _plain(text: str) -> bool:
    """Whether all letters of the text are ASCII."""
    return all(letter.isascii() for letter in text if letter.isalpha())


CARDS = {
    key: text
    for _, term, what, _, _, how, _ in lines("cards")
    for key, text in ((("explain", term), what), (("how-to", term), how))
}
