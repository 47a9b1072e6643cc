"""Files of a revision into the hub's cache, each going on where it was broken off.

The library itself throws away what it has of a file when it is stopped. So here a file is fetched
beside its place with the library's own transfer (headers, redirects, retries), checked against the
hash that the hub gives it, and renamed. The links of a snapshot are made when all files are there:
a download that was stopped leaves nothing that looks like a dataset.

Source: huggingface_hub documentation, "Understand caching"; the layout is that of the library.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from engine.hub.cache import cache_folder, read_card, repository_folder
from engine.hub.explaining import RefusedError
from engine.hub.listing import CARD, is_plain_name
from engine.hub.partial import partial_of
from engine.hub.telling import ByteCount

THREADS = 4
CHUNK_BYTES = 1 << 18
"""Written at once: as much is lost at most where a download is stopped."""
_READ_BYTES = 4 << 20
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def fetch_card(repository: str, commit: str, files: Collection[str]) -> str:
    """The card of a revision, kept in the cache like any file; empty where there is none."""
    if CARD not in files:
        return ""
    blob = _fetch(repository, commit, CARD, ByteCount("asking", 0))
    return read_card(blob.path)


def fetch_files(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Bring files of a commit into the cache, then make its snapshot; returns the folder."""
    repository, commit = wish["repository"], wish["commit"]
    folder = repository_folder(cache_folder(), repository)
    names = [name for name in wish["files"] if is_plain_name(name)]
    count = ByteCount(f"fetching {repository}", wish["size_bytes"])
    with ThreadPoolExecutor(THREADS) as pool:
        blobs = list(pool.map(lambda name: _fetch(repository, commit, name, count), names))
    snapshot = folder / "snapshots" / commit
    snapshot.mkdir(parents=True, exist_ok=True)
    for name, blob in zip(names, blobs, strict=True):
        _link(blob.path, snapshot / name)
    card = _cached_card(folder, wish.get("card_blob", ""))
    if card is not None:
        _link(card, snapshot / CARD)
    _write_reference(folder, wish["revision"] or "main", commit)
    return {"folder": str(snapshot)}


def _cached_card(folder: Path, blob: str) -> Path | None:
    path = folder / "blobs" / blob
    return path if blob and path.is_file() else None


@dataclass(frozen=True, slots=True)
class _Blob:
    """The content of a file in the cache."""

    path: Path
    size_bytes: int


def _fetch(repository: str, commit: str, name: str, count: ByteCount) -> _Blob:
    """One file: nothing where it is there, the rest of it where a part is."""
    from huggingface_hub import (  # noqa: PLC0415 - see network
        constants,
        get_hf_file_metadata,
        hf_hub_url,
    )
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # noqa: PLC0415

    url = hf_hub_url(repository, name, repo_type="dataset", revision=commit)
    about = get_hf_file_metadata(url, retry_on_errors=False)
    digest = about.etag or ""
    if not _HASH.fullmatch(digest):
        raise RefusedError(f"{name}: the hub gives no hash to check it by", "fetch it with hf")
    if (about.size or 0) > constants.MAX_HTTP_DOWNLOAD_SIZE:
        raise RefusedError(
            f"{name} is larger than what the hub gives over plain HTTP",
            f"fetch it with: hf download --repo-type dataset {repository}",
        )
    blob = repository_folder(cache_folder(), repository) / "blobs" / digest
    if not blob.exists():
        # As it is: what has come of a packed answer could not be gone on with.
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if urlsplit(about.location).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)  # the storage has a signed address of its own
        blob.parent.mkdir(parents=True, exist_ok=True)
        with _locked(partial_of(blob)) as file:
            if not blob.exists():  # another process may have had it
                _complete(file, about.location, headers, about.size, count)
                _check(file, digest, name)
                partial_of(blob).replace(blob)
    return _Blob(blob, about.size or 0)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The partial file, opened by one process at a time, whoever else fetches the same."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


class _Counted:
    """A file that tells how much is written to it; no more than what a transfer needs of one."""

    def __init__(self, file: BinaryIO, count: ByteCount) -> None:
        self._file, self._count = file, count

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._count.add(len(data))
        return len(data)

    def seek(self, position: int) -> int:
        return self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self) -> int:
        here = self._file.tell()
        self._count.add(here - os.fstat(self._file.fileno()).st_size)
        return self._file.truncate()


def _complete(
    file: BinaryIO, url: str, headers: dict[str, str], size_bytes: int | None, count: ByteCount
) -> None:
    """Fetch what is not there yet."""
    from huggingface_hub import constants  # noqa: PLC0415 - see network
    from huggingface_hub.file_download import http_get  # noqa: PLC0415 - likewise

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    there = file.seek(0, os.SEEK_END)
    if size_bytes is not None and there > size_bytes:
        there = 0
        file.seek(0)
        file.truncate()
    counted: Any = _Counted(file, count)
    http_get(url, counted, resume_size=there, headers=headers, expected_size=size_bytes)


def _check(file: BinaryIO, digest: str, name: str) -> None:
    """Compare with the hash that the hub gave; what is wrong is thrown away.

    Source: git's hash of a blob is SHA-1 over `blob SIZE`, a null byte, and the content; large
    files are known by their SHA-256.
    """
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    if len(digest) == sha256().digest_size * 2:
        found = sha256()
    else:
        found = sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
    while chunk := file.read(_READ_BYTES):
        found.update(chunk)
    if found.hexdigest() != digest:
        file.truncate(0)
        raise RefusedError(
            f"{name} is not what the hub says that it is", "try it again; it will be fetched anew"
        )


def _link(blob: Path, pointer: Path) -> None:
    """A relative link to a blob, as the library makes it."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    if pointer.exists():
        return
    pointer.unlink(missing_ok=True)  # it leads nowhere
    pointer.symlink_to(os.path.relpath(blob, pointer.parent))


def _write_reference(folder: Path, revision: str, commit: str) -> None:
    """Which commit a branch or a tag was when it was fetched."""
    if revision == commit:
        return
    reference = folder / "refs" / revision
    reference.parent.mkdir(parents=True, exist_ok=True)
    reference.write_text(commit, encoding="utf-8")
