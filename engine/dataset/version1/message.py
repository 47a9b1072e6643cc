"""A turn as version 1 had it, its text, and the identity of version 1."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from engine.sample import IDENTITY_BYTES, IDENTITY_VERSION, Role


@dataclass(frozen=True, slots=True)
class FirstMessage:
    """One turn.

    `tool_calls` holds each call as JSON text with sorted keys, so that equal calls compare equal.
    """

    role: Role
    text: str
    tool_calls: tuple[str, ...] = ()


def prompt_text(turns: tuple[FirstMessage, ...]) -> str:
    """The prompt of `turns`: its only text, or every turn with its role where there are several."""
    if len(turns) == 1 and turns[0].role is Role.USER:
        return turns[0].text
    return TURNS_APART.join(map(labelled, turns))


TURNS_APART = "\n\n"
"""What stands between two turns of a prompt."""


def labelled(turn: FirstMessage) -> str:
    """A turn with its role, as it stands in a prompt of several."""
    return f"{turn.role.value}: {message_text(turn)}"


def message_text(message: FirstMessage) -> str:
    """A turn's text followed by its tool calls, one a line."""
    if not message.tool_calls:
        return message.text
    return "\n".join(([message.text] if message.text else []) + list(message.tool_calls))


def identify(turns: tuple[FirstMessage, ...], rejected: str | None = None) -> bytes:
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
