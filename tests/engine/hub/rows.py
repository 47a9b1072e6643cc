"""Rows and cards for a dataset of the hub."""

from __future__ import annotations

import json

CARD = b"""---
license: mit
configs:
- config_name: plain
  default: true
  data_files:
  - split: train
    path: data/train-*.jsonl
  - split: test
    path: data/test.jsonl
- config_name: other
  data_files: other/*.jsonl
---
# A dataset
"""


def lines(count: int, start: int = 0) -> bytes:
    """JSON lines; 1,000 rows are 0.2 MB."""
    rows = [
        {"instruction": f"Explain the method {n}.", "output": f"It has {n} steps. " * 10}
        for n in range(start, start + count)
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def dataset(rows: int = 20) -> dict[str, bytes]:
    """Two configurations, the first with two splits, a script and a picture beside them."""
    return {
        "README.md": CARD,
        "data/train-00000-of-00002.jsonl": lines(rows),
        "data/train-00001-of-00002.jsonl": lines(rows, rows),
        "data/test.jsonl": lines(5, 2 * rows),
        "other/rows.jsonl": lines(3, 3 * rows),
        "made.py": b"raise SystemExit('never run')\n",
        "picture.png": b"\x89PNG" * 50,
    }
