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

IDENTITY_VERSION = b"tamis-identity-1"
"""Hashed first (BLAKE2's `person` field), so that identities of two versions never agree."""

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


class Side(StrEnum):
    """Which response of a preference pair is under review; every other family has one side."""

    CHOSEN = "chosen"
    REJECTED = "rejected"


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


def prompt_text(turns: tuple[Message, ...]) -> str:
    """The prompt of `turns`: its only text, or every turn with its role where there are several."""
    if len(turns) == 1 and turns[0].role is Role.USER:
        return turns[0].text
    return TURNS_APART.join(map(labelled, turns))


TURNS_APART = "\n\n"
"""What stands between two turns of a prompt."""


def labelled(turn: Message) -> str:
    """A turn with its role, as it stands in a prompt of several."""
    return f"{turn.role.value}: {message_text(turn)}"


def message_text(message: Message) -> str:
    """A turn's text followed by its tool calls, one a line."""
    if not message.tool_calls:
        return message.text
    return "\n".join(([message.text] if message.text else []) + list(message.tool_calls))


def split_turns(turns: tuple[Message, ...]) -> tuple[tuple[Message, ...], Message | None]:
    """The turns before the last assistant turn, and that turn; (all, None) where there is none."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].role is Role.ASSISTANT:
            return turns[:index], turns[index]
    return turns, None


def identify(turns: tuple[Message, ...], rejected: str | None = None) -> bytes:
    """The identity of a sample: 16 bytes of BLAKE2b over (role, text) and tool calls.

    Every field is preceded by its length, so no two lists of turns run together to the same
    bytes. A null text counts as the empty one. Lone surrogates are hashed as their own
    three-byte form instead of failing.

    Args:
        turns: the chosen side of a preference pair, or all turns of any other sample.
        rejected: the rejected response of a preference pair.

    Source: RFC 7693 (BLAKE2), keyed by `person` for the version.
    """
    digest = blake2b(digest_size=IDENTITY_BYTES, person=IDENTITY_VERSION)
    for turn in turns:
        _feed(digest, turn.role.value.encode())
        _feed(digest, turn.text.encode("utf-8", "surrogatepass"))
        for call in turn.tool_calls:
            _feed(digest, b"call")
            _feed(digest, call.encode("utf-8", "surrogatepass"))
    if rejected is not None:
        _feed(digest, b"rejected")
        _feed(digest, rejected.encode("utf-8", "surrogatepass"))
    return digest.digest()


def _feed(digest: blake2b, field: bytes) -> None:
    digest.update(len(field).to_bytes(8, "little"))
    digest.update(field)
