"""A review as both front ends hold it, and what belongs to one.

    session           `Session`: opening, verdicts, outcomes; it owns the parts below
    live_scoring      scores while they come: board, scorer, worker, cache
    threshold_choice  which threshold holds: asked for, the scorer's own, or a guess
    queues            review orders, spot checks
    remarks           reasons, notes and tags beside the verdicts
    edits             samples that read otherwise than in the source
    duplication       which rows repeat others, and which of them are dropped
    searching         the search for them in the background, and what the file keeps of it
    splits            clusters that are cut higher than the others
    link          the simulator, coupled to the rows kept now
    settings          what is remembered from visit to visit
    saved_filters     filters kept under a name
    view              which rows are shown, in what order: sort, filter, review order
    table_columns     the columns of the sample table: value, width, sort key, what it reveals
    matching          which rows a filter lets through
    exporting         from a session to an export: plan, preview, writing
    keeping           decisions about clusters of duplicates

Exporting, merging and assigning read a session and are not part of it.
"""

from engine.session.session import OpenOptions, Session

__all__ = ["OpenOptions", "Session"]
