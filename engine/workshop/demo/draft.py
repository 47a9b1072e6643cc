"""A row in the making, and how rows are chosen for what is to be done to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from engine.demo import FaultKind
from engine.workshop.demo.dialogues import Turn
from engine.workshop.demo.material import Task


@dataclass(slots=True, eq=False)
class Draft:
    """A row in the making."""

    task: Task
    before: tuple[Turn, ...] = ()
    fault: FaultKind | None = None
    detail: str = ""
    partners: list[Draft] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """Everything before the response, as one text."""
        return "\n\n".join(text for _, text in self.before) if self.before else self.task.prompt

    @property
    def asked(self) -> str:
        """What the response answers: the last turn, or the whole prompt of a task."""
        return self.before[-1][1] if self.before else self.task.prompt

    @property
    def whole(self) -> str:
        """Prompt and response as one text."""
        return f"{self.prompt}\n{self.task.response}"

    def mark(self, fault: FaultKind, response: str, detail: str) -> None:
        """Replace the response by a faulty one."""
        self.task = replace(self.task, response=response)
        self.fault, self.detail = fault, detail

    def record(self) -> dict[str, object]:
        """The row as it is written."""
        if self.before:
            turns = (*self.before, ("assistant", self.task.response))
            return {"messages": [{"role": role, "content": text} for role, text in turns]}
        task = self.task
        return {"instruction": task.instruction, "input": task.input, "output": task.response}


def take(waiting: list[Draft], wanted: Callable[[Draft], bool]) -> Draft:
    """Remove and return the last draft that is `wanted`."""
    for index in range(len(waiting) - 1, -1, -1):
        if wanted(waiting[index]):
            return waiting.pop(index)
    message = "no row is left for a fault of the demo"
    raise ValueError(message)


def spoil_last(
    waiting: list[Draft], fault: FaultKind, detail: str, make: Callable[[Draft], str | None]
) -> bool:
    """Spoil and remove the last draft for which `make` has a faulty response, if there is one."""
    for index in range(len(waiting) - 1, -1, -1):
        response = make(waiting[index])
        if response is not None:
            waiting.pop(index).mark(fault, response, detail)
            return True
    return False


def sized(low: int, high: int) -> Callable[[Draft], bool]:
    """Whether a draft's response has `low` to `high` words."""
    return lambda draft: low <= len(draft.task.response.split()) <= high
