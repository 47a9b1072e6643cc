"""Scores as a Parquet file of their own, which `--scorer file:PATH` reads back."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from engine.errors import ExportError
from engine.session import Session


def refuse_existing(output: Path, *, overwrite: bool, source: Path) -> None:
    """Say before any scoring that the file cannot be written.

    Raises:
        ExportError: it exists and is not to be replaced, is the dataset, or has no folder.
    """
    if output.exists():
        if output.is_dir() or (source.exists() and output.samefile(source)):
            raise ExportError(f"{output} cannot be replaced", "name a new file with --output")
        if not overwrite:
            raise ExportError(f"{output} exists", "--overwrite replaces it")
    if not output.absolute().parent.is_dir():
        raise ExportError(f"no such folder: {output.absolute().parent}", "make it first")


def write_scores(session: Session, output: Path) -> None:
    """Write row, identity, score, failure reason, tokens and truncation of every row; atomic.

    Preference data has both sides and the margin.

    Raises:
        ExportError: the file cannot be written; nothing is left of it.
    """
    board = session.board
    columns: dict[str, object] = {
        "row": np.arange(session.dataset.rows, dtype=np.int64),
        "identity": [bytes(key).hex() for key in session.identities.all()],
        "score": _nullable(session.scores),
    }
    if session.sides == 2:
        columns["score_chosen"] = _nullable(board.scores[0])
        columns["score_rejected"] = _nullable(board.scores[1])
        columns["margin"] = _nullable(session.margin())
    side = 1 if session.reviews_rejected else 0
    columns["failed"] = [board.reasons.get((side, row)) for row in range(session.dataset.rows)]
    columns["tokens"] = board.tokens
    columns["truncated"] = board.truncated
    frame = pl.DataFrame(columns, schema_overrides={"failed": pl.String})
    try:
        with tempfile.NamedTemporaryFile(
            dir=output.absolute().parent, prefix=f".{output.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                frame.write_parquet(file)
                file.flush()
                os.fsync(file.fileno())
                temporary.chmod(0o644)
                temporary.replace(output)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ExportError(
            f"{output} could not be written: {error.strerror}", "free some room, or name another"
        ) from error


def _nullable(scores: np.ndarray) -> pl.Series:
    """Scores with null instead of NaN.  (rows,)."""
    return pl.Series(scores).fill_nan(None)
