"""Writes the demo dataset and its labels: `python -m engine.workshop.demo.generate`.

The same files come out on every machine. Sound rows are made first, each with its own prompt;
then some of them are spoilt, copied, edited or contradicted, and what was done to which row
goes into `labels.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from engine.demo import DEMO, demo_folder
from engine.workshop.demo import (
    facts,
    fiction,
    knowledge,
    letters,
    quick,
    sorting,
    sums,
    wrong_language,
)
from engine.workshop.demo.dialogues import conversation, quiz, support
from engine.workshop.demo.draft import Draft
from engine.workshop.demo.material import Task
from engine.workshop.demo.planting import CHATS, TASKS, Recipe, Stock, plant
from engine.workshop.demo.seeded_random import Dice
from engine.workshop.demo.similarity import Novelty

SEED = "tamis demo 1"
MOST_ALIKE = 0.6
"""The highest similarity of two sound rows; planted near duplicates have `twins.NEAR`."""

MADE: tuple[tuple[Callable[[Dice], Task], int], ...] = (
    (sums.word_problem, 390),
    (quick.exercise, 300),
    (sorting.review, 170),
    (sorting.ticket, 36),
    (sorting.odd_one, 140),
    (facts.notice, 190),
    (facts.order, 140),
    (facts.report, 90),
    (letters.letter, 46),
    (fiction.plan, 34),
    (fiction.story, 60),
)
"""How many tasks of each kind that is built from parts."""


def build() -> dict[str, bytes]:
    """All files of the demo by their path under `engine/demo`, as bytes."""
    dice = Dice(SEED)
    pool = _pool(dice)
    tasks = [Draft(task) for task in pool[: TASKS.sound]]
    chats = _chats(dice, pool[TASKS.sound :], CHATS.sound)
    vocabulary = sorted(
        {word for draft in tasks for word in draft.task.response.split() if word.isalpha()}
    )
    stock = Stock(vocabulary, wrong_language.answers(dice))
    files: dict[str, bytes] = {}
    labels: list[dict[str, object]] = []
    for recipe, drafts in ((CHATS, chats), (TASKS, tasks)):
        rows = plant(dice, recipe, drafts, stock)
        files[f"data/{recipe.name}"] = _jsonl(draft.record() for draft in rows)
        labels += _labels(recipe, rows)
    files["labels.json"] = _jsonl(labels, brackets=True)
    return files


def _pool(dice: Dice) -> list[Task]:
    """Sound tasks of all kinds, no two of them alike."""
    pool = [
        *knowledge.explanations(dice),
        *knowledge.handouts(dice),
        *knowledge.comparisons(dice),
        *knowledge.listings(dice),
        *knowledge.programs(dice),
        *knowledge.translations(dice),
        *knowledge.rewrites(dice),
        *knowledge.summaries(dice),
        *fiction.poems(dice),
    ]
    for make, count in MADE:
        novelty, made = Novelty(MOST_ALIKE), 0
        while made < count:
            task = make(dice)
            if novelty.admits(task.prompt, task.response):
                pool.append(task)
                made += 1
    return dice.shuffled(pool)


def _chats(dice: Dice, pool: list[Task], count: int) -> list[Draft]:
    novelty, drafts = Novelty(MOST_ALIKE), list[Draft]()
    rest = list(pool)
    while len(drafts) < count:
        sort = dice.between(0, 99)
        taken: list[Task] = []
        if sort < 15:
            chat = support(dice)
        elif sort < 26:
            chat = quiz(dice)
        else:
            taken = rest[: 1 + (sort > 62) + (sort > 91)]
            if not taken:
                message = "the demo's pool of tasks is too small"
                raise ValueError(message)
            chat = conversation(dice, taken)
        draft = Draft(chat.task, chat.before)
        if novelty.admits(draft.prompt, draft.task.response):
            drafts.append(draft)
            rest = rest[len(taken) :]
    return drafts


# --- writing ---------------------------------------------------------------------------------


def _labels(recipe: Recipe, rows: list[Draft]) -> list[dict[str, object]]:
    place = {id(draft): row for row, draft in enumerate(rows)}
    return [
        {
            "file": recipe.name,
            "row": row,
            "kind": draft.fault.value,
            "detail": draft.detail,
            "partners": [place[id(partner)] for partner in draft.partners],
        }
        for row, draft in enumerate(rows)
        if draft.fault is not None
    ]


def _jsonl(records: Iterable[dict[str, object]], *, brackets: bool = False) -> bytes:
    rows = [json.dumps(record, ensure_ascii=False) for record in records]
    text = "[\n" + ",\n".join(rows) + "\n]\n" if brackets else "\n".join(rows) + "\n"
    return text.encode()


def main() -> None:
    """Write the files in place."""
    demo_folder().mkdir(exist_ok=True)
    for name, content in build().items():
        (DEMO / name).write_bytes(content)


if __name__ == "__main__":
    main()
