"""Which family a file's columns spell, and which column plays which part.

Names decide first, then what the values are: `messages` that hold text are no messages, and
`question` with a list of messages is a prompt only beside a list of functions. Rules are
tried from the most telling to the least; a file that fits none is `other` and opens with its
columns shown.

A new family is a member of `engine.sample.Family` and a row of `FAMILIES`; a new spelling of one
is a name in a tuple, or a rule of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.dataset.reading.answers import SIGNED, are_choices, is_one_talk, which_side
from engine.dataset.reading.cells import MalformedRowError, Remarks, value_at
from engine.dataset.reading.columns import VALUE_COLUMN
from engine.dataset.reading.facts import MEASURES, ColumnFacts, normal
from engine.dataset.reading.rows import Columns
from engine.dataset.reading.turns import is_conversation, is_exchange, is_pair, is_said, turns_of
from engine.sample import Family, Role

SYSTEM_NAMES = (
    *("system", "system_prompt", "system_message", "system_instruction", "system_instructions"),
    *("sys_prompt", "meta_instruction"),
)
PROMPT_NAMES = ("prompt", "instruction", "question", "query", "problem", "input", "inputs", "post")
MESSAGES_NAMES = (
    *("messages", "conversations", "conversation", "dialogue", "dialog", "chat", "contents"),
    *("segments", "items", "turns", "chat_messages", "message_log", "thread", VALUE_COLUMN),
)
TALKS = ("conversations", "conversation", "dialogue", "dialog")
"""Columns whose plain texts are turns; lists of texts under other names are lists."""
EXCHANGES = (*TALKS, "messages", "texts", "turns", "qa_pairs", "qas")
"""Columns whose objects may hold both halves of an exchange."""
INPUT_NAMES = ("input", "context")
CONTEXT_NAMES = (
    "context",
    "contexts",
    "passage",
    "passages",
    "document",
    "documents",
    "background",
)
"""What a question is asked about, where it has a column of its own."""
HISTORY_NAMES = ("history", "chat_history")
REASONING_NAMES = (
    *("reasoning", "reasoning_content", "thinking", "thought", "thoughts", "cot", "complex_cot"),
    *("chain_of_thought", "rationale", "reasoning_trace", "think", "deepseek_reasoning"),
)
MEDIA_NAMES = ("image", "images", "audio", "audios", "video", "videos", "image_path", "audio_path")
_HISTORY_LIKE = re.compile(
    r"(?:(?:chat|conversation|dialogue|dialog|message|turn)_)?histor(?:y|ies)"
    r"|(?:previous|prior|past|earlier|context|history)_(?:messages|turns|conversations?|dialogue)"
)
_REASONING_LIKE = re.compile(
    r"(?:[a-z]+\d*_)?(?:reasoning|thinking|thoughts?|cot|chain_of_thoughts?|rationale)"
    r"(?:_(?:content|text|traces?|trajectory|trajectories|process|steps|chain|path))?"
)
_MEDIA_LIKE = re.compile(
    r"(?:(?:input|user|prompt|question)_)?(?:images?|imgs?|pictures?|photos?|audios?|videos?|pdfs?)"
    r"(?:_?\d{1,2})?(?:_(?:paths?|files?|file_?names?|file_?paths?|urls?|uris?|bytes|base64|b64))?"
    r"|(?:documents?|attachments?|files?)_(?:paths?|file_?paths?|urls?|uris?|bytes|base64|b64)"
    r"|attachments"
)
"""Names of media: what they show is no medium (`image_caption`, `video_title`, `num_images`)."""
GENERATED = ("generation", "generated_text", "model_output", "generated")
ANSWERS = {
    "instruction": ("output", "response", "completion", "answer", *GENERATED, "target"),
    "prompt": ("response", "completion", "output", "answer", *GENERATED, "solution", "target"),
    "question": ("solution", "answer", "response", "output", *GENERATED, "completion", "target"),
    "query": ("response", "answer", "output", *GENERATED, "completion", "target"),
    "problem": ("solution", "answer", "response", *GENERATED, "output", "completion"),
    "input": ("output", "response", "target", "targets", "completion"),
    "inputs": ("targets", "outputs", "target"),
    "inputs_pretokenized": ("targets_pretokenized",),
    "q": ("a",),
    "human": ("assistant", "bot", "gpt"),
    "user": ("assistant", "bot"),
    "user_prompt": ("assistant_response", "model_response", "response", "completion"),
}
CONVERSATION_ANSWERS = ("response", "completion", "answer", "output", *GENERATED)
"""The answer to a conversation that ends with a question."""
CALL_ANSWERS = ("answers", "answer", "response", "output", "ground_truth", "completion", *GENERATED)
TOOLS_NAMES = (
    *("tools", "function", "functions", "tool_defs", "tool_definitions", "available_tools"),
    *("available_functions", "function_definitions", "tool_schemas", "tools_schema", "tool_list"),
    *("tool_config", "function_list"),
)
DECLARED_NAMES = tuple(name for name in TOOLS_NAMES if name != "function")
"""Beside a prompt and an answer: there a function may be the code that is spoken of."""
TEXT_NAMES = ("text", "content", "document")
CANDIDATE_NAMES = (
    *("completions", "answers", "responses", "generations", "outputs", "candidates", "choices"),
    *("generation", "response", "output", "answer"),
)
JSON_CANDIDATES = CANDIDATE_NAMES[:6]
"""Those that may be JSON text in a cell: one answer may be a JSON list itself."""
NUMBERED = (
    *("response", "output", "answer", "completion", "generation", "candidate", "model_response"),
    *("model_output", "reply"),
)
"""Names under which several answers to one prompt stand, with a number or a letter behind."""
SIDES = (
    ("chosen", "rejected"),
    ("chosen_messages", "rejected_messages"),
    ("chosen_response", "rejected_response"),
    ("preferred_output", "non_preferred_output"),
    ("chosen_conversations", "rejected_conversations"),
)
_BETTER_WORSE = (
    *(("chosen", "rejected"), ("chosen", "reject"), ("accepted", "rejected")),
    *(("preferred", "rejected"), ("preferred", "dispreferred"), ("preferred", "non_preferred")),
    *(("preferred", "unpreferred"), ("best", "worst"), ("better", "worse"), ("win", "lose")),
    *(("winner", "loser"), ("winning", "losing"), ("good", "bad"), ("positive", "negative")),
    ("pos", "neg"),
)
_SIDE_NOUNS = (
    *("response", "answer", "output", "completion", "messages", "conversation", "conversations"),
    *("generation", "resp", "text"),
)
_ALONE = 10
"""So many of the words above make a pair without a noun: positive and negative may be anything."""
OTHER_SIDES = (
    *_BETTER_WORSE[:_ALONE],
    *((f"{a}_{noun}", f"{b}_{noun}") for a, b in _BETTER_WORSE for noun in _SIDE_NOUNS),
    *((f"{noun}_{a}", f"{noun}_{b}") for a, b in _BETTER_WORSE for noun in _SIDE_NOUNS),
)
"""Sides by what was said of them, beside a prompt."""
PAIRS = tuple(
    (f"{name}{first}", f"{name}{second}")
    for name in (
        *("output", "response", "answer", "completion", "conversation", "assistant"),
        *("generation", "summary", "model_response"),
    )
    for first, second in (("1", "2"), ("a", "b"), ("0", "1"), ("j", "k"))
)
LABELS = (
    *("label", "preference", "preferred", "winner", "better", "overall_preference", "choice"),
    *("preferred_output", "best", "labels", "preference_strength", "better_response_id"),
    *("better_response", "preferred_response", "preference_label", "human_preference"),
    *("winner_id", "verdict", "chosen"),
)
SIGNED_LABELS = frozenset({"overallpreference", "preferencestrength"})
"""Labels below and above 0, by their names: a few rows may all be of one sign."""
CHOICES = ("choices", "options", "endings", "answer_choices")
CHOICE_QUESTIONS = (
    *("question", "prompt", "query", "ctx", "stem", "instruction", "question_stem", "sentence"),
    "problem",
)
RIGHT = (
    *("answer", "answer_key", "answer_index", "label", "correct", "correct_answer", "gold"),
    *("answer_idx", "cop", "correct_option", "correct_choice", "correct_index", "right_answer"),
)
OPTION_COLUMNS = tuple(
    tuple(f"{name}{sign}" for sign in signs)
    for signs in ("abcdefgh", "12345678", "01234567")
    for name in ("", "option", "choice", "op", "ending")
    if name or signs.isalpha()
)
"""Choices in columns of their own: `A` to `D`, `option_1`, `opa`."""
NESTS = (
    *("data", "row", "record", "example", "item", "sample", "payload", "fields", "doc"),
    *("conversation", "chat", "dialogue", "dialog", "body", "request"),
)
"""Objects that a whole row may stand in."""

CHAT = ("messages", "sharegpt")
DECLARED = ("text", "texts", "list", "object", "messages")
"""What tools and system prompts may be."""
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
            note = BATCH_OUTPUT if columns.response in _BATCH_ANSWERS else ""
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

    media = [beside(name, kinds=_MEDIA_KINDS) for name in MEDIA_NAMES]
    media += facts.like(_MEDIA_LIKE, _MEDIA_KINDS)
    seen = tuple(
        dict.fromkeys(
            name
            for name in media
            if name is not None and name not in used and facts.kind(name) != "null"
        )
    )
    history = _said(facts, beside(*HISTORY_NAMES, kinds=_HISTORY_KINDS))
    history = history or _said(facts, beside("context", kinds=CHAT) if columns.prompt else None)
    reasoning = _said(facts, beside(*REASONING_NAMES, kinds=_THOUGHT_KINDS)) if thinks else None
    used |= {*seen, *filter(None, (history, reasoning))}

    def like(pattern: re.Pattern[str], kinds: tuple[str, ...]) -> str | None:
        return next((name for name in facts.like(pattern, kinds) if name not in used), None)

    tools = columns.tools or _said(facts, beside(*DECLARED_NAMES, kinds=DECLARED))
    return replace(
        columns,
        history=history or like(_HISTORY_LIKE, _HISTORY_KINDS),
        reasoning=reasoning or (like(_REASONING_LIKE, _THOUGHT_KINDS) if thinks else None),
        media=seen,
        more=columns.more or _asked_about(facts, columns, used),
        tools=tools,
    )


_MEDIA_KINDS = ("text", "texts", "list", "object", "other")
_HISTORY_KINDS = ("list", "texts", "messages", "sharegpt", "text")
_THOUGHT_KINDS = ("text", "texts", "list")


def _said(facts: ColumnFacts, name: str | None) -> str | None:
    """`name`, unless it holds nothing at all."""
    return name if name is not None and facts.kind(name) != "null" else None


def _asked_about(facts: ColumnFacts, columns: Columns, used: set[str]) -> tuple[str, ...]:
    """Columns of a question beside it: passages, and an input that is no text."""
    if columns.prompt is None:
        return ()
    names: tuple[str, ...] = CONTEXT_NAMES
    if normal(columns.prompt) == "instruction" and columns.input is None:
        names = ("input", "inputs", *names)
    found = (facts.find(name, kinds=("text", "texts", "list", "object")) for name in names)
    said = (_said(facts, name) for name in found if name not in used)
    return tuple(dict.fromkeys(name for name in said if name is not None))


def _preference(facts: ColumnFacts) -> Columns | None:
    for chosen_name, rejected_name in SIDES:
        chosen = facts.find(chosen_name, kinds=SPOKEN)
        rejected = facts.find(rejected_name, kinds=SPOKEN)
        if chosen and rejected:
            return _pair_context(facts, Columns(response=chosen, rejected=rejected))
    return (
        _labelled_pair(facts)
        or _written_off(facts)
        or _two_answers(facts)
        or _posts(facts)
        or _told_sides(facts)
    )


def _told_sides(facts: ColumnFacts) -> Columns | None:
    """A prompt, and two answers by names that say which is better."""
    for better, worse in OTHER_SIDES:
        chosen = _said(facts, facts.find(better, kinds=SPOKEN))
        rejected = _said(facts, facts.find(worse, kinds=SPOKEN))
        if chosen and rejected:
            columns = _pair_context(facts, Columns(response=chosen, rejected=rejected))
            return columns if columns.prompt or columns.messages else None
    return None


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
        if normal(label) in _MAY_BE_TEXTS and not any(map(_chooses, facts.values(label))):
            continue
        columns = _pair_context(facts, Columns(response=first, rejected=second, label=label))
        asks = columns.prompt or columns.messages or facts.kind(first) in CHAT
        if asks:
            first_is = counts_from(facts.values(label))
            if normal(label) in SIGNED_LABELS:
                first_is = SIGNED
            elif normal(one).endswith("0"):  # labels are the numbers of their columns
                first_is = 0
            return replace(columns, counts_from=first_is)
    return None


_MAY_BE_TEXTS = frozenset({"chosen", "best", "choice", "betterresponse", "preferredresponse"})
"""Labels that may as well be the better text itself."""


def _chooses(label: Any) -> bool:
    try:
        which_side(label)
    except MalformedRowError:
        return False
    return True


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
    return Columns(facts.find(*SYSTEM_NAMES, kinds=DECLARED), messages=messages, rejected=rejected)


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
        facts.find(*SYSTEM_NAMES, kinds=DECLARED),
        prompt,
        response=f"{answer}.0",
        rejected=f"{answer}.1",
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
    tools = facts.find(*TOOLS_NAMES, kinds=DECLARED)
    messages = None if prompt else facts.find(*MESSAGES_NAMES, "context", kinds=CHAT)
    if prompt is None and messages is None:
        nest = facts.find("input", kinds=("object",))
        inside = facts.inside(nest) if nest else facts
        messages = inside.find(*MESSAGES_NAMES, kinds=CHAT) if nest else None
        tools = inside.find("tools", kinds=DECLARED) if messages else tools
    extra = facts.find("input") if prompt and prompt.lower() == "instruction" else None
    found = replace(
        columns,
        system=facts.find(*SYSTEM_NAMES, kinds=DECLARED),
        prompt=prompt,
        input=extra,
        messages=messages,
        tools=tools,
    )
    return _with_more(facts, found, thinks=False)


def _conversation(facts: ColumnFacts, kind: str) -> Columns | None:
    name = facts.find(*MESSAGES_NAMES, kinds=CHAT)
    if name is None or facts.kind(name) == "null":
        talk = facts.find(*TALKS, kinds=("texts",)) or _json_talk(facts) or _segments(facts)
        name = talk if talk and facts.kind(talk) != "null" else name
    if name is None or (facts.kind(name) == "sharegpt") is not (kind == "sharegpt"):
        return None
    if facts.kind(name) == "null" and kind != "messages":
        return None
    return _chat_columns(facts, name)


def _chat_columns(facts: ColumnFacts, name: str) -> Columns | None:
    """A conversation and what stands beside it; None where several answers to it do."""
    columns = Columns(
        facts.find(*SYSTEM_NAMES, "instructions", kinds=DECLARED),
        messages=name,
        tools=facts.find(*TOOLS_NAMES, kinds=DECLARED),
    )
    if not _ends_with_question(facts, name):
        return _with_more(facts, columns)
    if _candidates(facts) is not None:
        return None
    answer = _said(facts, facts.find(*CONVERSATION_ANSWERS, kinds=SPOKEN))
    return _with_more(facts, replace(columns, response=answer))


def _ends_with_question(facts: ColumnFacts, name: str) -> bool:
    """Whether no conversation of a column ends with an answer."""
    values = facts.values(name)
    return bool(values) and not any(map(_is_answered, values))


def _is_answered(value: Any) -> bool:
    try:
        turns = turns_of(value, Remarks())
    except (MalformedRowError, RecursionError):
        return True
    return not turns or turns[-1].role is not Role.USER


def _json_talk(facts: ColumnFacts) -> str | None:
    """A conversation of plain texts that are JSON text in a cell."""
    name = _said(facts, facts.find(*TALKS))
    return name if name is not None and facts.kind_held(name) == "texts" else None


def _logged(facts: ColumnFacts) -> Columns | None:
    """A request for a completion, and the completion."""
    request = _said(facts, facts.find("request", "body", kinds=("object",)))
    given = _said(facts, facts.find("response", "completion", kinds=("object",)))
    if request is None or given is None or not facts.inside(given).has("choices"):
        return None
    inside = facts.inside(request)
    messages = _said(inside, inside.find("messages", kinds=CHAT))
    if messages is None:
        return None
    tools = inside.find("tools", kinds=DECLARED)
    return Columns(messages=messages, response=f"{given}.choices.0.message", tools=tools)


def _items(facts: ColumnFacts) -> Columns | None:
    """A request to the Responses API: items in `input`, among them what was answered."""
    name = _said(facts, facts.find("input", kinds=CHAT))
    if name is None or _ends_with_question(facts, name) or facts.has("output"):
        return None
    return _chat_columns(facts, name)


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
    for candidate in EXCHANGES:
        name = facts.find(candidate, kinds=("list", "text"))
        values = facts.held(name) if name else []
        lists = [value for value in values if isinstance(value, list | tuple)]
        entries = [entry for value in lists for entry in value]
        if name and entries and all(map(_is_of_exchange, entries)):
            return _with_more(
                facts, Columns(facts.find(*SYSTEM_NAMES, kinds=DECLARED), messages=name)
            )
    return None


def _is_of_exchange(entry: Any) -> bool:
    return is_exchange(entry) or is_said(entry) or is_pair(entry)


def _chat(facts: ColumnFacts) -> Columns | None:
    return _conversation(facts, "messages") or _exchanges(facts) or _logged(facts) or _items(facts)


def _alpaca(facts: ColumnFacts) -> Columns | None:
    prompt, extra = facts.find("instruction"), facts.find(*INPUT_NAMES, kinds=("text", "number"))
    response = facts.find(*ANSWERS["instruction"], kinds=("text", "number"))
    if not (prompt and extra and response):
        return None
    return _with_more(
        facts, Columns(facts.find(*SYSTEM_NAMES, kinds=DECLARED), prompt, extra, response=response)
    )


def _tool_call(facts: ColumnFacts) -> Columns | None:
    prompt = facts.find("question", "query", "prompt", "instruction", kinds=SPOKEN)
    tools = facts.find(*TOOLS_NAMES, kinds=DECLARED)
    if not (prompt and tools):
        return None
    answer = facts.find(
        *CALL_ANSWERS, kinds=("text", "list", "texts", "messages", "sharegpt", "object")
    )
    if answer is None and _candidates(facts) is not None:
        return None
    system = facts.find(*SYSTEM_NAMES, kinds=DECLARED)
    return _with_more(facts, Columns(system, prompt, response=answer, tools=tools))


def _candidates(facts: ColumnFacts) -> Columns | None:
    """Several responses to one prompt: a list of texts, of objects with one, or of turns.

    Or columns of their own, numbered, or called chosen and rejected where there are several such.
    """
    prompt = _said(facts, facts.find(*PROMPT_NAMES, kinds=SPOKEN))
    messages = None if prompt else _said(facts, facts.find(*MESSAGES_NAMES, kinds=CHAT))
    if messages is not None and not _ends_with_question(facts, messages):
        return None
    if prompt is None and messages is None:
        return None
    for name in CANDIDATE_NAMES:
        found = _said(facts, facts.find(name, kinds=_candidate_kinds(name)))
        if found and found != prompt and _answers_in(facts, found):
            extra = None if messages else facts.find(*INPUT_NAMES)
            extra = extra if extra != prompt else None
            system = facts.find(*SYSTEM_NAMES, kinds=DECLARED)
            columns = Columns(system, prompt, extra, messages=messages, candidates=found)
            return _with_more(facts, columns, thinks=False)
    apart = _several_rejected(facts) or _numbered(facts)
    if not apart or prompt in apart:
        return None
    extra = None if messages else facts.find(*INPUT_NAMES)
    extra = extra if extra != prompt else None
    system = facts.find(*SYSTEM_NAMES, kinds=DECLARED)
    columns = Columns(system, prompt, extra, messages=messages, apart=apart)
    return _with_more(facts, columns, thinks=False)


def _several_rejected(facts: ColumnFacts) -> tuple[str, ...]:
    """The columns of a better answer and of a list of worse ones, or the other way round."""
    for better, worse in (*SIDES, *OTHER_SIDES):
        found = [
            _said(facts, facts.find(name, kinds=(*SPOKEN, "texts", "list")))
            for name in (better, worse)
        ]
        names = tuple(name for name in found if name is not None)
        if len(names) == 2 and all(_is_answer_column(facts, name) for name in names):
            return names
    return ()


def _is_answer_column(facts: ColumnFacts, name: str) -> bool:
    return facts.kind(name) in SPOKEN or _answers_in(facts, name)


def _numbered(facts: ColumnFacts) -> tuple[str, ...]:
    """Columns of answers that are numbered or lettered from the first on, two or more."""
    for name in NUMBERED:
        for signs in ("012345678", "123456789", "abcdefghi"):
            found: list[str] = []
            for sign in signs:
                column = facts.find(f"{name}{sign}", kinds=(*SPOKEN, "null"))
                if column is None:
                    break
                found.append(column)
            if len(found) > 1 and any(facts.kind(each) != "null" for each in found):
                return tuple(found)
    return ()


def _candidate_kinds(name: str) -> tuple[str, ...]:
    if name == "choices":  # plain ones are what a question offers
        return ("list", "messages")
    kinds = ("texts", "list", "messages")
    return (*kinds, "text") if name in JSON_CANDIDATES else kinds


def _answers_in(facts: ColumnFacts, name: str) -> bool:
    """Whether the lists of a column hold what may be answers: texts, or objects with a text."""
    values = facts.held(name)
    lists = [value for value in values if isinstance(value, list | tuple)]
    if not lists or any(map(is_one_talk, lists)):
        return False
    return all(_may_be_answer(entry) for value in lists for entry in value if entry is not None)


def _may_be_answer(entry: Any) -> bool:
    if isinstance(entry, dict):
        told = any(isinstance(each, str) for each in entry.values())
        return told or any(isinstance(entry.get(key), dict) for key in ("message", "content"))
    return isinstance(entry, str) or is_conversation(entry)


def _choices(facts: ColumnFacts) -> Columns | None:
    """A question with choices, and the index, letter or text of the right one."""
    prompt = facts.find(*CHOICE_QUESTIONS)
    choices = _said(facts, facts.find(*CHOICES, kinds=("texts", "object", "list", "text")))
    if choices is not None and not all(map(are_choices, facts.held(choices))):
        choices = None
    options = () if choices else _options(facts)
    right = (name for name in RIGHT if facts.find(name, kinds=("text", "number")) not in options)
    answer = facts.find(*right, kinds=("text", "number"))
    if not (prompt and answer and (choices or options)):
        return None
    system = facts.find(*SYSTEM_NAMES, kinds=DECLARED)
    columns = Columns(system, prompt, choices=choices, options=options, response=answer)
    return _with_more(facts, columns)


def _options(facts: ColumnFacts) -> tuple[str, ...]:
    """Columns that hold a choice each, where there are three of them or they are called so."""
    for names in OPTION_COLUMNS:
        found = [facts.find(name, kinds=("text", "number")) for name in names]
        count = found.index(None) if None in found else len(found)
        if count > (1 if normal(names[0]).startswith(("option", "choice")) else 2):
            return tuple(name for name in found[:count] if name is not None)
    return ()


def _prompt_response(facts: ColumnFacts) -> Columns | None:
    system = facts.find(*SYSTEM_NAMES, kinds=DECLARED)
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
    system = facts.find(*SYSTEM_NAMES, kinds=DECLARED)
    prompt = facts.find("prompt", "instruction", "question", "query", kinds=(*SPOKEN, "texts"))
    if not prompt:
        return None
    columns = _with_more(facts, Columns(system, prompt), thinks=False)
    alone = facts.is_prodigy or facts.only_details_beside(*columns.used().values())
    return columns if alone else None


BATCH_OUTPUT = "these are answers alone: their prompts are in the file of requests"
_BATCH_ANSWERS = (
    "response.body.choices.0.message",
    "response.body.output",
    "result.message",
)
"""Where the answer stands in a file of batch output: OpenAI's two APIs, Anthropic's."""


def _text(facts: ColumnFacts) -> Columns | None:
    """Texts alone: only where nothing else in the row could be a part of the sample."""
    if facts.has("custom_id") and (answer := _batch_answer(facts)) is not None:
        return Columns(response=answer)
    text = facts.find(*TEXT_NAMES)
    if not text:
        return None
    alone = facts.is_prodigy or facts.only_details_beside(text, or_these=MEASURES)
    return Columns(response=text) if alone else None


def _batch_answer(facts: ColumnFacts) -> str | None:
    for path in _BATCH_ANSWERS:
        name = facts.find(path.partition(".")[0], kinds=("object",))
        rows = [{path.partition(".")[0]: value} for value in facts.values(name or "")]
        if name and any(value_at(row, path) is not None for row in rows):
            return path
    return None


def _asked_prompt(facts: ColumnFacts) -> Columns | None:
    prompt = facts.find(*PROMPT_NAMES, kinds=SPOKEN) or _only_text(facts)
    return Columns(facts.find(*SYSTEM_NAMES, kinds=DECLARED), prompt) if prompt else None


def _asked_text(facts: ColumnFacts) -> Columns | None:
    text = facts.find(*TEXT_NAMES) or _only_text(facts)
    return Columns(response=text) if text else None


def _asked_alpaca(facts: ColumnFacts) -> Columns | None:
    found = _prompt_response(facts)
    return None if found is None else replace(found, input=facts.find(*INPUT_NAMES))


def _asked_conversation(facts: ColumnFacts) -> Columns | None:
    name = facts.find(*MESSAGES_NAMES, kinds=(*CHAT, "list", "texts"))
    return Columns(facts.find(*SYSTEM_NAMES, kinds=DECLARED), messages=name) if name else None


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
