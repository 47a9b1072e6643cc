"""The engine of tamis: everything but the screen.

>>> from engine import filter_sft_data
>>> kept = filter_sft_data(["What is 2+2?"], ["4"], threshold=1.5)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.scoring.reward_filter import filter_sft_data

__all__ = ["filter_sft_data"]


def __getattr__(name: str) -> Any:
    """Import the public function when it is asked for, so that the engine stays cheap (PEP 562)."""
    if name == "filter_sft_data":
        from engine.scoring import reward_filter  # noqa: PLC0415 - that is the point

        return reward_filter.filter_sft_data
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
