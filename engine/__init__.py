"""The engine of tamis: everything but the screen. The map goes from the top floor down.

    workshop     makes the demo and the embedded model; not installed with tamis
    session      what the screen and the command line hold: a dataset under review, all together
    export       what is written: formats, manifest, card
    audit        how far the reviews can be trusted: spot check, agreement
    store        the session file: events, scores, settings
    preferences  the person's config file
    duplicates   rows that are alike, and contradictions
    filter       the filter language
    scoring      scorers, the models behind them, and the worker that runs them
    simulator    what a dataset would be worth
    review       verdicts, threshold, review orders: what is kept
    hub          datasets of the Hugging Face hub: found, fetched, pushed
    dataset      from files to rows and samples
    demo         the bundled demo
    help         the long texts that `?` shows

Ground, imported by all:

    paths        where files lie
    statistics   small statistics
    ui_priority  lets the screen go before work in plain Python
    sample       a sample, its turns and sides
    errors       every error that a person may see

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
