"""The review desk: table, sample and slider, and what their keys do.

    base          widgets, the rows in view, and the timer that keeps them true to the session
    verdicts      a x space c U R v V and the full stop
    annotations   the digits after x, i I # h: reasons, notes, tags, history
    boosts        w: how often an export writes a sample
    edits         E
    moving        ( ) tab enter esc, panes
    thresholds    brackets, slider, typed, F: a bar of the histogram
    filters       f ctrl+f
    columns       " C =: columns of the dataset, shown and counted
    ordering      s o: sorts, review orders, spot check
    searching     / n N
    reading       enter J K b: focus mode, the next sample ready, blind
    scoring       pause, scorer, retry, side
    panels        the table of panels, and opening, closing and following them
    simulator     S and the sliders
    mapping       &: other columns for the parts of a sample
    importing     _: verdicts that the dataset carries, taken over
    copying       Y W: to the clipboard and into a file
    undoing       U and R of what is about no row, H: the log of the session
    availability  what can be done now, and why the rest cannot
    desk          all of it, with duplicates, export, help and the way out

What is true lives in the session; the desk asks for changes and draws what it finds.
"""

from tui.desk.desk import Desk

__all__ = ["Desk"]
