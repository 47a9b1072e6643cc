"""Writes the demo dataset and its labels: `python -m engine.demo.generate`.

The same files come out on every machine. Sound rows are made first, each with its own prompt;
then some of them are spoilt, copied, edited or contradicted, and what was done to which row
goes into `labels.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from engine.demo import (
    DEMO,
    FaultKind,
    demo_folder,
    facts,
    fiction,
    knowledge,
    letters,
    quick,
    sorting,
    sums,
)
from engine.demo import faults as spoil
from engine.demo.dialogues import Turn, conversation, quiz, support
from engine.demo.dice import Dice
from engine.demo.likeness import Novelty, characters, jaccard, words
from engine.demo.material import Task, lines

SEED = "tamis demo 1"
MOST_ALIKE = 0.6
"""The highest similarity of two sound rows; planted near duplicates have at least `NEAR`."""
NEAR = 0.8

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


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many rows of one file are sound, spoilt, copied and contradicted."""

    name: str
    rows: int
    gibberish: int
    refusal: int
    truncated: int
    mismatched: int
    repeated: int
    exact: int
    near: int
    written: int
    """Pairs of contradictory answers from the bank."""
    contradicted: int
    """Sound rows that get a contradictory twin."""


TASKS = Recipe("tasks.jsonl", 1400, 50, 56, 62, 62, 50, 28, 30, 20, 16)
CHATS = Recipe("chats.jsonl", 600, 20, 24, 28, 28, 20, 10, 12, 0, 8)


@dataclass(slots=True, eq=False)
class Draft:
    """A row in the making."""

    task: Task
    before: tuple[Turn, ...] = ()
    fault: FaultKind | None = None
    detail: str = ""
    partners: list[Draft] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """Everything before the response, as one text."""
        return "\n\n".join(text for _, text in self.before) if self.before else self.task.prompt

    @property
    def whole(self) -> str:
        """Prompt and response as one text."""
        return f"{self.prompt}\n{self.task.response}"

    def mark(self, fault: FaultKind, response: str, detail: str) -> None:
        """Replace the response by a faulty one."""
        self.task = replace(self.task, response=response)
        self.fault, self.detail = fault, detail

    def record(self) -> dict[str, object]:
        """The row as it is written."""
        if self.before:
            turns = (*self.before, ("assistant", self.task.response))
            return {"messages": [{"role": role, "content": text} for role, text in turns]}
        task = self.task
        return {"instruction": task.instruction, "input": task.input, "output": task.response}


def build() -> dict[str, bytes]:
    """All files of the demo by their path under `engine/demo`, as bytes."""
    dice = Dice(SEED)
    pool = _pool(dice)
    tasks = [Draft(task) for task in pool[: _sound(TASKS)]]
    chats = _chats(dice, pool[_sound(TASKS) :], _sound(CHATS))
    vocabulary = sorted(
        {word for draft in tasks for word in draft.task.response.split() if word.isalpha()}
    )
    files: dict[str, bytes] = {}
    labels: list[dict[str, object]] = []
    for recipe, drafts in ((CHATS, chats), (TASKS, tasks)):
        rows = _plant(dice, recipe, drafts, vocabulary)
        files[f"data/{recipe.name}"] = _jsonl(draft.record() for draft in rows)
        labels += _labels(recipe, rows)
    files["labels.json"] = _jsonl(labels, brackets=True)
    return files


def _sound(recipe: Recipe) -> int:
    extra = recipe.exact + recipe.near + 2 * recipe.written + recipe.contradicted
    return recipe.rows - extra


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


# --- planting --------------------------------------------------------------------------------


def _plant(dice: Dice, recipe: Recipe, drafts: list[Draft], vocabulary: list[str]) -> list[Draft]:
    """Spoil, copy and contradict, and put all rows into their final order."""
    lengths = [len(draft.task.response) for draft in drafts]
    first, waiting = _opening(drafts)
    _truncate(dice, recipe.truncated, waiting)
    _mismatch(dice, recipe.mismatched, waiting)
    for number in range(recipe.gibberish):
        draft = waiting.pop()
        text = spoil.gibberish(dice, number % 5, dice.pick(lengths), vocabulary)
        style = ("keys", "invented words", "word salad", "wrong encoding", "symbols")[number % 5]
        draft.mark(FaultKind.GIBBERISH, text, style)
    novelty = Novelty(0.8)
    for _ in range(recipe.refusal):
        draft = waiting.pop()
        text = spoil.refusal(dice, draft.task)
        while not novelty.admits(draft.prompt, text):
            text = spoil.refusal(dice, draft.task)
        draft.mark(FaultKind.REFUSAL, text, "harmless request")
    _repeat(dice, recipe.repeated, waiting)
    extra = [*_copies(dice, recipe, waiting), *_contradict(dice, recipe, waiting)]
    others = [draft for draft in drafts if draft not in first]
    return [*first, *dice.shuffled([*others, *extra])]


def _opening(drafts: list[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Twelve sound rows of different kinds that open the file, and all others."""
    first: list[Draft] = []
    kinds: set[str] = set()
    for draft in drafts:
        short = len(draft.before) < 2 and len(draft.prompt) < 160
        if short and draft.task.kind not in kinds and len(first) < 12:
            kinds.add(draft.task.kind)
            first.append(draft)
    rest = [draft for draft in drafts if draft not in first]
    return sorted(first, key=lambda draft: -len(draft.task.response)), rest


def _take(waiting: list[Draft], wanted: Callable[[Draft], bool]) -> Draft:
    """Remove and return the last draft that is `wanted`."""
    for index in range(len(waiting) - 1, -1, -1):
        if wanted(waiting[index]):
            return waiting.pop(index)
    message = "no row is left for a fault of the demo"
    raise ValueError(message)


def _sized(low: int, high: int) -> Callable[[Draft], bool]:
    """Whether a draft's response has `low` to `high` words."""
    return lambda draft: low <= len(draft.task.response.split()) <= high


def _truncate(dice: Dice, count: int, waiting: list[Draft]) -> None:
    for _ in range(count):
        least = dice.pick((16, 25, 40))
        draft = _take(waiting, _sized(least, 1000))
        draft.mark(FaultKind.TRUNCATED, spoil.truncated(dice, draft.task.response), "cut")


SWAPPABLE = frozenset(
    ("explain", "how-to", "compare", "list", "code", "word problem", "letter", "story", "summarise",
     "rewrite", "support", "plan", "extract", "translate", "quick")
)  # fmt: skip


def _mismatch(dice: Dice, count: int, waiting: list[Draft]) -> None:
    """Pass answers round in rings: half of them among tasks of one kind, which is harder to see."""
    drafts = [_take(waiting, lambda draft: draft.task.kind in SWAPPABLE) for _ in range(count)]
    near = sorted(drafts[: count // 2], key=lambda draft: draft.task.kind)
    for ring in (near, dice.shuffled(drafts[count // 2 :])):
        answers = [draft.task for draft in ring]
        for index, draft in enumerate(ring):
            other = answers[(index + 1) % len(ring)]
            detail = "same kind" if other.kind == draft.task.kind else f"answers: {other.kind}"
            draft.mark(FaultKind.MISMATCHED, other.response, detail)


def _repeat(dice: Dice, count: int, waiting: list[Draft]) -> None:
    limits = ((0, 60), (12, 80), (6, 80), (0, 16))
    for number in range(count):
        style = number % 4
        low, high = limits[style]
        draft = _take(waiting, _sized(low, high))
        text = spoil.repeated(dice, style, draft.task.response)
        detail = ("sentence", "phrase", "word", "whole answer")[style]
        draft.mark(FaultKind.REPEATED, text, detail)


def _copies(dice: Dice, recipe: Recipe, waiting: list[Draft]) -> list[Draft]:
    """Exact and edited copies of rows that stay sound; two rows get two exact copies."""
    copies: list[Draft] = []
    while len(copies) < recipe.exact:
        original = waiting.pop()
        family = [original]
        for _ in range(2 if len(copies) < 4 else 1):
            copy = Draft(original.task, original.before, FaultKind.EXACT_DUPLICATE, "identical")
            copy.partners, family = list(family), [*family, copy]
            copies.append(copy)
    near = [_near_copy(dice, _take(waiting, _editable)) for _ in range(recipe.near)]
    return [*copies, *near]


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


def _contradict(dice: Dice, recipe: Recipe, waiting: list[Draft]) -> list[Draft]:
    """Pairs of rows that answer the same question differently; a third of them typed differently."""
    extra = []
    for prompt, sound, contrary in (lines("contradictions") if recipe.written else [])[
        : recipe.written
    ]:
        extra += _opposed(dice, Draft(Task("contradiction", prompt, prompt, "", sound)), contrary)
    for _ in range(recipe.contradicted):
        draft = _take(
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
