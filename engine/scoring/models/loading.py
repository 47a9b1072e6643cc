"""A model's tokenizer and weights from its folder into memory, or a message that says why not."""
# ruff: noqa: PLC0415 - torch and transformers are imported with the first model

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import ScorerError
from engine.scoring.models.checks import check_head
from engine.scoring.models.model_files import ModelFolder, available_bytes, needed_bytes
from engine.scoring.scorer import ScorerOptions
from engine.scoring.worker.status import one_line

ELEMENT_BYTES = {"float32": 4, "bfloat16": 2}
"""Never float16: DeBERTa overflows it."""

ONE_AT_A_TIME = threading.Lock()
"""Held while transformers builds a model. It sets torch's default dtype for the whole process
meanwhile and puts back what it found: of two models built at once one comes out in two dtypes, and
the default of the other stays. A scorer chosen while another one loads is such a case."""


@contextmanager
def taking_turns(check_wanted: Callable[[], None]) -> Iterator[None]:
    """Build a model when no other one is being built; stop where nobody waits for it any more.

    Raises:
        Cancelled: `check_wanted` said so, before the turn came or after it.
    """
    check_wanted()
    with ONE_AT_A_TIME:
        check_wanted()
        yield
    check_wanted()


def choose_device(options: ScorerOptions) -> Any:
    """The device that was asked for, else the best there is.

    Raises:
        ScorerError: there is no such device.
    """
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    if not options.device:
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(options.device)
        torch.empty(1, device=device)
    except Exception as error:
        raise ScorerError(
            f"no such device: {options.device}", "cpu, cuda, cuda:1 and mps are understood"
        ) from error
    return device


def check_kind(name: str, folder: ModelFolder, options: ScorerOptions) -> None:
    """Refuse a kind of model that the installed transformers has no code for.

    Raises:
        ScorerError: it was saved by a newer version, or by code of its own.
    """
    import transformers
    from transformers import CONFIG_MAPPING

    kind = folder.model_type
    own = folder.has_remote_code and options.trust_remote_code
    if kind and not own and kind not in CONFIG_MAPPING:
        raise ScorerError(
            f"the model {name} is of a kind that transformers {transformers.__version__} does "
            f"not know: {kind}",
            "a newer transformers may know it; or choose another model",
        )


def check_memory(name: str, folder: ModelFolder, device: Any, dtype: str) -> None:
    """Refuse a model that does not fit before any of it is read.

    Raises:
        ScorerError: its weights need more memory than is free.
    """
    needed, free = needed_bytes(folder, ELEMENT_BYTES[dtype]), _free_bytes(device)
    if free is not None and needed > free:
        half = ", or --dtype bfloat16, which takes half of it" if dtype == "float32" else ""
        raise ScorerError(
            f"the model {name} is too large: {needed / 2**30:.1f} GiB needed in {dtype}, "
            f"{free / 2**30:.1f} GiB free on {device}",
            f"choose a smaller model, or another device{half}",
        )


def fits(folder: ModelFolder, device: Any, dtype: str) -> bool:
    """Whether there is memory for a copy of the weights."""
    free = _free_bytes(device)
    return free is None or needed_bytes(folder, ELEMENT_BYTES[dtype]) <= free


def _free_bytes(device: Any) -> int | None:
    import torch

    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_bytes()


def load_tokenizer(
    name: str, folder: ModelFolder, options: ScorerOptions, check_wanted: Callable[[], None]
) -> Any:
    """The tokenizer.

    Raises:
        ScorerError: there is none, or it is damaged.
        Cancelled: `check_wanted` said so.
    """
    from transformers import AutoTokenizer

    with taking_turns(check_wanted):
        try:
            return AutoTokenizer.from_pretrained(
                str(folder.path),
                local_files_only=True,
                trust_remote_code=options.trust_remote_code,
            )
        except Exception as error:
            raise ScorerError(
                f"the tokenizer of the model {name} cannot be loaded: {one_line(error)}",
                f"tokenizer.json should lie in {folder.path}",
            ) from error


def load_model(
    name: str,
    folder: ModelFolder,
    device: Any,
    dtype: str,
    options: ScorerOptions,
    check_wanted: Callable[[], None],
) -> Any:
    """The classifier with all of its weights, on its device, ready to score.

    Raises:
        ScorerError: damaged, of a kind that transformers does not know, or without a head.
        Cancelled: `check_wanted` said so.
    """
    import torch
    import transformers
    from transformers import AutoModelForSequenceClassification

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call] # theirs
    transformers.utils.logging.set_verbosity(logging.ERROR)
    with taking_turns(check_wanted):
        try:
            model, info = AutoModelForSequenceClassification.from_pretrained(
                str(folder.path),
                local_files_only=True,
                trust_remote_code=options.trust_remote_code,
                use_safetensors=not folder.pickled,
                weights_only=True,
                dtype=getattr(torch, dtype),
                output_loading_info=True,
            )
        except Exception as error:
            raise ScorerError(
                f"the model {name} cannot be loaded: {one_line(error)}",
                f"its files in {folder.path} may be damaged; get them again",
            ) from error
    check_head(name, [*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])])
    return model.eval().to(device)
