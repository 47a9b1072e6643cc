"""Which number format a model computes in: float32, or bfloat16 where that is faster here.

bfloat16 takes half the memory and, on a processor or a GPU that multiplies it, half the time and
less; it moves a score by about a hundredth of the spread of the scores. Scores of the two never
mix (the format is part of their key), so a choice once made for a model on a machine is kept.
"""
# ruff: noqa: PLC0415 - torch is imported with the first model

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.scoring.models.model_files import ModelFolder
from engine.scoring.models.remembered import Remembered, state_file

AUTO = "auto"
FLOAT32, BFLOAT16 = "float32", "bfloat16"
DTYPES = (AUTO, FLOAT32, BFLOAT16)

LEAST_GAIN = 1.25
"""bfloat16 must be this much faster to be worth what it does to the scores."""
QUICK_PARAMETERS = 50_000_000
"""Up to so many, a second copy is loaded in a moment, only to see what bfloat16 does."""
LEAST_PARAMETERS = 1_000_000
"""Smaller models are not bound by arithmetic, and what is measured of them is noise."""
MULTIPLIERS = frozenset({"amx_bf16", "avx512_bf16", "bf16"})
"""Names in /proc/cpuinfo of instructions that multiply bfloat16; the last is ARM's."""
CPU_INFO = Path("/proc/cpuinfo")
_FILE = "precision.json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the two formats were found to do for one model on one machine."""

    dtype: str
    """The one that is used."""
    gain: float
    """How many times faster bfloat16 was; 0 where that was not asked."""
    shift: float
    """The furthest that bfloat16 moved the score of a probe."""
    spread: float
    """Standard deviation of the probes' scores in float32."""


def wanted_dtype(text: str) -> str:
    """`auto`, `float32` or `bfloat16`.

    Raises:
        UsageError: it is none of them.
    """
    if (text or AUTO) not in DTYPES:
        raise UsageError(f"no such dtype: {text}", f"one of {', '.join(DTYPES)}")
    return text or AUTO


def known_dtype(wanted: str, folder: ModelFolder, device: Any, revision: str) -> str:
    """The dtype as far as it is known without measuring; empty where measuring decides."""
    if wanted != AUTO:
        return wanted
    if not multiplies_bfloat16(device):
        return FLOAT32
    if folder.saved_dtype == BFLOAT16:
        return BFLOAT16
    calibration = recall(revision, device)
    return calibration.dtype if calibration else ""


def smallest_dtype(wanted: str, device: Any) -> str:
    """The one of those it can come to that takes the least memory."""
    if wanted != AUTO:
        return wanted
    return BFLOAT16 if multiplies_bfloat16(device) else FLOAT32


def multiplies_bfloat16(device: Any) -> bool:
    """Whether the hardware has instructions for it; without them it is slower than float32."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(MULTIPLIERS & processor_features())


def processor_features() -> frozenset[str]:
    """What the processor can do, in the words of /proc/cpuinfo (Linux); empty elsewhere."""
    with suppress(OSError):
        for line in CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return frozenset(value.split())
    return frozenset()


def compare(
    float32_s: float, bfloat16_s: float, float32: Sequence[float], bfloat16: Sequence[float]
) -> Calibration:
    """Decide by the time of the same tokens, and say what it does to the scores of the probes."""
    gain = round(float32_s / max(bfloat16_s, 1e-9), 2)
    found = effect(float32, bfloat16)
    return replace(found, gain=gain, dtype=BFLOAT16 if gain >= LEAST_GAIN else FLOAT32)


def effect(float32: Sequence[float], bfloat16: Sequence[float]) -> Calibration:
    """What bfloat16 does to the scores of the probes, where it is used however fast it is."""
    shifts = [abs(one - other) for one, other in zip(float32, bfloat16, strict=True)]
    mean = sum(float32) / len(float32)
    spread = (sum((score - mean) ** 2 for score in float32) / len(float32)) ** 0.5
    return Calibration(BFLOAT16, 0.0, max(shifts), spread)


def recall(revision: str, device: Any) -> Calibration | None:
    """What was measured for this model on this machine before."""
    text = Remembered(state_file(_FILE)).get(_key(revision, device))
    with suppress(ValueError, TypeError, KeyError):
        known = json.loads(text or "")
        if known["dtype"] in (FLOAT32, BFLOAT16):
            return Calibration(**known)
    return None


def remember(revision: str, device: Any, calibration: Calibration) -> None:
    """Keep it, so that the same model computes in the same format in every run."""
    known = Remembered(state_file(_FILE))
    known.put(_key(revision, device), json.dumps(asdict(calibration)))
    known.save()


def _key(revision: str, device: Any) -> str:
    import torch

    if device.type == "cuda":
        return f"{revision}|{torch.cuda.get_device_name(device)}"
    return "|".join((revision, platform.machine(), *sorted(MULTIPLIERS & processor_features())))
