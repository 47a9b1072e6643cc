"""Generated instruction rows in Alpaca's columns: unique, with lengths like real ones."""

from __future__ import annotations

import json
import random
from pathlib import Path

import polars as pl

SEED = 20
ROWS_PER_GROUP = 100_000
ONSETS = (*"bcdfghlmnprstvw", "st", "tr", "ch", "sh")
VOWELS = (*"aeiou", "ai", "ea", "ou", "er", "in")
INPUT_SHARE = 0.4
"""Rows with an input.  Source: 40 % of Alpaca's 52,002."""
ANSWER_SENTENCES = 4.2
"""Mean of an exponential distribution: many short answers, few long ones, 410 characters a row."""


def alpaca_like(rows: int) -> pl.DataFrame:
    """`rows` rows of instruction, input and output, the same ones every time."""
    chance = random.Random(SEED)
    sentences = _sentences(chance)
    pick, choose, wait = chance.choice, chance.choices, chance.expovariate
    instructions = [f"{pick(sentences)[:-1]} {row}?" for row in range(rows)]
    inputs = [
        " ".join(choose(sentences, k=chance.randint(1, 3))) if chance.random() < INPUT_SHARE else ""
        for _ in range(rows)
    ]
    outputs = [
        " ".join(choose(sentences, k=min(1 + int(wait(1 / ANSWER_SENTENCES)), 40)))
        for _ in range(rows)
    ]
    return pl.DataFrame({"instruction": instructions, "input": inputs, "output": outputs})


def _sentences(chance: random.Random) -> list[str]:
    syllables = [onset + vowel for onset in ONSETS for vowel in VOWELS]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 3))) for _ in range(4_000)]
    return [
        " ".join(chance.choices(words, k=chance.randint(5, 16))).capitalize() + "."
        for _ in range(20_000)
    ]


def write_parquet(frame: pl.DataFrame, path: Path) -> Path:
    """As Parquet with several row groups, zstd."""
    frame.write_parquet(path, row_group_size=ROWS_PER_GROUP)
    return path


def write_json(frame: pl.DataFrame, path: Path) -> Path:
    """As one JSON array, indented as Alpaca's file is."""
    path.write_text(json.dumps(frame.to_dicts(), indent=4), encoding="utf-8")
    return path
