"""A model from the hub into the local cache, after a yes: with progress, and a way to stop.

The network is used by a process of its own. It can be ended at any moment, whatever it waits for,
and what it has fetched stays: the next try goes on from there.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import Cancelled, ScorerError
from engine.scoring.models.model_files import (
    SAFETENSORS_REVISIONS,
    download_hint,
    patterns_to_fetch,
    prepare_environment,
)
from engine.scoring.scorer import ScorerOptions

TICK_S = 0.1
END_WAIT_S = 3.0


def fetch_model(
    name: str,
    options: ScorerOptions,
    *,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Path:
    """Bring a model onto this disk; returns its folder.

    Args:
        name: a repository.
        options: `allow_pickle` and `trust_remote_code` say which files may come.
        progress: told of the bytes that are there, and of all, about ten times a second.
        cancelled: asked as often.

    Raises:
        Cancelled: asked to stop.
        ScorerError: no network, no such model, or no room.
    """
    prepare_environment()
    wish = {
        "name": name,
        "revision": SAFETENSORS_REVISIONS.get(name),
        "patterns": patterns_to_fetch(options),
    }
    child = subprocess.Popen(  # noqa: S603 - this program, no shell
        [sys.executable, "-P", "-m", "engine.scoring.models.fetching", json.dumps(wish)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        return _followed(name, child, progress, cancelled)
    finally:
        _end(child)


def _followed(
    name: str,
    child: subprocess.Popen[bytes],
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Path:
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    text = ""
    total = before = 0
    blobs: Path | None = None
    while True:
        ended = child.poll() is not None
        text += (child.stdout.read() or b"").decode()
        *lines, text = text.split("\n")
        for line in lines:
            said = json.loads(line)
            if "error" in said:
                raise ScorerError(
                    f"the model {name} cannot be downloaded: {said['error']}", download_hint(name)
                )
            if "folder" in said:
                return Path(said["folder"])
            total, blobs = int(said["bytes"]), Path(said["blobs"])
            before = int(said["there"])
        if cancelled():
            raise Cancelled(f"the download of {name} was stopped; the next one goes on from there")
        if blobs is not None:
            progress(min(max(_bytes_in(blobs) - before, 0), total), total)
        if ended:
            raise ScorerError(f"the download of {name} ended early", download_hint(name))
        time.sleep(TICK_S)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(END_WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _bytes_in(folder: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0


def _main(wish: dict[str, object]) -> dict[str, object]:
    """The child: say how much will come, then fetch it."""
    from huggingface_hub import constants, snapshot_download  # noqa: PLC0415 - the child's own

    name = str(wish["name"])
    revision = str(wish["revision"]) if wish["revision"] else None
    patterns = wish["patterns"]
    assert isinstance(patterns, list)
    planned = snapshot_download(name, revision=revision, allow_patterns=patterns, dry_run=True)
    wanted = sum(each.file_size or 0 for each in planned if each.will_download)
    blobs = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs"
    _say({"bytes": wanted, "there": _bytes_in(blobs), "blobs": str(blobs)})
    folder = snapshot_download(name, revision=revision, allow_patterns=patterns)
    return {"folder": folder}


def _say(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        _say(_main(json.loads(sys.argv[1])))
    except Exception as error:  # noqa: BLE001 - told to the parent, in one line
        first = (str(error).strip().splitlines() or [""])[0]
        _say({"error": first[:300] or type(error).__name__})
