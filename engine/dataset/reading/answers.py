"""Answers that are not one text: several candidates, calls, and the label that chooses of two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.dataset.reading.calls import call_text
from engine.dataset.reading.cells import (
    MalformedRowError,
    Remarks,
    are_texts,
    canonical,
    first_present,
    kind_of,
    parsed_loosely,
)
from engine.dataset.reading.parts import MessageReader, is_reasoning
from engine.dataset.reading.turns import is_turns, turns_of
from engine.sample import Message, Role, message_text, prompt_text

CANDIDATE_KEYS = (
    *("response", "completion", "answer", "generation", "output", "text", "content", "message"),
    *("value", "generated_text", "body", "messages"),
)
"""Under which of them a candidate's own text stands, where it is an object."""

MOST_CANDIDATES = 16
TOO_MANY = f"more than {MOST_CANDIDATES} candidates: the others were not read"

_FIRST = frozenset(
    {"a", "first", "left", "chosen", "model_a", "assistant_a", "response_a", "output_a"}
    | {f"{name}{sign}1" for name in ("output", "response", "model", "answer") for sign in ("_", "")}
)
_SECOND = frozenset(
    {"b", "second", "right", "rejected", "model_b", "assistant_b", "response_b", "output_b"}
    | {f"{name}{sign}2" for name in ("output", "response", "model", "answer") for sign in ("_", "")}
)
_AROUND = re.compile(r"^[\s\[(\"'*]+|[\s\])\"'*.]+$")
"""Signs around a label: `[[A]]`, `(b)`, `**A**`."""
_SENTENCE = re.compile(
    r"(?:model|response|assistant|answer|output|completion|option|candidate)[_#]*(a|b|1|2)"
    r"(?:_(?:is|was|wins|won|better|preferred).*)?"
)
"""Source: judges' replies, `Response 2 is slightly better`."""
_COMPARED = re.compile(r"(?:[a-z]+_)?[a1]_*([<>=~])[<>=~]*_*(?:[a-z]+_)?[b2]")
"""Source: arena-hard, `A>>B`, `A=B`."""
_TIES = ("tie", "both", "neither", "equal", "draw")
_NEAR = 1e-4
"""A label that was a number of half precision (1.0000007) still means 1."""


SIGNED = -1
"""Stands for labels below and above 0, as HelpSteer3's -3 to 3: below, the first is better."""


def which_side(label: Any, counts_from: int = 1) -> int | None:
    """Which of two outputs a label prefers, 0 or 1; None where it says that neither is better.

    Args:
        label: a number, as text too, or a name (`output_2`, `A`, `model_b`, `tie`).
        counts_from: the number of the first output, 0 or 1, or `SIGNED`.

    Raises:
        MalformedRowError: it says neither.
    """
    if isinstance(label, str):
        name = _AROUND.sub("", label.lower()).replace(" ", "_")
        if name in _FIRST or name in _SECOND:
            return int(name in _SECOND)
        if name.startswith(_TIES) or label.strip().lower() == "[[c]]":
            return None
        if (said := _SENTENCE.fullmatch(name)) is not None:
            return int(said[1] in ("b", "2"))
        if (said := _COMPARED.fullmatch(name)) is not None:
            return None if said[1] in "=~" else int("<" in said[1])
        label = _number(name)
    if isinstance(label, int | float) and not isinstance(label, bool):
        if counts_from == SIGNED:
            return None if not label else int(label > 0)
        for side in (0, 1):
            if abs(label - counts_from - side) <= _NEAR:
                return side
        if abs(label - counts_from - 0.5) <= _NEAR:
            return None
    raise MalformedRowError(unknown_label(counts_from))


def unknown_label(counts_from: int) -> str:
    """The cause of a row whose label chooses no output."""
    if counts_from == SIGNED:
        return "the label is no number"
    return f"the label is neither {counts_from} nor {counts_from + 1}"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Answers:
    """The turns of the answer; of several, those of the first, with the texts of all."""

    turns: tuple[Message, ...] = ()
    texts: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


def read_candidates(value: Any, remarks: Remarks) -> Answers:
    """Several responses: texts, objects with a text and what is said of it, or turns.

    Raises:
        MalformedRowError: one of them is none of these.
    """
    value = parsed_loosely(value) if isinstance(value, str) else value
    if isinstance(value, dict) and not is_turns(value):
        value = _rows_of(value)
    if value is None:
        remarks.note("the response is null")
        return Answers((Message(Role.ASSISTANT, ""),))
    entries = value if isinstance(value, list | tuple) and not is_one_talk(value) else [value]
    found = [_candidate(each, remarks) for each in entries if each is not None]
    if len(found) > MOST_CANDIDATES:
        remarks.note(TOO_MANY)
        found = found[:MOST_CANDIDATES]
    if not found:
        return Answers((Message(Role.ASSISTANT, ""),))
    texts = tuple(_text(turns) for turns, _ in found)
    return Answers(found[0][0], texts, tuple(details for _, details in found))


def with_scores(answers: Answers, row: Mapping[str, Any]) -> Answers:
    """`answers` with what lists beside them say of each: scores, ranks, models."""
    details = list(answers.details)
    for key, name in SCORE_LISTS.items():
        values = row.get(key)
        if isinstance(values, list | tuple) and len(values) == len(details) > 1:
            for at, value in enumerate(values):
                if isinstance(value, int | float | str) and f"{name} {value}" not in details[at]:
                    details[at] = ", ".join(filter(None, (details[at], f"{name} {value}")))
    return replace(answers, details=tuple(details))


SCORE_LISTS = {"scores": "score", "rewards": "reward", "ranks": "rank", "ratings": "rating",
               "models": "model"}  # fmt: skip
"""Columns of one value for each candidate, and what such a value is called."""


def is_one_talk(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list is one conversation: messages in it, and the user speaks in one of them."""
    if not is_turns(value) or not isinstance(value[0], dict):
        return False
    return any(str(entry.get("role", entry.get("from"))) in ("user", "human") for entry in value)


def _text(turns: tuple[Message, ...]) -> str:
    one = len(turns) == 1 and turns[0].role is Role.ASSISTANT
    return message_text(turns[0]) if one else prompt_text(turns)


def _rows_of(value: dict[str, Any]) -> list[Any]:
    """Columns of candidates as objects, `{"text": [...], "score": [...]}`; one object as one."""
    lists = {key: each for key, each in value.items() if isinstance(each, list | tuple)}
    texts = next((lists[key] for key in CANDIDATE_KEYS if are_texts(lists.get(key))), None)
    if texts is None:
        return [value]
    same = {key: each for key, each in lists.items() if len(each) == len(texts)}
    return [{key: each[at] for key, each in same.items()} for at in range(len(texts))]


def _candidate(entry: Any, remarks: Remarks) -> tuple[tuple[Message, ...], str]:
    """One candidate's turns, and what is said of it."""
    if isinstance(entry, dict) and not is_turns([entry]):
        said = first_present(entry, CANDIDATE_KEYS)
        if said is None and not any(key in entry for key in CANDIDATE_KEYS):
            raise MalformedRowError("a candidate is an object without a text")
        turns, _ = _candidate("" if said is None else said, remarks)
        thought = MessageReader(Role.ASSISTANT, remarks)
        thoughts = [key for key in entry if is_reasoning(key)]
        for name in thoughts:
            thought.think(name, entry[name])
        turns = _with_what_was_thought(turns, thought.turns()[0])
        entry = {name: value for name, value in entry.items() if name not in thoughts}
        key = next((key for key in CANDIDATE_KEYS if entry.get(key) is not None), "")
        return turns, _details(entry, key)
    if isinstance(entry, dict | list | tuple) or entry is None:
        turns = turns_of(entry, remarks, role=Role.ASSISTANT, what="a candidate")
        details = _details(entry, "content") if isinstance(entry, dict) else ""
        return turns or (Message(Role.ASSISTANT, ""),), details
    if isinstance(entry, bool):
        raise MalformedRowError(f"a candidate is {kind_of(entry)} where text belongs")
    return turns_of(entry, remarks, role=Role.ASSISTANT, what="a candidate"), ""


def _with_what_was_thought(turns: tuple[Message, ...], thought: Message) -> tuple[Message, ...]:
    """A candidate's turns with the reasoning beside its text in the last of them."""
    if not (thought.reasoning or thought.raw) or not turns:
        return turns
    last = turns[-1]
    reasoning = "\n\n".join(filter(None, (thought.reasoning, last.reasoning)))
    return (*turns[:-1], replace(last, reasoning=reasoning, raw=last.raw + thought.raw))


def _details(entry: dict[str, Any], text_key: str) -> str:
    """The plain values of a candidate's object: its score, rank, model."""
    said = (
        f"{key} {value}"
        for key, value in entry.items()
        if key not in (text_key, "role", "from")
        and isinstance(value, int | float | str)
        and len(str(value)) <= _DETAIL_CHARACTERS
    )
    return ", ".join(said)


_DETAIL_CHARACTERS = 40


def calls_or_parts(value: list[Any] | tuple[Any, ...], remarks: Remarks) -> Message:
    """A list that is neither messages nor texts: calls, or typed parts of a content."""
    reader = MessageReader(Role.ASSISTANT, remarks)
    entries = [each if isinstance(each, dict) else {} for each in value]
    called = all("function" in each or "name" in each for each in entries)
    if not called and any("text" in each or "type" in each for each in entries):
        reader.content(value)
    else:
        for call in value:
            reader.call(call_text(call))
    return reader.turns()[0]


def lettered(choices: Any) -> list[str]:
    """Choices as lines, `A. …`, or under their own labels."""
    labels, texts = _labelled_choices(choices)
    return [f"{label}. {text}" for label, text in zip(labels, texts, strict=False)]


def right_choice(choices: Any, answer: Any, remarks: Remarks) -> Any:
    """The choice that an index from 0, a letter, a label or a text names, as it stands above.

    An answer that names none is left as it is, with a remark.
    """
    labels, texts = _labelled_choices(choices)
    named = answer.strip() if isinstance(answer, str) else answer
    place: int | None = None
    if isinstance(named, str) and named in texts:
        place = texts.index(named)
    elif isinstance(named, str) and named.rstrip(".)") in labels:
        place = labels.index(named.rstrip(".)"))
    else:
        number = _number(str(named))
        if number is not None and 0 <= number < len(texts) and number == int(number):
            place = int(number)
    if place is None:
        remarks.note("the answer names none of the choices")
        return answer
    return f"{labels[place]}. {texts[place]}"


def are_choices(value: Any) -> bool:
    """Whether a value holds choices: texts, texts under their labels, or objects with both."""
    if isinstance(value, dict):
        said = value.get("text")
        return isinstance(said, list | tuple) or (
            len(value) > 1 and all(isinstance(each, str | None) for each in value.values())
        )
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(each, str) or _text_of_choice(each) is not None for each in value)
    )


def _text_of_choice(choice: Any) -> str | None:
    """The text of a choice that is an object with a label beside it."""
    if not isinstance(choice, dict) or "message" in choice:
        return None
    text = first_present(choice, ("text", "content", "option", "value"))
    return text if isinstance(text, str) and _label_of(choice) is not None else None


def _label_of(choice: dict[str, Any]) -> Any:
    return first_present(choice, ("label", "key", "id", "letter"))


def _labelled_choices(choices: Any) -> tuple[list[str], list[str]]:
    choices = parsed_loosely(choices) if isinstance(choices, str) else choices
    if isinstance(choices, dict) and isinstance(choices.get("text"), list | tuple):
        texts = [str(each) for each in choices["text"]]
        labels = [str(each) for each in choices.get("label") or ()]
    elif isinstance(choices, dict):
        said = {key: each for key, each in choices.items() if each is not None}
        texts, labels = list(map(str, said.values())), list(said)
    elif isinstance(choices, list | tuple) and any(isinstance(each, dict) for each in choices):
        objects = [each for each in choices if isinstance(each, dict)]
        texts = [str(_text_of_choice(each) or canonical(each)) for each in objects]
        labels = [str(_label_of(each)) for each in objects]
    elif choices is None or isinstance(choices, list | tuple):
        texts, labels = [str(each) for each in choices or ()], []
    else:
        raise MalformedRowError(f"the choices are {kind_of(choices)} where a list belongs")
    if len(labels) != len(texts):
        labels = [chr(ord("A") + at) if at < 26 else str(at) for at in range(len(texts))]
    return labels, texts
