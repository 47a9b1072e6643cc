"""The session file: append-only decisions, cached scores and settings in one SQLite database.

    opening        from a path to a checked, migrated connection, for writing or beside a writer
    schema         the tables, as a list of migrations
    journal        write-ahead log or rollback journal: whichever the file system can bear
    lock           one writer, held by the kernel
    packing        arrays to blobs and back
    events         what is written for a decision, and read back
    identity_tables  the samples of a whole dataset, for bulks that name theirs by a bitmap
    datasets       which datasets the session has seen
    cache          the score cache's blocks
    stored_orders  review orders and spot checks
    searches       what searches for duplicates found, as arrays
    faults         SQLite's errors as messages for people
    store          `Store`, the one class that the rest of the engine holds

The store knows samples as (identity, occurrence) and nothing of what they say; it does not
know what decisions add up to either, that is the session's work.
"""

from engine.paths import session_path
from engine.store.cache import CachedScores
from engine.store.datasets import BindState, KnownDataset
from engine.store.events import TakenOver
from engine.store.searches import StoredSearch
from engine.store.store import Store
from engine.store.stored_orders import StoredOrder

__all__ = [
    "BindState",
    "CachedScores",
    "KnownDataset",
    "Store",
    "StoredOrder",
    "StoredSearch",
    "TakenOver",
    "session_path",
]
