"""Reviews to export, made from small files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.dataset.dataset import open_dataset
from engine.export.plan import ExportPlan, Given, Keep, ReviewState
from engine.review.decision import Verdict
from engine.review.policy import Tally, decide
from engine.review.threshold import Threshold
from engine.sample import Side
from engine.scoring.scorer import ScoreKey

NAN = float("nan")

ROWS: list[dict[str, Any]] = [
    {"instruction": "Add 2 and 2", "input": "", "output": "4"},
    {"instruction": "Name a colour", "input": "", "output": "Ünïcode ☃ blue"},
    {"instruction": "Sum", "input": "1 2", "output": "3"},
    {"instruction": "Count", "input": "", "output": "one two"},
    {"instruction": "Refuse", "input": "", "output": "As an AI I cannot"},
    {"instruction": "Late", "input": "", "output": "not scored"},
]
SCORES = (2.0, 0.5, 1.5, 0.25, 3.0, NAN)
VERDICTS = {1: Verdict.ACCEPT, 4: Verdict.REJECT, 3: Verdict.SKIP}
"""With a threshold of 1.0: rows 0, 1, 2 kept, 3, 4 dropped, 5 pending."""
KEPT, DROPPED, PENDING = [0, 1, 2], [3, 4], [5]


def write_lines(path: Path, rows: Sequence[object] = ROWS) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def review(
    path: Path,
    *,
    scores: Sequence[float] | Sequence[Sequence[float]] = SCORES,
    verdicts: Mapping[int, Verdict] = VERDICTS,
    threshold: float | None = 1.0,
    given: Callable[[int], Given] = lambda row: Given(
        "ada", "refusal", f"note on {row}", ("odd", f"tag-{row}")
    ),
    session_path: Path | None = None,
) -> ReviewState:
    """A review of the dataset at `path`; rows without a score in `scores` have none."""
    dataset = open_dataset(path)
    sides = np.atleast_2d(np.array(scores, np.float32))
    filled = np.full((len(sides), dataset.rows), np.nan, np.float32)
    filled[:, : sides.shape[1]] = sides[:, : dataset.rows]
    said = np.zeros(dataset.rows, np.int8)
    for row, verdict in verdicts.items():
        said[row : row + 1] = verdict
    bound = None if threshold is None else Threshold(threshold)
    failed = np.zeros(dataset.rows, np.bool_)
    broken = dataset.broken
    tokens = np.full(dataset.rows, 7, np.int32)
    identities = np.arange(dataset.rows * 16, dtype=np.int64).reshape(-1, 16).astype(np.uint8)
    return ReviewState(
        dataset=dataset,
        outcomes=decide(said, filled[0], failed, broken, bound),
        verdicts=said,
        scores=filled,
        identities=identities,
        occurrences=np.zeros(dataset.rows, np.uint32),
        said=said != Verdict.UNDECIDED,
        given=given,
        reviewers=["ada"],
        summary=Tally(said, filled[0], failed, broken, tokens).summary(bound),
        threshold=bound,
        threshold_text="1.0",
        scorer="column:score",
        revision="r1",
        score_key=ScoreKey("column:score", "r1"),
        session_path=session_path,
        side=Side.CHOSEN,
    )


def plan(output: Path, form: str = "jsonl", keep: str = "kept", **options: Any) -> ExportPlan:
    """A plan that allows pending rows, as the reviews above have one."""
    return ExportPlan(output, form, Keep(keep), **{"allow_pending": True, **options})
