"""Examples to learn from: sound and spoilt responses, weighted so that length tells nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.scoring.builtin.training.corruption import Fault, corrupt, foreign
from engine.scoring.builtin.training.phrases import EMPTY_OPENINGS
from engine.scoring.builtin.training.sources import REFUSES, REPEATS, Pair

MISMATCHED_SHARE = 0.3
"""After the epochs of nothing else: enough that matching is not forgotten."""
SHARES = {
    Fault.TRUNCATED: 0.22,
    Fault.REPEATED: 0.21,
    Fault.GIBBERISH: 0.07,
    Fault.REFUSAL: 0.07,
    Fault.WRONG_LANGUAGE: 0.05,
    Fault.EMPTY_TALK: 0.07,
    Fault.ECHOED: 0.16,
    Fault.FORMAT_BROKEN: 0.15,
}
"""How often each of the others is drawn: more often what takes longer to learn."""
SHORTENED = 0.55
"""Share of long sound responses of which the first sentences alone are shown: still an answer,
and short."""
SHORTEN_WORDS = 60
WEIGHTS = (0.2, 5.0)
"""Least and greatest weight that balancing may give an example."""
SHORT_CHARACTERS = 480
"""Of prompt and response together, in the epochs of short examples: about 120 tokens. What is
learned of short texts holds for long ones, and a second has twice as many of them."""
NEIGHBOURS = 12
"""Two pairs that exchange their responses are at most so far apart in order of length."""


@dataclass(frozen=True, slots=True)
class Example:
    """A pair, and what is wrong with its response; None: nothing."""

    pair: Pair
    fault: Fault | None


Group = list[Example]
"""Examples of which half are sound, to be learned from in one step: what a prompt or a response
looks like by itself cancels out, and what remains is whether they belong together."""


def draw(
    pairs: Sequence[Pair], dice: random.Random, mismatched: float, *, short: bool = False
) -> list[Group]:
    """An epoch's examples, in groups that stay together.

    Pairs of small sources come several times, each time with another fault.

    Args:
        pairs: sound ones.
        dice: all chance comes from here.
        mismatched: share of the pairs that exchange responses with another one.
        short: leave long pairs out, and shorten the responses that can be.
    """
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.source, []).append(pair)
    groups: list[Group] = []
    for source, own in by_source.items():
        share = 1.0 if short else SHORTENED
        shown = [_shortened(pair, share, dice) for pair in own for _ in range(REPEATS[source])]
        if short:
            shown = [
                pair for pair in shown if len(pair.prompt) + len(pair.response) <= SHORT_CHARACTERS
            ]
        dice.shuffle(shown)
        cut = round(len(shown) * mismatched)
        groups += _exchanged(shown[:cut], dice)
        for pair in shown[cut:]:
            fault = dice.choices(list(SHARES), list(SHARES.values()))[0]
            spoilt = corrupt(pair, fault, dice, own)
            if spoilt is not None:
                groups.append([Example(pair, None), Example(spoilt, fault)])
    return groups


def _exchanged(pairs: Sequence[Pair], dice: random.Random) -> list[Group]:
    """Pairs of about equal length, two by two: each response is sound once and once foreign."""
    order = sorted(pairs, key=lambda pair: len(pair.response))
    for start in range(0, len(order), NEIGHBOURS):
        near = order[start : start + NEIGHBOURS]
        dice.shuffle(near)
        order[start : start + NEIGHBOURS] = near
    return [
        [
            Example(one, None),
            Example(other, None),
            Example(replace(one, response=other.response), Fault.MISMATCHED),
            Example(replace(other, response=one.response), Fault.MISMATCHED),
        ]
        for one, other in zip(order[::2], order[1::2], strict=False)
        if foreign(one, other) and foreign(other, one)
    ]


def _shortened(pair: Pair, share: float, dice: random.Random) -> Pair:
    """The first sentences of a long response, in that share of the calls."""
    if len(pair.response.split()) < SHORTEN_WORDS or dice.random() > share:
        return pair
    if (
        "```" in pair.response
        or pair.source == "gpteacher-codegen"
        or REFUSES.search(pair.response)
    ):
        return pair
    sentences = re.split(r"(?<=[a-z][.!?])\s+", pair.response)
    while sentences and (sentences[0] in EMPTY_OPENINGS or sentences[0].endswith(("!", "?"))):
        sentences = sentences[1:]
    kept = " ".join(sentences[: dice.randint(1, 4)])
    return replace(pair, response=kept) if len(kept.split()) > 8 and kept[-1] in ".!?" else pair


def weights(examples: Sequence[Example]) -> NDArray[np.float32]:  # (examples,)
    """Weights under which sound and spoilt responses of any length are equally many.

    Lengths are compared in half octaves of characters.
    """
    lengths = np.array([len(example.pair.response) for example in examples])
    spoilt = np.array([example.fault is not None for example in examples])
    bins = np.floor(2 * np.log2(np.maximum(lengths, 1))).astype(int)
    found = np.ones(len(examples), dtype=np.float32)
    for each in np.unique(bins):
        here = bins == each
        bad = int((here & spoilt).sum())
        good = int((here & ~spoilt).sum())
        if bad and good:
            half = (bad + good) / 2
            found[here & spoilt] = half / bad
            found[here & ~spoilt] = half / good
    return np.clip(found, *WEIGHTS)
