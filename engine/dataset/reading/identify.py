"""Identities in bulk, the same bytes as `engine.sample.identify` gives one by one."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.json_shard import record_bytes
from engine.dataset.reading.rows import RowContent
from engine.dataset.reading.texts import Texts
from engine.sample import IDENTITY_BYTES, IDENTITY_VERSION, Role, identify


def _field(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text


_SYSTEM = _field(Role.SYSTEM.value.encode())
_USER = _field(Role.USER.value.encode())
_ASSISTANT = _field(Role.ASSISTANT.value.encode())
_REJECTED = _field(b"rejected")
_BROKEN = _field(b"broken")
_OTHER = _field(b"other")


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=IDENTITY_BYTES, person=IDENTITY_VERSION).digest()


def flat_identities(texts: Texts, rows: NDArray[np.int64]) -> Iterator[bytes]:
    """The identities of some rows of a flat file, straight from its columns."""
    parts = [
        (_SYSTEM, texts.system, True),
        (_USER, texts.user if texts.stated is None else texts.stated, False),
        (_ASSISTANT, _column(texts, "response"), False),
        (_REJECTED, _column(texts, "rejected"), False),
    ]
    columns = [
        list(_fed(role, series, rows, optional=optional))
        for role, series, optional in parts
        if series is not None
    ]
    return (_hash(b"".join(fields)) for fields in zip(*columns, strict=True))


def _column(texts: Texts, name: str) -> pl.Series | None:
    """A text column, None where the family has no such part."""
    used = texts.spelling.columns
    return texts.frame[name] if getattr(used, name) is not None else None


def _fed(
    role: bytes, series: pl.Series, rows: NDArray[np.int64], *, optional: bool
) -> Iterator[bytes]:
    """One turn of every row as the bytes that are hashed; "" for an absent optional one."""
    for text in series[rows].fill_null("").cast(pl.Binary).to_list():
        yield b"" if optional and not text else role + len(text).to_bytes(8, "little") + text


def row_identity(reading: RowContent, record: dict[str, Any]) -> bytes:
    """The identity of a row that was read for its turns; without turns, of the row itself."""
    if not reading.turns:
        return _hash(_OTHER + _field(record_bytes(record)))
    return identify(
        reading.stated or reading.turns,
        reading.rejected,
        tools=reading.tools,
        candidates=reading.candidates,
        rejected_turns=reading.rejected_turns,
    )


def broken_identity(raw: bytes | None, record: dict[str, Any]) -> bytes:
    """The identity of a row that holds no sample: of its bytes, so that it stays the same."""
    return _hash(_BROKEN + _field(record_bytes(record) if raw is None else raw))
