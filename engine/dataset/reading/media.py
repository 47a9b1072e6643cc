"""Images, audio, video and files of a turn: by reference, or by the hash of their bytes.

No file is opened and nothing is fetched. What the row holds as bytes, as base64 or as a `data:`
URL, is the same medium whichever way it is written; a reference counts as it stands.

Source: OpenAI chat completions and Responses API (image_url, input_image, input_audio, file),
Anthropic Messages API (source of base64 or url), Gemini API (inlineData, fileData), Hugging Face
datasets (Image and Audio: bytes and path), LLaVA and LLaMA-Factory (`<image>` in the text).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.dataset.reading.cells import bytes_hash, canonical

KINDS = ("image", "audio", "video", "file")

REFERENCE_KEYS = (
    *("url", "path", "uri", "file_uri", "fileUri", "file_id", "fileId", "asset_pointer"),
    *("image", "image_url", "audio", "audio_url", "video", "video_url", "file", "filename"),
)
"""Where a medium's reference stands in an object, those that say most first."""
DATA_KEYS = ("bytes", "data", "file_data", "base64", "b64_json", "array")
NESTED_KEYS = (
    *("source", "image_url", "input_audio", "inlineData", "inline_data", "fileData", "file_data"),
    *("file", "image", "audio", "video", "audio_url", "video_url"),
)
"""Objects in which the reference or the bytes stand one level deeper."""

_NO_REFERENCE = frozenset({"type", "index", "id", "text", "detail", "cache_control"})

SHORT_REFERENCE = 80
"""Longer references are shown by their two ends, and a hash of the whole."""
HASH_SHOWN = 12
LEAST_BASE64 = 100
"""A shorter text that could be base64 may as well be a name."""

_DATA_URL = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/\-_\s]+={0,2}\s*")
PLACES = re.compile(r"<(image|audio|video)>")
"""Where LLaVA and its kin say that a medium stands."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One image, audio, video or file."""

    kind: str
    reference: str
    """As written, or `blake2b:` and the hash of its bytes; empty where nothing is said."""

    @property
    def full(self) -> str:
        """All of it, as it is kept and hashed."""
        return f"{self.kind} {self.reference}".rstrip()

    @property
    def mark(self) -> str:
        """What stands for it in the text, short; others look different."""
        shown = self.reference
        if shown.startswith("blake2b:"):
            shown = shown.removeprefix("blake2b:")[:HASH_SHOWN]
        elif len(shown) > SHORT_REFERENCE:
            half = SHORT_REFERENCE // 2
            cut = bytes_hash(shown.encode("utf-8", "surrogatepass"))[:HASH_SHOWN]
            shown = f"{shown[:half]}…{shown[-half:]} {cut}"
        return f"[{self.kind} {shown}]" if shown else f"[{self.kind}]"


def kind_in(name: str) -> str | None:
    """The kind of medium that a part's type or a column's name speaks of."""
    lower = name.lower()
    if lower in ("input_file", "file", "files", "document"):
        return "file"
    if any(word in lower for word in ("image", "picture", "photo", "img")):
        return "image"
    if "audio" in lower or lower in ("sound", "speech", "wav"):
        return "audio"
    return "video" if "video" in lower else None


def media_in(kind: str, value: Any) -> Iterator[Medium]:
    """The media in a value: a reference, bytes, an object with either, or a list of these."""
    if isinstance(value, list | tuple):
        for each in value:
            yield from media_in(kind, each)
    elif value is not None and value != "":
        yield Medium(_kind_of(kind, value), _reference(value))


def _kind_of(kind: str, value: Any) -> str:
    """What a MIME type says goes before what the part is called."""
    if not isinstance(value, dict):
        return kind
    inner = next((value[key] for key in NESTED_KEYS if isinstance(value.get(key), dict)), value)
    for holder in (value, inner):
        for key in ("mime_type", "mimeType", "media_type"):
            said = str(holder.get(key) or "").partition("/")[0]
            if said in KINDS:
                return said
    return kind


def _reference(value: Any) -> str:
    if isinstance(value, bytes):
        return f"blake2b:{bytes_hash(value)}"
    if isinstance(value, str):
        return _of_text(value)
    if not isinstance(value, dict):
        return canonical(value)
    for key in DATA_KEYS:
        if value.get(key):
            return _of_data(value[key])
    for key in NESTED_KEYS:
        if isinstance(value.get(key), dict | bytes):
            return _reference(value[key])
    for key in REFERENCE_KEYS:
        if isinstance(value.get(key), str) and value[key]:
            return _of_text(value[key])
    said = {key: each for key, each in value.items() if key not in _NO_REFERENCE and each}
    return canonical(said) if said else ""


def _of_text(text: str) -> str:
    """A reference as written; `data:` URLs and long base64 by the bytes they hold."""
    if _DATA_URL.match(text):
        head, _, body = text.partition(",")
        return _of_data(body) if head.lower().endswith(";base64") else _hashed(text)
    if len(text) >= LEAST_BASE64 and _BASE64.fullmatch(text) and "/" not in text[:1]:
        decoded = _decoded(text)
        return text if decoded is None else f"blake2b:{bytes_hash(decoded)}"
    return text


def _of_data(value: Any) -> str:
    """Bytes, base64 or numbers, by their hash; a `data:` URL by what it holds."""
    if isinstance(value, bytes):
        return f"blake2b:{bytes_hash(value)}"
    if isinstance(value, dict):
        return _reference(value)
    if not isinstance(value, str):
        return _hashed(canonical(value))
    if _DATA_URL.match(value):
        return _of_text(value)
    decoded = _decoded(value)
    return _hashed(value) if decoded is None else f"blake2b:{bytes_hash(decoded)}"


def _hashed(text: str) -> str:
    return f"blake2b:{bytes_hash(text.encode('utf-8', 'surrogatepass'))}"


def _decoded(text: str) -> bytes | None:
    plain = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
