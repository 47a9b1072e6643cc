"""Files to a repository of datasets, in one commit; what the hub has already is not sent again.

Large files are stored one by one before the commit, each known by its SHA-256: where it broke off
in the middle, the next try sends those that are missing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from engine.hub.explaining import RefusedError
from engine.hub.telling import ByteCount

KIND = "dataset"
MESSAGE = "An export of tamis"


def standing(wish: Mapping[str, Any]) -> dict[str, Any]:
    """How things are before a push: whether the repository exists, and who may see it."""
    from huggingface_hub import HfApi, get_token  # noqa: PLC0415 - see network
    from huggingface_hub.errors import RepositoryNotFoundError  # noqa: PLC0415 - likewise

    if get_token() is None:
        raise RefusedError("no token is known to write with", "hf auth login, or HF_TOKEN")
    try:
        info = HfApi().dataset_info(wish["repository"])
    except RepositoryNotFoundError as error:
        if error.response.status_code == HTTPStatus.UNAUTHORIZED:
            raise
        return {"exists": False, "private": False, "files": []}
    names = [each.rfilename for each in info.siblings or []]
    return {"exists": True, "private": bool(info.private), "files": names}


class _Told(io.BufferedReader):
    """A file that tells how much of it is sent.

    Large files are read piece by piece on their way; small ones are read at once, to be compared
    and to become a part of the commit, and count for nothing here.
    """

    def __init__(self, path: Path, count: ByteCount) -> None:
        super().__init__(io.FileIO(path))
        self._count = count
        self.is_hashed = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and tell."""
        data = super().read(size)
        if self.is_hashed and size is not None and size > 0:
            self._count.add(len(data))
        return data


def push(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Send the files of a folder in one commit; returns which, and the one before."""
    from huggingface_hub import CommitOperationAdd, HfApi  # noqa: PLC0415 - see network

    api, repository, folder = HfApi(), wish["repository"], Path(wish["folder"])
    if not wish["exists"]:
        api.create_repo(repository, repo_type=KIND, private=wish["private"], exist_ok=True)
    before = api.dataset_info(repository).sha
    count = ByteCount(f"sending to {repository}", wish["size_bytes"])
    opened = [_Told(folder / name, count) for name in wish["files"]]
    try:
        additions = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=file)
            for name, file in zip(wish["files"], opened, strict=True)
        ]
        for file in opened:
            file.is_hashed = True
        commit = api.create_commit(
            repository, additions, commit_message=MESSAGE, repo_type=KIND, num_threads=2
        )
    finally:
        for file in opened:
            file.close()
    return {"commit": commit.oid, "before": before}
