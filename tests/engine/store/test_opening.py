"""Opening a session: locks, permissions, journals, migrations, damage."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine.errors import SessionLockedError, StoreError
from engine.store import Store, journal, opening, schema
from engine.store.lock import WriterLock
from tests.engine.store.store_help import KEY, content, decide, old_session, score, unprivileged

ROOT = Path(__file__).parents[3]

HOLD = """
import sys, time
from pathlib import Path
from engine.store import Store
from tests.engine.store.store_help import decide
store = Store.open(Path(sys.argv[1]), reviewer="ann")
decide(store, [1])
print("open", flush=True)
for line in sys.stdin:
    decide(store, [int(line)])
    print("said", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "train.json.tamis.db"


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everyone can look into; the one of `tmp_path` is closed to `unprivileged`."""
    folder = Path(tempfile.mkdtemp(prefix="tamis-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def desk(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the session open."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def open_store(path: Path, *, read_only: bool = False) -> Store:
    return Store.open(path, reviewer="ann", read_only=read_only)


def rows(store: Store) -> list[list[int]]:
    return [stored.event.rows.tolist() for stored in store.events()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_another_process_is_told_and_may_look_on(path: Path, desk: subprocess.Popen[str]) -> None:
    with pytest.raises(SessionLockedError, match="another tamis") as caught:
        open_store(path)
    assert "--read-only opens beside it" in caught.value.hint
    assert caught.value.exit_code == 5
    with open_store(path, read_only=True) as reader:
        assert rows(reader) == [[1]]
        assert desk.stdin is not None
        assert desk.stdout is not None
        desk.stdin.write("2\n")
        desk.stdin.flush()
        assert desk.stdout.readline() == "said\n"
        assert [stored.event.rows.tolist() for stored in reader.events(after=1)] == [[2]]
        assert reader.warnings == []


def test_the_lock_ends_with_the_process(path: Path, desk: subprocess.Popen[str]) -> None:
    desk.send_signal(signal.SIGKILL)
    desk.wait()
    with open_store(path) as store:
        assert rows(store) == [[1]]


def test_the_lock_holds_within_a_process_and_through_links(path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    with open_store(path):
        with pytest.raises(SessionLockedError):
            open_store(path)
        with pytest.raises(SessionLockedError):
            open_store(link)
    with open_store(link) as store:
        assert store.path == path.resolve()


def test_a_lock_won_on_a_removed_file_is_not_taken_for_one(path: Path) -> None:
    first = WriterLock(path)
    lock_file = path.with_name(f"{path.name}.lock")
    lock_file.unlink()
    second = WriterLock(path)
    first.release()
    assert lock_file.exists(), "the lock of another was removed"
    with pytest.raises(SessionLockedError):
        WriterLock(path)
    second.release()
    second.release()
    assert not lock_file.exists()


def test_a_lock_file_removed_while_it_is_taken_is_taken_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_file = path.with_name(f"{path.name}.lock")
    flock = fcntl.flock
    removed: list[bool] = []

    def overtaken(fd: int, operation: int) -> None:
        if not removed:
            lock_file.unlink()
            removed.append(True)
        flock(fd, operation)

    monkeypatch.setattr("engine.store.lock.fcntl.flock", overtaken)
    lock = WriterLock(path)
    assert lock_file.exists()
    with pytest.raises(SessionLockedError):
        WriterLock(path)
    lock.release()


def test_a_file_system_without_locks_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_fd: int, _operation: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("engine.store.lock.fcntl.flock", refuse)
    with pytest.raises(StoreError, match="cannot be locked") as caught:
        open_store(path)
    assert not isinstance(caught.value, SessionLockedError)
    assert "--session" in caught.value.hint


def test_everything_beside_the_session_is_private_and_goes_when_it_closes(path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(path)
        decide(store, [1])
    finally:
        os.umask(before)
    beside = {file.name.removeprefix(path.name): mode(file) for file in path.parent.iterdir()}
    assert beside == {"": 0o600, "-wal": 0o600, "-shm": 0o600, ".lock": 0o600}
    store.close()
    assert list(path.parent.iterdir()) == [path]


def test_a_decision_is_flushed_and_the_file_is_ours(path: Path) -> None:
    with open_store(path) as store:
        score(store, np.arange(3))
        decide(store, [1])
        assert store._rows("PRAGMA synchronous", ()) == [(2,)]
        assert store._rows("PRAGMA journal_mode", ()) == [("wal",)]
        assert store._rows("PRAGMA foreign_keys", ()) == [(1,)]
        assert store._rows("PRAGMA application_id", ()) == [(schema.APPLICATION_ID,)]
        assert store._rows("PRAGMA user_version", ()) == [(schema.CURRENT,)]


def test_a_network_file_system_gets_a_rollback_journal(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    escaped = str(path.parent).replace(" ", "\\040")
    mounts.write_text(f"root / ext4 rw 0 0\nodd\nhost:/x {escaped} nfs4 rw 0 0\n")
    monkeypatch.setattr(journal, "MOUNTS", mounts)
    with open_store(path) as store:
        assert store.warnings == [
            "rollback journal: the file system is nfs4; the session is as safe, and slower"
        ]
        decide(store, [1])
        score(store, np.arange(3))
        assert store._rows("PRAGMA journal_mode", ()) == [("delete",)]
        assert store._rows("PRAGMA synchronous", ()) == [(2,)]
        with open_store(path, read_only=True) as reader:
            decide(store, [2])
            assert rows(reader) == [[1], [2]]


def test_a_log_left_by_a_kill_is_taken_up_on_a_network_file_system(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_log(path)
    mounts = tmp_path / "mounts"
    mounts.write_text("host:/x / fuse.sshfs rw 0 0\n")
    monkeypatch.setattr(journal, "MOUNTS", mounts)
    with open_store(path) as store:
        assert "fuse.sshfs" in store.warnings[0]
        assert rows(store) == [[1], [2]]


def test_where_the_log_cannot_be_had_the_rollback_journal_serves(path: Path) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as browser:
        browser.execute("BEGIN")
        browser.execute("SELECT * FROM events").fetchall()
        with open_store(path) as store:
            assert store.warnings[0].startswith("rollback journal: a write-ahead log failed")
            browser.execute("COMMIT")
            decide(store, [1])
            assert rows(store) == [[1]]


def test_file_systems_are_found_by_the_longest_mount_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "a / ext4 rw 0 0\nb /da nfs rw 0 0\nc /data xfs rw 0 0\nd /data/a\\040b cifs rw 0 0\n"
        "e /data/é lustre rw 0 0\n"
    )
    monkeypatch.setattr(journal, "MOUNTS", mounts)
    found = [
        journal.filesystem(Path(place))
        for place in ("/home/x.db", "/da/x.db", "/data/x.db", "/data/a b/x.db", "/data/é/x.db")
    ]
    assert found == ["ext4", "nfs", "xfs", "cifs", "lustre"]
    monkeypatch.setattr(journal, "MOUNTS", tmp_path / "absent")
    assert journal.filesystem(Path("/data")) == ""


def leave_log(path: Path) -> None:
    """A session as a killed desk leaves it: two decisions, the second only in the log."""
    source = path.with_name("source.db")
    with open_store(source) as store:
        decide(store, [1])
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        decide(store, [2])
        for suffix in ("", "-wal", "-shm"):
            shutil.copyfile(f"{source}{suffix}", f"{path}{suffix}")
    source.unlink()
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as without_log:
        assert without_log.execute("SELECT count(*) FROM events").fetchone() == (1,)


@pytest.mark.parametrize("left", ["nothing", "log and index", "log", "rollback journal"])
def test_reading_in_a_folder_that_cannot_be_written(public: Path, left: str) -> None:
    path = public / "train.json.tamis.db"
    if left == "nothing":
        with open_store(path) as store:
            decide(store, [1])
            decide(store, [2])
    elif left == "rollback journal":
        leave_rollback_journal(path)
    else:
        leave_log(path)
        if left == "log":
            path.with_name(f"{path.name}-shm").unlink()
    for file in public.iterdir():
        file.chmod(0o444)
    before = {file.name: file.read_bytes() for file in public.iterdir()}
    public.chmod(0o555)
    with unprivileged():
        with pytest.raises(StoreError, match="cannot be written"):
            open_store(path)
        with open_store(path, read_only=True) as store:
            assert rows(store) == [[1], [2]]
            copied = bool(store.warnings)
            with pytest.raises(StoreError, match="read-only"):
                decide(store, [3])
    assert copied == (left in ("log", "rollback journal"))
    assert {file.name: file.read_bytes() for file in public.iterdir()} == before


def leave_rollback_journal(path: Path) -> None:
    """A session killed in the middle of a transaction under a rollback journal."""
    source = path.with_name("source.db")
    with open_store(source) as store:
        decide(store, [1])
        decide(store, [2])
    with closing(sqlite3.connect(source, isolation_level=None)) as killed:
        killed.execute("PRAGMA cache_size = 1")
        killed.execute("BEGIN IMMEDIATE")
        killed.execute("UPDATE settings SET value = '1'")
        for number in range(200):
            killed.execute("INSERT INTO settings VALUES (?, zeroblob(4000))", (f"s{number}",))
        for suffix in ("", "-journal"):
            shutil.copyfile(f"{source}{suffix}", f"{path}{suffix}")
    source.unlink()


def test_a_rollback_journal_left_by_a_kill_is_played_back(path: Path) -> None:
    leave_rollback_journal(path)
    with open_store(path) as store:
        assert rows(store) == [[1], [2]]
        assert store.get_setting("s1") is None


def test_read_only_changes_nothing(path: Path) -> None:
    with open_store(path) as store:
        decide(store, [1])
        score(store, np.arange(3))
    before = path.read_bytes()
    with open_store(path, read_only=True) as reader:
        assert len(reader.cached_scores(KEY).scores) == 3
        with pytest.raises(StoreError, match=r"setting not saved.*read-only"):
            reader.set_setting("a", 1)
        with pytest.raises(StoreError, match=r"scores not saved.*read-only"):
            score(reader, np.arange(3))
    assert path.read_bytes() == before


def test_read_only_needs_a_session(path: Path) -> None:
    with pytest.raises(StoreError, match="no session to read"):
        open_store(path, read_only=True)
    assert not path.exists()


def test_a_session_of_format_1_is_migrated_after_a_backup(path: Path) -> None:
    old_session(path)
    with open_store(path) as store:
        backup = path.with_name(f"{path.name}.bak-v1")
        assert store.warnings == [
            f"the session was brought to this version's format; the old one is {backup}"
        ]
        check_old_events(store)
        score(store, np.arange(3))
        assert [name for (name,) in store._rows("SELECT name FROM migrations", ())] == [
            migration.name for migration in schema.MIGRATIONS
        ]
    assert mode(backup) == 0o600
    with closing(sqlite3.connect(backup)) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (1,)
        assert old.execute("SELECT count(*) FROM events").fetchone() == (3,)
    with open_store(path) as store:
        assert store.warnings == []
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, backup.name]


def check_old_events(store: Store) -> None:
    stored = list(store.events())
    accept, reject, undo = (each.event for each in stored)
    assert (accept.said.note, accept.rows.tolist(), accept.at) == (
        "good",
        [0],
        "2025-01-01T00:00:00.123Z",
    )
    assert (reject.said.reason, reject.rows.tolist()) == ("refusal", list(range(10)))
    assert reject.scores[0] == -1
    assert stored[1].identities.tobytes() == bytes(range(160))
    assert undo.about == reject.id
    assert store.get_setting("threshold") == "top 10"


def test_an_old_session_is_read_without_being_touched(path: Path) -> None:
    old_session(path)
    before = path.read_bytes()
    with open_store(path, read_only=True) as store:
        check_old_events(store)
        assert "copy" in store.warnings[0]
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_migration_that_fails_leaves_the_session_at_its_version(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_session(path)
    good = schema.MIGRATIONS[1]
    broken = schema.Migration(good.name, (*good.statements, "CREATE TABLE events (id INTEGER)"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (schema.MIGRATIONS[0], broken))
        with pytest.raises(StoreError, match=r"session not opened.*already exists"):
            open_store(path)
        with closing(sqlite3.connect(path)) as half:
            assert half.execute("PRAGMA user_version").fetchone() == (1,)
            assert half.execute("SELECT count(*) FROM migrations").fetchone() == (1,)
            tables = half.execute("SELECT name FROM sqlite_master").fetchall()
            assert ("score_keys",) not in tables
    with open_store(path) as store:
        check_old_events(store)


def test_without_a_backup_there_is_no_migration(path: Path) -> None:
    old_session(path)
    before = path.read_bytes()
    path.with_name(f"{path.name}.bak-v1.partial").mkdir()
    with pytest.raises(StoreError, match="session not opened"):
        open_store(path)
    assert path.read_bytes() == before


def test_a_disk_without_room_for_a_backup_is_told_in_bytes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_session(path)
    before = path.read_bytes()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5))
    with pytest.raises(StoreError, match=rf"disk is full: .* {len(before):,} bytes .*, 5 are free"):
        open_store(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


FULL = """
import resource, sys
from pathlib import Path
from engine.errors import StoreError
from engine.store import Store
path = Path(sys.argv[1])
limit = path.stat().st_size // 2
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    Store.open(path, reviewer="ada")
except StoreError as error:
    print("refused:", error)
"""


def test_a_disk_that_fills_during_a_backup_leaves_nothing_of_it(path: Path) -> None:
    old_session(path)
    before = path.read_bytes()
    ran = subprocess.run(
        [sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("refused: session not opened")
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_new_session_records_its_migrations_and_needs_no_backup(path: Path) -> None:
    with open_store(path) as store:
        recorded = store._rows("SELECT version, name FROM migrations ORDER BY version", ())
    assert recorded == [(n + 1, step.name) for n, step in enumerate(schema.MIGRATIONS)]
    assert list(path.parent.iterdir()) == [path]


def newer(path: Path) -> None:
    open_store(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {schema.CURRENT + 1}")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")


def no_database(path: Path) -> None:
    path.write_text('{"instruction": "this is a dataset", "output": "not a session"}\n' * 100)


def cut(path: Path) -> None:
    with open_store(path) as store:
        decide(store, np.arange(5_000))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwritten(path: Path) -> None:
    with open_store(path) as store:
        for row in range(300):
            decide(store, [row])
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 8192)
        file.write(b"\xff" * 8192)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (newer, "newer tamis"),
        (foreign, "database of another program"),
        (no_database, "not a tamis session"),
        (cut, "damaged"),
        (overwritten, "damaged"),
    ],
)
def test_what_cannot_be_opened_is_said_and_left_alone(
    path: Path, make: object, cause: str, read_only: bool
) -> None:
    assert callable(make)
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=cause) as caught:
        open_store(path, read_only=read_only)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_empty_file_becomes_a_session(path: Path) -> None:
    path.touch()
    with open_store(path, read_only=True) as reader:
        assert rows(reader) == []
    with open_store(path) as store:
        decide(store, [1])


def test_a_folder_is_no_session(path: Path) -> None:
    path.mkdir()
    for read_only in (False, True):
        with pytest.raises(StoreError):
            open_store(path, read_only=read_only)


def test_an_absent_folder_is_a_slip_unless_it_is_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match="no folder for the session"):
        open_store(tmp_path / "absent" / "x.tamis.db")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with open_store(tmp_path / "state" / "tamis" / "x.tamis.db") as store:
        decide(store, [1])
    assert mode(tmp_path / "state" / "tamis") == 0o700


def test_a_state_folder_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(StoreError, match="session not opened"):
        open_store(tmp_path / "state" / "tamis" / "x.tamis.db")


def test_someone_elses_private_session_is_said(public: Path) -> None:
    path = public / "train.json.tamis.db"
    with open_store(path) as store:
        decide(store, [1])
    path.chmod(0o600 if os.geteuid() == 0 else 0o000)
    with unprivileged(), pytest.raises(StoreError, match=r"session not opened.*denied"):
        open_store(path, read_only=True)


def test_names_that_mean_something_elsewhere_are_names(tmp_path: Path) -> None:
    for name in ("what?mode=ro#x%20.db", "a b'\"\n.db", "é\udcff.db"):
        path = tmp_path / name
        with open_store(path) as store:
            decide(store, [1])
        assert path.is_file()
        with open_store(path, read_only=True) as reader:
            assert rows(reader) == [[1]]


def test_fresh_starts_anew(path: Path) -> None:
    with Store.open(path, reviewer="ann", fresh=True) as store:
        decide(store, [1])
        with pytest.raises(SessionLockedError):
            Store.open(path, reviewer="ann", fresh=True)
    leave_log(path)
    with Store.open(path, reviewer="ann", fresh=True) as store:
        assert rows(store) == []
    cut(path)
    with Store.open(path, reviewer="ann", fresh=True) as store:
        assert rows(store) == []


@pytest.mark.parametrize("make", [foreign, no_database])
def test_fresh_removes_nothing_but_a_session(path: Path, make: object) -> None:
    assert callable(make)
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not removed"):
        Store.open(path, reviewer="ann", fresh=True)
    assert path.read_bytes() == before


def test_a_full_disk_is_said_and_the_next_try_counts(path: Path) -> None:
    with open_store(path) as store:
        decide(store, [1])
        store._connection.execute("PRAGMA max_page_count = 30")
        with pytest.raises(StoreError, match="decision not saved: the disk is full") as caught:
            decide(store, np.arange(50_000))
        assert "make room" in caught.value.hint
        assert rows(store) == [[1]]
        store._connection.execute("PRAGMA max_page_count = 100000")
        decide(store, np.arange(50_000))
    with open_store(path) as store:
        assert [len(stored.identities) for stored in store.events()] == [1, 50_000]


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from engine.errors import StoreError
from engine.store import Store
from tests.engine.store.store_help import decide
store = Store.open(Path(sys.argv[1]), reviewer="ann")
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, most))
said, refused = [], 0
for row in range(200):
    try:
        said.append(decide(store, np.arange(row * 10)).event.id)
    except StoreError as error:
        assert "decision not saved" in error.message
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
said.append(decide(store, [1]).event.id)
store.close()
print(len(said), refused)
"""


def test_a_file_that_cannot_grow_loses_nothing_acknowledged(path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said, refused = map(int, run.stdout.split())
    assert refused > 0
    with open_store(path) as store:
        assert len([content(event) for event in store.events()]) == said


@pytest.mark.parametrize("gone", ["removed", "replaced"])
def test_a_decision_into_a_file_that_is_gone_is_not_acknowledged(path: Path, gone: str) -> None:
    with open_store(path) as store:
        decide(store, [1])
        path.rename(path.with_name("moved.db"))
        if gone == "replaced":
            path.write_bytes(b"another file")
        with pytest.raises(StoreError, match="moved or removed"):
            decide(store, [2])
    if gone == "replaced":
        assert path.read_bytes() == b"another file"


def test_another_program_that_holds_the_file_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_S", 0.05)
    with open_store(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as browser:
            browser.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="another program holds the file"):
                decide(store, [1])
        decide(store, [1])
        assert rows(store) == [[1]]


def test_closing_beside_a_reader_leaves_both_well(path: Path) -> None:
    store = open_store(path)
    decide(store, [1])
    reader = open_store(path, read_only=True)
    assert rows(reader) == [[1]]
    store.close()
    assert rows(reader) == [[1]]
    with open_store(path) as again:
        decide(again, [2])
        assert rows(reader) == [[1], [2]]
    reader.close()
