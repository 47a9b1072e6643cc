"""A desk without a scorer in which a search for duplicates runs, and another one after it."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

from engine.duplicates.settings import ComparedUnit, default_settings
from engine.session import OpenOptions
from tui.app import TamisApp

WAIT_S = 0.05


def main() -> None:
    """Open the dataset of the first argument with the session of the second."""
    options = OpenOptions(session=Path(sys.argv[2]), reviewer="bench")
    app = TamisApp(Path(sys.argv[1]), options, scorer="none", threshold="0.2")

    def search() -> None:
        while app.session is None:
            time.sleep(WAIT_S)
        duplicates = app.session.duplicates
        for seed in count(1):  # another seed: nothing that the session file knows is of use
            duplicates.configure(replace(default_settings(ComparedUnit.BOTH), seed=seed))
            duplicates.search([ComparedUnit.BOTH])
            duplicates.wait(lambda _: None)

    threading.Thread(target=search, daemon=True).start()
    app.run()


if __name__ == "__main__":
    main()
