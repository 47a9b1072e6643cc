"""A session against a plain model of it: whatever is done, undone and done again, in any order.

The model knows steps that stand, and works out from them what holds, what is kept, what an export
writes and what the history tells. It shares no code with the engine.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.dataset.editing import Part
from engine.duplicates.rule import Preference
from engine.export.plan import ExportPlan
from engine.review.decision import Aspect, EventKind, Verdict
from engine.review.policy import Outcome
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.choices import PAUSE_S, SCORER
from engine.session.exporting import export_session

STORY = "the quick brown fox jumps over the lazy dog and runs into the green forest at night"
CHANT = "there are seven of them in the whole country and all of them are green or blue"
ROWS: list[dict[str, Any]] = [
    {"prompt": "tell a story", "chosen": STORY, "rejected": "no", "q": 5.0, "z": 1.0},
    {"prompt": "tell a story", "chosen": STORY, "rejected": "no", "q": 3.0, "z": 6.0},
    {"prompt": "how many frogs", "chosen": CHANT, "rejected": "ten", "q": 4.0, "z": 2.0},
    {"prompt": "how many frogs", "chosen": CHANT, "rejected": "ten", "q": 2.0, "z": None},
    {"prompt": "name a colour", "chosen": "mauve", "rejected": "blue", "q": None, "z": 4.0},
    {"prompt": "name a river", "chosen": "", "rejected": "the sea", "q": 6.0, "z": 3.0},
    {"prompt": "add two and two", "chosen": "four", "rejected": "five", "q": 1.0, "z": 5.0},
]
"""0 and 1, and 2 and 3, are the same; 5 has an empty response on one side."""

EVERY = range(len(ROWS))
CHOSEN, REJECTED = "chosen", "rejected"
REASONS = ("wrong", "off-topic")

Topic = tuple[object, ...]
"""What a thing is about: `("threshold", scorer, side)`, `("side",)`, `("rule",)`, …"""


@dataclass
class Said:
    """One event: of rows, each with a value, or of the review as a whole."""

    aspect: str
    values: dict[int, Any] = field(default_factory=dict)
    topic: Topic = ()
    text: str = ""
    side: str = CHOSEN
    subject: str = ""


class Model:
    """What a session should be, from what was said in it."""

    def __init__(self) -> None:
        self.steps: list[list[Said]] = []
        self.stands: list[int] = []
        self.undone: list[int] = []
        self.events = 0
        self.scorer_came = ""
        self.run: tuple[Topic, str] | None = None
        self.again: tuple[str, list[int]] | None = None
        """Rows that were rejected again, and on which side."""

    # -- saying

    def say(self, *said: Said) -> None:
        """As a step of its own, behind what was not on file yet."""
        self.flush()
        self._push(list(said))

    def _push(self, said: list[Said]) -> None:
        self.stands.append(len(self.steps))
        self.steps.append(said)
        self.undone.clear()
        self.events += len(said)

    def choose(self, **texts: tuple[Topic, str]) -> None:
        """Several things in one step; what holds already is left out."""
        self.flush()
        told = [
            Said(aspect, topic=topic, text=text)
            for aspect, (topic, text) in texts.items()
            if self.on_file(topic) != text
        ]
        if told:
            self._push(told)

    def flush(self) -> None:
        if self.scorer_came and self.scorer_came != self.on_file(("scorer",)):
            self._push([Said("focus", topic=("scorer",), text=self.scorer_came)])
        self.scorer_came = ""
        run, self.run = self.run, None
        if run is not None and self.on_file(run[0]) != run[1]:
            self._push([Said(str(run[0][0]), topic=run[0], text=run[1])])

    def move(self, topic: Topic, text: str) -> None:
        if self.run is not None and self.run[0] != topic:
            self.flush()
        self.run = topic, text

    def step(self, source: list[int], target: list[int]) -> bool:
        self.flush()
        if not source:
            return False
        target.append(source.pop())
        self.events += len(self.steps[target[-1]])
        return True

    def be_killed(self) -> None:
        """What is not on file is lost; nothing else."""
        self.scorer_came, self.run, self.again = "", None, None

    # -- what holds

    def standing(self) -> Iterable[Said]:
        return (said for number in self.stands for said in self.steps[number])

    def on_file(self, topic: Topic) -> str:
        first = {"side": CHOSEN, "scorer": "column:q", "rule": "off", "similarity": "0.8",
                 "keeper": "score"}  # fmt: skip
        told = [said.text for said in self.standing() if said.topic == topic]
        return told[-1] if told else first.get(str(topic[0]), "")

    def get(self, topic: Topic) -> str:
        if self.run is not None and self.run[0] == topic:
            return self.run[1]
        return (
            self.scorer_came if topic == ("scorer",) and self.scorer_came else self.on_file(topic)
        )

    @property
    def side(self) -> str:
        return self.get(("side",))

    @property
    def scorer(self) -> str:
        return self.get(("scorer",))

    @property
    def threshold_topic(self) -> Topic:
        return ("threshold", self.scorer, self.side)

    def column(self, aspect: str, start: Any, subject: str = "", side: str = "") -> list[Any]:
        """What holds of each row."""
        found = [start] * len(ROWS)
        for said in self.standing():
            if said.aspect == aspect and said.subject == subject and side in ("", said.side):
                for row, value in said.values.items():
                    found[row] = value
        return found

    def verdicts(self, side: str) -> list[int]:
        return self.column("verdict", 0, side=side)

    def reasons(self, side: str) -> list[str]:
        found = [""] * len(ROWS)
        for said in self.standing():
            if said.side == side and said.aspect in ("verdict", "reason"):
                for row, value in said.values.items():
                    found[row] = value if said.aspect == "reason" else ""
        return found

    def text(self, row: int) -> tuple[str, str, str]:
        edited = self.column("edit", None)[row]
        source = ROWS[row]
        return source["prompt"], source["chosen"] if edited is None else edited, source["rejected"]

    # -- what follows

    def scores(self) -> list[float | None]:
        name = self.scorer.partition(":")[2]
        return [row[name] if name else None for row in ROWS]

    def kept_by_rules(self) -> tuple[list[bool | None], bool]:
        """What threshold and verdicts make of each row, None: pending; whether low is good."""
        side, scores, asked = self.side, self.scores(), self.get(self.threshold_topic)
        verdicts = self.verdicts(side)
        empty = [not self.text(row)[1 if side == CHOSEN else 2] for row in EVERY]
        free = [
            row for row in EVERY
            if verdicts[row] not in (Verdict.ACCEPT, Verdict.REJECT) and not empty[row]
        ]  # fmt: skip
        known = {row: score for row in free if (score := scores[row]) is not None}
        sign, _, rest = asked.partition(" ")
        low = sign == "<="
        taken: set[int] | None = None
        if rest.startswith("top"):
            best = sorted(known, key=lambda row: known[row], reverse=not low)
            by_hand = [row for row in EVERY if verdicts[row] == Verdict.ACCEPT]
            wanted, count = int(rest.split()[1]), 0
            while count < len(best) and len(self.left(by_hand + best[:count], low)) < wanted:
                count += 1
            taken = set(best[:count]) if best else None
        elif any(score is not None for score in scores) or rest:
            there = [score for score in scores if score is not None]
            bound = float(rest) if rest else statistics.median(there)
            taken = {row for row in known if (known[row] <= bound if low else known[row] >= bound)}
        found: list[bool | None] = [None] * len(ROWS)
        for row in EVERY:
            if verdicts[row] in (Verdict.ACCEPT, Verdict.REJECT):
                found[row] = verdicts[row] == Verdict.ACCEPT
            elif empty[row]:
                found[row] = False
            elif row in known and taken is not None:
                found[row] = row in taken
        return found, low

    def left(self, kept: list[int], low: bool) -> list[int]:
        """Those of some kept rows that are left without duplicates."""
        if self.get(("rule",)) == "off":
            return kept
        verdicts, scores = self.verdicts(self.side), self.scores()

        def place(row: int) -> tuple[Any, ...]:
            score = scores[row]
            by_score = float("inf") if score is None else score if low else -score
            by = {"last": -row, "first": row, "score": by_score}[self.get(("keeper",))]
            return verdicts[row] != Verdict.ACCEPT, by, by_score, row

        keepers: dict[tuple[str, str, str], int] = {}
        for row in sorted(kept, key=place):
            keepers.setdefault(self.text(row), row)
        return [
            row for row in kept
            if verdicts[row] == Verdict.ACCEPT or keepers[self.text(row)] == row
        ]  # fmt: skip

    def outcomes(self) -> list[int]:
        by_rules, low = self.kept_by_rules()
        left = self.left([row for row in EVERY if by_rules[row]], low)
        return [
            Outcome.PENDING if keeps is None
            else Outcome.KEPT if row in left
            else Outcome.DROPPED
            for row, keeps in enumerate(by_rules)
        ]  # fmt: skip

    def history(self, row: int) -> list[tuple[str, str, bool]]:
        """What was said about a row, and whether it was taken back."""
        return [
            (said.aspect, told(said, row), number not in self.stands)
            for number, step in enumerate(self.steps)
            for said in step
            if row in said.values
        ]


def told(said: Said, row: int) -> str:
    value = said.values[row]
    if said.aspect == "verdict":
        return Verdict(value).name.lower()
    return f"x{value}" if said.aspect == "repeats" else str(value)


SOME_ROWS = st.lists(st.sampled_from(EVERY), min_size=1, max_size=4, unique=True)
BOUNDS = st.sampled_from([f"{sign} {value}" for sign in (">=", "<=") for value in (1.5, 3.5, 5.0)])
RANKS = st.sampled_from([">= top 2", "<= top 3"])


class SessionMachine(RuleBasedStateMachine):
    """Does the same to both, and compares them after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "rows.jsonl"
        self.file = Path(self.folder.name) / "s0.db"
        self.model = Model()
        self.exports = 0

    @initialize()
    def begin(self) -> None:
        self.path.write_text("".join(json.dumps({"id": n, **r}) + "\n" for n, r in enumerate(ROWS)))
        self.open("column:q")
        self.session.choices.keep()

    def open(self, scorer: str | None) -> None:
        options = OpenOptions(session=self.file, reviewer="ann")
        self.session = Session.open(self.path, options)
        self.session.start_scoring(scorer)
        self.settled()

    def settled(self) -> None:
        """Until all is scored and compared."""
        session = self.session
        session.scoring.wait(lambda _: False)
        if not session.duplicates.ready:
            session.duplicates.require()
            session.duplicates.wait(lambda _: None)
        session.threshold_choice.resolve()

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
        self.folder.cleanup()

    # -- of rows

    @rule(rows=SOME_ROWS, verdict=st.sampled_from(list(Verdict)))
    def decide(self, rows: list[int], verdict: Verdict) -> None:
        model, side = self.model, self.model.side
        changed = [row for row in rows if model.verdicts(side)[row] != verdict]
        change = self.session.decide(np.array(rows, np.int64), verdict)
        assert (change is not None) == bool(changed)
        again = verdict is Verdict.REJECT and not changed
        model.again = (side, rows) if again else None
        if changed:
            model.say(Said("verdict", dict.fromkeys(changed, int(verdict)), side=side))

    @precondition(lambda self: len(self.session.annotations.last_rejected) > 0)
    @rule(reason=st.sampled_from(["", *REASONS]))
    def code(self, reason: str) -> None:
        """A reason right after its rejection is one step with it."""
        model = self.model
        if model.again is not None:
            side, rows = model.again
            rows = [row for row in rows if model.verdicts(side)[row] == Verdict.REJECT]
        else:
            last = [said for said in model.standing() if said.aspect == "verdict"][-1]
            side, rows = last.side, list(last.values)
        rows = [row for row in rows if model.reasons(side)[row] != reason]
        top = model.steps[model.stands[-1]] if model.stands else []
        right_after = model.again is None and model.run is None and not model.scorer_came
        change = self.session.annotations.code(reason)
        assert (change is not None) == bool(rows)
        if not rows:
            return
        said = Said("reason", dict.fromkeys(rows, reason), side=side)
        if right_after and [each.aspect for each in top] == ["verdict"]:
            top.append(said)
            model.undone.clear()
            model.events += 1
        else:
            model.say(said)

    @rule(row=st.sampled_from(EVERY), text=st.sampled_from(["", "odd", "fine"]))
    def note(self, row: int, text: str) -> None:
        if self.session.annotations.set_note(row, text) is not None:
            assert self.model.column("note", "")[row] != text
            self.model.say(Said("note", {row: text}))

    @rule(rows=SOME_ROWS, name=st.sampled_from(["x", "y"]), remove=st.booleans())
    def tag(self, rows: list[int], name: str, remove: bool) -> None:
        text = "" if remove else name
        changed = [row for row in rows if self.model.column("tag", "", name)[row] != text]
        self.session.annotations.tag(np.array(rows, np.int64), name, remove=remove)
        if changed:
            self.model.say(Said("tag", dict.fromkeys(changed, text), subject=name))

    @rule(rows=SOME_ROWS, times=st.integers(1, 3))
    def copies(self, rows: list[int], times: int) -> None:
        changed = [row for row in rows if self.model.column("repeats", 1)[row] != times]
        self.session.set_copies(np.array(rows, np.int64), times)
        if changed:
            self.model.say(Said("repeats", dict.fromkeys(changed, times)))

    @rule(row=st.sampled_from(EVERY), text=st.sampled_from(["", "words that nobody said"]))
    def edit(self, row: int, text: str) -> None:
        text = f"{text} of {row}" if text else ""
        if self.model.text(row)[1] != text:
            self.session.edits.revise(row, Part.RESPONSE, text)
            self.model.say(Said("edit", {row: text}))
            self.settled()

    # -- of the review as a whole

    @rule(text=st.one_of(BOUNDS, RANKS))
    def type_threshold(self, text: str) -> None:
        self.session.set_threshold(text)
        self.model.choose(threshold=(self.model.threshold_topic, text))

    @rule(text=BOUNDS)
    def nudge(self, text: str) -> None:
        """Nothing is written, and what was undone can be done again, while nothing has ended."""
        events = len(self.session.review.events)
        ends_a_run = self.model.run is not None and self.model.run[0] != self.model.threshold_topic
        self.session.move_threshold(text)
        self.model.move(self.model.threshold_topic, text)
        assert ends_a_run or len(self.session.review.events) == events

    @rule(similarity=st.sampled_from([0.75, 0.8, 0.9]))
    def move_similarity(self, similarity: float) -> None:
        self.session.duplicates.move(similarity)
        self.model.move(("similarity",), str(similarity))
        self.settled()

    @rule(similarity=st.sampled_from([None, 0.8, 0.9]))
    def switch_rule(self, similarity: float | None) -> None:
        self.session.duplicates.set_rule(similarity)
        texts: dict[str, tuple[Topic, str]] = {}
        if similarity is not None:
            texts["similarity"] = ("similarity",), str(similarity)
        self.model.choose(**texts, rule=(("rule",), "off" if similarity is None else "on"))
        self.settled()

    @rule(preference=st.sampled_from([Preference.SCORE, Preference.FIRST, Preference.LAST]))
    def prefer(self, preference: Preference) -> None:
        self.session.duplicates.prefer(preference)
        self.model.choose(keeper=(("keeper",), preference.value))

    @rule(side=st.sampled_from([Side.CHOSEN, Side.REJECTED]))
    def turn(self, side: Side) -> None:
        self.session.review_side(side)
        self.model.choose(focus=(("side",), str(side)))
        self.settled()

    @rule(spec=st.sampled_from(["column:q", "column:z", "none"]))
    def score_with(self, spec: str) -> None:
        self.model.flush()
        self.session.start_scoring(spec)
        self.model.scorer_came = spec
        self.settled()

    @rule()
    def pause(self) -> None:
        self.session.choices.keep_if_due(time.monotonic() + PAUSE_S)
        self.model.flush()

    # -- undo, redo, and other visits

    @rule()
    def undo(self) -> None:
        self._step(EventKind.UNDO)

    @rule()
    def redo(self) -> None:
        self._step(EventKind.REDO)

    def _step(self, kind: EventKind) -> None:
        model = self.model
        stacks = (model.stands, model.undone)
        if kind is EventKind.UNDO:
            assert self.session.undoable or not (model.stands or model.run)
            change, done = self.session.undo(), model.step(*stacks)
        else:
            change, done = self.session.redo(), model.step(*reversed(stacks))
        assert (change is not None) == done
        if change is not None:
            step = model.steps[stacks[kind is EventKind.UNDO][-1]]
            assert [str(event.said.aspect) for event in change.decisions] == [
                said.aspect for said in step
            ]
        self.settled()

    @rule()
    def reopen(self) -> None:
        self.session.close()
        self.model.flush()
        self.model.again = None
        self.open(None)

    @rule()
    def be_killed(self) -> None:
        """Go on with the file as it is at this moment."""
        before, after = self.file, self.file.with_name(f"s{int(self.file.stem[1:]) + 1}.db")
        for name in ("", "-wal"):
            if (part := before.with_name(before.name + name)).exists():
                shutil.copy(part, after.with_name(after.name + name))
        self.session.close()
        self.file = after
        self.model.be_killed()
        self.open(None)

    @rule()
    def export(self) -> None:
        self.exports += 1
        output = Path(self.folder.name) / f"out{self.exports}"
        export_session(self.session, ExportPlan(output, allow_pending=True))
        lines = (output / "kept.jsonl").read_text().splitlines()
        copies, kept = self.model.column("repeats", 1), self.model.outcomes()
        expected = [
            (row, self.model.text(row)[1])
            for row in EVERY if kept[row] == Outcome.KEPT
            for _ in range(copies[row])
        ]  # fmt: skip
        assert [(line["id"], line["chosen"]) for line in map(json.loads, lines)] == expected

    # -- what agrees at every step

    @invariant()
    def what_was_said_of_rows_agrees(self) -> None:
        if not hasattr(self, "session"):
            return
        session, review, model = self.session, self.session.review, self.model
        for index, side in enumerate((Side.CHOSEN, Side.REJECTED)):
            assert review.verdicts[index].tolist() == model.verdicts(str(side))
            assert [review.reason(row, side) for row in EVERY] == model.reasons(str(side))
        assert session.copies.tolist() == model.column("repeats", 1)
        assert [review.note(row) for row in EVERY] == model.column("note", "")
        for name in ("x", "y"):
            tagged = [name if name in review.tags(row) else "" for row in EVERY]
            assert tagged == model.column("tag", "", name)
        read = [session.edits.sample(row, Side.CHOSEN).response for row in EVERY]
        assert read == [model.text(row)[1] for row in EVERY]

    @invariant()
    def what_was_chosen_agrees(self) -> None:
        if not hasattr(self, "session"):
            return
        session, model = self.session, self.model
        duplicates = session.duplicates
        assert str(session.side) == model.side
        assert session.scoring.spec == model.scorer
        assert json.loads(str(session.choices.get(Aspect.FOCUS, SCORER)))[SCORER] == model.scorer
        assert duplicates.rule_on == (model.get(("rule",)) == "on")
        assert str(duplicates.at) == model.get(("similarity",))
        assert duplicates.preferences[0].value == model.get(("keeper",))
        asked = model.get(model.threshold_topic)
        assert session.choices.get(Aspect.THRESHOLD, f"{model.scorer} ({model.side})") == (
            asked or None
        )
        if asked and "top" not in asked:
            held = session.threshold
            assert held is not None
            assert f"{held.direction.value} {held.value}" == asked

    @invariant()
    def outcomes_and_counts_agree(self) -> None:
        if not hasattr(self, "session"):
            return
        model, summary = self.model, self.session.summary()
        outcomes, verdicts = model.outcomes(), model.verdicts(model.side)
        assert self.session.outcomes().outcome.tolist() == outcomes
        by_hand = [verdict in (Verdict.ACCEPT, Verdict.REJECT) for verdict in verdicts]
        counted = {
            (outcome, hand): sum(
                (one, two) == (outcome, hand) for one, two in zip(outcomes, by_hand, strict=True)
            )
            for outcome in (Outcome.KEPT, Outcome.DROPPED, Outcome.PENDING)
            for hand in (True, False)
        }
        assert (summary.kept_by_hand, summary.kept_by_rule) == (
            counted[Outcome.KEPT, True], counted[Outcome.KEPT, False],
        )  # fmt: skip
        assert (summary.dropped_by_hand, summary.dropped_by_rule) == (
            counted[Outcome.DROPPED, True], counted[Outcome.DROPPED, False],
        )  # fmt: skip
        assert summary.pending == counted[Outcome.PENDING, False]

    @invariant()
    def the_history_agrees(self) -> None:
        if not hasattr(self, "session"):
            return
        review, model = self.session.review, self.model
        assert len(review.events) == len(review.log()) == model.events
        assert (review.undoable, review.redoable) == (
            sum(len(model.steps[number]) for number in model.stands),
            sum(len(model.steps[number]) for number in model.undone),
        )
        for row in EVERY:
            lines = review.history(row)
            assert {line.event.who for line in lines} <= {"ann"}
            assert [(str(each.aspect), each.new, each.undone is not None) for each in lines] == (
                model.history(row)
            )


SessionMachine.TestCase.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, derandomize=True
)
TestSession = SessionMachine.TestCase
