"""Spoils rows: which kinds, how many, in which of them, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from engine.demo import FaultKind
from engine.workshop.demo import broken_format, echoes, wrong_language
from engine.workshop.demo import faults as spoil
from engine.workshop.demo.draft import Draft, sized, spoil_last, take
from engine.workshop.demo.planted_duplicates import contradictions, copies
from engine.workshop.demo.refusals import refusal
from engine.workshop.demo.seeded_random import Dice
from engine.workshop.demo.similarity import Novelty
from engine.workshop.demo.talk import MANNERS, talk


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
    wrong_language: int
    empty_talk: int
    echoed: int
    format_broken: int
    exact: int
    near: int
    written: int
    """Pairs of contradictory answers from the bank."""
    contradicted: int
    """Sound rows that get a contradictory twin."""

    @property
    def sound(self) -> int:
        """How many sound rows it takes, before anything is done to them."""
        return self.rows - self.exact - self.near - 2 * self.written - self.contradicted


TASKS = Recipe(
    name="tasks.jsonl", rows=1400,
    gibberish=34, refusal=36, truncated=40, mismatched=40, repeated=34,
    wrong_language=28, empty_talk=30, echoed=30, format_broken=30,
    exact=28, near=30, written=20, contradicted=16,
)  # fmt: skip
CHATS = Recipe(
    name="chats.jsonl", rows=600,
    gibberish=14, refusal=14, truncated=16, mismatched=16, repeated=14,
    wrong_language=12, empty_talk=12, echoed=12, format_broken=12,
    exact=10, near=12, written=0, contradicted=8,
)  # fmt: skip


NEW = 0.8
"""Refusals and empty talk must be less alike than this: they are put together from parts."""
SIZES_TRIED = 200
SAME_SUBJECT = 3
"""Short prompts are of a few sorts, and not all echoes should be of those."""
EARLY = spoil.TRUNCATED.index("early")


@dataclass(frozen=True, slots=True)
class Stock:
    """What the files share, so that a text or a way of breaking one is not used twice."""

    vocabulary: list[str]
    """Real words for gibberish."""
    abroad: list[tuple[str, ...]]
    """Answers in other languages; those that are used are removed."""
    broken: Counter[str] = field(default_factory=Counter)
    """How many rows have been broken in each style."""


class _Lengths:
    """The lengths of all sound responses; one is drawn for a fault that can be of any length."""

    def __init__(self, dice: Dice, drafts: list[Draft]) -> None:
        self._dice = dice
        self._all = [len(draft.task.response) for draft in drafts]

    def draw(self) -> int:
        return self._dice.pick(self._all)

    def near(self, size: Callable[[Draft], int]) -> Iterator[Callable[[Draft], bool]]:
        """Bounds around drawn lengths, without end: whether the size of a draft lies in them.

        They lie a little low, because spoiling adds more than it takes away.
        """
        while True:
            yield partial(_within, size, self.draw())


def _within(size: Callable[[Draft], int], length: int, draft: Draft) -> bool:
    return 0.6 * length <= size(draft) <= 1.1 * length


def plant(
    dice: Dice,
    recipe: Recipe,
    drafts: list[Draft],
    stock: Stock,
) -> list[Draft]:
    """Spoil, copy and contradict, and put all rows into their final order.

    Faults that only some rows can have are planted first.

    Args:
        dice: makes all choices.
        recipe: how many rows of each kind.
        drafts: the sound rows; some of them are changed.
        stock: what all files draw on.
    """
    lengths = _Lengths(dice, drafts)
    first, waiting = _opening(drafts)
    _answer_abroad(recipe.wrong_language, waiting, stock.abroad)
    _break_format(dice, recipe.format_broken, waiting, lengths, stock.broken)
    _truncate(dice, recipe.truncated, waiting)
    _mismatch(dice, recipe.mismatched, waiting, lengths)
    _echo(dice, recipe.echoed, waiting, lengths)
    for number in range(recipe.gibberish):
        style = number % len(spoil.GIBBERISH)
        text = spoil.gibberish(dice, style, lengths.draw(), stock.vocabulary)
        waiting.pop().mark(FaultKind.GIBBERISH, text, spoil.GIBBERISH[style])
    _refuse(dice, recipe.refusal, waiting, lengths)
    _talk(dice, recipe.empty_talk, waiting, lengths)
    _repeat(dice, recipe.repeated, waiting, lengths)
    extra = [
        *copies(dice, recipe.exact, recipe.near, waiting),
        *contradictions(dice, recipe.written, recipe.contradicted, waiting),
    ]
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


def _answer_abroad(count: int, waiting: list[Draft], entries: list[tuple[str, ...]]) -> None:
    """Put translated answers where their questions are asked, and take them off the entries."""
    planted = 0
    for entry in list(entries):
        if planted == count:
            return
        make = partial(wrong_language.translated, entry=entry)
        if spoil_last(waiting, FaultKind.WRONG_LANGUAGE, entry[2], make):
            entries.remove(entry)
            planted += 1
    if planted < count:
        message = "the demo has too few answers in other languages"
        raise ValueError(message)


def _break_format(
    dice: Dice, count: int, waiting: list[Draft], lengths: _Lengths, used: Counter[str]
) -> None:
    for number in range(count):
        style = broken_format.STYLES[number % len(broken_format.STYLES)]
        following = dice.pick(waiting).asked.split("\n")[0]

        def make(draft: Draft, style: str = style, following: str = following) -> str | None:
            return broken_format.broken(dice, style, used[style], draft.task.response, following)

        sizes = lengths.near(lambda draft: len(draft.task.response))
        _fitting(sizes, waiting, FaultKind.FORMAT_BROKEN, style, make)
        used[style] += 1


def _echo(dice: Dice, count: int, waiting: list[Draft], lengths: _Lengths) -> None:
    echoed = Counter[str]()
    for number in range(count):
        style = echoes.STYLES[number % len(echoes.STYLES)]

        def make(draft: Draft, style: str = style) -> str | None:
            if echoed[draft.task.subject] == SAME_SUBJECT:
                return None
            text = echoes.echo(dice, style, draft)
            echoed[draft.task.subject] += text is not None
            return text

        sizes = lengths.near(lambda draft: len(draft.asked))
        _fitting(sizes, waiting, FaultKind.ECHOED, style, make)


def _fitting(
    sizes: Iterator[Callable[[Draft], bool]],
    waiting: list[Draft],
    fault: FaultKind,
    detail: str,
    make: Callable[[Draft], str | None],
) -> None:
    """Spoil a row of the right size; where none is left, try the next size."""
    for fits in islice(sizes, SIZES_TRIED):

        def fitting(draft: Draft, fits: Callable[[Draft], bool] = fits) -> str | None:
            return make(draft) if fits(draft) else None

        if spoil_last(waiting, fault, detail, fitting):
            return
    message = f"no row is left for the fault {fault}: {detail}"
    raise ValueError(message)


def _refuse(dice: Dice, count: int, waiting: list[Draft], lengths: _Lengths) -> None:
    novelty = Novelty(NEW)
    for _ in range(count):
        draft = waiting.pop()
        text = refusal(dice, draft.task, lengths.draw())
        while not novelty.admits(draft.prompt, text):
            text = refusal(dice, draft.task, lengths.draw())
        draft.mark(FaultKind.REFUSAL, text, "harmless request")


def _talk(dice: Dice, count: int, waiting: list[Draft], lengths: _Lengths) -> None:
    novelty = Novelty(NEW)
    for number in range(count):
        draft, manner = waiting.pop(), MANNERS[number % len(MANNERS)]
        text = talk(dice, manner, draft, lengths.draw())
        while not novelty.admits(draft.prompt, text):
            text = talk(dice, manner, draft, lengths.draw())
        draft.mark(FaultKind.EMPTY_TALK, text, manner)


def _truncate(dice: Dice, count: int, waiting: list[Draft]) -> None:
    for number in range(count):
        style = number % len(spoil.TRUNCATED)
        least = dice.pick((30, 40, 50) if style == EARLY else (16, 25, 40))
        draft = take(waiting, sized(least, 1000))
        text = spoil.truncated(dice, style, draft.task.response)
        draft.mark(FaultKind.TRUNCATED, text, spoil.TRUNCATED[style])


SWAPPABLE = frozenset(
    ("explain", "how-to", "compare", "list", "code", "word problem", "letter", "story", "summarise",
     "rewrite", "support", "plan", "extract", "translate", "quick")
)  # fmt: skip


def _mismatch(dice: Dice, count: int, waiting: list[Draft], lengths: _Lengths) -> None:
    """Pass answers round in rings: half of them among tasks of one kind, which is harder to see."""
    drafts: list[Draft] = []
    for fits in lengths.near(lambda draft: len(draft.task.response)):
        fitting = [draft for draft in waiting if draft.task.kind in SWAPPABLE and fits(draft)]
        if fitting:
            drafts.append(fitting[-1])
            waiting.remove(fitting[-1])
        if len(drafts) == count:
            break
    near = sorted(drafts[: count // 2], key=lambda draft: draft.task.kind)
    for ring in (near, dice.shuffled(drafts[count // 2 :])):
        answers = [draft.task for draft in ring]
        for index, draft in enumerate(ring):
            other = answers[(index + 1) % len(ring)]
            detail = "same kind" if other.kind == draft.task.kind else f"answers: {other.kind}"
            draft.mark(FaultKind.MISMATCHED, other.response, detail)


def _repeat(dice: Dice, count: int, waiting: list[Draft], lengths: _Lengths) -> None:
    limits = ((0, 24), (12, 40), (6, 40), (0, 14), (0, 24), (10, 40), (8, 30))
    for number in range(count):
        style = number % len(spoil.REPEATED)
        fits = sized(*limits[style])
        if style == spoil.IN_TURN:
            draft = take(
                waiting, lambda draft: len(spoil.sentences(draft.task.response)) in {2, 3, 4}
            )
        else:
            draft = take(waiting, fits)
        # A loop overshoots: it has a least number of turns.
        text = spoil.repeated(dice, style, draft.task.response, lengths.draw() // 2)
        draft.mark(FaultKind.REPEATED, text, spoil.REPEATED[style])
