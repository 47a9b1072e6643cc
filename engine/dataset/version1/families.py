"""Which family and columns version 1 found in a file, and chose where a person named some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.dataset.version1.rows import FirstColumns
from engine.dataset.version1.turns import ROLE_KEYS, TEXT_KEYS, is_transcript
from engine.errors import UsageError
from engine.sample import Family

SAMPLED_VALUES = 20
"""How many non-null values of a column are looked at."""

SYSTEM_NAMES = ("system", "system_prompt", "system_message")
PROMPT_NAMES = ("prompt", "instruction", "question", "query", "problem", "input", "inputs")
MESSAGES_NAMES = ("messages", "conversations", "conversation", "dialogue", "dialog")
INPUT_NAMES = ("input", "context")
ANSWERS = {
    "instruction": ("output", "response", "completion", "answer"),
    "prompt": ("response", "completion", "output", "answer"),
    "question": ("answer", "response", "output"),
    "query": ("response", "answer", "output"),
    "problem": ("solution", "answer", "response"),
    "input": ("output", "response"),
    "inputs": ("targets", "outputs"),
}
CALL_ANSWERS = ("answers", "answer", "response", "output", "ground_truth")
TOOLS_NAMES = ("tools", "function", "functions")
TEXT_NAMES = ("text", "content", "document")
SIDES = (
    ("chosen", "rejected"),
    ("chosen_messages", "rejected_messages"),
    ("chosen_response", "rejected_response"),
)
DETAILS = frozenset(
    {"id", "idx", "index", "uuid", "key", "source", "dataset", "datasplit", "split", "subset"}
    | {"category", "categories", "type", "task", "topic", "tags", "difficulty", "level"}
    | {"lang", "language", "url", "timestamp", "date", "created", "title", "author", "license"}
    | {"meta", "metadata", "info"}
)
"""FirstColumns that describe a row without being part of what was said."""


@dataclass(frozen=True, slots=True)
class FirstSpelling:
    """How a file spells its samples. `flat`: every part is one text in one column."""

    family: Family
    columns: FirstColumns
    flat: bool = False


class FirstFacts:
    """Names and kinds of a file's columns, looked at only where a rule asks.

    Names are matched without regard to case. `values` gives up to `SAMPLED_VALUES` non-null
    values of a column.
    """

    def __init__(self, names: Sequence[str], values: Callable[[str], list[Any]]) -> None:
        self.names = tuple(names)
        self._values = values
        self._by_lower: dict[str, str] = {}
        for name in self.names:
            self._by_lower.setdefault(name.lower(), name)
        self._kinds: dict[str, str] = {}

    def find(self, *candidates: str, kinds: tuple[str, ...] = ("text",)) -> str | None:
        """The first of `candidates` that is a column of one of `kinds` (or has only nulls)."""
        for candidate in candidates:
            name = self._by_lower.get(candidate)
            if name is not None and self.kind(name) in (*kinds, "null"):
                return name
        return None

    def kind(self, name: str) -> str:
        """What a column holds: text, number, messages, sharegpt, list, object, null."""
        if name not in self._kinds:
            values = self._values(name)
            found = [_kind(value) for value in values]
            self._kinds[name] = max(dict.fromkeys(found), key=found.count) if found else "null"
        return self._kinds[name]

    def holds_transcripts(self, name: str) -> bool:
        """Whether a text column has hh-rlhf transcripts in it."""
        return any(isinstance(value, str) and is_transcript(value) for value in self._values(name))

    def only_details_beside(self, *parts: str | None) -> bool:
        """Whether every other column merely describes the row."""
        others = [name.lower() for name in self.names if name not in parts]
        return all(name in DETAILS or name.endswith("_id") for name in others)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list | tuple):
        return _list_kind(value)
    if isinstance(value, dict):
        return _list_kind([value]) if _list_kind([value]) != "list" else "object"
    return "other"


def _list_kind(value: list[Any] | tuple[Any, ...]) -> str:
    entry = value[0] if value else {}
    if isinstance(entry, list | tuple):
        return _list_kind(entry)
    if not isinstance(entry, dict):
        return "list"
    if "from" in entry and "value" in entry:
        return "sharegpt"
    has_text = any(key in entry for key in TEXT_KEYS) or "tool_calls" in entry
    return "messages" if has_text and any(key in entry for key in ROLE_KEYS) else "list"


CHAT = ("messages", "sharegpt")
SPOKEN = ("text", "messages", "sharegpt")


def detect(facts: FirstFacts) -> FirstSpelling:
    """The family that fits the columns best, `other` where none does."""
    for rule in FAMILIES.values():
        columns = rule.recognise(facts)
        if columns is not None:
            return FirstSpelling(rule.family, columns, _is_flat(rule.family, columns, facts))
    raise AssertionError("the last family fits everything")


def _preference(facts: FirstFacts) -> FirstColumns | None:
    for chosen_name, rejected_name in SIDES:
        chosen = facts.find(chosen_name, kinds=SPOKEN)
        rejected = facts.find(rejected_name, kinds=SPOKEN)
        if chosen and rejected:
            return _pair_context(facts, FirstColumns(response=chosen, rejected=rejected))
    first, second = facts.find("output_1"), facts.find("output_2")
    label = facts.find("label", "preference", kinds=("number", "text"))
    prompt = facts.find(*PROMPT_NAMES)
    if first and second and label and prompt:
        return FirstColumns(prompt=prompt, response=first, rejected=second, label=label)
    return None


def _pair_context(facts: FirstFacts, columns: FirstColumns) -> FirstColumns:
    prompt = facts.find("prompt", "instruction", "question", "query", "input", kinds=SPOKEN)
    extra = facts.find("input") if prompt and prompt.lower() == "instruction" else None
    return replace(
        columns,
        system=facts.find(*SYSTEM_NAMES),
        prompt=prompt,
        input=extra,
        messages=None if prompt else facts.find(*MESSAGES_NAMES, kinds=CHAT),
        tools=facts.find("tools", kinds=("text", "list")),
    )


def _conversation(facts: FirstFacts, kind: str) -> FirstColumns | None:
    name = facts.find(*MESSAGES_NAMES, kinds=CHAT)
    if name is None or facts.kind(name) != kind:
        return None
    return FirstColumns(
        system=facts.find(*SYSTEM_NAMES),
        messages=name,
        tools=facts.find(*TOOLS_NAMES, kinds=("text", "list", "messages")),
    )


def _alpaca(facts: FirstFacts) -> FirstColumns | None:
    prompt, extra = facts.find("instruction"), facts.find(*INPUT_NAMES)
    response = facts.find(*ANSWERS["instruction"])
    if not (prompt and extra and response):
        return None
    return FirstColumns(facts.find(*SYSTEM_NAMES), prompt, extra, response=response)


def _tool_call(facts: FirstFacts) -> FirstColumns | None:
    prompt = facts.find("question", "query", "prompt", "instruction", kinds=SPOKEN)
    tools = facts.find(*TOOLS_NAMES, kinds=("text", "list", "object", "messages"))
    if not (prompt and tools):
        return None
    answer = facts.find(*CALL_ANSWERS, kinds=("text", "list", "messages", "sharegpt", "object"))
    return FirstColumns(facts.find(*SYSTEM_NAMES), prompt, response=answer, tools=tools)


def _prompt_response(facts: FirstFacts) -> FirstColumns | None:
    for prompt_name, answers in ANSWERS.items():
        prompt = facts.find(prompt_name, kinds=SPOKEN)
        response = facts.find(*answers, kinds=(*SPOKEN, "number"))
        if prompt and response and facts.kind(prompt) != "null":
            return FirstColumns(facts.find(*SYSTEM_NAMES), prompt, response=response)
    return None


def _prompt(facts: FirstFacts) -> FirstColumns | None:
    """Prompts alone: only where nothing else in the row could be an answer."""
    system = facts.find(*SYSTEM_NAMES)
    prompt = facts.find("prompt", "instruction", "question", "query", kinds=SPOKEN)
    alone = prompt and facts.only_details_beside(prompt, system)
    return FirstColumns(system, prompt) if alone else None


def _text(facts: FirstFacts) -> FirstColumns | None:
    """Texts alone: only where nothing else in the row could be a part of the sample."""
    text = facts.find(*TEXT_NAMES)
    return FirstColumns(response=text) if text and facts.only_details_beside(text) else None


def _asked_prompt(facts: FirstFacts) -> FirstColumns | None:
    prompt = facts.find(*PROMPT_NAMES, kinds=SPOKEN) or _only_text(facts)
    return FirstColumns(facts.find(*SYSTEM_NAMES), prompt) if prompt else None


def _asked_text(facts: FirstFacts) -> FirstColumns | None:
    text = facts.find(*TEXT_NAMES) or _only_text(facts)
    return FirstColumns(response=text) if text else None


def _asked_alpaca(facts: FirstFacts) -> FirstColumns | None:
    found = _prompt_response(facts)
    return None if found is None else replace(found, input=facts.find(*INPUT_NAMES))


def _asked_conversation(facts: FirstFacts) -> FirstColumns | None:
    name = facts.find(*MESSAGES_NAMES, kinds=CHAT)
    return FirstColumns(facts.find(*SYSTEM_NAMES), messages=name) if name else None


def _only_text(facts: FirstFacts) -> str | None:
    texts = [name for name in facts.names if facts.kind(name) == "text"]
    return texts[0] if len(texts) == 1 else None


Rule = Callable[[FirstFacts], FirstColumns | None]


@dataclass(frozen=True, slots=True)
class FirstRule:
    """How a family is recognised. How its rows are read follows from the parts it has."""

    family: Family
    recognise: Rule
    """Its columns, None where a file is of another family."""
    asked: Rule
    """Its columns where the person named the family, whatever the other columns hint at."""
    can_be_flat: bool = True
    """Whether its parts may be single texts, so that whole columns can be read at once."""
    only_part: str = ""
    """The one part that a column named by the person plays; empty where there are several."""


FAMILIES: dict[Family, FirstRule] = {
    rule.family: rule
    for rule in (
        FirstRule(Family.PREFERENCE, _preference, lambda _: None),
        FirstRule(
            Family.MESSAGES,
            lambda facts: _conversation(facts, "messages"),
            _asked_conversation,
            can_be_flat=False,
            only_part="messages",
        ),
        FirstRule(
            Family.SHAREGPT,
            lambda facts: _conversation(facts, "sharegpt"),
            _asked_conversation,
            can_be_flat=False,
            only_part="messages",
        ),
        FirstRule(Family.ALPACA, _alpaca, _asked_alpaca),
        FirstRule(Family.TOOL_CALL, _tool_call, _asked_prompt, can_be_flat=False),
        FirstRule(Family.PROMPT_RESPONSE, _prompt_response, _prompt_response),
        FirstRule(Family.PROMPT, _prompt, _asked_prompt),
        FirstRule(Family.TEXT, _text, _asked_text, only_part="response"),
        FirstRule(
            Family.OTHER, lambda _: FirstColumns(), lambda _: FirstColumns(), can_be_flat=False
        ),
    )
}
"""One row each, tried in this order: from the most telling to the least."""


def _is_flat(family: Family, columns: FirstColumns, facts: FirstFacts) -> bool:
    """Whether all parts are single texts, so that whole columns can be read at once."""
    if not FAMILIES[family].can_be_flat:
        return False
    if columns.messages is not None or columns.tools is not None:
        return False
    spoken = [name for part, name in columns.used().items() if part != "label"]
    if any(facts.kind(name) not in ("text", "number", "boolean", "null") for name in spoken):
        return False
    return not any(facts.holds_transcripts(name) for name in spoken)


def choose(
    facts: FirstFacts,
    *,
    family: Family | None = None,
    prompt_column: str | None = None,
    response_column: str | None = None,
) -> FirstSpelling:
    """The detected spelling, corrected by what the person asked for.

    Raises:
        UsageError: a column that does not exist, or a family whose columns are not there.
    """
    for name in (prompt_column, response_column):
        if name is not None and name not in facts.names:
            raise _no_such_column(name, facts)
    spelling = detect(facts)
    if prompt_column is not None or response_column is not None:
        spelling = _with_columns(spelling, family, prompt_column, response_column, facts)
    elif family is not None and family is not spelling.family:
        columns = FAMILIES[family].asked(facts)
        if columns is None:
            raise _no_columns_for(family, facts)
        spelling = FirstSpelling(family, columns)
    return replace(spelling, flat=_is_flat(spelling.family, spelling.columns, facts))


def _with_columns(
    spelling: FirstSpelling,
    family: Family | None,
    prompt: str | None,
    response: str | None,
    facts: FirstFacts,
) -> FirstSpelling:
    """The person's columns; what was detected fills the part that was not named."""
    columns = spelling.columns
    wanted = family or spelling.family
    if wanted is Family.PREFERENCE and columns.rejected:
        changed = replace(
            columns,
            prompt=prompt or columns.prompt,
            messages=None if prompt else columns.messages,
            response=response or columns.response,
        )
        return FirstSpelling(Family.PREFERENCE, changed)
    part = FAMILIES[family].only_part if family is not None else ""
    if family is not None and part:
        system = columns.system if part == "messages" else None
        return FirstSpelling(family, replace(FirstColumns(system), **{part: prompt or response}))
    if prompt is None and columns.prompt is None:
        if family is None or family in (Family.OTHER, Family.PROMPT):
            raise UsageError(
                "a response column alone makes no sample",
                "name the prompt's column too with --prompt-column, or say --family text; "
                f"columns: {_listed(facts)}",
            )
        raise _no_columns_for(family, facts)
    chosen = FirstColumns(
        columns.system,
        prompt or columns.prompt,
        columns.input if prompt is None else None,
        response=None if family is Family.PROMPT else response or columns.response,
        tools=columns.tools,
    )
    return FirstSpelling(family or _spoken_family(spelling.family, chosen), chosen)


def _spoken_family(detected: Family, columns: FirstColumns) -> Family:
    if columns.response is None:
        return Family.TOOL_CALL if detected is Family.TOOL_CALL else Family.PROMPT
    keeps = detected is Family.ALPACA and columns.input is not None
    return detected if keeps or detected is Family.TOOL_CALL else Family.PROMPT_RESPONSE


def _no_such_column(name: str, facts: FirstFacts) -> UsageError:
    return UsageError(f"there is no column {name!a}", f"columns: {_listed(facts)}")


def _no_columns_for(family: Family, facts: FirstFacts) -> UsageError:
    return UsageError(
        f"the columns of the family {family.value} are not there",
        f"name them with --prompt-column and --response-column; columns: {_listed(facts)}",
    )


_LISTED_COLUMNS = 40


def _listed(facts: FirstFacts) -> str:
    shown = ", ".join(facts.names[:_LISTED_COLUMNS])
    more = len(facts.names) - _LISTED_COLUMNS
    return f"{shown} and {more} more" if more > 0 else shown
