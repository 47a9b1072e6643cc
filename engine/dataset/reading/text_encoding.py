"""How the bytes of a text file are to be decoded: by marks, by what decodes."""

from __future__ import annotations

import codecs
import re

from engine.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 1 << 16
_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_HIGH = re.compile(rb"[\x80-\xff]")


def detect_encoding(data: bytes) -> str:
    """The name of the encoding that a text is in.

    UTF-8 where most of what is beyond ASCII is valid in it, else Windows-1252, or Latin-1 where
    that does not decode.

    Source: Unicode Standard, 23.8 (byte order marks); RFC 3629 (UTF-8).
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    head = data[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) > 3 and max(even, odd) > len(head) // 4:
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pairs = _PAIR.findall(data)
        valid = sum(map(len, pairs))
        if 2 * valid > len(_HIGH.findall(data)):
            return "utf-8"
    else:
        return "utf-8"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def codec_of(data: bytes, encoding: str) -> tuple[bytes, str]:
    """The byte order mark of a text, and the codec that writes what follows it, without marks."""
    base = {"utf-16": ("utf-16-le", "utf-16-be"), "utf-32": ("utf-32-le", "utf-32-be")}
    mark = next((each for each, name in _MARKS if name == encoding and data.startswith(each)), b"")
    if encoding in base:
        return mark, base[encoding][mark in (codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)]
    return mark, "utf-8" if encoding == "utf-8-sig" else encoding


def check_encoding(name: str) -> str:
    """An encoding as it was named.

    Raises:
        InputError: there is none of that name.
    """
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise InputError(f"there is no encoding {name!r}", "utf-8, utf-16, cp1252 …") from None


def decoded(data: bytes, encoding: str) -> str:
    """`data` as text; bytes that are invalid in UTF-8 become lone surrogates, so none is lost.

    Raises:
        InputError: it is not in that encoding.
    """
    try:
        errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
        return data.decode(encoding, errors)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"the text is not in {encoding}: {error}", "name another one with --encoding"
        ) from error
