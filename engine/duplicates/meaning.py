"""Rows that mean the same in other words: neighbours by the cosine of their embeddings.

Shown, never dropped: what is near for a model may differ in all that matters. The model is a
sentence-transformers folder on this disk, read by that library, which is an extra of its own.

Every pair of rows is compared, in blocks: at 52,002 rows of 384 numbers that takes seconds, where
building an index of neighbours takes longer than it saves.

Source: Reimers, Gurevych 2019, "Sentence-BERT"; the threshold of `USUAL` is DEITA's, Liu et al.
2023, arXiv 2312.15685, section 3.3.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.finder import Progress
from engine.duplicates.matches import Matches
from engine.duplicates.settings import SearchSettings
from engine.duplicates.texts import first_with_same_text
from engine.errors import Cancelled, ScorerError, UsageError
from engine.scoring.models.loading import ONE_AT_A_TIME

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

USUAL = 0.9
"""The cosine from which on two rows mean the same, where nobody has said another."""

INSTALL = "pip install 'tamis[semantic]'"

BATCH_ROWS = 64
"""Texts embedded between two looks at `cancelled`."""

BLOCK_ROWS = 2048
"""Rows compared with all later ones at once: 8 KiB of numbers a row at a million rows."""

MOST_PAIRS = 5_000_000
"""More pairs than that are no list of duplicates any more: the cosine is too low."""


def load(folder: Path) -> SentenceTransformer:
    """The embedding model in `folder`, on the processor, without asking any network.

    Raises:
        ScorerError: the extra is not installed, or the folder holds no such model.
    """
    try:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds
    except ImportError as error:
        raise ScorerError(
            "comparing by meaning needs the extra 'semantic', which is not installed", INSTALL
        ) from error
    if not folder.is_dir():
        raise ScorerError(f"no such folder: {folder}", "name one that holds a model")
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ScorerError(
            f"no embedding model in {folder}",
            "name a sentence-transformers folder: modules.json, config.json, model.safetensors",
        )
    if not any(folder.rglob("*.safetensors")):
        raise ScorerError(
            f"the model in {folder} has no safetensors weights", "pickled weights are not loaded"
        )
    _be_quiet()
    try:
        with ONE_AT_A_TIME:
            return SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
    except Exception as error:  # whatever a damaged folder makes the library raise
        raise ScorerError(
            f"the model in {folder} cannot be loaded: {error}", "try another one"
        ) from error


def _be_quiet() -> None:
    """Bars and warnings on stderr would be written over the screen."""
    import transformers  # noqa: PLC0415 - seconds

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call] # theirs
    transformers.utils.logging.set_verbosity(logging.ERROR)


def meaning_digest(settings: SearchSettings, folder: Path) -> str:
    """A name for results of this model under these settings; hexadecimal.

    The model is known by its files' names, sizes and times: reading them would take longer.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    seen = [
        (str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns)
        for path in files
    ]
    text = json.dumps([settings.digest(), str(folder.resolve()), seen])
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


class MeaningFinder:
    """One search over one column of texts; as `Finder`, by cosine."""

    def __init__(
        self, texts: pl.Series, settings: SearchSettings, model: SentenceTransformer
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            texts: a text for every row, null where there is none to compare.  (rows,)
            settings: only the normalisation and the similarity (a cosine) are used.
            model: what embeds.
        """
        self.settings, self.rows = settings, len(texts)
        self._texts, self._model = texts, model
        rows = np.arange(len(texts))
        self._first = first_with_same_text(texts, rows, settings.normalisation)
        self._first[texts.is_null().to_numpy()] = -1
        self._own = np.flatnonzero(self._first == rows)
        self._vectors: NDArray[np.float32] | None = None  # (own, dimensions) of length 1
        self.done = 0
        """Different texts embedded so far."""

    def run(
        self,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        wait_for_ui: Callable[[], None] | None = None,
    ) -> Matches:
        """Search, from where it was stopped if it was.

        Args:
            progress: told of every step.
            cancelled: asked between two steps.
            wait_for_ui: called between two steps, sleeps while the screen wants the interpreter.

        Raises:
            Cancelled: `cancelled` said so; `run` goes on from there.
            UsageError: far too many rows are that near.
        """
        tell = progress or (lambda _what, _done, _total: None)

        def pause_point() -> None:
            if cancelled is not None and cancelled():
                raise Cancelled("the search for duplicates was stopped", "start it again to go on")
            if wait_for_ui is not None:
                wait_for_ui()

        while self.done < len(self._own):
            pause_point()
            self._embed()
            tell("embedding", self.done, len(self._own))
        a, b, cosine = self._pairs(pause_point, tell)
        return Matches(
            settings=self.settings,
            first=self._first,
            a=a,
            b=b,
            similarity=cosine,
            done=self.rows,
        )

    def _embed(self) -> None:
        rows = self._own[self.done : self.done + BATCH_ROWS]
        vectors: NDArray[Any] = self._model.encode(
            self._texts.gather(rows).to_list(), convert_to_numpy=True, show_progress_bar=False
        )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if self._vectors is None:
            self._vectors = np.empty((len(self._own), vectors.shape[1]), np.float32)
        self._vectors[self.done : self.done + len(rows)] = vectors / np.maximum(lengths, 1e-12)
        self.done += len(rows)

    def _pairs(
        self, pause_point: Callable[[], None], tell: Progress
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Every pair of different texts whose cosine is large enough.  three of (n,)."""
        first, second, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)], []
        found.append(np.empty(0, np.float32))
        pairs = 0
        vectors = self._vectors if self._vectors is not None else np.empty((0, 1), np.float32)
        for start in range(0, len(vectors), BLOCK_ROWS):
            pause_point()
            cosine = vectors[start : start + BLOCK_ROWS] @ vectors[start:].T
            one, other = np.nonzero(np.triu(cosine >= self.settings.similarity, 1))
            pairs += len(one)
            if pairs > MOST_PAIRS:
                raise UsageError(
                    f"more than {MOST_PAIRS:,} pairs have a cosine of "
                    f"{self.settings.similarity:g} or more",
                    f"{USUAL:g} is usual: raise it",
                )
            first.append(self._own[start + one])
            second.append(self._own[start + other])
            found.append(np.minimum(cosine[one, other], np.float32(1)))
            tell("comparing", min(start + BLOCK_ROWS, len(vectors)), len(vectors))
        return np.concatenate(first), np.concatenate(second), np.concatenate(found)
