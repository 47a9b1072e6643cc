"""Stand-ins that behave like the real thing in what a test looks at."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.sample import Message, Role, identify


@dataclass
class FakeDataset:
    """Samples that are a text each; identities are the real ones."""

    texts: list[str]
    hashed: list[int] = field(default_factory=list)
    """Every row that was hashed, as often as it was."""

    @property
    def rows(self) -> int:
        return len(self.texts)

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        self.hashed += rows.tolist()
        keys = b"".join(identify((Message(Role.USER, self.texts[row]),)) for row in rows.tolist())
        return np.frombuffer(keys, np.uint8).reshape(-1, 16)
