"""Rows and shares as people type them, and what is wrong with them."""

from __future__ import annotations

import math
import re

from engine.errors import UsageError

_ROWS = re.compile(r"(\d[\d,_ ]*(?:\.\d+)?|\.\d+)\s*([kKmM]?)")
_FACTORS = {"": 1.0, "k": 1e3, "m": 1e6}


def parse_rows(text: str) -> float:
    """Read `10000`, `52,002`, `52k` or `1.5M`.

    Raises:
        UsageError: not understood, or less than one row.
    """
    hint = "type rows: 10000, 52k or 1M"
    match = _ROWS.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"size not understood: {text!r}", hint)
    rows = float(re.sub(r"[,_ ]", "", match[1])) * _FACTORS[match[2].lower()]
    if not (math.isfinite(rows) and 1 <= rows <= 1e15):
        raise UsageError(f"a dataset has at least one row, not {text.strip()}", hint)
    return float(round(rows))


def parse_percent(text: str, name: str) -> float:
    """Read a share typed on the screen, where shares are in percent: `17`, `17 %`, `2.5`.

    Raises:
        UsageError: not a number, or outside 0 to 100.
    """
    hint = "type percent: 17 or 2.5"
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        raise UsageError(f"{name} not understood: {text!r}", hint) from None
    if not 0 <= percent <= 100:
        raise UsageError(f"{name} lies between 0 and 100 %, not {text.strip()!r}", hint)
    return percent / 100


def check_share(name: str, value: float, *, below: float | None = None) -> None:
    """Refuse a share outside [0, 1], or one not below `below`.

    Raises:
        UsageError: with a proposal where percent was probably meant.
    """
    if 0 <= value <= 1 and (below is None or value < below):
        return
    end = "" if below is None else f", less than {below:g}"
    meant = value / 100
    hint = ""
    if 1 <= value <= 100 and (below is None or meant < below):
        hint = f"did you mean {meant:.2f}?"
    raise UsageError(f"{name} is a share between 0 and 1{end}, not {value:g}", hint)
