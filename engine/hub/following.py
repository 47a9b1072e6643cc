"""The process that uses the network: started, followed, and ended at any moment.

It is asked in one line of JSON on its stdin and answers in lines on its stdout. It ends when its
stdin does, so also where this process is killed. What the hub's library has to say goes nowhere:
nothing of it could be checked for what must not be told.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import Cancelled, InputError
from engine.hub.cache import cache_folder, host_name, hub_endpoint, is_offline

TICK_S = 0.05
END_WAIT_S = 3.0

Progress = Callable[[str, int, int | None], None]
"""Told what is done, how much of it in bytes, and of how much."""


def on_the_network(
    task: str,
    wish: Mapping[str, Any],
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    stopped: str = "stopped",
) -> dict[str, Any]:
    """Do one of the tasks of `engine.hub.network`, and return its answer.

    Args:
        task: its name.
        wish: what it is to do, as JSON can hold it.
        progress: told about ten times a second where something is going on.
        cancelled: asked as often.
        stopped: what to say where it is cancelled, also by ctrl+c.

    Raises:
        Cancelled: asked to stop.
        InputError: no network, no such repository, no permission, no room.
    """
    if is_offline():
        raise InputError(
            f"HF_HUB_OFFLINE is set, and {host_name()} would have to be asked",
            "unset it to allow requests",
        )
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.hub.network"],  # -P: nothing from the present folder
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_environment()},
        start_new_session=True,  # ctrl+c is for this process, which then ends it
    )
    try:
        return _followed(child, {"task": task, **wish}, progress, cancelled, stopped)
    except KeyboardInterrupt:
        raise Cancelled(stopped) from None
    finally:
        _end(child)


def _environment() -> dict[str, str]:
    """The same hub and the same cache as here, no telemetry, and no protocol but HTTP.

    Without telemetry the library also leaves out a request of its own. Plain HTTP goes on where it
    was broken off; the other protocol of the hub (Xet) starts a file anew.
    """
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "HF_ENDPOINT": hub_endpoint(),
        "HF_HUB_CACHE": str(cache_folder()),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_DEBUG": "",
    }


def _followed(
    child: subprocess.Popen[bytes],
    wish: Mapping[str, Any],
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
    stopped: str,
) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended, which is told below
        child.stdin.write(json.dumps(wish).encode() + b"\n")
        child.stdin.flush()
    os.set_blocking(child.stdout.fileno(), False)
    rest = b""
    while True:
        ended = child.poll() is not None
        *lines, rest = (rest + (child.stdout.read() or b"")).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "error" in said:
                raise InputError(said["error"], said["hint"])
            if "answer" in said:
                return dict(said["answer"])
            if progress is not None:
                progress(said["what"], said["done"], said["total"])
        if cancelled is not None and cancelled():
            raise Cancelled(stopped)
        if ended:
            raise InputError(f"the request to {host_name()} ended early", "try it again")
        time.sleep(TICK_S)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(END_WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
