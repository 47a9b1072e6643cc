"""Write-ahead log where it works, rollback journal where it does not.

The log lets a reader look on while the desk writes, and costs one flush per decision. It needs
memory shared between processes, which network file systems do not give, some without saying
so: they are recognised by name, and everything else is tried on the real file.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.store.faults import primary_code
from engine.store.schema import transaction

MOUNTS = Path("/proc/self/mounts")

_NETWORK = frozenset(
    (
        *("9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2"),
        *("glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "orangefs"),
        *("prl_fs", "pvfs2", "smb", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs"),
    )
)
"""File systems whose memory maps are not shared by all that mount them.

Source: proc(5) names them as mount(8) does; https://www.sqlite.org/wal.html, "all processes
using a database must be on the same host computer".
"""

_OCTAL = re.compile(r"\\([0-7]{3})")
"""How blanks in a mount point are written; source: proc(5), getmntent(3)."""

_PROBE_BUSY_MS = 200


def filesystem(path: Path) -> str:
    """The name of the file system that `path` lies on, empty where the system does not tell."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[1])
        # Of two mounts on the same place the later hides the earlier.
        if len(point) >= best and path.is_relative_to(point):
            best, kind = len(point), fields[2]
    return kind


def is_network(kind: str) -> bool:
    """Whether a file system is remote or may be: FUSE ones other than a local disk's are."""
    return kind in _NETWORK or kind.startswith("fuse.")


def choose(connection: sqlite3.Connection, path: Path) -> str | None:
    """Set the journal of a writing connection; a warning where it had to be the rollback one.

    Raises:
        sqlite3.Error: neither journal works.
    """
    kind = filesystem(path)
    reason = f"the file system is {kind}" if is_network(kind) else _probe(connection, path)
    if not reason:
        return None
    connection.execute("PRAGMA journal_mode = DELETE")
    return f"rollback journal: {reason}; the session is as safe, and slower"


def is_logged(connection: sqlite3.Connection) -> bool:
    """Whether the file has a write-ahead log now."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return bool(mode == "wal")


def rest(connection: sqlite3.Connection) -> None:
    """Leave the file without a log, so that it can be read where nothing can be written.

    Does nothing while a reader looks on: the log then stays beside the file, and both are valid.
    """
    connection.execute(f"PRAGMA busy_timeout = {_PROBE_BUSY_MS}")
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_BUSY:
            raise


def _probe(connection: sqlite3.Connection, path: Path) -> str:
    """Why the log does not work here, empty where it does: write, and read as another would."""
    (busy_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {_PROBE_BUSY_MS}")
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            return "a write-ahead log is not possible here"
        token = json.dumps(os.urandom(8).hex())
        with transaction(connection):
            connection.execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES ('store.probe', ?)",
                (token,),
            )
        with closing(sqlite3.connect(path, timeout=_PROBE_BUSY_MS / 1000)) as other:
            (seen,) = other.execute(
                "SELECT value FROM settings WHERE name = 'store.probe'"
            ).fetchone()
    except sqlite3.OperationalError as error:
        return f"a write-ahead log failed here ({error})"
    else:
        return "" if seen == token else "another reader did not see what was written"
    finally:
        connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
