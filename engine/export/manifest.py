"""The manifest: what was exported, from what, by which rules, and how to check it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from engine.audit import spotcheck
from engine.dataset.reading.files import printable
from engine.duplicates.settings import SCHEME
from engine.export.decisions import reason_codes
from engine.export.place import TOOL
from engine.export.plan import Conversion, ExportPlan, ReviewState
from engine.review.decision import Verdict
from engine.review.policy import REASON_TEXT, Outcome, Reason
from engine.review.rank import Ranked, ranked_text
from engine.scoring.kinds import without_folder

MANIFEST_VERSION = 2
"""Grows when a key changes its meaning or goes away; new keys may appear under the same one."""

_BY_HAND = (Reason.ACCEPTED, Reason.REJECTED)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the export as it is on disk."""

    name: str
    rows: int | None
    """None for a file that holds no rows."""
    size_bytes: int
    sha256: str


def seal(path: Path, rows: int | None) -> WrittenFile:
    """Flush a finished file to the disk and say what is in it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        size_bytes = os.fstat(file.fileno()).st_size
    return WrittenFile(path.name, rows, size_bytes, digest)


def counts(state: ReviewState, unreadable: int) -> dict[str, int]:
    """Rows per outcome, split by hand and by rule; broken rows are dropped by neither."""
    outcome, reason = state.outcomes.outcome, state.outcomes.reason
    by_hand = np.isin(reason, _BY_HAND)
    kept, dropped = outcome == Outcome.KEPT, outcome == Outcome.DROPPED
    broken = reason == Reason.BROKEN
    numbers = {
        "rows": np.ones_like(kept),
        "kept": kept,
        "kept_by_hand": kept & by_hand,
        "kept_by_rule": kept & ~by_hand,
        "dropped": dropped,
        "dropped_by_hand": dropped & by_hand,
        "dropped_by_rule": dropped & ~by_hand & ~broken,
        "dropped_broken": broken,
        "dropped_empty": reason == Reason.EMPTY_RESPONSE,
        "pending": outcome == Outcome.PENDING,
    }
    counted = {name: int(np.count_nonzero(mask)) for name, mask in numbers.items()}
    return {**counted, "unreadable": unreadable}


def reasons(state: ReviewState) -> list[dict[str, Any]]:
    """Rows per outcome and reason, for those that occur."""
    pairs, numbers = np.unique(
        np.stack([state.outcomes.outcome, state.outcomes.reason]), axis=1, return_counts=True
    )
    codes = reason_codes(state)
    return [
        {
            "outcome": Outcome(outcome).name.lower(),
            "reason": codes[reason],
            "reason_text": REASON_TEXT[Reason(reason)],
            "by": _by(Reason(reason)),
            "rows": number,
        }
        for outcome, reason, number in zip(*pairs.tolist(), numbers.tolist(), strict=True)
    ]


def kept_digest(state: ReviewState) -> str:
    """What the set of kept samples is known by, wherever they stand; hexadecimal.

    BLAKE2b-128 over identity, occurrence and copies of each, sorted.
    """
    rows = state.rows_of(Outcome.KEPT)
    entries = np.zeros((len(rows), 24), np.uint8)
    entries[:, :16] = state.identities[rows]
    entries[:, 16:20] = state.occurrences[rows].astype("<u4")[:, None].view(np.uint8)
    entries[:, 20:] = state.times(rows).astype("<u4")[:, None].view(np.uint8)
    joined = b"".join(sorted(entry.tobytes() for entry in entries))
    return hashlib.blake2b(joined, digest_size=16).hexdigest()


def _by(reason: Reason) -> str:
    if reason is Reason.BROKEN:
        return "reading"
    return "hand" if reason in _BY_HAND else "rule"


def manifest(
    state: ReviewState,
    plan: ExportPlan,
    files: list[WrittenFile],
    unreadable: int,
    weight: str | None = None,
    changes: Iterable[Conversion] = (),
) -> dict[str, Any]:
    """Everything that a reader needs to judge the export, or to make it again.

    Args:
        state: the review.
        plan: what was asked for.
        files: what has been written.
        unreadable: rows that could only be written apart.
        weight: the column that says how often a row counts; None where there is none.
        changes: what the rows that were written are not as they were in the source.
    """
    return {
        "tool": TOOL,
        "manifest_version": MANIFEST_VERSION,
        "state": "complete",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": _source(state),
        "counts": counts(state, unreadable),
        "reasons": reasons(state),
        "threshold": _threshold(state),
        "duplicates": _duplicates(state),
        "copies": _copies(state, plan, weight),
        "kept_digest": kept_digest(state),
        "scorer": _scorer(state),
        "verdicts": _verdicts(state),
        "spot_checks": [
            {**spotcheck.values(check, result), "scorer": without_folder(check.scorer)}
            for check, result in state.spot_checks
        ],
        "remarks": dataclasses.asdict(state.remarks),
        "changes": [{"what": each.what, "columns": list(each.columns)} for each in changes],
        "edits": {"rows": len(state.revisions), "applied": state.applies_edits},
        "tokens": _tokens(state),
        "options": {
            "format": plan.format,
            "keep": plan.keep.value,
            "annotate": plan.annotate,
            "overwrite": plan.overwrite,
            "allow_pending": plan.allow_pending,
            "copies": plan.copies.value,
        },
        "files": {
            file.name: {"rows": file.rows, "size_bytes": file.size_bytes, "sha256": file.sha256}
            for file in files
        },
        "versions": _versions(),
    }


def _tokens(state: ReviewState) -> dict[str, Any]:
    """Lengths of prompts and responses, whole; what the scorer read of them is another thing."""
    kept = state.rows_of(Outcome.KEPT)
    cut = 0 if state.cut is None else int(np.count_nonzero(state.cut[kept]))
    return {
        "all": state.summary.tokens,
        "all_estimated": state.summary.estimated,
        "kept": state.summary.tokens_kept,
        "kept_estimated": state.summary.kept_estimated,
        "kept_rows_read_in_part": cut,
        "share_of_kept_read_in_part": cut / len(kept) if len(kept) else 0.0,
    }


def _source(state: ReviewState) -> dict[str, Any]:
    fingerprint = state.dataset.fingerprint
    return {
        "name": printable(state.dataset.name),
        "files": fingerprint.files,
        "splits": list(state.dataset.splits),
        "configs": list(state.dataset.configs),
        "size_bytes": fingerprint.size_bytes,
        "rows": fingerprint.rows,
        "digest": fingerprint.digest,
        "kind": state.dataset.source_kind.value,
        "source_rows": state.dataset.source_row_count,
        "made_of_trees": state.dataset.has_paths,
        "family": state.dataset.family.value,
        "columns": state.dataset.columns.used(),
        "problems": state.dataset.problems_total,
    }


def _threshold(state: ReviewState) -> dict[str, Any] | None:
    threshold = state.threshold
    if threshold is None:
        return None
    return {
        "text": state.threshold_text,
        "value": threshold.value,
        "direction": threshold.direction.value,
        "says": str(threshold),
        "guess": threshold.guess,
        "rank": _rank(state.ranked),
    }


def _rank(ranked: Ranked | None) -> dict[str, Any] | None:
    """What a rank rule takes; `tied_taken` of `tied` rows share the last score."""
    if ranked is None:
        return None
    return {
        "wanted": ranked.wanted,
        "by_hand": ranked.by_hand,
        "by_rule": ranked.by_rule,
        "tied": ranked.tied,
        "tied_taken": ranked.tied_taken,
        "says": ranked_text(ranked),
    }


def _duplicates(state: ReviewState) -> dict[str, Any] | None:
    rule = state.duplicates
    if rule is None:
        return None
    settings = rule.settings
    return {
        "similarity": rule.similarity,
        "unit": settings.unit.value,
        "shingles": str(settings.shingling),
        "normalisation": dataclasses.asdict(settings.normalisation),
        "searched_from": settings.similarity,
        "permutations": settings.permutations,
        "seed": settings.seed,
        "scheme": SCHEME,
        "clusters": rule.clusters,
        "duplicate_rows": rule.duplicate_rows,
        "dropped": int(np.count_nonzero(state.outcomes.reason == Reason.DUPLICATE)),
        "duplication_rate_kept": rule.rate_kept,
    }


def _copies(state: ReviewState, plan: ExportPlan, weight: str | None) -> dict[str, Any]:
    """Kept rows that count more than once; `kept_counted` is what training sees of them all."""
    kept = state.rows_of(Outcome.KEPT)
    times = state.times(kept)
    return {
        "as": plan.copies.value,
        "column": weight,
        "repeated_rows": int(np.count_nonzero(times > 1)),
        "kept_counted": int(times.sum(dtype=np.int64)),
    }


def _scorer(state: ReviewState) -> dict[str, Any]:
    key = state.score_key
    if key is not None:
        key = dataclasses.replace(key, scorer=without_folder(key.scorer))
    scored = ~np.isnan(state.scores)
    return {
        "name": without_folder(state.scorer),
        "revision": state.revision,
        "side": str(state.side),
        "key": None if key is None else {**key.fields(), "digest": key.digest()},
        "scored_rows": int(np.count_nonzero(scored.any(axis=0))),
        "failed_rows": state.summary.failed,
    }


def _verdicts(state: ReviewState) -> dict[str, Any]:
    numbers = np.bincount(state.verdicts, minlength=len(Verdict)).tolist()
    return {
        "count": len(state.verdicts) - numbers[Verdict.UNDECIDED],
        "accepted": numbers[Verdict.ACCEPT],
        "rejected": numbers[Verdict.REJECT],
        "skipped": numbers[Verdict.SKIP],
        "accepted_but_dropped_by_threshold": state.summary.accepted_but_dropped,
        "rejected_but_kept_by_threshold": state.summary.rejected_but_kept,
        "reviewers": list(state.reviewers),
    }


def _versions() -> dict[str, str]:
    """Of what took part; torch and transformers only where they were loaded."""
    names = ["tamis", "polars", "numpy"]
    names += [name for name in ("torch", "transformers") if name in sys.modules]
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions
