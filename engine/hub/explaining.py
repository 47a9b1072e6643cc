"""What went wrong on the network, in words of our own.

The messages of the library quote addresses that may be signed, and headers that may hold a token:
none of them is passed on. What counts is the kind of error, and the status that the hub answered.
"""

from __future__ import annotations

import errno
from typing import Any

from engine.hub.cache import host_name

_NO_ACCESS = "a private or gated dataset needs a token that may read it: hf auth login, or HF_TOKEN"
_STATUS: dict[int, tuple[str, str]] = {
    401: ("does not know the dataset, or not who asks (401)", f"check the name; {_NO_ACCESS}"),
    403: ("does not allow it (403)", "ask for access on its page, or use a token that may write"),
    404: ("does not know the dataset or the revision (404)", f"check the name; {_NO_ACCESS}"),
    409: ("has a newer state than this (409)", "try it again"),
    413: ("says that it is too much (413)", "export fewer rows, or as Parquet"),
    429: ("was asked too often (429)", "wait a while, or use a token: hf auth login"),
}
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def explained(error: Exception) -> dict[str, Any]:
    """An error as the other end reads it."""
    message, hint = _explained(error)
    return {"error": message, "hint": hint}


def _explained(error: BaseException) -> tuple[str, str]:
    import httpx2  # noqa: PLC0415 - only where something went wrong
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - likewise

    host = host_name()
    if isinstance(error, RefusedError):
        return error.args[0], error.args[1]
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        failed = (f"answered with an error ({status})", "try it again later; what has come stays")
        said, hint = _STATUS.get(status, failed)
        return f"{host} {said}", hint
    if isinstance(error, httpx2.TimeoutException):
        return f"{host} does not answer", "try it again later; what has come stays"
    if isinstance(error, httpx2.TransportError):
        return (
            f"no connection to {host}, or it broke off",
            "check the network and try it again; what has come stays",
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        return "the disk is full", "free some space and try it again; what has come stays"
    if isinstance(error, OSError) and error.filename:
        return f"cannot be written: {error.filename}: {error.strerror}", "check its permissions"
    cause = error.__cause__ or error.__context__
    if cause is not None:  # what the library wraps around
        return _explained(cause)
    return f"the exchange with {host} failed ({type(error).__name__})", "try it again"


class RefusedError(Exception):
    """What we refuse ourselves: message and hint."""
