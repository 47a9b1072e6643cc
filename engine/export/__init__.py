"""Kept, dropped and pending rows out of a review, into a new folder, whole or not at all.

In the order of the work:

    plan        what was asked for, and the counts shown before anything is written
    place       where it goes: never the source, never the session; one rename puts it there
    table       rows as columns: the source's own, and what tamis adds to them
    formats     the table of formats, one row each
    jsonl       JSON lines: a JSON row as one line of its own bytes
    parquet     Parquet, with the schema and the metadata of a Parquet source
    csv_rows    CSV
    features    what `datasets` calls the columns of a Parquet file
    decisions   what tamis knows of each row
    manifest    what was written, and how to check it
    card        the same for people
    run         all of it in order
"""

from engine.export.formats import FORMATS, ExportFormat, format_named, native_format
from engine.export.place import check_place
from engine.export.plan import (
    AnnotationCounts,
    Copies,
    DuplicateRule,
    Edited,
    ExportPlan,
    ExportReport,
    Given,
    Keep,
    PendingRowsError,
    Preview,
    ReviewState,
    preview,
)
from engine.export.run import export

__all__ = [
    "FORMATS",
    "AnnotationCounts",
    "Copies",
    "DuplicateRule",
    "Edited",
    "ExportFormat",
    "ExportPlan",
    "ExportReport",
    "Given",
    "Keep",
    "PendingRowsError",
    "Preview",
    "ReviewState",
    "check_place",
    "export",
    "format_named",
    "native_format",
    "preview",
]
