"""What a person says goes on file here, with what was on screen when they said it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.decision import Circumstances, Said
from engine.review.projection import index_of
from engine.review.review import Change
from engine.review.threshold import Direction
from engine.sample import Side

if TYPE_CHECKING:
    from engine.session.session import Session


class Recorder:
    """Verdicts, copies, annotations and edits are all said through it; one per session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check_writable(self) -> None:
        """Refuse what could not be kept.

        Raises:
            UsageError: the session is open read-only.
        """
        if self._session.read_only:
            raise UsageError(
                "this session is open read-only",
                "close the other desk, or open without --read-only",
            )

    def say(self, said: Said, rows: NDArray[np.int64], side: Side | None = None) -> Change:
        """Say something about `rows` as one event; on disk when this returns.

        Args:
            said: what.
            rows: at least one.  (n,)
            side: that it is about; by default the one under review.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        session = self._session
        side = side or session.side
        key, threshold = session.scoring.key, session.threshold
        if side is not session.side:
            threshold = None  # it decides about the side on screen
        seen = Circumstances(
            threshold=threshold.value if threshold else None,
            direction=threshold.direction if threshold else Direction.AT_LEAST,
            scorer=key.scorer if key else None,
            revision=key.revision if key else None,
            side=side,
        )
        scores = session.board.scores[index_of(side), rows]
        return session.review.say(said, rows, scores=scores, circumstances=seen)
