"""The background thread that scores: what it takes next, and where the results stand.

The screen reads the board on a timer; no message is sent for a score.

    worker    the thread: load, score, pause, cancel, score again
    agenda    what is scored next: rows in view, those near them, then windows sorted by tokens
    batches   batches with little padding, and how large a step may be
    runner    batches through the scorer; a row that raises costs itself only
    ledger    what is scored, what failed, what is left, what is to be saved
    board     the arrays that are filled, a slot for each row
    cached    scores of an earlier run, found by the identity of the sample
    status    what the worker says of itself: state, rate, and what went wrong
"""
