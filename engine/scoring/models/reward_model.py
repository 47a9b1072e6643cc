"""A Hugging Face sequence classifier as a scorer: raw logits, the right format, no surprises.

torch and transformers are imported when a model is loaded, in the thread that loads it.
"""
# ruff: noqa: PLC0415 - torch and transformers are imported with the first model

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import ScorerError
from engine.review.threshold import Direction
from engine.sample import Sample, Side
from engine.scoring.models import precision
from engine.scoring.models.checks import (
    batches_change_scores,
    check_architecture,
    check_tokenizer,
    choose_label,
    detect_format,
    probes,
)
from engine.scoring.models.classifier import Classifier
from engine.scoring.models.devices import fitting_tokens, gpu_memory
from engine.scoring.models.formats import CHAPTER_TOKENS, Encoder, make_format
from engine.scoring.models.known_models import known_model
from engine.scoring.models.loading import (
    check_kind,
    check_memory,
    choose_device,
    fits,
    load_model,
    load_tokenizer,
)
from engine.scoring.models.model_files import (
    ModelFolder,
    find_model,
    prepare_environment,
    revision_of,
)
from engine.scoring.scorer import (
    Encoded,
    Failed,
    Scored,
    ScoreKey,
    ScorerOptions,
    always_wanted,
)
from engine.scoring.worker.status import one_line

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
    """One loaded classifier. Not thread-safe: it belongs to the thread that scores."""

    direction = Direction.AT_LEAST

    def __init__(
        self, name: str, options: ScorerOptions, check_wanted: Callable[[], None] = always_wanted
    ) -> None:
        """Find, check and load a model.

        Args:
            name: a folder, or a repository in the local hub cache; `#LABEL` chooses an output.
            options: device, format, length, and what is allowed.
            check_wanted: asked between the steps; see `make_scorer`.

        Raises:
            ScorerError: absent, damaged, refused, headless, or too large.
            Cancelled: `check_wanted` said so.
        """
        name, _, label = name.partition("#")
        self.name = f"hf:{name}"
        wanted = precision.wanted_dtype(options.dtype)
        prepare_environment()
        folder = find_model(name, options)
        check_architecture(name, folder)
        check_kind(name, folder, options)
        self._device = choose_device(options)
        self.device = str(self._device)
        # Before the weights are read for their hash; which dtype it will be is not known yet.
        check_memory(name, folder, self._device, precision.smallest_dtype(wanted, self._device))
        self._revision = revision_of(folder)
        dtype = precision.known_dtype(wanted, folder, self._device, self._revision)
        check_memory(name, folder, self._device, dtype or precision.FLOAT32)
        tokenizer = load_tokenizer(name, folder, options, check_wanted)
        check_tokenizer(name, folder, tokenizer)
        load = partial(
            load_model, name, folder, self._device, options=options, check_wanted=check_wanted
        )
        model = load(dtype=dtype or precision.FLOAT32)
        self._outputs = int(model.config.num_labels)
        self._text_config = model.config.get_text_config()
        self._index, self._label = choose_label(name, model.config, options.label or label)
        self.trained_format = ""
        """What the model was trained with; empty where its files do not tell."""
        try:
            self.trained_format = detect_format(name, folder, tokenizer)
        except ScorerError:
            if not options.input_format:
                raise
        self._format = make_format(options.input_format or self.trained_format, tokenizer)
        self._max_length = options.max_length or self._longest(folder, tokenizer)
        self._encoder = Encoder(tokenizer, self._format, self._max_length)
        self._probes = self._encoded_probes()
        self._padding = int(tokenizer.pad_token_id or 0)
        self._classifier = self._ready(model, load)
        check_wanted()
        self.calibration: precision.Calibration | None = None
        """What bfloat16 does to this model here, where that was measured."""
        if not dtype and fits(folder, self._device, precision.BFLOAT16):
            self._calibrate(load)
        elif self.dtype == precision.BFLOAT16:
            self.calibration = precision.recall(self._revision, self._device)
            if self.calibration is None and fits(folder, self._device, precision.FLOAT32):
                self._see_effect(load)
        check_wanted()
        self.token_budget = self._measured_budget()
        known = known_model(name)
        self.start_threshold = known.start_threshold if known else None
        self._equal_lengths = False
        self.warnings = tuple(self._findings(tokenizer))

    @property
    def label(self) -> str:
        """Short name, format, dtype and device."""
        short = Path(self.name.removeprefix("hf:")).name
        chosen = f"#{self._label}" if self._label else ""
        return f"{short}{chosen} · {self._format.name} · {self.dtype} · {self.device}"

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

    @property
    def in_flight(self) -> int:
        """On a GPU, a result is read one batch late."""
        return 2 if self._device.type == "cuda" else 1

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        """The raw logit of the chosen output for each sample."""
        return self.launch(batch)()

    def launch(self, batch: Sequence[Encoded]) -> Callable[[], Sequence[Scored | Failed]]:
        """Start on a batch; what is returned waits for its scores."""
        with self._giving_memory_back():
            if self._equal_lengths:
                logits = self._by_length(batch)
                return lambda: _scores(logits, batch)
            finish = self._classifier.launch(batch)

        def wait() -> Sequence[Scored | Failed]:
            with self._giving_memory_back():
                return _scores(finish(), batch)

        return wait

    @contextmanager
    def _giving_memory_back(self) -> Iterator[None]:
        """After an out-of-memory, the cut batch must find what the large one has left."""
        import torch

        try:
            yield
        except torch.OutOfMemoryError:
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            raise

    def close(self) -> None:
        """Free the weights."""
        self._classifier.close()

    def _ready(self, model: Any, load: Callable[..., Any]) -> Classifier:
        """The classifier in its fastest exact form, seen to score."""
        classifier = Classifier(model, self._device, self._index, self._padding)
        self.dtype = classifier.dtype
        try:
            if classifier.quicken(self._probes):
                return classifier
        except Exception as error:
            raise ScorerError(
                f"the model {self.name} is loaded but cannot score: {one_line(error)}",
                "its tokenizer and its weights may not belong together",
            ) from error
        return Classifier(load(dtype=self.dtype), self._device, self._index, self._padding)

    def _calibrate(self, load: Callable[..., Any]) -> None:
        """See whether bfloat16 is faster here, and keep what is found for the next time."""
        if self._classifier.parameters < precision.LEAST_PARAMETERS:
            return
        slow = self._classifier
        slow_s, scores = slow.seconds(self._probes), slow.logits(self._probes)
        fast = self._ready(load(dtype=precision.BFLOAT16), load)
        fast_s, others = fast.seconds(self._probes), fast.logits(self._probes)
        self.calibration = precision.compare(slow_s, fast_s, scores, others)
        precision.remember(self._revision, self._device, self.calibration)
        faster = self.calibration.dtype == precision.BFLOAT16
        self._classifier, other = (fast, slow) if faster else (slow, fast)
        self.dtype = self._classifier.dtype
        other.close()

    def _see_effect(self, load: Callable[..., Any]) -> None:
        """See what bfloat16 does to the scores, where that takes but a moment."""
        if self._classifier.parameters > precision.QUICK_PARAMETERS:
            return
        exact = Classifier(load(dtype=precision.FLOAT32), self._device, self._index, self._padding)
        scores = exact.logits(self._probes)
        self.calibration = precision.effect(scores, self._classifier.logits(self._probes))
        exact.close()

    def _measured_budget(self) -> int:
        """By the kind of device; on a GPU by the memory that a token was seen to take."""
        usual = TOKEN_BUDGET.get(self._device.type, TOKEN_BUDGET["cpu"])
        if self._device.type != "cuda":
            return usual
        longest = max(self._probes, key=lambda probe: probe.tokens)
        free, taken = gpu_memory(self._device, partial(self._classifier.logits, [longest]))
        return fitting_tokens(free, taken / longest.tokens, usual)

    def _encoded_probes(self) -> list[Encoded]:
        results = self.encode(probes())
        if isinstance(results[0], Failed):
            raise ScorerError(f"the model {self.name} reads no sample: {results[0].reason}")
        return [each for each in results if isinstance(each, Encoded)]

    def _by_length(self, batch: Sequence[Encoded]) -> list[float]:
        """Logits in batches without any padding, in the order of the batch."""
        groups: dict[int, list[int]] = {}
        for at, encoded in enumerate(batch):
            groups.setdefault(encoded.tokens, []).append(at)
        logits = [0.0] * len(batch)
        for places in groups.values():
            scores = self._classifier.logits([batch[at] for at in places])
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
                f"a classifier with {self._outputs} outputs: check that it takes "
                f"{self._format.name}"
            )
        ends = (tokenizer.eos_token_id, self._text_config.eos_token_id)
        padding = self._classifier.padding
        if self._classifier.causal and padding is not None and padding in ends:
            found.append(
                "the model's padding token is its end token: it reads the token before the end"
            )
        self._equal_lengths = batches_change_scores(
            self._probes, self._classifier.logits, self.dtype
        )
        if self._equal_lengths:
            found.append("padding changes this model's scores: only equal lengths are batched")
        return found


def _scores(logits: Sequence[float], batch: Sequence[Encoded]) -> list[Scored | Failed]:
    return [
        Scored(logit, encoded.tokens, encoded.length)
        for logit, encoded in zip(logits, batch, strict=True)
    ]
