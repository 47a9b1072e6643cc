"""A desk without a scorer that gets a score for a visible row with each SIGUSR1."""

from __future__ import annotations

import signal
import sys
from itertools import count
from pathlib import Path

import numpy as np

from engine.session import OpenOptions
from tui.app import TamisApp

SCORES = (0.31, 0.62, 0.45, 0.87)


def main() -> None:
    """Open the dataset of the first argument with the session of the second."""
    options = OpenOptions(session=Path(sys.argv[2]), reviewer="bench")
    app = TamisApp(Path(sys.argv[1]), options, scorer="none", threshold="0.5")
    rows = count()

    def score(*_: object) -> None:
        row = next(rows)
        value = np.array([SCORES[row % len(SCORES)]], np.float32)
        assert app.session is not None
        tokens = np.array([100], np.int32)
        app.session.board.write(0, np.array([row], np.int64), value, tokens, tokens)

    signal.signal(signal.SIGUSR1, score)
    app.run()


if __name__ == "__main__":
    main()
