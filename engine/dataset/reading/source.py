"""The bytes of one file, decompressed, read in spans and never mapped.

A mapped file that is truncated by someone else kills the process (SIGBUS); `pread` merely
reads less. Plain files are read from their descriptor; compressed ones are held in memory
decompressed, because rows are read at random.
"""

from __future__ import annotations

import bz2
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zstandard import ZstdDecompressor, ZstdError

from engine.errors import Cancelled, InputError

CHUNK_BYTES = 4 << 20


class ReadProgress:
    """Tells how far reading has come, and stops it when asked."""

    def __init__(
        self,
        report: Callable[[str, int, int | None], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._report = report
        self._cancelled = cancelled

    def step(self, what: str, done: int, total: int | None = None) -> None:
        """Report `done` of `total`.

        Raises:
            Cancelled: the person asked to stop.
        """
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._report is not None:
            self._report(what, done, total)


class ByteSource(Protocol):
    """Decompressed bytes with a size; `trouble` says why they end early, "" if they do not."""

    name: str
    size: int
    trouble: str
    member: str
    """What the file is called inside its archive; "" for no archive."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, fewer where the file ends before."""
        ...

    def close(self) -> None:
        """Give the descriptor or the memory back."""


class FileSource:
    """A plain file, read through its own descriptor: replacing the file does not disturb it."""

    trouble = ""
    member = ""

    def __init__(self, path: Path, name: str, *, keep_open: bool = True) -> None:
        self.path = path
        self.name = name
        self._fd: int | None = open_regular(path, name)
        self._print = _print_of(self._fd)
        self.size = self._print[0]
        if not keep_open:
            self.close()

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`.

        Raises:
            InputError: the file was changed in place since it was opened.
        """
        if self._fd is not None:
            return self._read(self._fd, start, end)
        fd = open_regular(self.path, self.name)
        try:
            return self._read(fd, start, end)
        finally:
            os.close(fd)

    def _read(self, fd: int, start: int, end: int) -> bytes:
        if _print_of(fd) != self._print:
            raise InputError(
                f"{self.name}: the file was changed while it was open",
                "open it again: verdicts are kept for every sample that is still there",
            )
        pieces = []
        while start < end:
            piece = os.pread(fd, end - start, start)
            if not piece:
                break
            pieces.append(piece)
            start += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close the descriptor; later reads open the file anew."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class HeldSource:
    """Bytes in memory: what a compressed file decompresses to."""

    def __init__(
        self, data: bytes | bytearray, name: str, trouble: str = "", member: str = ""
    ) -> None:
        self._data = memoryview(data)
        self.member = member
        self.name = name
        self.size = len(data)
        self.trouble = trouble

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`."""
        return bytes(self._data[start:end])

    def cut_partial_line(self) -> None:
        """Forget what follows the last newline, where the data ends in the middle of a line."""
        whole = bytes(self._data[-CHUNK_BYTES:]).rfind(b"\n") + 1
        if whole:
            self.size -= min(self.size, CHUNK_BYTES) - whole
            self._data = self._data[: self.size]

    def close(self) -> None:
        """Let go of the bytes."""
        self._data = memoryview(b"")


def open_regular(path: Path, name: str) -> int:
    """A descriptor of a regular file; opening a pipe or a device would block.

    Raises:
        InputError: it is absent, not readable, or no regular file.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{name}: cannot be opened: {reason}", "check the path") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise InputError(f"{name}: not a regular file", "save it to a file first")
    return fd


def _print_of(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_size, status.st_mtime_ns


def open_source(
    path: Path, name: str, progress: ReadProgress, *, keep_open: bool = True, member: str = ""
) -> ByteSource:
    """The decompressed bytes of `path`; a compression is known by its first bytes.

    Of a zip archive, those of `member`, else of the one data file in it.

    Raises:
        InputError: the file cannot be read.
        Cancelled: the person asked to stop.
    """
    source = FileSource(path, name, keep_open=keep_open)
    magic = source.read(0, _MOST_MAGIC)
    try:
        for compression in COMPRESSIONS:
            if compression.magic.match(magic):
                return _expanded(source, compression, progress)
        if magic.startswith(ZIP_MAGIC) and path.suffix.lower() == ".zip":
            source.close()
            return _unzipped(path, name, member, progress)
    except MemoryError as error:
        source.close()
        raise InputError(
            f"{name}: too large to hold decompressed", "decompress it to a file"
        ) from error
    return source


class _Decoder(Protocol):
    """What all decompression objects have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Compression:
    """How compressed files of one kind are known and read."""

    kind: str
    suffixes: tuple[str, ...]
    magic: re.Pattern[bytes]
    new_decoder: Callable[[], _Decoder]
    damage: type[Exception]


COMPRESSIONS = (
    Compression(
        "gzip",
        (".gz",),
        re.compile(rb"\x1f\x8b"),
        lambda: zlib.decompressobj(wbits=31),
        zlib.error,
    ),
    Compression(
        "Zstandard",
        (".zst", ".zstd"),
        re.compile(rb"\x28\xb5\x2f\xfd"),
        lambda: ZstdDecompressor().decompressobj(),
        ZstdError,
    ),
    Compression("xz", (".xz",), re.compile(rb"\xfd7zXZ\0"), lzma.LZMADecompressor, lzma.LZMAError),
    Compression("bzip2", (".bz2",), re.compile(rb"BZh[1-9]1AY&SY"), bz2.BZ2Decompressor, OSError),
)
"""Source: RFC 1952 (gzip), RFC 8878 (Zstandard), the .xz file format, bzip2's `BZh`."""
_MOST_MAGIC = 10
ZIP_MAGIC = b"PK\x03\x04"


def _expanded(source: FileSource, compression: Compression, progress: ReadProgress) -> HeldSource:
    """All members (frames) of a compressed file one after the other, as far as they can be read."""
    data = bytearray()
    decoder, kind = compression.new_decoder(), compression.kind
    trouble = ""
    try:
        for start in range(0, source.size, CHUNK_BYTES):
            progress.step(f"decompressing {source.name}", start, source.size)
            rest = source.read(start, start + CHUNK_BYTES)
            while rest.strip(b"\0") if decoder.eof else rest:
                if decoder.eof:
                    decoder = compression.new_decoder()
                data += decoder.decompress(rest)
                rest = decoder.unused_data if decoder.eof else b""
        if not decoder.eof:
            trouble = f"the {kind} data ends early: the file is truncated"
    except compression.damage:
        trouble = f"the {kind} data is damaged; what comes before it was read"
    finally:
        source.close()
    return HeldSource(data, source.name, trouble)


def archived_names(path: Path) -> list[str]:
    """The files in a zip archive, sorted; none where it is no archive, whatever its name says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(filter(_is_data, archive.namelist()))
    except (OSError, zipfile.BadZipFile):
        return []


def _unzipped(path: Path, name: str, member: str, progress: ReadProgress) -> HeldSource:
    """One file of a zip archive: the one named, else the one data file in it.

    Raises:
        InputError: it holds none or several, it is damaged, or it is locked with a password.
        Cancelled: the person asked to stop.
    """
    progress.step(f"decompressing {name}", 0)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member] if member else list(filter(_is_data, archive.namelist()))
            if len(members) == 1:
                return HeldSource(archive.read(members[0]), name, member=members[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise InputError(
            f"{name}: cannot be unpacked: {error}", "unpack it, or fetch it again"
        ) from (error)
    listed = ", ".join(ascii(each)[1:-1] for each in members[:5]) or "none"
    raise InputError(
        f"{name}: an archive of {len(members):,} files, not of one ({listed})",
        "unpack it to a folder and open that",
    )


def _is_data(member: str) -> bool:
    parts = member.split("/")
    return bool(parts[-1]) and not any(part.startswith((".", "__MACOSX")) for part in parts)
