"""What a training example is: a list of turns, and an identity that survives re-ordering.

The identity is what ties a verdict to a sample. It is a hash of what was said and by whom,
and of nothing else in the row: adding a column, sorting the file or moving it keeps every
verdict. Changing how it is computed means a migration of every session, so it carries a
version.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, ClassVar, Self

IDENTITY_VERSION = b"tamis-identity-1"
"""Hashed first (BLAKE2's `person` field), so that identities of two versions never agree."""

IDENTITY_VERSION_2 = b"tamis-identity-2"
"""Of samples in which more was said than texts and calls: the others keep their identity."""

IDENTITY_BYTES = 16


class Family(StrEnum):
    """How a dataset's columns spell a sample."""

    ALPACA = "alpaca"
    PROMPT_RESPONSE = "prompt/response"
    MESSAGES = "messages"
    SHAREGPT = "sharegpt"
    PREFERENCE = "preference"
    TOOL_CALL = "tool-call"
    CANDIDATES = "candidates"
    PROMPT = "prompt"
    TEXT = "text"
    OTHER = "other"


class Role(StrEnum):
    """Who speaks in a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


MOST_SIDES = 16
"""Responses of one sample that can be told apart."""


class Side(int):
    """Which response of a sample is under review, 0 to 15; most families have only one.

    Of a preference pair 0 is the chosen response and 1 the rejected one. There is one object for
    each number, so sides are compared with `is`.
    """

    CHOSEN: ClassVar[Side]
    REJECTED: ClassVar[Side]
    _known: ClassVar[dict[int, Any]] = {}

    def __new__(cls, number: int) -> Self:
        """The side of a number.

        Raises:
            ValueError: there is none.
        """
        if not 0 <= number < MOST_SIDES:
            raise ValueError(f"a side is 0 to {MOST_SIDES - 1}, not {number}")
        side: Self = cls._known.setdefault(number, super().__new__(cls, number))
        return side

    @classmethod
    def named(cls, name: str) -> Side:
        """The side that `str` gives this name.

        Raises:
            ValueError: none has it.
        """
        for number in range(MOST_SIDES):
            if str(cls(number)) == name:
                return cls(number)
        raise ValueError(f"no side is called {name!r}")

    def __str__(self) -> str:
        return _SIDE_NAMES.get(int(self)) or f"response {int(self)}"

    def __repr__(self) -> str:
        return f"Side({int(self)})"


_SIDE_NAMES = {0: "chosen", 1: "rejected"}
Side.CHOSEN, Side.REJECTED = Side(0), Side(1)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: everything that was said in it.

    `tool_calls` holds each call as JSON text with sorted keys, so that equal calls compare equal.
    """

    role: Role
    text: str
    """What was said, with `[image photo_a.png]` where a part is an image, audio or video."""
    tool_calls: tuple[str, ...] = ()
    reasoning: str = ""
    """What was thought before it, where that stands beside the text."""
    media: tuple[str, ...] = ()
    """Each image, audio or video of it: `image photo_a.png`, or its kind and its bytes' hash."""
    raw: tuple[str, ...] = ()
    """What was not understood, `key: JSON` each."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One training example at one row, seen from the side under review.

    `turns` ends with the response of the reviewed side where there is one. `other` is the
    response of the other side of a preference pair. `tools` is the row's tool description.
    `candidates` are the responses of a row that has several for one prompt, the first included.
    """

    row: int
    family: Family
    turns: tuple[Message, ...]
    prompt: str
    response: str
    other: str | None = None
    tools: str | None = None
    candidates: tuple[str, ...] = ()
    candidate_details: tuple[str, ...] = ()
    """What the row says of each candidate (its score, its model); no part of what was said."""


def prompt_text(turns: tuple[Message, ...], tools: str | None = None) -> str:
    """The prompt of `turns`: its only text, or every turn with its role where there are several."""
    if len(turns) == 1 and turns[0].role is Role.USER and not tools:
        return message_text(turns[0])
    return TURNS_APART.join(prompt_pieces(turns, tools))


def prompt_pieces(turns: tuple[Message, ...], tools: str | None = None) -> list[str]:
    """Every turn with its role; declared tools follow the system prompt, as models read them."""
    pieces = list(map(labelled, turns))
    if tools:
        first = next(
            (at for at, turn in enumerate(turns) if turn.role is not Role.SYSTEM), len(turns)
        )
        pieces.insert(first, f"tools: {tools}")
    return pieces


TURNS_APART = "\n\n"
"""What stands between two turns of a prompt."""


def labelled(turn: Message) -> str:
    """A turn with its role, as it stands in a prompt of several."""
    return f"{turn.role.value}: {message_text(turn)}"


def message_text(message: Message) -> str:
    """All that a turn says: what was thought, its text, its calls, and what was not understood."""
    if not (message.tool_calls or message.reasoning or message.raw):
        return message.text
    lines = [message.text] if message.text else []
    said = "\n".join((*lines, *message.tool_calls, *message.raw))
    return f"<think>\n{message.reasoning}\n</think>\n\n{said}" if message.reasoning else said


def says_nothing(message: Message) -> bool:
    """Whether a turn has no text but blanks, no call and no part; a thought alone is none."""
    return not (message.text.strip() or message.tool_calls or message.media or message.raw)


def split_turns(turns: tuple[Message, ...]) -> tuple[tuple[Message, ...], Message | None]:
    """The turns before the last assistant turn, and that turn; (all, None) where there is none."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].role is Role.ASSISTANT:
            return turns[:index], turns[index]
    return turns, None


def identify(
    turns: tuple[Message, ...],
    rejected: str | None = None,
    *,
    tools: str | None = None,
    candidates: tuple[str, ...] = (),
    rejected_turns: tuple[Message, ...] = (),
) -> bytes:
    """The identity of a sample: 16 bytes of BLAKE2b over everything that was said in it.

    Version 1 hashes (role, text) and tool calls; samples that hold nothing else keep it. Version 2
    hashes the rest as well, every field under its name. Every field is preceded by its length, so
    no two lists of turns run together to the same bytes. A null text counts as the empty one. Lone
    surrogates are hashed as their own three-byte form instead of failing.

    Args:
        turns: the chosen side of a preference pair, or all turns of any other sample.
        rejected: the rejected response of a preference pair.
        tools: the declared tools.
        candidates: the responses of a row that has several.
        rejected_turns: all turns of the rejected side, which are hashed where one of them holds
            more than text and calls.

    Source: RFC 7693 (BLAKE2), keyed by `person` for the version.
    """
    more = any(map(_has_more, turns)) or any(map(_has_more, rejected_turns))
    if more or tools or len(candidates) > 1:
        return _identify_2(turns, rejected, tools, candidates, rejected_turns)
    digest = blake2b(digest_size=IDENTITY_BYTES, person=IDENTITY_VERSION)
    for turn in turns:
        _feed(digest, turn.role.value.encode())
        _feed(digest, _bytes(turn.text))
        for call in turn.tool_calls:
            _feed(digest, b"call")
            _feed(digest, _bytes(call))
    if rejected is not None:
        _feed(digest, b"rejected")
        _feed(digest, _bytes(rejected))
    return digest.digest()


def _identify_2(
    turns: tuple[Message, ...],
    rejected: str | None,
    tools: str | None,
    candidates: tuple[str, ...],
    rejected_turns: tuple[Message, ...],
) -> bytes:
    digest = blake2b(digest_size=IDENTITY_BYTES, person=IDENTITY_VERSION_2)
    _feed_turns(digest, turns)
    others: list[tuple[bytes, str]] = [(b"candidate", each) for each in candidates[1:]]
    if any(map(_has_more, rejected_turns)):
        _feed(digest, b"rejected turns")
        _feed_turns(digest, rejected_turns)
    elif rejected is not None:
        others.append((b"rejected", rejected))
    if tools:
        others.append((b"tools", tools))
    for name, text in others:
        _feed(digest, name)
        _feed(digest, _bytes(text))
    return digest.digest()


def _feed_turns(digest: blake2b, turns: tuple[Message, ...]) -> None:
    for turn in turns:
        fields = [
            (b"role", turn.role.value),
            (b"text", turn.text),
            *((b"call", call) for call in turn.tool_calls),
            *((b"media", medium) for medium in turn.media),
            *((b"raw", raw) for raw in turn.raw),
        ]
        if turn.reasoning:
            fields.append((b"reasoning", turn.reasoning))
        for name, text in fields:
            _feed(digest, name)
            _feed(digest, _bytes(text))


def _has_more(turn: Message) -> bool:
    """Whether a turn holds what version 1 does not hash."""
    return bool(turn.reasoning or turn.media or turn.raw)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _feed(digest: blake2b, field: bytes) -> None:
    digest.update(len(field).to_bytes(8, "little"))
    digest.update(field)
