"""Contradictions: the same question, asked again in other words at most, and other answers to it.

Never a duplicate to delete: one of the answers is wrong, or the question has many answers. Both
are for a person to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.duplicates.content import PairContent
from engine.duplicates.matching import components
from engine.duplicates.settings import ComparedUnit, SearchSettings, ShingleKind, Shingling
from engine.duplicates.similarity import Verifier
from engine.duplicates.texts import folded, normalised, number_keys

AGREE_FROM = 0.5
"""Answers that share at least so much of their words, and all of their numbers, agree."""

COMPARED_ANSWERS = 64
"""Different answers to one question of which all pairs are compared; of more, each is compared
with the first so many."""

_ANSWERS = SearchSettings(ComparedUnit.RESPONSE, Shingling(ShingleKind.WORD, 1), AGREE_FROM)
"""Single words: an answer is often one or two of them."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One question and its answers."""

    rows: tuple[int, ...]
    """Ascending."""
    answers: tuple[tuple[int, ...], ...]
    """The rows again, those that agree together; the largest group first, two at least."""

    @property
    def entropy(self) -> float:
        """How undecided the answers are, in bits: 0 if all agreed, 1 for one against one.

        Source: Shannon 1948, over the groups of answers that agree.
        """
        shares = np.array([len(group) for group in self.answers]) / len(self.rows)
        return float(-(shares * np.log2(shares)).sum())

    @property
    def disagreeing(self) -> int:
        """Rows outside the largest group that agrees."""
        return len(self.rows) - len(self.answers[0])


@dataclass(frozen=True, slots=True)
class Contradictions:
    """All of them, by first row."""

    groups: tuple[Contradiction, ...]
    total: int
    """Rows of the dataset."""

    @property
    def rows(self) -> int:
        """Rows that are in one."""
        return sum(len(group.rows) for group in self.groups)

    @property
    def share(self) -> float:
        """Of all rows, in [0, 1]."""
        return self.rows / self.total if self.total else 0.0

    @property
    def floor(self) -> float:
        """Share of rows that must be wrong where only one answer is right, in [0, 1]."""
        wrong = sum(group.disagreeing for group in self.groups)
        return wrong / self.total if self.total else 0.0


class AnswerFloor:
    """How many of some rows must be wrong where only one answer is right; cheap to ask again."""

    def __init__(self, found: Contradictions) -> None:
        """Lay out the groups of `found`."""
        groups = [
            (row, number, opinion)
            for number, group in enumerate(found.groups)
            for opinion, rows in enumerate(group.answers)
            for row in rows
        ]
        table = np.array(groups, np.int64).reshape(-1, 3)
        self.rows: NDArray[np.int64] = table[:, 0]
        """Rows that are in a contradiction.  (n,)."""
        _, self._answer = np.unique(table[:, 1:], axis=0, return_inverse=True)
        self._answer = self._answer.ravel()
        answers = int(self._answer.max()) + 1 if len(table) else 0
        self._question = np.zeros(answers, np.int64)
        self._question[self._answer] = table[:, 1]

    def wrong(self, kept: NDArray[np.bool_]) -> int:
        """Kept rows outside the largest set of kept ones that agrees, over all questions.

        Args:
            kept: of each of `rows`.  (n,)
        """
        if not len(self.rows):
            return 0
        counts = np.bincount(self._answer[kept], minlength=len(self._question))
        largest = np.zeros(int(self._question.max()) + 1, np.int64)
        np.maximum.at(largest, self._question, counts)
        return int(counts.sum() - largest.sum())


def contradictions(prompts: Clusters, texts: pl.DataFrame, content: PairContent) -> Contradictions:
    """Find the questions that are answered in different ways.

    Args:
        prompts: clusters of prompts.
        texts: columns prompt and response (strings, nullable).  (rows,)
        content: of the same search of prompts: alike is not enough, they must ask the same.
    """
    rows = prompts.members
    response = folded(
        normalised(texts["response"].gather(rows), _ANSWERS.normalisation), _ANSWERS.normalisation
    )
    answered = (response != "").to_numpy()
    rows, response = rows[answered], response.filter(pl.Series(answered))
    if not len(rows):
        return Contradictions((), len(texts))
    question = _questions(prompts, content, rows)
    answer = _keys(question, response.rank("dense").cast(pl.Int64).to_numpy())
    groups = [
        Contradiction(tuple(sorted(sum(answers, ()))), answers)
        for answers in _answers(rows, question, answer, texts["response"])
        if len(answers) > 1
    ]
    return Contradictions(tuple(sorted(groups, key=lambda group: group.rows)), len(texts))


def _questions(
    prompts: Clusters, content: PairContent, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """A number for each of some rows, the same for those whose prompts ask the same.  (n,)."""
    edges, first = prompts.edges, prompts.matches.first[rows]
    key = _keys(prompts.label[rows], content.keys(first).view(np.int64))
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    a = np.concatenate([edges.a[edges.droppable], first[order][:-1][same]])
    b = np.concatenate([edges.b[edges.droppable], first[order][1:][same]])
    _, question = components(a, b, prompts.matches.rows)
    return question[first]


def _keys(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each different pair.  (n,), (n,) -> (n,)."""
    _, keys = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
    return keys.ravel()


def _answers(
    rows: NDArray[np.int64],
    question: NDArray[np.int64],
    answer: NDArray[np.int64],
    responses: pl.Series,
) -> Sequence[tuple[tuple[int, ...], ...]]:
    """For every question the groups of rows whose answers agree, the largest first."""
    _, place, which = np.unique(answer, return_index=True, return_inverse=True)
    representative, asked = rows[place], question[place]  # (answers,) one row for each
    a, b = _pairs(asked)
    verify = Verifier(responses, _ANSWERS)
    numbers = number_keys(responses.gather(representative))
    agree = verify(representative[a], representative[b]) >= AGREE_FROM
    agree &= numbers[a] == numbers[b]
    _, opinion = components(a[agree], b[agree], len(representative))
    by_question: dict[int, dict[int, list[int]]] = {}
    for row, asked_here, held in zip(
        rows.tolist(), question.tolist(), opinion[which].tolist(), strict=True
    ):
        by_question.setdefault(asked_here, {}).setdefault(held, []).append(row)
    return [
        tuple(
            tuple(sorted(group))
            for group in sorted(opinions.values(), key=lambda group: (-len(group), min(group)))
        )
        for opinions in by_question.values()
    ]


def _pairs(question: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which answers to compare: those to the same question.  (answers,) -> two of (n,)."""
    order = np.argsort(question, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(question[order]) != 0))
    first, second = [], []
    for members in np.split(order, starts[1:]):
        a, b = np.triu_indices(len(members), 1, len(members))
        if len(members) > COMPARED_ANSWERS:
            near = a < COMPARED_ANSWERS
            a, b = a[near], b[near]
        first.append(members[a])
        second.append(members[b])
    return np.concatenate(first), np.concatenate(second)
