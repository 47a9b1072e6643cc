"""Duplicates by brute force, in plain Python and by other means than the engine's."""

from __future__ import annotations

import math
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

Shingled = frozenset[str]
Pair = tuple[int, int]


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
)
TOKEN = re.compile(f"[{UNSPACED}]|[^\\W{UNSPACED}]+")
"""Words; one character each in scripts that put no spaces between them."""


def words(text: str, size: int = 3) -> Shingled:
    tokens = TOKEN.findall(plain(text))
    if len(tokens) < size:
        return frozenset([" ".join(tokens)] if tokens else [])
    return frozenset(" ".join(tokens[i : i + size]) for i in range(len(tokens) - size + 1))


def characters(text: str, size: int = 5) -> Shingled:
    folded = " ".join(plain(text).split())
    if len(folded) < size:
        return frozenset([folded] if folded else [])
    return frozenset(folded[i : i + size] for i in range(len(folded) - size + 1))


def jaccard(first: Shingled, second: Shingled) -> float:
    shared = len(first & second)
    union = len(first) + len(second) - shared
    return shared / union if union else 0.0


def all_pairs(sets: Sequence[Shingled], similarity: float) -> dict[Pair, float]:
    """Every pair at least so similar, with its similarity.

    An exact join: two sets that similar share one of their rarest members, of which each has
    size - ceil(similarity * size) + 1.

    Source: Bayardo, Ma, Srikant 2007, "Scaling up all pairs similarity search".
    """
    often = Counter(member for one in sets for member in one)
    rank = {
        member: place for place, member in enumerate(sorted(often, key=lambda m: (often[m], m)))
    }
    holders: dict[int, list[int]] = {}
    found: dict[Pair, float] = {}
    for row in sorted(range(len(sets)), key=lambda row: len(sets[row])):
        members = sorted(rank[member] for member in sets[row])
        prefix = members[: len(members) - math.ceil(similarity * len(members) - 1e-9) + 1]
        least = similarity * len(members) - 1e-9
        candidates = {
            other
            for member in prefix
            for other in holders.get(member, ())
            if len(sets[other]) >= least
        }
        for other in candidates:
            alike = jaccard(sets[row], sets[other])
            if alike >= similarity:
                found[min(row, other), max(row, other)] = alike
        for member in prefix:
            holders.setdefault(member, []).append(row)
    return found


def connected(rows: int, pairs: Iterable[Pair]) -> list[frozenset[int]]:
    """Groups of two and more rows that pairs connect."""
    leader = list(range(rows))

    def top(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    for a, b in pairs:
        leader[top(b)] = top(a)
    groups: dict[int, set[int]] = {}
    for row in range(rows):
        groups.setdefault(top(row), set()).add(row)
    return sorted((frozenset(g) for g in groups.values() if len(g) > 1), key=min)


RATES = (0.0, 0.01, 0.02, 0.04, 0.06, 0.1)
"""Shares of a text's words that are replaced, dropped or doubled in a planted copy."""


def planted(texts: Sequence[str], seed: int = 7, share: float = 0.25) -> list[str]:
    """`texts` of which a quarter has become edited copies of others, in a new order."""
    chance = random.Random(seed)
    copies = int(len(texts) * share)
    sound = list(texts[: len(texts) - copies])
    vocabulary = sorted({word for text in sound[:2000] for word in text.split() if word.isalnum()})
    sources = chance.sample(range(len(sound)), min(max(copies // 4, 1), len(sound)))
    for _ in range(copies):
        # The square makes some sources far more popular than others.
        source = sound[sources[int(chance.random() ** 2 * len(sources))]]
        sound.append(edited(source, chance, chance.choice(RATES), chance.choice, vocabulary))
    chance.shuffle(sound)
    return sound


def edited(
    text: str,
    chance: random.Random,
    rate: float,
    pick: Callable[[Sequence[str]], str],
    vocabulary: Sequence[str],
) -> str:
    parts = re.split(r"(\s+)", text)
    for place in range(0, len(parts), 2):
        if chance.random() < rate:
            word = pick(vocabulary)
            parts[place] = pick(("", word, f"{parts[place]} {word}"))
    return "".join(parts)
