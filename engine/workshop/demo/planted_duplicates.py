"""Rows that are alike on purpose: exact copies, edited copies, contradictory answers."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.demo import FaultKind
from engine.workshop.demo import faults as spoil
from engine.workshop.demo import sorting
from engine.workshop.demo.draft import Draft, take
from engine.workshop.demo.material import Task, lines
from engine.workshop.demo.seeded_random import Dice
from engine.workshop.demo.similarity import characters, jaccard, words

NEAR = 0.8
"""Planted near duplicates are at least this similar."""


def copies(dice: Dice, exact: int, near: int, waiting: list[Draft]) -> list[Draft]:
    """Exact and edited copies of rows that stay sound; two rows get two exact copies."""
    made: list[Draft] = []
    while len(made) < exact:
        original = waiting.pop()
        family = [original]
        for _ in range(2 if len(made) < 4 else 1):
            copy = Draft(original.task, original.before, FaultKind.EXACT_DUPLICATE, "identical")
            copy.partners, family = list(family), [*family, copy]
            made.append(copy)
    edited = [_near_copy(dice, take(waiting, _editable)) for _ in range(near)]
    return [*made, *edited]


def _editable(draft: Draft) -> bool:
    long_enough = len(draft.whole.split()) >= 45 and len(draft.task.response.split()) >= 15
    return long_enough and draft.task.kind not in {"code", "extract", "quick", "foreign"}


def _near_copy(dice: Dice, original: Draft) -> Draft:
    """A copy with one to three words changed, similar enough to count as a near duplicate."""
    shingles = words(original.whole)
    for attempt in range(60):
        edits = dice.between(1, 3) if attempt < 30 else 1
        task = replace(original.task, response=spoil.edited(dice, original.task.response, edits))
        if not original.before and dice.chance(0.4):
            task = replace(task, instruction=spoil.reworded(dice, task.instruction))
        copy = Draft(task, original.before, FaultKind.NEAR_DUPLICATE, "edited")
        copy.partners = [original]
        if NEAR <= jaccard(shingles, words(copy.whole)) < 1:
            return copy
    message = "no near duplicate found"
    raise ValueError(message)


def contradictions(dice: Dice, written: int, made: int, waiting: list[Draft]) -> list[Draft]:
    """Pairs of rows that answer the same question differently; a third of them typed differently.

    `written` of them come from the bank, `made` from sound rows that get a contradictory twin.
    """
    extra = []
    for prompt, sound, contrary in lines("contradictions")[:written]:
        extra += _opposed(dice, Draft(Task("contradiction", prompt, prompt, "", sound)), contrary)
    for _ in range(made):
        draft = take(
            waiting,
            lambda draft: (
                draft.task.kind in {"word problem", "classify"} and _contrary(draft.task) != ""
            ),
        )
        extra += _opposed(dice, draft, _contrary(draft.task))[1:]
    return extra


def _same_question(first: str, second: str) -> bool:
    """Whether two prompts are near-identical by characters and by words."""
    by_words = jaccard(words(first), words(second))
    return by_words >= NEAR and jaccard(characters(first), characters(second)) >= NEAR


def _opposed(dice: Dice, draft: Draft, contrary: str) -> list[Draft]:
    task = replace(draft.task, response=contrary)
    if not draft.before and dice.chance(0.8):
        other = replace(task, instruction=spoil.reworded(dice, task.instruction))
        if _same_question(task.prompt, other.prompt):
            task = other
    twin = Draft(task, draft.before, FaultKind.CONTRADICTION, "contrary answer", [draft])
    draft.fault, draft.detail, draft.partners = FaultKind.CONTRADICTION, "sound answer", [twin]
    return [draft, twin]


CONTRARY_RESULTS = (
    "A rough look is enough here: the result must be {}, nothing else fits.",
    "Add up all the figures that are mentioned and you get {}.",
    "{}. I did it in my head.",
    "There is a rule of thumb for such questions, and it says {}.",
)
CONTRARY_MOODS = (
    "Clearly {}; one only has to hear the tone in which it is written.",
    "I would call it {}, since the person took the time to write at all.",
    "{}, going by the first word.",
)
CONTRARY_DESKS = (
    "Send it to {}, which takes everything that arrives by telephone.",
    "This is a case for {}: they have the most time.",
)


def _contrary(task: Task) -> str:
    """A wrong answer to a task whose right one is known; "" where none is at hand."""
    if task.kind == "word problem":
        found = re.findall(r"\d+(?:\.\d+)?", task.response)
        wrong = float(found[-1]) * 2 + 3
        return CONTRARY_RESULTS[len(task.prompt) % 4].format(f"{wrong:g}")
    if task.subject == "review":
        mood = "negative" if task.response.lower().find("positive") >= 0 else "positive"
        return CONTRARY_MOODS[len(task.prompt) % 3].format(mood)
    if task.subject == "ticket":
        right = next((desk for desk, *_ in sorting.DESKS if desk in task.response.lower()), "")
        other = next(desk for desk, *_ in reversed(sorting.DESKS) if desk != right)
        return CONTRARY_DESKS[len(task.prompt) % 2].format(other)
    return ""
