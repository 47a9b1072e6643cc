"""The process that uses the network; see `engine.hub.following` for the other end of it.

The only module that asks the hub anything, with `download` and `upload` that it calls.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from engine.hub.download import fetch_card, fetch_files
from engine.hub.explaining import explained
from engine.hub.telling import keep_stdout, say
from engine.hub.upload import push, standing


def look(wish: Mapping[str, Any]) -> dict[str, Any]:
    """The files of a revision with their sizes, and the card."""
    from huggingface_hub import HfApi  # noqa: PLC0415 - after the environment was read

    repository, revision = wish["repository"], wish["revision"] or None
    info = HfApi().dataset_info(repository, revision=revision, files_metadata=True)
    files = {
        each.rfilename: [each.size or 0, each.lfs.sha256 if each.lfs else each.blob_id or ""]
        for each in info.siblings or []
    }
    return {
        "commit": info.sha,
        "files": files,
        "card": fetch_card(repository, str(info.sha), files),
    }


TASKS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "look": look,
    "fetch": fetch_files,
    "standing": standing,
    "push": push,
}
"""What this process can be asked to do."""


def _end_with_parent() -> None:
    """Wait for the end of stdin, which is that of whoever started this, and end too."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """One task, one answer."""
    keep_stdout()
    wish = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        say({"answer": TASKS[wish["task"]](wish)})
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        say(explained(error))


if __name__ == "__main__":
    main()
