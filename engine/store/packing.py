"""Arrays as blobs: little-endian, compressed where that helps.

One decision and a bulk of a million rows have the same form. The first byte of a blob says
whether it is compressed: a single row is kept plain, since compressing would make it longer.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PLAIN = b"="
_DEFLATED = b"z"

_LEVEL = 1
"""Verdicts and row steps are so regular that higher levels only cost time."""

_WORTHWHILE_BYTES = 64


def pack(array: NDArray[Any], dtype: str) -> bytes:
    """`array` as a blob of `dtype`, in the shorter of the two forms."""
    plain = np.ascontiguousarray(array, np.dtype(dtype)).tobytes()
    if len(plain) >= _WORTHWHILE_BYTES:
        deflated = zlib.compress(plain, _LEVEL)
        if len(deflated) < len(plain):
            return _DEFLATED + deflated
    return _PLAIN + plain


def unpack(blob: bytes, dtype: str, count: int) -> NDArray[Any]:
    """The `count` values of a blob that `pack` made, read-only: shape (count,).

    Raises:
        ValueError: the blob is damaged.
    """
    form, body = blob[:1], memoryview(blob)[1:]
    if form == _DEFLATED:
        try:
            body = memoryview(zlib.decompress(body))
        except zlib.error as error:
            raise ValueError(str(error)) from error
    elif form != _PLAIN:
        raise ValueError(f"unknown form {form!r}")
    return plain(body, dtype, count)


def plain(body: bytes | memoryview, dtype: str, count: int) -> NDArray[Any]:
    """The `count` values of bytes without a form byte, read-only: shape (count,).

    Raises:
        ValueError: there are more or fewer bytes than that.
    """
    kind = np.dtype(dtype)
    if len(body) != count * kind.itemsize:
        raise ValueError(f"{len(body)} bytes where {count} x {kind.itemsize} belong")
    return np.frombuffer(body, kind)


def pack_steps(array: NDArray[np.int64]) -> bytes:
    """Row numbers as steps from one to the next: a range becomes all ones, and deflates to it."""
    return pack(np.diff(array, prepend=np.int64(0)), "<i8")


def unpack_steps(blob: bytes, count: int) -> NDArray[np.int64]:
    """The row numbers of a blob that `pack_steps` made: shape (count,).

    Raises:
        ValueError: the blob is damaged.
    """
    steps: NDArray[np.int64] = unpack(blob, "<i8", count)
    return np.cumsum(steps, dtype=np.int64)


Kind = type | tuple[type, ...]
"""What a column holds; with `NULL` where it may be empty."""

NULL = type(None)


def check_kinds(values: Sequence[object], kinds: Sequence[Kind]) -> None:
    """Check a row of a table, in which SQLite holds anything in any column.

    Args:
        values: of the columns.
        kinds: of each.

    Raises:
        ValueError: a value is of another kind.
    """
    for at, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        if not isinstance(value, kind):
            raise ValueError(f"a {type(value).__name__} in column {at}")  # noqa: TRY004 - of a file
