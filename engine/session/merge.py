"""Several reviewers' sessions of one dataset brought together into a new one.

Each session is read as it stands. The new one holds everything that was said, with who and when:
decisions first, then annotations, then what the merge makes of it. Notes that differ are joined;
of edits that differ the latest stands, and is counted. Where reviewers agree, or only one
decided, that verdict stands; where one accepts what another rejects, the row is undecided until
somebody adjudicates. What came before the merge is history: undo does not reach into it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audit.agreement import Agreement
from engine.errors import InputError, StoreError, UsageError
from engine.review.decision import (
    KEY_BYTES,
    Aspect,
    Circumstances,
    Event,
    EventKind,
    Said,
    StoredEvent,
    Verdict,
)
from engine.sample import IDENTITY_BYTES, Side
from engine.scoring.scorer import ScoreKey
from engine.session.choices import holds_a_choice
from engine.session.merged_notes import MergedNote, merged_notes
from engine.store import KnownDataset, Store, TakenOver
from engine.store.opening import replace_session
from engine.store.schema import HEADER_BYTES, is_session

_VERDICTS = frozenset({Aspect.VERDICT, Aspect.MERGE})


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two of the sessions agree."""

    first: str
    second: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What a merge found and wrote; counts are of samples, both sides of a pair by themselves."""

    output: Path
    reviewers: dict[str, int]
    """How many verdicts each session has, by its reviewers' names."""
    decided: int
    """Samples with a verdict in any session."""
    agreed: int
    """Accepted or rejected by more than one, and by all alike."""
    conflicts: int
    """Accepted by one and rejected by another: undecided until they are adjudicated."""
    notes: int
    merged_notes: int
    """Noted differently by several: all of it is kept, under their names."""
    tags: int
    edits: int
    """Samples of which a part was edited."""
    edit_conflicts: int
    """Edited differently by several: the latest edit stands, the others are in the history."""
    pairs: list[PairAgreement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Input:
    """One session, read."""

    path: Path
    name: str
    """Its reviewers."""
    dataset: KnownDataset
    events: list[StoredEvent]
    undone: dict[int, Event]
    """Number of an event that does not stand -> the undo that took it back."""

    @property
    def said(self) -> list[TakenOver]:
        """What was said in it, with what took it back."""
        return [
            TakenOver(stored, self.undone.get(stored.event.id))
            for stored in self.events
            if stored.event.kind is EventKind.DECIDE
        ]


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """The verdicts that stand in a run of events, one for each key."""

    keys: NDArray[np.void]  # (n,) sorted
    verdicts: NDArray[np.int8]  # (n,)
    tokens: NDArray[np.int64]  # (n,) tells the event that gave each


def merge(
    inputs: Sequence[Path], output: Path, *, reviewer: str, overwrite: bool = False
) -> MergeReport:
    """Bring the sessions at `inputs` together in a new one at `output`, whole or not at all.

    Args:
        inputs: at least two session files; opened read-only.
        output: the new session file.
        reviewer: who merges.
        overwrite: replace `output` where it is a session that nobody has open.

    Raises:
        UsageError: fewer than two sessions, or the same one twice.
        InputError: the sessions are of different datasets.
        StoreError: a session cannot be read, or the output is there already or cannot be written.
    """
    _check_paths(inputs, output, overwrite=overwrite)
    read = _named([_read(path) for path in inputs])
    _check_datasets(read)
    said = _said(read)
    raters = [_last_verdicts(one.said) for one in read]
    keys, matrix, tokens = _aligned(raters)
    conflict, wanted = _reconciled(matrix)
    places = _places(keys, [each.stored for each in said], read[0].dataset.digest)
    wishes = _Wishes(keys, places, wanted, conflict)
    about = _Source(
        read[0].dataset.digest,
        read[0].dataset.reading,
        min((each.stored.identity_version for each in said), default=2),
    )
    notes = _note_events(merged_notes([one.said for one in read], _token), about, reviewer)
    merged = [*notes, *_merge_events(wishes, _last_verdicts(said), about, reviewer)]
    _write(output, read, said, merged, reviewer=reviewer)
    counted = matrix[:, ~conflict]
    votes = (np.isin(counted, (Verdict.ACCEPT, Verdict.REJECT))).sum(axis=0)
    return MergeReport(
        output=output,
        reviewers={one.name: len(rater.keys) for one, rater in zip(read, raters, strict=True)},
        decided=len(keys),
        agreed=int(np.count_nonzero(votes > 1)),
        conflicts=int(np.count_nonzero(conflict)),
        notes=_count(said, Aspect.NOTE),
        merged_notes=len(notes),
        tags=_count(said, Aspect.TAG),
        edits=_count(said, Aspect.EDIT),
        edit_conflicts=_edit_conflicts(read),
        pairs=[
            PairAgreement(read[a].name, read[b].name, _agreement(matrix[[a, b]], tokens[[a, b]]))
            for a, b in combinations(range(len(read)), 2)
        ],
    )


# -- reading


def _check_paths(inputs: Sequence[Path], output: Path, *, overwrite: bool) -> None:
    if len(inputs) < 2:
        raise UsageError(
            "a merge takes at least two sessions", "tamis merge A.db B.db --output C.db"
        )
    real = [Path(os.path.realpath(path)) for path in inputs]
    if len(set(real)) < len(real):
        raise UsageError("the same session is named twice", "name each one once")
    target = Path(os.path.realpath(output))
    if target in real:
        raise UsageError(f"the output is one of the sessions: {output}", "name a new file")
    if not os.path.lexists(output):
        return
    if not overwrite:
        raise StoreError(f"there is a file already: {output}", "name a new one, or add --overwrite")
    with target.open("rb") as file:
        if not is_session(file.read(HEADER_BYTES)):
            raise StoreError(
                f"not a tamis session, so it was not replaced: {output}", "name another file"
            )
    Store.open(target, reviewer="").close()  # nobody else has it open


def _read(path: Path) -> _Input:
    with Store.open(path, reviewer="", read_only=True) as store:
        events = list(store.events())
        dataset = store.latest_dataset()
    if dataset is None:
        raise InputError(f"this session has seen no dataset: {path}", "open one with it first")
    undone: dict[int, Event] = {}
    for event in (stored.event for stored in events):
        if event.kind is EventKind.UNDO and event.about is not None:
            undone[event.about] = event
        elif event.kind is EventKind.REDO and event.about is not None:
            undone.pop(event.about)
    return _Input(path, "", dataset, events, undone)


def _named(read: list[_Input]) -> list[_Input]:
    """Sessions by their reviewers; a name that is in several carries its file's."""
    names = [dict.fromkeys(stored.event.who for stored in one.events) for one in read]
    count = Counter(name for found in names for name in found)
    shared = {_token(stored) for stored in read[0].events}.intersection(
        *({_token(stored) for stored in one.events} for one in read[1:])
    )
    named = []
    for one, found in zip(read, names, strict=True):
        known = {name: f"{name} ({one.path.name})" if count[name] > 1 else name for name in found}
        events = [
            stored
            if _token(stored) in shared
            else replace(stored, event=replace(stored.event, who=known[stored.event.who]))
            for stored in one.events
        ]
        name = ", ".join(known.values()) or one.path.name
        named.append(replace(one, name=name, events=events))
    return named


def _check_datasets(read: list[_Input]) -> None:
    first = read[0]
    for other in read[1:]:
        if other.dataset.digest != first.dataset.digest:
            raise InputError(
                "the sessions are of different datasets, or of different states of one: "
                f"{_described(first)}; {_described(other)}",
                "open both on the same file, then merge them",
            )


def _described(one: _Input) -> str:
    return f"{one.path.name} of {Path(one.dataset.path).name} ({one.dataset.rows:,} rows)"


# -- what stands


def _said(read: list[_Input]) -> list[TakenOver]:
    """Everything said in any session, each once; decisions come first.

    A reason is of the rejection before it, so annotations come behind all decisions.
    """
    found: dict[int, TakenOver] = {}
    for one in read:
        for each in one.said:
            known = found.setdefault(_token(each.stored), each)
            if each.undo is not None and known.undo is None:
                found[_token(each.stored)] = each

    def place(each: TakenOver) -> tuple[bool, str, int]:
        event = each.stored.event
        return event.said.aspect not in _VERDICTS, event.at, event.id

    return sorted(found.values(), key=place)


def _token(stored: StoredEvent) -> int:
    """Equal for the same event in two copies of a session."""
    event, said = stored.event, stored.event.said
    return hash(
        (event.at, event.kind, said.verdict, said.aspect, said.subject, said.text,
         stored.identities.tobytes())
    )  # fmt: skip


def _last_verdicts(said: Iterable[TakenOver]) -> _Verdicts:
    """The last verdict of each key among what stands."""
    keys, verdicts, tokens = [], [], []
    for each in said:
        words, count = each.stored.event.said, len(each.stored.identities)
        if each.undo is not None or words.aspect not in _VERDICTS:
            continue
        keys.append(each.stored.keys())
        given = words.values if words.aspect is Aspect.VERDICT else None
        same = np.full(count, words.verdict, np.int8)
        verdicts.append(same if given is None else given.astype(np.int8))
        tokens.append(np.full(count, _token(each.stored), np.int64))
    if not keys:
        nothing = np.empty(0, np.int8)
        return _Verdicts(np.empty(0, f"V{KEY_BYTES}"), nothing, nothing.astype(np.int64))
    backwards = slice(None, None, -1)
    found, last = np.unique(np.concatenate(keys)[backwards], return_index=True)
    latest = np.concatenate(verdicts)[backwards][last]
    decided = latest != Verdict.UNDECIDED
    by = np.concatenate(tokens)[backwards][last]
    return _Verdicts(found[decided], latest[decided], by[decided])


def _aligned(
    raters: list[_Verdicts],
) -> tuple[NDArray[np.void], NDArray[np.int8], NDArray[np.int64]]:
    """Every key that has a verdict, and what each session says.  (n,), (sessions, n) twice."""
    keys = np.unique(np.concatenate([rater.keys for rater in raters]))
    matrix = np.zeros((len(raters), len(keys)), np.int8)
    tokens = np.zeros((len(raters), len(keys)), np.int64)
    for at, rater in enumerate(raters):
        place = np.searchsorted(keys, rater.keys)
        matrix[at, place], tokens[at, place] = rater.verdicts, rater.tokens
    return keys, matrix, tokens


def _reconciled(matrix: NDArray[np.int8]) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Where sessions contradict each other, and the verdict of each key without that.  (n,)."""
    accepted = (matrix == Verdict.ACCEPT).any(axis=0)
    rejected = (matrix == Verdict.REJECT).any(axis=0)
    conflict = accepted & rejected
    wanted = np.full(matrix.shape[1], Verdict.SKIP, np.int8)
    wanted[accepted] = Verdict.ACCEPT
    wanted[rejected] = Verdict.REJECT
    wanted[conflict] = Verdict.UNDECIDED
    return conflict, wanted


def _agreement(matrix: NDArray[np.int8], tokens: NDArray[np.int64]) -> Agreement:
    """Of two sessions, (2, n) each; a decision that both hold is nobody's agreement."""
    first, second = matrix[:, tokens[0] != tokens[1]]
    kinds = (Verdict.ACCEPT, Verdict.REJECT)
    counts = [
        [int(np.count_nonzero((first == one) & (second == two))) for two in kinds] for one in kinds
    ]
    return Agreement(((counts[0][0], counts[0][1]), (counts[1][0], counts[1][1])))


def _count(said: list[TakenOver], aspect: Aspect) -> int:
    """Samples about which something of an aspect stands."""
    last: dict[tuple[bytes, str], bool] = {}
    for each in said:
        words = each.stored.event.said
        if each.undo is None and words.aspect is aspect:
            for key in each.stored.keys().tolist():
                last[key[:-1], words.subject] = bool(words.text) or aspect is Aspect.EDIT
    return len({key for (key, _), there in last.items() if there})


def _edit_conflicts(read: list[_Input]) -> int:
    texts: dict[tuple[bytes, str], set[str]] = {}
    for one in read:
        mine: dict[tuple[bytes, str], str] = {}
        for each in one.said:
            words = each.stored.event.said
            if each.undo is None and words.aspect is Aspect.EDIT:
                mine |= {
                    (key[:-1], words.subject): words.text for key in each.stored.keys().tolist()
                }
        for place, text in mine.items():
            texts.setdefault(place, set()).add(text)
    return sum(len(found) > 1 for found in texts.values())


# -- writing


@dataclass(frozen=True, slots=True)
class _Source:
    """The dataset that sessions are about, and how its samples are known."""

    digest: str
    reading: str
    identity_version: int


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the merged session should say of every key with a verdict."""

    keys: NDArray[np.void]  # (n,)
    places: NDArray[np.int64]  # (n,) rows; -1 where no session tells
    wanted: NDArray[np.int8]  # (n,)
    conflict: NDArray[np.bool_]  # (n,) for somebody to adjudicate


def _merge_events(
    wishes: _Wishes, order: _Verdicts, about: _Source, reviewer: str
) -> list[StoredEvent]:
    """What the merge itself says: a verdict where order alone would give another, and conflicts.

    Args:
        wishes: what is to come out.
        order: what the decisions amount to in the order in which they are written.
        about: the dataset.
        reviewer: who merges.
    """
    keys, wanted = wishes.keys, wishes.wanted
    now = np.zeros(len(keys), np.int8)
    now[np.searchsorted(keys, order.keys)] = order.verdicts
    side_of = keys.view(np.uint8).reshape(-1, KEY_BYTES)[:, -1]
    found = []
    for side in map(Side, sorted({0, *side_of.tolist()})):
        for verdict in (Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP, Verdict.UNDECIDED):
            chosen = (side_of == side) & (wanted == verdict)
            chosen &= wishes.conflict if verdict is Verdict.UNDECIDED else now != verdict
            # One is written whatever was found: it says that there was a merge.
            if chosen.any() or (verdict is Verdict.UNDECIDED and side is Side.CHOSEN):
                rows = wishes.places[chosen]
                text = "conflict" if verdict is Verdict.UNDECIDED else "agreed"
                said = Said(verdict, aspect=Aspect.MERGE, text=text)
                found.append(_event(said, keys[chosen], rows, side, about, reviewer))
    return found


def _note_events(notes: list[MergedNote], about: _Source, reviewer: str) -> list[StoredEvent]:
    """What the merge itself notes."""
    found = []
    for note in notes:
        key = np.frombuffer(note.key, f"V{KEY_BYTES}")
        row = note.row if note.digest == about.digest else -1
        said = Said(aspect=Aspect.NOTE, text=note.text)
        found.append(_event(said, key, np.array([row], np.int64), Side.CHOSEN, about, reviewer))
    return found


def _places(keys: NDArray[np.void], events: list[StoredEvent], digest: str) -> NDArray[np.int64]:
    """The row of each key in the dataset; -1 where no event of that dataset tells.  (n,)."""
    places = np.full(len(keys), -1, np.int64)
    for stored in events:
        if stored.dataset_digest == digest and stored.event.said.aspect in _VERDICTS:
            own = stored.keys()
            at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
            known = keys[at] == own
            places[at[known]] = stored.event.rows[known]
    return places


def _event(
    said: Said,
    keys: NDArray[np.void],
    places: NDArray[np.int64],
    side: Side,
    about: _Source,
    reviewer: str,
) -> StoredEvent:
    """What the merge says about the samples of `keys` (n,), at the rows `places` (n,)."""
    parts = keys.view(np.uint8).reshape(-1, KEY_BYTES)
    occurrences = np.ascontiguousarray(parts[:, IDENTITY_BYTES:-1]).view("<u4").ravel()
    event = Event(
        EventKind.DECIDE,
        said,
        places,
        old=np.zeros(len(keys), np.int8),
        scores=np.full(len(keys), np.nan, np.float32),
        circumstances=Circumstances(side=side),
        who=reviewer,
    )
    # Without a row for every sample they are looked for by identity.
    here = bool((places >= 0).all())
    return StoredEvent(
        event,
        np.ascontiguousarray(parts[:, :IDENTITY_BYTES]),
        occurrences.astype(np.uint32),
        about.digest if here else "",
        about.reading if here else "",
        about.identity_version,
    )


def _write(
    output: Path,
    read: list[_Input],
    said: list[TakenOver],
    merged: list[StoredEvent],
    *,
    reviewer: str,
) -> None:
    partial = output.with_name(f"{output.name}.partial")
    own = [TakenOver(event) for event in merged]
    order = [
        *(each for each in said if each.stored.event.said.aspect in _VERDICTS),
        *(each for each in own if each.stored.event.said.verdict is not Verdict.UNDECIDED),
        *(each for each in said if each.stored.event.said.aspect not in _VERDICTS),
        *(each for each in own if each.stored.event.said.verdict is Verdict.UNDECIDED),
    ]
    try:
        with Store.open(partial, reviewer=reviewer, fresh=True) as store:
            store.take_over(read[0].dataset, order)
            for one in reversed(read):
                with Store.open(one.path, reviewer="", read_only=True) as source:
                    _take_scores(store, source)
                    # Of several sessions the first decides what held before anybody chose.
                    for name, value in source.settings().items():
                        if holds_a_choice(name):
                            store.set_setting(name, value)
        replace_session(partial, Path(os.path.realpath(output)))
    except OSError as error:
        raise StoreError(
            f"the merged session was not written: {error.strerror}: {output}", "check the place"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _take_scores(store: Store, source: Store) -> None:
    """What was scored in `source`, and what could not be, where `store` has no score for it."""
    for fields in source.score_keys():
        key = ScoreKey.of(fields)
        failures = source.failures(key)
        scored = set(map(bytes, store.cached_scores(key).identities)) if failures else set()
        failed = [identity for identity in failures if identity not in scored]
        if failed:
            identities = np.frombuffer(b"".join(failed), np.uint8).reshape(-1, IDENTITY_BYTES)
            store.add_failures(key, identities, [failures[identity] for identity in failed])
        store.add_scores(key, *source.cached_scores(key))
