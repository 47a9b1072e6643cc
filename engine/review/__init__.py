"""What a reviewer said and what follows from it: events, what holds now, rules, orders.

    decision       verdicts, aspects, what is said, and the events that carry it
    review         `Review`: says, undoes and redoes, each as an event that is on file first
    projection     what holds for each row now, worked out from the events
    latest_event   which event holds for each row, for one thing that can be said
    history        what was said about one row, and in the whole session
    threshold      a score bound with its direction: typed, parsed, resolved
    rank           so many rows in all: which of them a rank rule takes
    policy         from verdicts, scores and threshold to the outcome of every row
    review_orders  which samples to look at first
    histogram      counts of scores in equal bins, kept and dropped

Nothing here opens a file: the log that events are written to is handed in.
"""
