"""The same scores for less work: forms of some classifiers that compute only what the head reads.

A reward head reads the first token of the last layer, so the last layer is computed for that
token alone. Every form is exact: it differs from the stock model by rounding, and a model is
only taken out of its stock form where its own scores say so. What has no form here, or does not
hold its conditions, stays as transformers made it.

    deberta       DeBERTa-v2 and v3, with their attention rewritten
    first_token   BERT and its kin
    kernels       linear layers and attention in the way that is fastest where they run
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.scoring.models.fast.deberta import DebertaClassifier
    from engine.scoring.models.fast.first_token import FirstTokenClassifier

__all__ = ["quicken"]


def quicken(model: Any) -> FirstTokenClassifier | DebertaClassifier | None:
    """The faster form of a loaded classifier; None where it has none.

    The form takes the layers out of `model`, which cannot be used afterwards: two copies of a
    large model may not fit.
    """
    from engine.scoring.models.fast import deberta, first_token  # noqa: PLC0415 - they import torch

    if first_token.fits(model):
        return first_token.FirstTokenClassifier(model)
    return deberta.DebertaClassifier(model) if deberta.fits(model) else None
