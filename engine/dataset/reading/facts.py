"""What the columns of a file are called and hold: what families are told by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from engine.dataset.reading.cells import are_texts, parsed_loosely
from engine.dataset.reading.turns import CONVERSATION_KEYS, is_message, is_transcript, is_turns

SAMPLED_VALUES = 20
"""How many non-null values of a column are looked at."""

MOST_NESTED = 64
"""Names inside an object column that are looked at."""

DETAILS = frozenset(
    {"id", "idx", "index", "uuid", "key", "source", "dataset", "datasplit", "split", "subset"}
    | {"category", "categories", "type", "task", "topic", "tags", "difficulty", "level"}
    | {"lang", "language", "url", "timestamp", "date", "created", "title", "author", "license"}
    | {"meta", "metadata", "info", "datasource", "ability", "rewardmodel", "extrainfo"}
    | {"groundtruth", "agentname", "domain", "model", "generator", "dump", "filepath"}
)
"""Columns that describe a row without being part of what was said; without `_` and blanks."""

MEASURES = frozenset(
    {"score", "label", "labels", "quality", "rating", "perplexity", "ppl", "languagescore"}
    | {"intscore", "tokencount", "ntokens", "length", "wordcount", "toxicity"}
)
"""What is measured of a text, or judged."""

VERDICT_WORDS = frozenset({"accept", "reject", "ignore"})
"""What Prodigy writes into `answer`."""


def normal(name: str) -> str:
    """A column's name without case, blanks, underscores and hyphens."""
    return re.sub(r"[\s_\-]+", "", name).lower()


def words_of(name: str) -> str:
    """A column's name as words in lower case with `_` between them: `imagePath`, `Image path`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s_\-]+", "_", apart).lower()


class ColumnFacts:
    """Names and kinds of a file's columns, looked at only where a rule asks.

    Names are matched without regard to case, blanks and underscores. `values` gives up to
    `SAMPLED_VALUES` non-null values of a column.
    """

    def __init__(self, names: Sequence[str], values: Callable[[str], list[Any]]) -> None:
        self.names = tuple(names)
        self._values = values
        self._by_name: dict[str, str] = {}
        for name in self.names:
            self._by_name.setdefault(normal(name), name)
        self.is_prodigy = self.has("_task_hash") or self.has("_input_hash")
        """Whether it is an export of Prodigy."""
        if self._answers_are_verdicts():
            del self._by_name["answer"]
        self._kinds: dict[str, str] = {}

    def _answers_are_verdicts(self) -> bool:
        """Whether `answer` is Prodigy's word on the row, and no part of what was said."""
        name = self._by_name.get("answer")
        if name is None or not self.has("_task_hash"):
            return False
        return all(isinstance(word, str) and word in VERDICT_WORDS for word in self._values(name))

    def find(self, *candidates: str, kinds: tuple[str, ...] = ("text",)) -> str | None:
        """The first of `candidates` that is a column of one of `kinds` (or has only nulls)."""
        for candidate in candidates:
            name = self._by_name.get(normal(candidate))
            if name is not None and self.kind(name) in (*kinds, "null"):
                return name
        return None

    def like(self, pattern: re.Pattern[str], kinds: tuple[str, ...]) -> list[str]:
        """The columns of one of `kinds` whose words match, in the order of their names."""
        found = [name for name in self.names if pattern.fullmatch(words_of(name))]
        return sorted((name for name in found if self.kind(name) in kinds), key=normal)

    def has(self, *candidates: str) -> bool:
        """Whether all of `candidates` are columns, whatever they hold."""
        return all(normal(candidate) in self._by_name for candidate in candidates)

    def values(self, name: str) -> list[Any]:
        """Some non-null values of a column."""
        return self._values(name)

    def lists(self, name: str) -> list[list[Any] | tuple[Any, ...]]:
        """Those of them that are lists: a column may hold other things in some rows."""
        return [value for value in self._values(name) if isinstance(value, list | tuple)]

    def held(self, name: str) -> list[Any]:
        """Those values, or what they hold where all are JSON texts of lists and objects."""
        values = self._values(name)
        if not values or not all(isinstance(value, str) for value in values):
            return values
        inner = [parsed_loosely(value) for value in values]
        return values if any(isinstance(value, str) for value in inner) else inner

    def kind_held(self, name: str) -> str:
        """The kind of what a column of JSON texts holds; of any other, its own."""
        held = self.held(name) if self.kind(name) == "text" else []
        if not held or isinstance(held[0], str):
            return self.kind(name)
        found = [_kind(value) for value in held]
        return max(dict.fromkeys(found), key=found.count)

    def kind(self, name: str) -> str:
        """What a column holds.

        text, number, boolean, messages, sharegpt, texts (lists of them), list, object, null; JSON
        text that holds messages is messages.
        """
        if name not in self._kinds:
            values = self._values(name)
            found = [_kind(value) for value in values]
            self._kinds[name] = max(dict.fromkeys(found), key=found.count) if found else "null"
        return self._kinds[name]

    def holds_transcripts(self, name: str) -> bool:
        """Whether a text column has hh-rlhf transcripts in it."""
        return any(isinstance(value, str) and is_transcript(value) for value in self._values(name))

    def only_details_beside(
        self, *parts: str | None, or_these: frozenset[str] = frozenset()
    ) -> bool:
        """Whether every other column merely describes the row."""
        known = DETAILS | or_these
        others = [name for name in self.names if name not in parts]
        return all(
            normal(name) in known
            or name.lower().endswith("_id")
            or name.startswith(("_", "tamis_"))  # of its own exports
            for name in others
        )

    def inside(self, name: str) -> ColumnFacts:
        """The members of an object column, under their names with dots."""
        values = [each for each in map(_object, self._values(name)) if each is not None]
        members = list(dict.fromkeys(key for each in values for key in each))[:MOST_NESTED]

        def of(dotted: str) -> list[Any]:
            key = dotted.removeprefix(f"{name}.")
            return [each[key] for each in values if each.get(key) is not None]

        facts = ColumnFacts([f"{name}.{member}" for member in members], of)
        facts._by_name = {}
        for member in members:
            facts._by_name.setdefault(normal(member), f"{name}.{member}")
        return facts


def _object(value: Any) -> dict[str, Any] | None:
    value = parsed_loosely(value) if isinstance(value, str) else value
    return value if isinstance(value, dict) else None


def _kind(value: Any) -> str:
    if isinstance(value, str):
        if value.lstrip().startswith(("[", "{")) and is_turns(held := parsed_loosely(value)):
            return _kind(held)
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict) and any(key in value for key in CONVERSATION_KEYS):
        return "object"
    if is_turns(value) or is_message(value):
        keys = {str(key).lower() for key in _first_message(value)}
        return "sharegpt" if keys >= {"from", "value"} else "messages"
    if are_texts(value) and value and value[0].lstrip().startswith("{"):
        held = [parsed_loosely(each) for each in value]
        return _kind(held) if is_turns(held) else "texts"
    if isinstance(value, list | tuple):
        return "texts" if value and are_texts(value) else "list"
    return "object" if isinstance(value, dict) else "other"


def _first_message(value: Any) -> dict[str, Any]:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}
