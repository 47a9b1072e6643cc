"""The review desk.

base        widgets and the timer that keeps them true to the session
verdicts    a x space c U R v, and bulk
boosts      w
clusters    D, and their column in the table
moving      j k, pages, panes
thresholds  brackets, slider, typed
view        sort
filters     f F ctrl+f: which rows are shown
searching   / n N
reading     enter J K b: focus mode, the next sample ready, blind
queues      review orders, spot check
scoring     pause, scorer, retry, side
copying     to the clipboard and into a file
possible    what can be done now, and why the rest cannot
desk        all of it, with export, help and the way out
"""

from tui.desk.desk import Desk

__all__ = ["Desk"]
