"""The contenders of `bench_duplicates`: one search by one of them, in a process of its own.

    python -m tests.benchmarks.duplicate_peers NAME TEXTS.parquet [PAIRS.parquet]

datasketch and rensa are given the same shingles as strings, and as many permutations; their pairs
are what their index brings up and, for rensa, what it estimates to be similar enough.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.engine.duplicates.truth import words

SIMILARITY = 0.8
PERMUTATIONS = 128
SEED = 1
RENSA_BANDS = 16
"""Of 8 each: it wants a divisor of the permutations.  Source: rensa's own README."""

Pairs = Iterable[tuple[int, int]]


def tamis(texts: pl.Series) -> Pairs:
    """Ours: the search, and every pair at the similarity, rows of the same text among them."""
    from engine.duplicates.finder import Finder
    from engine.duplicates.settings import SearchSettings
    from tests.engine.duplicates.making import found_pairs

    matches = Finder(texts, SearchSettings(similarity=SIMILARITY, permutations=PERMUTATIONS)).run()
    RESULTS.append(time.process_time())
    return found_pairs(matches, SIMILARITY)


def datasketch_update(texts: pl.Series) -> Pairs:
    """One `update` per shingle."""
    from datasketch import MinHash

    signatures = []
    for text in texts:
        one = MinHash(num_perm=PERMUTATIONS, seed=SEED)
        for shingle in words(text):
            one.update(shingle.encode())
        signatures.append(one)
    return datasketch_pairs(signatures)


def datasketch_bulk(texts: pl.Series) -> Pairs:
    """Its batch API."""
    from datasketch import MinHash

    sets = ([shingle.encode() for shingle in words(text)] for text in texts)
    return datasketch_pairs(MinHash.bulk(sets, num_perm=PERMUTATIONS, seed=SEED))


def datasketch_pairs(signatures: list[Any]) -> Pairs:
    """Its index with its own choice of bands."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=SIMILARITY, num_perm=PERMUTATIONS)
    found = set()
    for row, signature in enumerate(signatures):
        found |= {(other, row) for other in index.query(signature)}
        index.insert(row, signature)
    return found


def rensa(texts: pl.Series) -> Pairs:
    """RMinHash and its index."""
    from rensa import (  # pyright: ignore[reportMissingImports] - of the extra `bench`
        RMinHash,  # pyright: ignore[reportAttributeAccessIssue] - it has no stubs
        RMinHashLSH,  # pyright: ignore[reportAttributeAccessIssue]
    )

    signatures = RMinHash.from_token_sets([list(words(text)) for text in texts], PERMUTATIONS, SEED)
    index = RMinHashLSH(SIMILARITY, PERMUTATIONS, RENSA_BANDS)
    found = set()
    for row, signature in enumerate(signatures):
        found |= {
            (other, row)
            for other in index.query(signature)
            if signatures[other].jaccard(signature) >= SIMILARITY
        }
        index.insert(row, signature)
    return found


PEERS: dict[str, Callable[[pl.Series], Pairs]] = {
    "datasketch-update": datasketch_update,
    "datasketch-bulk": datasketch_bulk,
    "rensa": rensa,
    "tamis": tamis,
}

RESULTS: list[float] = []
"""When a contender had its result, where turning it into pairs of rows is not part of it."""


def warm(name: str) -> None:
    """Import what the contender needs, and let its one-time work be done."""
    PEERS[name](pl.Series(["one two three four", "one two three four five"]))
    RESULTS.clear()


def to_the_end(path: Path) -> dict[str, Any]:
    """From the file to every pair, and then to what the rule would drop."""
    from engine.duplicates.clusters import cut
    from engine.duplicates.content import PairContent, judged
    from engine.duplicates.finder import Finder
    from engine.duplicates.large import LargeComponents
    from engine.duplicates.matches import Matches
    from engine.duplicates.rule import Candidates, Ranking, drop
    from engine.duplicates.settings import SearchSettings

    warm("tamis")
    began, worked = time.perf_counter(), time.process_time()
    texts = pl.read_parquet(path)["text"].rechunk()
    searched = time.perf_counter()
    first: list[float] = []

    def found(matches: Matches) -> None:
        if len(cut(matches, SIMILARITY)) and not first:
            first.append(time.perf_counter() - searched)

    settings = SearchSettings(similarity=SIMILARITY, permutations=PERMUTATIONS)
    matches = Finder(texts, settings).run(found=found)
    found_all = time.perf_counter()
    nothing = pl.repeat(None, len(texts), dtype=pl.String, eager=True)
    parts = pl.DataFrame({"prompt": texts, "response": nothing, "rejected": nothing})
    content = PairContent(parts, settings)
    matches = judged(matches, content)
    large = LargeComponents(texts, settings, matches.large, content) if matches.large else None
    clusters = cut(matches, SIMILARITY, large=large)
    rows = len(texts)
    lengths = texts.str.len_chars().to_numpy().astype(np.int32)
    ranking = Ranking(np.full(rows, np.nan, np.float32), lengths)
    everyone = Candidates(np.ones(rows, np.bool_), np.zeros(rows, np.bool_))
    dropped = drop(clusters, everyone, ranking.best_first(clusters.members), large)
    return {
        "wall_s": found_all - began,
        "rule_s": time.perf_counter() - found_all,
        "cpu_s": time.process_time() - worked,
        "first_s": first[0] if first else float("inf"),
        "pairs": len(clusters.edges.a),
        "clusters": len(clusters),
        "dropped": dropped.count,
    }


def peak_mib() -> float:
    """The most memory that this process has held.

    Not ru_maxrss: Linux lets a process begin with that of the one that started it.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    held = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(held.split()[1]) / 1024


def main(name: str, data: str, pairs: str = "") -> None:
    """Search, and print what it took as one JSON object."""
    if name == "tamis-to-the-end":
        told = to_the_end(Path(data))
    else:
        texts = pl.read_parquet(data)["text"].rechunk()
        warm(name)
        began = time.process_time()
        found = PEERS[name](texts)
        ended = RESULTS[0] if RESULTS else time.process_time()
        told = {"cpu_s": ended - began}
        frame = pl.DataFrame(list(found), schema={"a": pl.Int64, "b": pl.Int64}, orient="row")
        frame.write_parquet(pairs)
    told["peak_mib"] = peak_mib()
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
