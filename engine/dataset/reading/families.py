"""Which family a file's columns spell, and which column plays which part.

Names decide first, then what the values are: `messages` that hold text are no messages, and
`question` with a list of messages is a prompt only beside a list of functions. Rules are
tried from the most telling to the least; a file that fits none is `other` and opens with its
columns shown.

A new family is a member of `engine.sample.Family` and a row of `FAMILIES`; a new spelling of one
is a name in a tuple, or a rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.dataset.reading.answers import SIGNED
from engine.dataset.reading.facts import MEASURES, ColumnFacts, normal
from engine.dataset.reading.rows import Columns
from engine.sample import Family

SYSTEM_NAMES = ("system", "system_prompt", "system_message")
PROMPT_NAMES = ("prompt", "instruction", "question", "query", "problem", "input", "inputs", "post")
MESSAGES_NAMES = (
    *("messages", "conversations", "conversation", "dialogue", "dialog", "chat", "contents"),
    *("segments", "items"),
)
TALKS = ("conversations", "conversation", "dialogue", "dialog")
"""Columns whose plain texts are turns; lists of texts under other names are lists."""
INPUT_NAMES = ("input", "context")
HISTORY_NAMES = ("history", "chat_history")
REASONING_NAMES = (
    *("reasoning", "reasoning_content", "thinking", "thought", "thoughts", "cot", "complex_cot"),
    *("chain_of_thought", "rationale", "reasoning_trace", "think", "deepseek_reasoning"),
)
MEDIA_NAMES = ("image", "images", "audio", "audios", "video", "videos", "image_path", "audio_path")
GENERATED = ("generation", "generated_text", "model_output", "generated")
ANSWERS = {
    "instruction": ("output", "response", "completion", "answer", *GENERATED),
    "prompt": ("response", "completion", "output", "answer", *GENERATED),
    "question": ("answer", "response", "output", *GENERATED),
    "query": ("response", "answer", "output", *GENERATED),
    "problem": ("solution", "answer", "response", *GENERATED),
    "input": ("output", "response"),
    "inputs": ("targets", "outputs"),
    "human": ("assistant", "bot", "gpt"),
    "user": ("assistant", "bot"),
}
CALL_ANSWERS = ("answers", "answer", "response", "output", "ground_truth")
TOOLS_NAMES = ("tools", "function", "functions", "tool_defs", "tool_definitions")
TEXT_NAMES = ("text", "content", "document")
CANDIDATE_NAMES = (
    *("completions", "answers", "responses", "generations", "outputs", "candidates"),
    *("generation", "response", "output", "answer"),
)
SIDES = (
    ("chosen", "rejected"),
    ("chosen_messages", "rejected_messages"),
    ("chosen_response", "rejected_response"),
    ("preferred_output", "non_preferred_output"),
    ("chosen_conversations", "rejected_conversations"),
)
PAIRS = tuple(
    (f"{name}{first}", f"{name}{second}")
    for name in ("output", "response", "answer", "completion", "conversation", "assistant")
    for first, second in (("1", "2"), ("a", "b"), ("0", "1"))
)
LABELS = (
    *("label", "preference", "preferred", "winner", "better", "overall_preference", "choice"),
    *("preferred_output", "best", "labels"),
)
CHOICES = ("choices", "options", "endings")
RIGHT = ("answer", "answer_key", "answer_index", "label", "correct", "correct_answer", "gold")
NESTS = ("data", "row", "record", "example", "item", "sample", "payload", "fields", "doc")
"""Objects that a whole row may stand in."""

CHAT = ("messages", "sharegpt")
SPOKEN = ("text", "messages", "sharegpt")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a file spells its samples. `flat`: every part is one text in one column."""

    family: Family
    columns: Columns
    flat: bool = False
    note: str = ""
    """What a person should know of the file."""


def detect(facts: ColumnFacts) -> Spelling:
    """The family that fits the columns best, `other` where none does."""
    found = _detected(facts)
    if found.family is not Family.OTHER:
        return found
    for name in NESTS:
        nest = facts.find(name, kinds=("object",))
        if nest is None or facts.kind(nest) == "null":
            continue
        within = _detected(facts.inside(nest))
        if within.family is not Family.OTHER:
            return replace(within, flat=False)
    return found


def _detected(facts: ColumnFacts) -> Spelling:
    for rule in FAMILIES.values():
        columns = rule.recognise(facts)
        if columns is not None:
            note = BATCH_OUTPUT if columns.response == _BATCH_TEXT else ""
            if rule.family is Family.OTHER:
                note = _translations(facts)
            return Spelling(rule.family, columns, is_flat(rule.family, columns, facts), note)
    raise AssertionError("the last family fits everything")


def _translations(facts: ColumnFacts) -> str:
    """What to name where a column holds the same text in several languages; "" where none does."""
    name = facts.find("translation", "translations", kinds=("object",))
    if name is None or facts.kind(name) == "null":
        return ""
    names = facts.inside(name).names
    if len(names) < 2:
        return ""
    return (
        f"{name} holds a text in several languages: name two of them, such as "
        f"--prompt-column {names[0]} --response-column {names[1]}"
    )


def _with_more(facts: ColumnFacts, columns: Columns, *, thinks: bool = True) -> Columns:
    """`columns` with what stands beside any prompt: history, media, reasoning."""
    used = set(columns.used().values())

    def beside(*names: str, kinds: tuple[str, ...]) -> str | None:
        found = facts.find(*names, kinds=kinds)
        return found if found is not None and found not in used else None

    media = [
        beside(name, kinds=("text", "texts", "list", "object", "other")) for name in MEDIA_NAMES
    ]
    seen = tuple(name for name in media if name is not None and facts.kind(name) != "null")
    history = beside(*HISTORY_NAMES, kinds=("list", "texts", "messages", "sharegpt", "text"))
    reasoning = beside(*REASONING_NAMES, kinds=("text",)) if thinks else None
    return replace(
        columns,
        history=history if history and facts.kind(history) != "null" else None,
        reasoning=reasoning if reasoning and facts.kind(reasoning) != "null" else None,
        media=seen,
    )


def _preference(facts: ColumnFacts) -> Columns | None:
    for chosen_name, rejected_name in SIDES:
        chosen = facts.find(chosen_name, kinds=SPOKEN)
        rejected = facts.find(rejected_name, kinds=SPOKEN)
        if chosen and rejected:
            return _pair_context(facts, Columns(response=chosen, rejected=rejected))
    return _labelled_pair(facts) or _written_off(facts) or _two_answers(facts) or _posts(facts)


def _labelled_pair(facts: ColumnFacts) -> Columns | None:
    """Two outputs, and a label that says which is better."""
    for one, other in PAIRS:
        first, second = facts.find(one, kinds=SPOKEN), facts.find(other, kinds=SPOKEN)
        if not (first and second):
            continue
        label = next(
            (
                found
                for name in LABELS
                if (found := facts.find(name, kinds=("number", "text"))) not in (None, first)
                and found != second
            ),
            None,
        )
        if label is None or facts.kind(label) == "null":
            continue
        columns = _pair_context(facts, Columns(response=first, rejected=second, label=label))
        asks = columns.prompt or columns.messages or facts.kind(first) in CHAT
        if asks:
            signed = normal(label) == "overallpreference"
            first_is = SIGNED if signed else counts_from(facts.values(label))
            return replace(columns, counts_from=first_is)
    return None


def counts_from(labels: list[Any]) -> int:
    """The number by which labels mean the first of two outputs: 1, or 0 where a 0 is among them.

    With a 2 they count from 1, and a 0 among them means neither. Labels below 0 are signed: below,
    the first is better, above, the second.
    """
    numbers = [number for label in labels if (number := _number(label)) is not None]
    if any(number < 0 for number in numbers):
        return SIGNED
    return 0 if 0 in numbers and not any(abs(number - 2) < 0.1 for number in numbers) else 1


def _number(label: Any) -> float | None:
    try:
        return float(label)
    except (TypeError, ValueError, OverflowError):
        return None


def _written_off(facts: ColumnFacts) -> Columns | None:
    """A conversation with its answer, and another answer that was rejected."""
    messages = facts.find(*MESSAGES_NAMES, kinds=CHAT)
    rejected = facts.find("rejected_response", "rejected", kinds=SPOKEN)
    if not (messages and rejected) or facts.kind(messages) == "null":
        return None
    return Columns(facts.find(*SYSTEM_NAMES), messages=messages, rejected=rejected)


def _two_answers(facts: ColumnFacts) -> Columns | None:
    """A question whose answer is a list of the chosen turns and the rejected ones."""
    prompt = facts.find(*PROMPT_NAMES)
    answer = facts.find("answer", "output", "response", kinds=CHAT)
    if not (prompt and answer) or facts.kind(answer) == "null":
        return None
    values = facts.values(answer)
    pairs = all(
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(each, list | tuple) for each in value)
        for value in values
    )
    if not pairs:
        return None
    return Columns(
        facts.find(*SYSTEM_NAMES), prompt, response=f"{answer}.0", rejected=f"{answer}.1"
    )


def _posts(facts: ColumnFacts) -> Columns | None:
    """SHP: a post, two comments on it, and 1 where the first is preferred."""
    post = facts.find("history", "post")
    first, second = facts.find("human_ref_A"), facts.find("human_ref_B")
    label = facts.find("labels", "label", kinds=("number", "text"))
    if not (post and first and second and label):
        return None
    return Columns(prompt=post, response=second, rejected=first, label=label, counts_from=0)


def _pair_context(facts: ColumnFacts, columns: Columns) -> Columns:
    prompt = facts.find("prompt", "instruction", "question", "query", "input", kinds=SPOKEN)
    tools = facts.find(*TOOLS_NAMES, kinds=("text", "list"))
    messages = None if prompt else facts.find(*MESSAGES_NAMES, "context", kinds=CHAT)
    if prompt is None and messages is None:
        nest = facts.find("input", kinds=("object",))
        inside = facts.inside(nest) if nest else facts
        messages = inside.find(*MESSAGES_NAMES, kinds=CHAT) if nest else None
        tools = inside.find("tools", kinds=("text", "list")) if messages else tools
    extra = facts.find("input") if prompt and prompt.lower() == "instruction" else None
    found = replace(
        columns,
        system=facts.find(*SYSTEM_NAMES),
        prompt=prompt,
        input=extra,
        messages=messages,
        tools=tools,
    )
    return _with_more(facts, found, thinks=False)


def _conversation(facts: ColumnFacts, kind: str) -> Columns | None:
    name = facts.find(*MESSAGES_NAMES, kinds=CHAT)
    if name is None or facts.kind(name) == "null":
        talk = facts.find(*TALKS, kinds=("texts",)) or _segments(facts)
        name = talk if talk and facts.kind(talk) != "null" else name
    if name is None or (facts.kind(name) == "sharegpt") is not (kind == "sharegpt"):
        return None
    if facts.kind(name) == "null" and kind != "messages":
        return None
    columns = Columns(
        facts.find(*SYSTEM_NAMES),
        messages=name,
        tools=facts.find(*TOOLS_NAMES, kinds=("text", "list", "messages")),
    )
    return _with_more(facts, columns)


def _segments(facts: ColumnFacts) -> str | None:
    """A column of texts that are trained on or not, by their `label`."""
    name = facts.find("segments", kinds=("list",))
    values = facts.lists(name) if name else []
    fits = all(
        isinstance(entry, dict) and isinstance(entry.get("label"), bool) and "text" in entry
        for value in values
        for entry in value
    )
    return name if values and fits else None


def _exchanges(facts: ColumnFacts) -> Columns | None:
    """A conversation of `{input, output}` objects."""
    name = facts.find(*TALKS, "messages", kinds=("list",))
    values = facts.lists(name) if name else []
    fits = all(
        isinstance(entry, dict) and {"input", "output"} <= entry.keys()
        for value in values
        for entry in value
    )
    if name is None or not values or not fits:
        return None
    return Columns(facts.find(*SYSTEM_NAMES), messages=name)


def _chat(facts: ColumnFacts) -> Columns | None:
    return _conversation(facts, "messages") or _exchanges(facts)


def _alpaca(facts: ColumnFacts) -> Columns | None:
    prompt, extra = facts.find("instruction"), facts.find(*INPUT_NAMES)
    response = facts.find(*ANSWERS["instruction"])
    if not (prompt and extra and response):
        return None
    return _with_more(facts, Columns(facts.find(*SYSTEM_NAMES), prompt, extra, response=response))


def _tool_call(facts: ColumnFacts) -> Columns | None:
    prompt = facts.find("question", "query", "prompt", "instruction", kinds=SPOKEN)
    tools = facts.find(*TOOLS_NAMES, kinds=("text", "list", "object", "messages"))
    if not (prompt and tools):
        return None
    answer = facts.find(
        *CALL_ANSWERS, kinds=("text", "list", "texts", "messages", "sharegpt", "object")
    )
    return Columns(facts.find(*SYSTEM_NAMES), prompt, response=answer, tools=tools)


def _candidates(facts: ColumnFacts) -> Columns | None:
    """Several responses to one prompt: a list of texts, of objects with one, or of turns."""
    prompt = facts.find(*PROMPT_NAMES, kinds=SPOKEN)
    if not prompt or facts.kind(prompt) == "null":
        return None
    for name in CANDIDATE_NAMES:
        found = facts.find(name, kinds=("texts", "list"))
        if found and found != prompt and facts.kind(found) != "null" and _answers_in(facts, found):
            extra = facts.find(*INPUT_NAMES)
            system = facts.find(*SYSTEM_NAMES)
            return Columns(system, prompt, extra if extra != prompt else None, candidates=found)
    return None


def _answers_in(facts: ColumnFacts, name: str) -> bool:
    """Whether the lists of a column hold what may be answers: texts, or objects with a text."""
    entries = [entry for value in facts.lists(name) for entry in value]
    return bool(entries) and all(
        isinstance(entry, str)
        or (isinstance(entry, dict) and any(isinstance(each, str) for each in entry.values()))
        for entry in entries
    )


def _choices(facts: ColumnFacts) -> Columns | None:
    """A question with choices, and the index, letter or text of the right one."""
    prompt = facts.find("question", "prompt", "query", "ctx", "stem", "instruction")
    choices = facts.find(*CHOICES, kinds=("texts", "object", "list"))
    answer = facts.find(*RIGHT, kinds=("text", "number"))
    if not (prompt and choices and answer) or facts.kind(choices) == "null":
        return None
    held = facts.values(choices)
    if not all(_are_choices(value) for value in held):
        return None
    return _with_more(
        facts, Columns(facts.find(*SYSTEM_NAMES), prompt, choices=choices, response=answer)
    )


def _are_choices(value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(value.get("text"), list | tuple)
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _prompt_response(facts: ColumnFacts) -> Columns | None:
    system = facts.find(*SYSTEM_NAMES)
    asked, passage = facts.find("question"), facts.find("context")
    extracts = facts.find("answers", kinds=("object",))
    if asked and passage and extracts and facts.inside(extracts).has("text"):
        return Columns(system, asked, more=(passage,), response=f"{extracts}.text.0")
    task, given = facts.find("definition", kinds=("text", "texts")), facts.find("inputs", "input")
    target = facts.find("targets", "target", "output", kinds=("text", "texts"))
    if task and given and target:
        return Columns(system, task, more=(given,), response=target)
    for prompt_name, answers in ANSWERS.items():
        prompt = facts.find(prompt_name, kinds=(*SPOKEN, "texts"))
        response = facts.find(*answers, kinds=(*SPOKEN, "number"))
        if prompt and response and facts.kind(prompt) != "null":
            return _with_more(facts, Columns(system, prompt, response=response))
    return None


def _prompt(facts: ColumnFacts) -> Columns | None:
    """Prompts alone: only where nothing else in the row could be an answer."""
    system = facts.find(*SYSTEM_NAMES)
    prompt = facts.find("prompt", "instruction", "question", "query", kinds=SPOKEN)
    if not prompt:
        return None
    columns = _with_more(facts, Columns(system, prompt), thinks=False)
    alone = facts.is_prodigy or facts.only_details_beside(*columns.used().values())
    return columns if alone else None


BATCH_OUTPUT = "these are answers alone: their prompts are in the file of requests"
_BATCH_TEXT = "response.body.choices.0.message.content"


def _text(facts: ColumnFacts) -> Columns | None:
    """Texts alone: only where nothing else in the row could be a part of the sample."""
    if facts.has("custom_id", "response") and facts.find("response", kinds=("object",)):
        return Columns(response=_BATCH_TEXT)
    text = facts.find(*TEXT_NAMES)
    if not text:
        return None
    alone = facts.is_prodigy or facts.only_details_beside(text, or_these=MEASURES)
    return Columns(response=text) if alone else None


def _asked_prompt(facts: ColumnFacts) -> Columns | None:
    prompt = facts.find(*PROMPT_NAMES, kinds=SPOKEN) or _only_text(facts)
    return Columns(facts.find(*SYSTEM_NAMES), prompt) if prompt else None


def _asked_text(facts: ColumnFacts) -> Columns | None:
    text = facts.find(*TEXT_NAMES) or _only_text(facts)
    return Columns(response=text) if text else None


def _asked_alpaca(facts: ColumnFacts) -> Columns | None:
    found = _prompt_response(facts)
    return None if found is None else replace(found, input=facts.find(*INPUT_NAMES))


def _asked_conversation(facts: ColumnFacts) -> Columns | None:
    name = facts.find(*MESSAGES_NAMES, kinds=(*CHAT, "list", "texts"))
    return Columns(facts.find(*SYSTEM_NAMES), messages=name) if name else None


def _only_text(facts: ColumnFacts) -> str | None:
    texts = [name for name in facts.names if facts.kind(name) == "text"]
    return texts[0] if len(texts) == 1 else None


Rule = Callable[[ColumnFacts], Columns | None]


@dataclass(frozen=True, slots=True)
class FamilyRule:
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


FAMILIES: dict[Family, FamilyRule] = {
    rule.family: rule
    for rule in (
        FamilyRule(Family.PREFERENCE, _preference, _preference),
        FamilyRule(
            Family.MESSAGES,
            _chat,
            _asked_conversation,
            can_be_flat=False,
            only_part="messages",
        ),
        FamilyRule(
            Family.SHAREGPT,
            lambda facts: _conversation(facts, "sharegpt"),
            _asked_conversation,
            can_be_flat=False,
            only_part="messages",
        ),
        FamilyRule(Family.ALPACA, _alpaca, _asked_alpaca),
        FamilyRule(Family.TOOL_CALL, _tool_call, _asked_prompt, can_be_flat=False),
        FamilyRule(
            Family.PROMPT_RESPONSE,
            lambda facts: _choices(facts) or _prompt_response(facts),
            _prompt_response,
        ),
        FamilyRule(Family.CANDIDATES, _candidates, _candidates, can_be_flat=False),
        FamilyRule(Family.PROMPT, _prompt, _asked_prompt),
        FamilyRule(Family.TEXT, _text, _asked_text, only_part="response"),
        FamilyRule(Family.OTHER, lambda _: Columns(), lambda _: Columns(), can_be_flat=False),
    )
}
"""One row each, tried in this order: from the most telling to the least."""


def is_flat(family: Family, columns: Columns, facts: ColumnFacts) -> bool:
    """Whether all parts are single texts, so that whole columns can be read at once."""
    if not FAMILIES[family].can_be_flat or not columns.can_be_flat:
        return False
    spoken = [name for part, name in columns.used().items() if part != "label"]
    if any(name not in facts.names for name in spoken):
        return False
    if any(facts.kind(name) not in ("text", "number", "boolean", "null") for name in spoken):
        return False
    return not any(facts.holds_transcripts(name) for name in spoken)
