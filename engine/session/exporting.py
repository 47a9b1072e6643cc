"""What a session gives to an export: a plan to start from, what it would write, the writing."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExportError
from engine.export.formats import native_format
from engine.export.place import check_place
from engine.export.plan import (
    DuplicateRule,
    Edited,
    ExportPlan,
    ExportReport,
    Given,
    ReviewState,
    preview,
)
from engine.export.run import export
from engine.review.decision import Verdict
from engine.review.policy import Summary
from engine.sample import IDENTITY_BYTES
from engine.session.session import Session

REFUSED = "refused"
"""How a line of `describe_plan` begins that says why nothing would be written."""

NO_IDENTITIES = np.empty((0, IDENTITY_BYTES), np.uint8)


def review_state(session: Session, *, hashed: bool = True) -> ReviewState:
    """Everything an export says, as it stands now; the arrays in it do not change any more.

    Args:
        session: what it is taken from.
        hashed: with the identity of every row, which a preview can do without: hashing a
            million rows takes seconds.
    """
    identities = session.identities.all() if hashed else NO_IDENTITIES
    with session.board.still:
        return _of_this_moment(session, identities)


def _of_this_moment(session: Session, identities: NDArray[np.uint8]) -> ReviewState:
    """Outcomes, scores, threshold and counts that belong together, while scoring goes on."""
    session.threshold_choice.resolve()
    key = session.scoring.key
    outcomes = session.outcomes()

    def given(row: int) -> Given:
        event, review = session.last_decision(row), session.review
        return Given(
            event.who if event is not None else "",
            review.reason(row, session.side),
            review.note(row),
            review.tags(row),
        )

    return ReviewState(
        dataset=session.dataset,
        outcomes=outcomes,
        verdicts=session.verdicts.copy(),
        scores=session.board.scores.copy(),
        identities=identities,
        occurrences=session.identities.occurrences(),
        said=(session.verdicts != Verdict.UNDECIDED) | session.annotations.annotated(),
        given=given,
        reviewers=session.review.reviewers(),
        summary=session.summary(),
        threshold=session.threshold,
        threshold_text=session.threshold_choice.text,
        scorer=session.scoring.spec,
        revision=key.revision if key else "",
        score_key=key,
        session_path=session.store.path,
        side=session.side,
        remarks=session.annotations.counts(),
        revisions=session.edits.revisions,
        duplicates=_duplicate_rule(session),
        copies=session.copies.copy() if session.review.copied else None,
        cut=session.scoring.cut,
        ranked=session.threshold_choice.ranked,
        spot_checks=[
            (check, session.orders.result(check))
            for check in session.orders.checks
            if check.side is session.side
        ],
    )


def _duplicate_rule(session: Session) -> DuplicateRule | None:
    clusters, similarity = session.duplicates.clusters, session.duplicates.similarity
    duplication = session.kept_duplication()
    if clusters is None or similarity is None or duplication is None:
        return None
    return DuplicateRule(
        similarity=similarity,
        settings=clusters.matches.settings,
        clusters=len(clusters),
        duplicate_rows=clusters.duplicate_rows,
        rate_kept=duplication.duplication_rate,
    )


def _unready(session: Session) -> str:
    """Why the rows kept now are not final, in words; empty where they are."""
    if session.duplicates.ready:
        return ""
    return session.duplicates.status.error or "the search for duplicates has not ended"


def default_plan(session: Session) -> ExportPlan:
    """Beside the dataset, in the format that keeps its rows as they are.

    Where the session could not lie beside the dataset, the export will not either: then in
    the folder the person is in.
    """
    path = Path(os.path.abspath(session.dataset.path))  # noqa: PTH100 - links stay
    folder = path.parent if session.store.path.parent == path.parent else Path.cwd()
    title = session.title.rpartition("/")[2].partition("@")[0] if "/" in session.title else ""
    stem = (title or session.title).split(".")[0] or session.title
    names = (f"{stem}-kept" + (f"-{number}" if number else "") for number in itertools.count())
    free = next(name for name in names if not (folder / name).exists())
    return ExportPlan(folder / free, format=native_format(session.dataset.source_kind))


def _size(size_bytes: int) -> str:
    return f"about {size_bytes / 1e6:,.1f} MB" if size_bytes >= 1e5 else "less than 0.1 MB"


def _by_hand_and_rule(summary: Summary) -> list[str]:
    """Whose decisions an export follows, in rows; what no threshold has dropped, by its reason."""
    by_hand = f"{summary.kept_by_hand:,} kept, {summary.dropped_by_hand:,} dropped"
    by_rule = f"{summary.kept_by_rule:,} kept, {summary.dropped_by_rule:,} dropped"
    lines = [f"by hand: {by_hand}; by rule: {by_rule}"]
    named = [(summary.empty, "for an empty response"), (summary.duplicates, "as duplicates")]
    if said := [f"{rows:,} {why}" for rows, why in named if rows]:
        lines.append(f"of those dropped by rule: {', '.join(said)}")
    return lines


def describe_plan(session: Session, plan: ExportPlan) -> list[str]:
    """What an export would write, and what would stop it, in words."""
    state = review_state(session, hashed=False)
    counts = preview(state, plan)
    lines = []
    try:
        check_place(state, plan)
    except ExportError as error:
        lines.append(f"{REFUSED}: {error}")
    if unready := _unready(session):
        lines.append(f"{REFUSED}: {unready}")
    lines += [
        f"{counts.kept:,} kept, {counts.dropped:,} dropped, {counts.pending:,} pending",
        *_by_hand_and_rule(state.summary),
        f"writes {counts.written:,} rows, {_size(counts.size_bytes)}",
    ]
    if counts.pending_blocks:
        failed = state.summary.failed
        wait = "retry the failed ones" if failed == counts.pending else "wait"
        lines.append(f"{REFUSED}: {counts.pending:,} rows are pending; allow it, or {wait}")
    if state.spot_checks:
        lines.append(f"spot check: {state.spot_checks[-1][1]}")
    if edited := len(session.edits.revisions):
        how = "as they read now" if plan.edits is Edited.APPLY else "as they are in the source"
        lines.append(f"{edited:,} edited samples, {how}")
    if session.threshold is not None and session.threshold.guess:
        lines.append("the threshold is a guess (the median): set one")
    return lines


def check_plan(session: Session, plan: ExportPlan) -> None:
    """See, before any long work, that an export may be written where it was asked for.

    Raises:
        ExportError: it may not.
    """
    check_place(review_state(session, hashed=False), plan)


def export_session(
    session: Session,
    plan: ExportPlan,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExportReport:
    """Write the subset; see `engine.export.export` for what else is raised.

    Raises:
        ExportError: the duplicate rule is on, and what it drops is not known yet.
    """
    if unready := _unready(session):
        raise ExportError(
            f"duplicates are to be dropped, and {unready}", "wait for it, or switch the rule off"
        )
    return export(review_state(session), plan, progress=progress, cancelled=cancelled)
