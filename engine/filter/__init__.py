"""The filter line: which rows to look at, as a rule that is typed, kept and evaluated anew.

    state:pending score<1.5 prompt~translate "as an AI"
    (source=wiki or rating>=4) and not problem:any

A filter is parsed into values, evaluated by polars and numpy over whole columns, and printed
back as text that parses to the same filter; nothing is ever handed to `eval`.

    grammar     from a line to a filter, errors with their place
    terms       conditions on what tamis knows of a row
    columns     conditions on the dataset's own columns
    tree        and, or, not
    completion  what could stand at the cursor
    view        what a filter is evaluated against

Nothing here knows a session: it is evaluated against columns, one slot per row.
"""

from engine.filter.completion import Completion, complete
from engine.filter.grammar import FilterError, parse_filter
from engine.filter.terms import (
    Comparison,
    Number,
    NumberTerm,
    Problems,
    RowStatus,
    TextColumn,
)
from engine.filter.tree import Filter
from engine.filter.view import ANY, NO, YES, FilterView, Mark, Names

__all__ = [
    "ANY",
    "NO",
    "YES",
    "Comparison",
    "Completion",
    "Filter",
    "FilterError",
    "FilterView",
    "Mark",
    "Names",
    "Number",
    "NumberTerm",
    "Problems",
    "RowStatus",
    "TextColumn",
    "complete",
    "parse_filter",
]
