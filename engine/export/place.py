"""Where an export goes: checked first, built beside it, and put in place in one rename.

The folder that an export is built in is locked by its process: what a killed one has left, a copy
of the rows, is taken away by the next export into the same place.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import ExportError
from engine.export.plan import ExportPlan, ReviewState

MANIFEST = "manifest.json"
TOOL = "tamis"
_UNFINISHED = ".tamis-export-"
_REPLACED = ".tamis-replaced-"


def check_place(state: ReviewState, plan: ExportPlan) -> Path:
    """The real path of the folder to write, after every reason not to write it.

    Links in the folders above are followed once, here; the folder itself must not be one.

    Raises:
        ExportError: something is there that is not to be replaced, or the place would touch the
            source or the session.
    """
    if plan.output.name in {"", "..", "."}:
        raise ExportError(f"not the name of a new folder: {plan.output}", "name a folder to create")
    try:
        target = Path(os.path.realpath(plan.output.parent)) / plan.output.name
        _check_target(target, plan)
        protected = [Path(os.path.abspath(path)) for path in _protected(state)]  # noqa: PTH100 - absolute() keeps ".."
        _check_apart(target, [*protected, *(Path(os.path.realpath(path)) for path in protected)])
        source = Path(os.path.realpath(state.dataset.path))
        if source.is_dir() and _holds(source, target):
            raise ExportError(
                f"{plan.output} lies inside the dataset {state.dataset.path}",
                "choose a place outside it, or the next opening would read the export as data",
            )
    except (OSError, ValueError) as error:
        raise ExportError(f"cannot use {plan.output}: {error}", "choose another place") from error
    return target


def _check_target(target: Path, plan: ExportPlan) -> None:
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a folder"
        raise ExportError(f"{plan.output} exists and is {kind}", "choose another place")
    names = {entry.name for entry in os.scandir(target)}
    if not names:
        return
    if not plan.overwrite:
        raise ExportError(
            f"{plan.output} exists and is not empty",
            "choose another place, or --overwrite to replace an earlier export",
        )
    listed = _listed_files(target)
    if listed is None:
        raise ExportError(
            f"{plan.output} is not an export of tamis: it has no {MANIFEST} of one",
            "--overwrite replaces nothing else; choose another place",
        )
    strange = sorted(names - listed - {MANIFEST})
    if strange:
        raise ExportError(
            f"{plan.output} holds files that no export wrote: {', '.join(strange[:3])}",
            "move them away, or choose another place",
        )


def _listed_files(folder: Path) -> set[str] | None:
    """The files that the manifest in `folder` names; None where it is no manifest of ours."""
    path = folder / MANIFEST
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        manifest = json.loads(path.read_bytes())
        return set(manifest["files"]) if manifest["tool"] == TOOL else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _protected(state: ReviewState) -> Iterable[Path]:
    yield state.dataset.path
    yield from state.dataset.files
    if state.session_path is not None:
        yield state.session_path


def _check_apart(target: Path, protected: Iterable[Path]) -> None:
    for path in protected:
        if _holds(target, path):
            raise ExportError(
                f"{target} holds the dataset or its session: {path}", "choose another place"
            )


def _holds(folder: Path, path: Path) -> bool:
    """Whether `path` is `folder` or lies in it; by inode where it exists, so no alias hides it."""
    if path == folder or folder in path.parents:
        return True
    try:
        wanted = folder.stat()
    except FileNotFoundError:
        return False
    return any(_is(above, wanted) for above in (path, *path.parents))


def _is(path: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), wanted)
    except OSError:
        return False


@contextmanager
def staged(target: Path, plan: ExportPlan) -> Iterator[Path]:
    """A new folder beside `target` that becomes it when the block ends; gone if it fails.

    Folders above `target` are created, and taken back if it fails. What the block wrote must
    be flushed to the disk by it; the folders are flushed here.
    """
    created = _create_above(target)
    _clear_leftovers(target)
    folder = target.with_name(_UNFINISHED + secrets.token_hex(6))
    held = -1
    try:
        held = _make_locked(folder)
        yield folder
        _flush(folder)
        _put_in_place(folder, target, plan)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for above in created:
            with suppress(OSError):
                above.rmdir()
        raise
    finally:
        if held >= 0:
            os.close(held)
    _flush(target.parent)


def _make_locked(folder: Path) -> int:
    """Make a folder that says, as long as the descriptor is open, that its export is at work.

    Under the lock of the folder above it, so that nobody finds it without a lock.
    """
    above = os.open(folder.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(above, fcntl.LOCK_EX)
        folder.mkdir()
        held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(above)
    return held


def _clear_leftovers(target: Path) -> None:
    """Remove what killed exports have left beside `target`; never the folder of a live one.

    Nor a whole one beside an export that it was to replace: that was killed between two renames.
    """
    above = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(above, fcntl.LOCK_EX)
        halfway = any(target.parent.glob(f"{_REPLACED}*"))
        for left in target.parent.glob(f"{_UNFINISHED}*"):
            own = re.fullmatch(r"[0-9a-f]{12}", left.name.removeprefix(_UNFINISHED))
            if own and not (halfway and (left / MANIFEST).exists()):
                _remove_unless_locked(left)
    except OSError:  # without locks nobody knows who is at work
        return
    finally:
        os.close(above)


def _remove_unless_locked(folder: Path) -> None:
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


def _create_above(target: Path) -> list[Path]:
    """Create the missing folders above `target`; the innermost first, as they are taken back."""
    missing = [above for above in target.parents if not above.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _put_in_place(folder: Path, target: Path, plan: ExportPlan) -> None:
    """Rename `folder` to `target`, an earlier export moved aside and deleted after.

    Looked at once more, since a long export leaves time for something to appear there. A crash
    between the two renames leaves both exports whole, under their temporary names.
    """
    _check_target(target, plan)
    if not target.is_dir() or not any(target.iterdir()):
        folder.rename(target)
        return
    aside = target.with_name(_REPLACED + secrets.token_hex(6))
    target.rename(aside)
    try:
        folder.rename(target)
    except OSError:
        aside.rename(target)
        raise
    _flush(target.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
