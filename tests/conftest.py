"""What every test shares: an isolated home, and the real datasets beside the checkout."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from tests.fake_hub import TOKEN, FakeHub

os.environ["HF_HUB_OFFLINE"] = "1"
"""Before anything imports huggingface_hub, which reads it once."""

settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def _isolated_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the person's own configuration, sessions or model cache."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def fake_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub on loopback, an empty cache, a token; here and in every process started from here."""
    from huggingface_hub import constants

    cache = tmp_path / "hub-cache"
    with FakeHub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        for name, value in {
            "HF_ENDPOINT": hub.url,
            "HF_HUB_CACHE": str(cache),
            "HF_HUB_OFFLINE": "0",
            "HF_TOKEN": TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        yield hub


@pytest.fixture
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a connection, or starts a process that could, fails the test."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("something would have been sent")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real datasets; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real datasets are not beside this checkout")
    return SHARED_DATA
