"""Scores as a Parquet file of their own, which `--scorer file:PATH` reads back."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import numpy as np
import polars as pl

from engine.errors import ExportError
from engine.session import Session

EFFECTIVE = os.access in os.supports_effective_ids


def check_output(output: Path, session: Session, *, overwrite: bool) -> None:
    """Say before any scoring that the file cannot be written.

    Raises:
        ExportError: it exists and is not to be replaced, is the dataset or the session, would
            be read as data at the next opening, or has no folder that can be written.
    """
    target = Path(os.path.realpath(output))
    source = Path(os.path.realpath(session.dataset.path))
    files = (source, session.store.path, *session.dataset.files)
    if target in (Path(os.path.realpath(file)) for file in files) or os.path.isdir(output):  # noqa: PTH112 - never raises
        raise ExportError(f"{output} cannot be replaced", "name a new file with --output")
    if source in target.parents:
        raise ExportError(
            f"{output} lies inside the dataset {session.dataset.path}",
            "choose a place outside it, or the next opening would read the scores as data",
        )
    if os.path.lexists(output) and not overwrite:
        raise ExportError(f"{output} exists", "--overwrite replaces it")
    folder = output.absolute().parent
    if not os.path.isdir(folder):  # noqa: PTH112 - never raises
        raise ExportError(f"no such folder: {folder}", "make it first")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=EFFECTIVE):
        raise ExportError(f"nothing can be written to {folder}", "name another with --output")


def write_scores(session: Session, output: Path) -> None:
    """Write row, identity, score, failure reason and lengths of every row; atomic.

    Preference data has both sides' scores and the margin. `tokens` is the length of the whole
    sample, `tokens_read` what the scorer read of it.

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
        columns["margin"] = _nullable(session.scoring.margin())
    side = 1 if session.reviews_rejected else 0
    columns["failed"] = [board.reasons.get((side, row)) for row in range(session.dataset.rows)]
    columns["tokens"] = board.tokens[side]
    columns["tokens_read"] = np.where(board.read[side] > 0, board.read[side], board.tokens[side])
    columns["tokens_estimated"] = session.scoring.estimated
    columns["truncated"] = session.scoring.cut
    frame = pl.DataFrame(columns, schema_overrides={"failed": pl.String})
    temporary = output.absolute().with_name(f".tamis-scores-{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            frame.write_parquet(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(output)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ExportError(
            f"{output} could not be written: {_cause(error)}", "free some room, or name another"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _cause(error: OSError | pl.exceptions.PolarsError) -> str:
    return getattr(error, "strerror", None) or str(error).partition("\n")[0]


def _nullable(scores: np.ndarray) -> pl.Series:
    """Scores with null instead of NaN.  (rows,)."""
    return pl.Series(scores).fill_nan(None)
