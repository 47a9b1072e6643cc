"""A review as both front ends hold it, and what belongs to one.

    session            `Session`: opening, verdicts, outcomes; it owns the parts below
    binding            which rows here the events on file are about
    recorder           puts on file what is said, with what was on screen
    live_scoring       scores while they come: board, scorer, worker, cache
    float32_rescoring  rows near the threshold, scored again in float32
    choices            what is said of the review as a whole: events, and settings before them
    threshold_choice   which threshold holds: asked for, the scorer's own, or a guess
    orders             review orders, spot checks
    annotations        reasons, notes and tags beside the verdicts
    edits              samples whose text was edited
    duplication        which rows are duplicates of others, and which of them are dropped
    searching          the search for them in the background, and what the file keeps of it
    splits             clusters that are cut higher than the others
    cluster_review     which clusters are listed, and what is decided about them
    simulator_link     feeds the simulator with the rows kept now
    simulation         what the simulator's panel shows
    view               which rows are shown, in what order: sort, filter, review order
    table_columns      the columns of the sample table: value, width, sort key, what it reveals
    column_choice      which of them are shown, and how wide
    other_columns      columns of the dataset that no sample is read from
    frequencies        how often a column has which value, and how many of those rows are kept
    matching           which rows a filter lets through
    settings           what is remembered from visit to visit, saved filters too

Front ends use these on a session; no part of a session imports them:

    from_hub           a dataset of the hub: its files, its name, its session file
    exporting          from a session to an export: plan, preview, writing
    scores_file        scores as a file of their own
    cluster_verdicts   decisions about clusters, as verdicts
    carried_verdicts   verdicts that a dataset carries in columns of its own
    verdict_import     those taken over into its session
    migration          what opening an old session would do to it
    merge              several reviewers' sessions in a new one
    merged_notes       their notes on one sample, brought together
"""

from engine.session.session import OpenOptions, Session

__all__ = ["OpenOptions", "Session"]
