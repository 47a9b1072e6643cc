"""What commands without a screen do alike: open a session, wait for scores, say how far it is."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import Cancelled, ScorerError, SessionLockedError, UsageError
from engine.sample import Family
from engine.scoring.kinds import Work, find_kind
from tui.cli.flags import Parts
from tui.cli.hub import located
from tui.cli.progress import ProgressLine

if TYPE_CHECKING:
    from engine.scoring import ScorerOptions
    from engine.scoring.worker.worker import WorkerStatus
    from engine.session import OpenOptions, Session


@contextlib.contextmanager
def stopping_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and a closed terminal raise KeyboardInterrupt, as ctrl+c does."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def headless() -> Iterator[ProgressLine]:
    """Progress, and a way to stop."""
    progress = ProgressLine()
    with stopping_like_ctrl_c():
        try:
            yield progress
        finally:
            progress.clear()


@contextlib.contextmanager
def opened(
    data: Path,
    options: OpenOptions,
    progress: ProgressLine,
    parts: Parts | None = None,
    *,
    download: bool = False,
) -> Iterator[Session]:
    """The session, and what it has to say, on stderr; fetched first where `download` allows it."""
    from engine.preferences.config import load_config
    from engine.session import Session

    config = load_config()
    for problem in config.problems:
        progress.say(problem)
    place = located(
        data,
        options.reading,
        parts or Parts(),
        progress,
        session=options.session,
        download=download,
    )
    options = replace(options, config=config, reading=place.reading, session=place.session)
    try:
        review = Session.open(place.path, options, progress=progress)
    except SessionLockedError as error:
        raise SessionLockedError(
            error.message,
            "wait until it is closed; tamis export --read-only works beside it",
        ) from error
    try:
        for notice in review.notices:
            progress.say(notice)
        yield review
    finally:
        review.close()


def score_rows(
    review: Session, scorer: str | None, options: ScorerOptions, progress: ProgressLine
) -> None:
    """Score what is not scored yet; ctrl+c cancels it, and what it has scored stays.

    Raises:
        UsageError: no column is known to hold a prompt or a response: a scorer that reads samples
            would score nothing but emptiness.
    """
    kind = find_kind(scorer or review.scoring.last_spec)
    if review.dataset.family is Family.OTHER and (not kind or kind.work is Work.COMPUTES):
        names = ", ".join(review.dataset.column_names[:12])
        raise UsageError(
            f"no family fits the columns of this dataset: {names}",
            "name the prompt with --prompt-column (and --response-column) to score it",
        )
    review.start_scoring(scorer, options, retry_failed=True)
    told = False

    def tick(status: WorkerStatus) -> bool:
        nonlocal told
        if status.scorer and not told:
            told = True
            for warning in status.warnings:
                progress.say(warning)
        rate = f", {status.rows_per_s:,.0f}/s" if status.rows_per_s else ""
        left = f", {status.left_s:,.0f} s left" if status.left_s else ""
        name = status.scorer or review.scoring.spec
        progress(f"{status.state.value}: {name}{rate}{left}", status.done, status.total)
        return False

    try:
        status = review.scoring.wait(tick)
    except KeyboardInterrupt:
        review.scoring.stop()
        raise Cancelled("cancelled; what was scored is kept") from None
    if status is not None:
        tick(status)
        review.threshold_choice.resolve()
        open_rows = len(review.scoring.uncertain(review.threshold))
        if open_rows:
            progress.say(
                f"bfloat16 leaves {open_rows:,} of {review.dataset.rows:,} rows open at "
                f"{review.threshold}; --dtype float32 decides them"
            )


def wait_for_duplicates(review: Session, progress: ProgressLine) -> None:
    """Wait for the search for duplicates; ctrl+c cancels it.

    Raises:
        ScorerError: the search failed, so that nobody knows which rows to drop.
    """
    try:
        status = review.duplicates.wait(
            lambda now: progress(f"duplicates: {now.what}", now.done, now.total)
        )
    except KeyboardInterrupt:
        review.duplicates.stop()
        raise Cancelled("cancelled; nothing was written") from None
    if not review.duplicates.ready:
        raise ScorerError(f"the search for duplicates failed: {status.error}", "try it again")
