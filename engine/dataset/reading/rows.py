"""Rows of every known family to turns: pure functions, no I/O.

`Columns` says which column plays which part; `read_row` turns one row into a `RowContent`
(prompt, response, rejected, turns), or into the cause why it cannot be read. Which columns
and which family a file has is decided in `engine.dataset.reading.families`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

from engine.dataset.reading.answers import (
    Answers,
    calls_or_parts,
    lettered,
    read_candidates,
    right_choice,
    which_side,
    with_scores,
)
from engine.dataset.reading.cells import (
    MalformedRowError,
    Remarks,
    are_texts,
    canonical,
    joined_texts,
    kind_of,
    parsed,
    parsed_loosely,
    text_of,
    value_at,
    without_nulls,
)
from engine.dataset.reading.media import PLACES, Medium, kind_in, media_in
from engine.dataset.reading.options import PLACEHOLDERS, is_placeholder
from engine.dataset.reading.parts import MessageReader, reasoning_text
from engine.dataset.reading.turns import (
    are_segments,
    is_message,
    is_transcript,
    is_turns,
    segments,
    transcript_turns,
    turns_of,
)
from engine.sample import (
    TURNS_APART,
    Family,
    Message,
    Role,
    labelled,
    message_text,
    prompt_text,
    says_nothing,
    split_turns,
)

PART_NAMES = {
    "system": "the system prompt",
    "prompt": "the prompt",
    "input": "the input",
    "response": "the response",
    "rejected": "the rejected response",
    "label": "the label",
}
"""The parts of a row in words, as problems name them."""
NO_BETTER = "the label says that neither response is better"
MERGED_RESPONSE = "the response holds another “Instruction:”"
MERGED_MARK = "Instruction:"
NUL_CHARACTER = "the text holds NUL characters"
NO_ANSWER = "no assistant turn"
LATE_TURNS = "turns follow the last answer"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column plays which part; None where no column does.

    For preference data `response` is the chosen side's column (or the first of two outputs
    that `label` chooses between) and `messages` the conversation before the sides part.
    """

    system: str | None = None
    prompt: str | None = None
    input: str | None = None
    more: tuple[str, ...] = ()
    """Further columns of the prompt, joined after it, a line each."""
    history: str | None = None
    """Earlier turns: pairs of question and answer, or messages."""
    messages: str | None = None
    reasoning: str | None = None
    """What was thought before the response."""
    response: str | None = None
    rejected: str | None = None
    label: str | None = None
    tools: str | None = None
    media: tuple[str, ...] = ()
    """Images, audio and video of the prompt."""
    candidates: str | None = None
    """Several responses, a list."""
    apart: tuple[str, ...] = ()
    """Several responses, each in a column of its own; such a column may hold a list of them."""
    choices: str | None = None
    """Choices of which the response names the right one, by index, letter or text."""
    options: tuple[str, ...] = ()
    """The same, each in a column of its own."""
    counts_from: int = 1
    """The number by which `label` means the first of two outputs, known by the whole column."""
    placeholders: frozenset[str] = field(default=frozenset(PLACEHOLDERS), compare=False)
    """Inputs that say that there is none."""

    @property
    def can_be_flat(self) -> bool:
        """Whether whole columns say it all: no part is read for its turns, row by row."""
        read = (
            *(self.history, self.messages, self.reasoning, self.tools),
            *(self.candidates, self.choices),
        )
        apart = self.media or self.options or self.apart
        return not apart and all(part is None for part in read)

    def used(self) -> dict[str, str]:
        """The parts that have a column, in the order they are read; `more_1`, `media_2`."""
        found: dict[str, str] = {}
        for part in fields(self):
            name = getattr(self, part.name)
            if isinstance(name, int | frozenset):
                continue
            if isinstance(name, tuple):
                found |= {f"{part.name}_{number}": each for number, each in enumerate(name, 1)}
            elif name is not None:
                found[part.name] = name
        return found


@dataclass(frozen=True, slots=True)
class RowContent:
    """What one row says. `turns` is the chosen side; `response` None where there is no answer."""

    turns: tuple[Message, ...]
    prompt: str
    response: str | None
    rejected: str | None = None
    rejected_turns: tuple[Message, ...] = ()
    tools: str | None = None
    """The tools that the row declares, as JSON text; None where it declares none."""
    remarks: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    """The responses of a row that has several for one prompt, that of `turns` first."""
    candidate_details: tuple[str, ...] = ()
    """What the row says of each, as its score: shown, and no part of the sample."""
    stated: tuple[Message, ...] = ()
    """`turns` with the cells as they stand, where a placeholder was read as no input."""

    @property
    def texts(self) -> tuple[str, str | None, str | None]:
        """All that was said as the three texts that are searched and compared.

        What follows the last answer stands after it, and further candidates where a pair has its
        rejected response.
        """
        late = _after_answer(self.turns) if self.rejected is None else ()
        response = self.response
        if response is not None and late:
            response = TURNS_APART.join((response, *map(labelled, late)))
        return self.prompt, response, self.rejected or _listed(self.candidates) or self.rejected


def _after_answer(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    if turns and turns[-1].role is Role.ASSISTANT:
        return ()
    before, answer = split_turns(turns)
    return () if answer is None else turns[len(before) + 1 :]


def _listed(candidates: tuple[str, ...]) -> str | None:
    """The candidates after the first, each under its number."""
    others = (f"candidate {number}: {text}" for number, text in enumerate(candidates[1:], 2))
    return TURNS_APART.join(others) if len(candidates) > 1 else None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why no sample can be read from a row."""

    cause: str


def read_row(row: Mapping[str, Any], family: Family, columns: Columns) -> RowContent | Unreadable:
    """What `row` says under `family`; a row that says nothing is a value, not an exception."""
    found = _read(row, family, columns)
    if isinstance(found, RowContent) and _has_placeholder(row, columns):
        as_it_stands = _read(row, family, replace(columns, placeholders=frozenset()))
        if isinstance(as_it_stands, RowContent):
            return replace(found, stated=as_it_stands.turns)
    return found


def _read(row: Mapping[str, Any], family: Family, columns: Columns) -> RowContent | Unreadable:
    remarks = Remarks()
    try:
        if family is Family.PREFERENCE:
            return _read_pair(row, columns, remarks)
        if not any(value_at(row, name) is not None for name in _names(columns)):
            return Unreadable(nothing_there(columns))
        context = _context(row, columns, remarks)
        answers = _answers(row, columns, remarks)
        turns = context + answers.turns
        if columns.reasoning is not None:
            thought = reasoning_text(value_at(row, columns.reasoning), "the reasoning")
            turns = _with_reasoning(turns, thought)
    except MalformedRowError as error:
        return Unreadable(str(error))
    except RecursionError:
        return Unreadable("nested too deeply")
    if not turns:
        return Unreadable(nothing_there(columns))
    return _reading(turns, answers, row, columns, remarks)


@lru_cache(maxsize=64)
def _names(columns: Columns) -> tuple[str, ...]:
    """The columns that play a part; asked for at every row."""
    return tuple(columns.used().values())


def _context(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> tuple[Message, ...]:
    """All that comes before the answer's own columns."""
    turns = _system(row, columns, remarks)
    if columns.history is not None:
        turns += _history(value_at(row, columns.history), remarks)
    turns += _conversation(row, columns, remarks) + _prompt(row, columns, remarks)
    return _with_media(turns, row, columns) if columns.media else turns


def _answers(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> Answers:
    """The response, or several, with what was thought before it."""
    answers = Answers()
    if columns.candidates is not None:
        answers = read_candidates(value_at(row, columns.candidates), remarks)
        answers = with_scores(answers, row)
    elif columns.apart:
        answers = read_candidates(_apart(row, columns.apart), remarks)
    elif columns.response is not None:
        value = value_at(row, columns.response)
        if columns.choices is not None or columns.options:
            value = right_choice(_choices(row, columns), value, remarks)
        answers = Answers(_answer(value, "the response", remarks))
    return answers


def _with_reasoning(turns: tuple[Message, ...], thought: str) -> tuple[Message, ...]:
    """`turns` with a column of reasoning in the last one of the assistant, an answer to all."""
    if not thought:
        return turns
    before, answer = split_turns(turns)
    if answer is None or turns[-1].role is Role.USER:
        return (*turns, Message(Role.ASSISTANT, "", reasoning=thought))
    joined = f"{answer.reasoning}\n\n{thought}" if answer.reasoning else thought
    return (*before, replace(answer, reasoning=joined), *turns[len(before) + 1 :])


def _reading(
    turns: tuple[Message, ...],
    answers: Answers,
    row: Mapping[str, Any],
    columns: Columns,
    remarks: Remarks,
) -> RowContent:
    before, answer = split_turns(turns)
    if answer is None and columns.messages is not None:
        remarks.note(NO_ANSWER)
    if answer is not None and answer is not turns[-1]:
        remarks.note(LATE_TURNS)
    tools = _tools(row, columns)
    prompt = prompt_text(before, tools)
    response = None if answer is None else message_text(answer)
    asks = columns.prompt is not None or columns.messages is not None
    empty = answer is not None and says_nothing(answer)
    _remark_texts(remarks, prompt if asks else None, "" if empty else response)
    candidates = answers.texts
    if len(candidates) > 1 and response is not None:
        candidates = (response, *candidates[1:])
    return RowContent(
        turns,
        prompt,
        response,
        tools=tools,
        remarks=tuple(remarks),
        candidates=candidates if len(candidates) > 1 else (),
        candidate_details=answers.details if len(candidates) > 1 else (),
    )


def _read_pair(
    row: Mapping[str, Any], columns: Columns, remarks: Remarks
) -> RowContent | Unreadable:
    chosen, rejected = side_columns(row, columns, remarks)
    sides = value_at(row, chosen), value_at(row, rejected)
    context = _context(row, columns, remarks)
    if sides == (None, None) and not (columns.response is None and context):
        return Unreadable(nothing_there(columns))
    if columns.response is None:  # the conversation ends with the chosen answer
        kept, context = context, split_turns(context)[0]
    else:
        kept = _side(sides[0], context, "the response", remarks)
    lost = _side(sides[1], context, "the rejected response", remarks)
    if columns.reasoning is not None:
        thought = reasoning_text(value_at(row, columns.reasoning), "the reasoning")
        kept = _with_reasoning(kept, thought)
    shared = _common_turns(kept, lost)
    response, other = _tail(kept[shared:]), _tail(lost[shared:])
    tools = _tools(row, columns)
    prompt = prompt_text(kept[:shared], tools)
    empty = [
        "" if _nothing_in(each[shared:]) else text
        for each, text in ((kept, response), (lost, other))
    ]
    _remark_texts(remarks, prompt, *empty)
    return RowContent(
        kept,
        prompt,
        response,
        rejected=other,
        rejected_turns=lost,
        tools=tools,
        remarks=tuple(remarks),
    )


def side_columns(
    row: Mapping[str, Any], columns: Columns, remarks: Remarks | None = None
) -> tuple[str, str]:
    """The columns of the chosen and the rejected side; a label tells which is which."""
    first, second = columns.response or "", columns.rejected or ""
    if columns.label is None:
        return first, second
    side = which_side(value_at(row, columns.label), columns.counts_from)
    if side is None and remarks is not None:
        remarks.note(NO_BETTER)
    return (second, first) if side == 1 else (first, second)


def _side(
    value: Any, context: tuple[Message, ...], what: str, remarks: Remarks
) -> tuple[Message, ...]:
    """All turns of one side: its own where it repeats the prompt, else after `context`."""
    if isinstance(value, str) and is_transcript(value):
        turns = transcript_turns(value)
        return turns if _starts_with(turns, context) else _without_open_turn(context) + turns
    value = parsed(value) if isinstance(value, str) and is_turns(parsed(value)) else value
    turns = _answer(value, what, remarks)
    if not isinstance(value, str) and is_turns(value) and _starts_with(turns, context):
        return turns
    return _without_open_turn(context) + turns


def _starts_with(turns: tuple[Message, ...], context: tuple[Message, ...]) -> bool:
    """Whether a side brings its own prompt: it opens with a question, not with an answer."""
    return not context or (bool(turns) and turns[0].role in (Role.SYSTEM, Role.USER))


def _without_open_turn(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """`turns` without an empty last assistant turn, the opening that a transcript ends with."""
    opened = turns and turns[-1].role is Role.ASSISTANT and not message_text(turns[-1]).strip()
    return turns[:-1] if opened else turns


def _common_turns(kept: tuple[Message, ...], lost: tuple[Message, ...]) -> int:
    """How many turns the sides share, at least one being left to each."""
    limit = min(len(kept), len(lost)) - 1
    for index in range(limit):
        if kept[index] != lost[index]:
            return index
    return max(limit, 0)


def _tail(turns: tuple[Message, ...]) -> str:
    """A side's own part: its answer, or with roles where the sides part before the answer."""
    if len(turns) == 1 and turns[0].role is Role.ASSISTANT:
        return message_text(turns[0])
    return prompt_text(turns)


def _nothing_in(turns: tuple[Message, ...]) -> bool:
    """Whether a side's own part says nothing."""
    return bool(turns) and all(map(says_nothing, turns))


def _system(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> tuple[Message, ...]:
    value = value_at(row, columns.system)
    if not value:
        return ()
    if are_texts(value):
        return (Message(Role.SYSTEM, joined_texts(value, "the system prompt", remarks)),)
    if isinstance(value, list | tuple | dict) and (is_turns(value) or is_message(value)):
        return turns_of(value, remarks, role=Role.SYSTEM)
    reader = MessageReader(Role.SYSTEM, remarks)
    if isinstance(value, list | tuple | dict):  # blocks of a request to Anthropic, Gemini's parts
        reader.content(value)
        return reader.turns()
    return (Message(Role.SYSTEM, text_of(value, "the system prompt", remarks)),)


def _history(value: Any, remarks: Remarks) -> tuple[Message, ...]:
    """Earlier turns, from pairs of question and answer, messages, or either as JSON text."""
    if isinstance(value, str):
        text, value = value, parsed_loosely(value)
        if isinstance(value, str):
            return (Message(Role.USER, text),) if text.strip() else ()
    if value is None or (isinstance(value, list | tuple | dict) and not value):
        return ()
    if not isinstance(value, list | tuple | dict):
        raise MalformedRowError(f"the history is {kind_of(value)} where a list of turns belongs")
    return turns_of(value, remarks, what="the history")


def _conversation(
    row: Mapping[str, Any], columns: Columns, remarks: Remarks
) -> tuple[Message, ...]:
    value = value_at(row, columns.messages)
    if not value:
        return ()
    if isinstance(value, str):
        held = parsed_loosely(value)
        value = held if is_turns(held) or isinstance(held, list) else value
    if are_texts(value) and is_turns(held := [parsed_loosely(each) for each in value]):
        value = held
    if isinstance(value, list | tuple) and are_segments(value):
        return segments(value)
    if not isinstance(value, list | tuple | dict):
        raise MalformedRowError(
            f"the messages are {kind_of(value)} where a list of messages belongs"
        )
    if isinstance(value, dict) and not is_turns(value):
        raise MalformedRowError("the messages are an object where a list of messages belongs")
    return turns_of(value, remarks)


def _prompt(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> tuple[Message, ...]:
    if columns.prompt is None:
        return ()
    value = value_at(row, columns.prompt)
    extra = _input(row, columns, remarks)
    if are_texts(value) and not is_turns([parsed(each) for each in value]):
        value = joined_texts(value, "the prompt", remarks)
    if isinstance(value, list | tuple | dict):
        return _with_extra(turns_of(value, remarks, what="the prompt"), extra)
    text = text_of(value, "the prompt", remarks)
    if is_transcript(text):
        return _with_extra(_without_open_turn(transcript_turns(text)), extra)
    turns = turns_of(text, remarks)
    if len(turns) == 1 and turns[0].text is text:
        return (Message(Role.USER, join_input(text, extra)),)
    return _with_extra(turns, extra)


def _input(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> str:
    """What is asked beside the prompt, a line for each column; "" where it says that it is none."""
    found: list[str] = []
    names = ((columns.input, "the input"), *((name, "the prompt") for name in columns.more))
    if columns.choices is not None or columns.options:
        found += lettered(_choices(row, columns))
    for name, what in names:
        value = value_at(row, name)
        if value is None or is_placeholder(value, columns.placeholders):
            continue
        text = _listed_text(value) if what != "the input" else None
        found.append(text_of(value, what, remarks) if text is None else text)
    return "\n".join(filter(None, found))


def _apart(row: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    """The responses of several columns in one list."""
    found: list[Any] = []
    for name in names:
        value = value_at(row, name)
        several = isinstance(value, list | tuple) and not is_turns(value)
        found += value if several else [value]
    return found


def _choices(row: Mapping[str, Any], columns: Columns) -> Any:
    """The choices of a row; those in columns of their own under the last sign of their names."""
    if not columns.options:
        return value_at(row, columns.choices)
    said = ((name.strip()[-1:].upper(), value_at(row, name)) for name in columns.options)
    return {label: str(value) for label, value in said if value is not None}


def _listed_text(value: Any) -> str | None:
    """Choices and other lists, a line each; None for what is a text already."""
    if are_texts(value):
        return "\n".join(value)
    if isinstance(value, dict) and are_texts(value.get("text")) and are_texts(value.get("label")):
        pairs = zip(value["label"], value["text"], strict=False)
        return "\n".join(f"{label}. {text}" for label, text in pairs)
    return canonical(value) if isinstance(value, list | tuple | dict) else None


def _has_placeholder(row: Mapping[str, Any], columns: Columns) -> bool:
    if columns.input is None and not columns.more:
        return False
    cells = (value_at(row, name) for name in (columns.input, *columns.more))
    return any(cell and is_placeholder(cell, columns.placeholders) for cell in cells)


def _with_extra(turns: tuple[Message, ...], extra: str) -> tuple[Message, ...]:
    """`turns` with an input beside them, in the last one of the user where that is the last."""
    if not extra:
        return turns
    if turns and turns[-1].role is Role.USER:
        joined = join_input(turns[-1].text, extra)
        return (*turns[:-1], replace(turns[-1], text=joined))
    return (*turns, Message(Role.USER, extra))


def join_input(prompt: str, extra: str) -> str:
    """Alpaca's instruction and input as one prompt."""
    return f"{prompt}\n{extra}" if prompt and extra else prompt or extra


def _with_media(
    turns: tuple[Message, ...], row: Mapping[str, Any], columns: Columns
) -> tuple[Message, ...]:
    """`turns` with the media of their own columns, where the text says so or in the first question.

    A turn takes as many as it has places for (`<image>`); what is left goes to the user's first.
    """
    found: list[Medium] = []
    for name in columns.media:
        value = value_at(row, name)
        value = parsed(value) if isinstance(value, str) else value
        found += media_in(kind_in(name) or "file", value)
    asked = [index for index, turn in enumerate(turns) if turn.role is Role.USER]
    taken: dict[int, list[Medium]] = {}
    for index, turn in enumerate(turns):
        places = [match[1] for match in PLACES.finditer(turn.text)]
        places += [medium for medium in turn.media if " " not in medium]
        for kind in places:
            medium = next((each for each in found if each.kind == kind), None)
            if medium is not None:
                found.remove(medium)
                taken.setdefault(index, []).append(medium)
    if found and not asked:
        turns, asked = (*turns, Message(Role.USER, "")), [len(turns)]
    if found:
        taken.setdefault(asked[0], []).extend(found)
    return tuple(
        _seeing(turn, taken[index]) if index in taken else turn for index, turn in enumerate(turns)
    )


def _seeing(turn: Message, media: list[Medium]) -> Message:
    """`turn` with `media` before its text."""
    marks = "\n".join(medium.mark for medium in media)
    text = f"{marks}\n{turn.text}" if turn.text else marks
    return replace(turn, text=text, media=(*(medium.full for medium in media), *turn.media))


def _answer(value: Any, what: str, remarks: Remarks) -> tuple[Message, ...]:
    """An answer: a text, turns, a list of texts, or calls."""
    if are_texts(value) and not is_turns([parsed(each) for each in value]):
        return (Message(Role.ASSISTANT, joined_texts(value, what, remarks)),)
    if isinstance(value, list | tuple) and not is_turns(value) and not are_texts(value):
        return (calls_or_parts(value, remarks),)
    return turns_of(value, remarks, role=Role.ASSISTANT, what=what)


def _tools(row: Mapping[str, Any], columns: Columns) -> str | None:
    """The declared tools as JSON text; None where the row declares none."""
    value = value_at(row, columns.tools)
    if isinstance(value, str):
        text, value = value.strip(), parsed(value)
        if isinstance(value, str):
            return None if text.lower() in ("", "null", "none") else text
    if are_texts(value):
        value = [parsed(each) for each in value]
    value = without_nulls(value)
    return canonical(value) if value else None


def nothing_there(columns: Columns) -> str:
    """The cause of a row in which no column of the family holds anything."""
    return "nothing in " + ", ".join(ascii(name)[1:-1] for name in columns.used().values())


def _remark_texts(
    remarks: Remarks, prompt: str | None, response: str | None, rejected: str | None = None
) -> None:
    """Empty and merged texts, in the words that the vectorised reader uses too."""
    for part, text in (("prompt", prompt), ("response", response), ("rejected", rejected)):
        if text is not None and not text.strip():
            what = PART_NAMES[part]
            if f"{what} is null" not in remarks:
                remarks.note(f"{what} is empty")
    if response is not None and MERGED_MARK in response:
        remarks.note(MERGED_RESPONSE)
    if any("\0" in text for text in (prompt, response, rejected) if text is not None):
        remarks.note(NUL_CHARACTER)
