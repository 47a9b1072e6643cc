"""Kept, dropped and pending rows out of a review, into a new folder, whole or not at all.

plan        what was asked for, and the counts shown before anything is written
place       where it goes: never the source, never the session; one rename puts it there
jsonline    a JSON row as one line of its own bytes
shapes      JSON rows as typed columns, for Parquet and CSV
features    what `datasets` calls those columns
decisions   what tamis knows of each row
writers     rows into files, a chunk at a time
manifest    what was written, and how to check it
card        the same for people
run         all of it in order
"""

from engine.export.place import check_place
from engine.export.plan import (
    AnnotationCounts,
    Copies,
    DuplicateRule,
    Edited,
    ExportFormat,
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
    "preview",
]
