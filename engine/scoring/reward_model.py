"""A Hugging Face sequence classifier as a scorer: raw logits, the right format, no surprises.

torch and transformers are imported when a model is loaded, in the thread that loads it.
"""
# ruff: noqa: PLC0415 - torch and transformers are imported with the first model

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import ScorerError
from engine.sample import Sample, Side
from engine.scoring.checks import (
    FLOAT32_TOLERANCE,
    HALF_TOLERANCE,
    batches_change_scores,
    check_architecture,
    check_head,
    check_tokenizer,
    choose_label,
    detect_format,
    known_model,
    probes,
)
from engine.scoring.formats import CHAPTER_TOKENS, Encoder, make_format
from engine.scoring.model_files import (
    ModelFolder,
    available_bytes,
    find_model,
    needed_bytes,
    prepare_environment,
    revision_of,
)
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey, ScorerOptions
from engine.scoring.status import one_line
from engine.threshold import Direction

TOKEN_BUDGET = {"cpu": 2_048, "mps": 8_192, "cuda": 32_768}
"""Padded tokens per batch. Source: on 2 cores throughput is flat from 2,048 on."""
LONGEST = 8_192
"""Tokens read at most, even where the model could read more: memory grows with it."""
UNLIMITED = 1_000_000
"""A tokenizer without a limit states 1e30."""
OFFSET_POSITIONS = frozenset(
    {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet"}
)
"""Model types whose positions begin after the padding token's number."""


class RewardModel:
    """One loaded classifier. Not thread-safe: it belongs to the thread that scores.

    Batches are padded on the right whatever the tokenizer says (absolute positions of GPT-2
    would shift otherwise), with an attention mask always.
    """

    direction = Direction.AT_LEAST

    def __init__(self, name: str, options: ScorerOptions) -> None:
        """Find, check and load a model.

        Args:
            name: a folder, or a repository in the local hub cache; `#LABEL` chooses an output.
            options: device, format, length, and what is allowed.

        Raises:
            ScorerError: absent, damaged, refused, headless, or too large.
        """
        name, _, label = name.partition("#")
        prepare_environment()
        folder = find_model(name, options)
        check_architecture(name, folder)
        self.name = f"hf:{name}"
        self._model: Any = None
        self._device = _choose_device(options)
        _check_memory(name, folder, self._device)
        tokenizer = _load_tokenizer(name, folder, options)
        check_tokenizer(name, folder, tokenizer)
        self._model = _load_model(name, folder, self._device, options)
        self._dtype = str(self._model.dtype).removeprefix("torch.")
        config = self._model.config
        self._text_config = config.get_text_config()
        self._index, self._label = choose_label(name, config, options.label or label)
        detected = "" if options.input_format else detect_format(name, folder, tokenizer)
        self._format = make_format(options.input_format or detected, tokenizer)
        self.trained_format = self._trained_format(name, folder, tokenizer)
        self._max_length = options.max_length or self._longest(folder, tokenizer)
        self._encoder = Encoder(tokenizer, self._format, self._max_length)
        self._causal = hasattr(self._model, "score") or folder.model_type == "gpt2"
        self._pad = self._text_config.pad_token_id
        if self._pad is None and not self._causal:
            self._pad = tokenizer.pad_token_id or 0
        self._revision = revision_of(folder)
        self.start_threshold = self._known_threshold(name)
        self._equal_lengths = False
        self.warnings = tuple(self._findings(tokenizer))

    @property
    def device(self) -> str:
        """The torch device."""
        return str(self._device)

    @property
    def dtype(self) -> str:
        """Of the weights: `float32`, `bfloat16`."""
        return self._dtype

    @property
    def label(self) -> str:
        """Short name, format, dtype and device."""
        short = Path(self.name.removeprefix("hf:")).name
        chosen = f"#{self._label}" if self._label else ""
        return f"{short}{chosen} · {self._format.name} · {self.dtype} · {self.device}"

    @property
    def token_budget(self) -> int:
        """By the kind of device."""
        return TOKEN_BUDGET.get(self._device.type, TOKEN_BUDGET["cpu"])

    @property
    def max_length(self) -> int:
        """Tokens read of a sample at most."""
        return self._max_length

    def key(self, side: Side) -> ScoreKey:
        """Everything beside the sample that moves the score."""
        return ScoreKey(
            scorer=self.name,
            revision=self._revision,
            input_format=self._format.name,
            max_length=self._max_length,
            dtype=self.dtype,
            label=self._label,
            side=side,
        )

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        """Write in the format, tokenise, cut what is too long."""
        return self._encoder.encode(samples)

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        """The raw logit of the chosen output for each sample."""
        import torch

        try:
            logits = self._by_length(batch) if self._equal_lengths else self._forward(batch)
        except torch.OutOfMemoryError:
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise
        return [
            Scored(logit, encoded.tokens, encoded.truncated)
            for logit, encoded in zip(logits, batch, strict=True)
        ]

    def close(self) -> None:
        """Free the weights."""
        if self._model is None:
            return
        self._model = None
        gc.collect()
        if self._device.type == "cuda":
            import torch

            torch.cuda.empty_cache()

    def _forward(self, batch: Sequence[Encoded]) -> list[float]:
        """Logits of one padded batch.  -> (batch,)."""
        import torch

        rows = [_tokens(encoded) for encoded in batch]
        width = max(len(row["input_ids"]) for row in rows)
        pad = self._pad if self._pad is not None else self._unused_id(rows)
        if self._causal:
            # It reads the last token that is not this one; see `_unused_id`.
            self._text_config.pad_token_id = pad
        inputs = {
            name: [
                row[name] + [pad if name == "input_ids" else 0] * (width - len(row[name]))
                for row in rows
            ]
            for name in rows[0]
        }
        inputs["attention_mask"] = [
            [1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows
        ]
        tensors = {
            name: torch.tensor(values, device=self._device) for name, values in inputs.items()
        }
        with torch.inference_mode():
            logits = self._model(**tensors).logits[:, self._index]  # (batch,)
        return [float(logit) for logit in logits.float().tolist()]

    def _unused_id(self, rows: Sequence[dict[str, list[int]]]) -> int:
        """A token that no row of the batch contains, to pad with.

        A causal classifier reads the last token that is not padding. Where its config names no
        padding token, padding with the end token, as is usual, would make it read the token
        before the end (off by 3.4 to 3.8 standard deviations, measured).
        """
        used = {token for row in rows for token in row["input_ids"]}
        return next(token for token in range(len(used) + 1) if token not in used)

    def _by_length(self, batch: Sequence[Encoded]) -> list[float]:
        """Logits in batches without any padding, in the order of the batch."""
        groups: dict[int, list[int]] = {}
        for at, encoded in enumerate(batch):
            groups.setdefault(encoded.tokens, []).append(at)
        logits = [0.0] * len(batch)
        for places in groups.values():
            scores = self._forward([batch[at] for at in places])
            for at, score in zip(places, scores, strict=True):
                logits[at] = score
        return logits

    def _longest(self, folder: ModelFolder, tokenizer: Any) -> int:
        """Tokens that the model can read, from its tokenizer and its positions."""
        chapter = self._format.name == "chapter"
        limits = [CHAPTER_TOKENS if chapter else LONGEST]
        if not chapter and 0 < (tokenizer.model_max_length or 0) < UNLIMITED:
            limits.append(int(tokenizer.model_max_length))
        positions = getattr(self._text_config, "max_position_embeddings", None)
        relative = getattr(self._text_config, "position_biased_input", True) is False
        if isinstance(positions, int) and positions > 0 and not (chapter and relative):
            offset = 0
            if folder.model_type in OFFSET_POSITIONS:
                offset = 1 + (self._text_config.pad_token_id or 0)
            limits.append(positions - offset)
        return min(limits)

    def _trained_format(self, name: str, folder: ModelFolder, tokenizer: Any) -> str:
        """What the model was trained with; empty where its files do not tell."""
        try:
            return detect_format(name, folder, tokenizer)
        except ScorerError:
            return ""

    def _known_threshold(self, name: str) -> float | None:
        known = known_model(name)
        return known.start_threshold if known else None

    def _findings(self, tokenizer: Any) -> list[str]:
        """What the checks found that does not forbid scoring; sets the fallback for batches."""
        found = []
        if self.trained_format and self._format.name != self.trained_format:
            found.append(
                f"the input format is {self._format.name}, but this model was trained with "
                f"{self.trained_format}"
            )
        if self._label and not known_model(self.name.removeprefix("hf:")):
            found.append(
                f"a classifier with {self._model.config.num_labels} outputs: check that it takes "
                f"{self._format.name}"
            )
        ends = (tokenizer.eos_token_id, self._text_config.eos_token_id)
        if self._causal and self._pad is not None and self._pad in ends:
            found.append(
                "the model's padding token is its end token: it reads the token before the end"
            )
        results = self.encode(probes())
        encoded = [each for each in results if isinstance(each, Encoded)]
        if isinstance(results[0], Failed):
            raise ScorerError(f"the model {self.name} reads no sample: {results[0].reason}")
        tolerance = FLOAT32_TOLERANCE if self.dtype == "float32" else HALF_TOLERANCE
        try:
            self._equal_lengths = batches_change_scores(encoded, self._forward, tolerance)
        except Exception as error:
            raise ScorerError(
                f"the model {self.name} is loaded but cannot score: {one_line(error)}",
                "its tokenizer and its weights may not belong together",
            ) from error
        if self._equal_lengths:
            found.append("padding changes this model's scores: only equal lengths are batched")
        return found


def _tokens(encoded: Encoded) -> dict[str, list[int]]:
    assert isinstance(encoded.payload, dict)
    return encoded.payload


def _choose_device(options: ScorerOptions) -> Any:
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


def _load_dtype(folder: ModelFolder, device: Any) -> Any:
    """float32; bfloat16 on a GPU where the checkpoint is. Never float16: DeBERTa overflows."""
    import torch

    saved = str(folder.config.get("dtype") or folder.config.get("torch_dtype") or "")
    return torch.bfloat16 if device.type == "cuda" and saved == "bfloat16" else torch.float32


def _check_memory(name: str, folder: ModelFolder, device: Any) -> None:
    import torch

    needed = needed_bytes(folder, _load_dtype(folder, device).itemsize)
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_bytes()
    if free is not None and needed > free:
        raise ScorerError(
            f"the model {name} is too large: {needed / 2**30:.1f} GiB needed, "
            f"{free / 2**30:.1f} GiB free on {device}",
            "choose a smaller model, or another device",
        )


def _load_tokenizer(name: str, folder: ModelFolder, options: ScorerOptions) -> Any:
    from transformers import AutoTokenizer

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


def _load_model(name: str, folder: ModelFolder, device: Any, options: ScorerOptions) -> Any:
    import transformers
    from transformers import AutoModelForSequenceClassification

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity(logging.ERROR)
    try:
        model, info = AutoModelForSequenceClassification.from_pretrained(
            str(folder.path),
            local_files_only=True,
            trust_remote_code=options.trust_remote_code,
            use_safetensors=not folder.pickled,
            weights_only=True,
            dtype=_load_dtype(folder, device),
            output_loading_info=True,
        )
    except Exception as error:
        raise ScorerError(
            f"the model {name} cannot be loaded: {one_line(error)}",
            f"its files in {folder.path} may be damaged; get them again",
        ) from error
    check_head(name, [*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])])
    return model.eval().to(device)
