"""Examples to learn from: sound and spoilt responses, weighted so that length tells nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.sample import Role
from engine.workshop.builtin_model.corruption import Fault, corrupt, foreign
from engine.workshop.builtin_model.phrases import EMPTY_OPENINGS
from engine.workshop.builtin_model.retelling import in_dialogue, retold
from engine.workshop.builtin_model.sources import REFUSES, SHOWN, Pair

MISMATCHED_SHARE = 0.35
"""After the epochs of nothing else: enough that matching is not forgotten."""
SHARES = {
    Fault.TRUNCATED: 0.22,
    Fault.REPEATED: 0.18,
    Fault.GIBBERISH: 0.08,
    Fault.REFUSAL: 0.07,
    Fault.WRONG_LANGUAGE: 0.05,
    Fault.EMPTY_TALK: 0.08,
    Fault.ECHOED: 0.14,
    Fault.FORMAT_BROKEN: 0.18,
}
"""How often each of the others is drawn: more often what takes longer to learn."""
RETOLD = 0.45
"""Share of the pairs that are told in another form, as far as there is one."""
IN_DIALOGUE = 0.3
"""Share of the pairs that come after a system message, or after other questions and answers."""
STALE = 0.2
"""Share of the pairs in dialogues that answer the question before once more."""
EARLIER_CHARACTERS = 150
"""Of a pair that stands before another one."""
SHORTENED = 0.55
"""Share of long sound responses of which the first sentences alone are shown: still an answer,
and short."""
SHORTEN_WORDS = 60
_SENTENCE_ENDS = re.compile(r"(?<=[a-z][.!?])\s+")
WEIGHTS = (0.2, 5.0)
"""Least and greatest weight that balancing may give an example."""
SHORT_CHARACTERS = 340
"""Of prompt and response together, in the epochs of short examples: about 90 tokens. Matching
that is learned of short texts holds for long ones, and a second has more of them."""
LONG = 0.35
"""Share of the longer pairs that stand among the short ones in the other epochs: where sound
responses are all short, a long one is taken for a loop."""
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
        short: leave long pairs out, all of them, and shorten the responses that can be.
    """
    by_form: dict[str, list[Pair]] = {}
    for pair in _shown(pairs, dice, short=short):
        by_form.setdefault(pair.source, []).append(pair)
    groups: list[Group] = []
    for shown in by_form.values():
        cut = round(len(shown) * mismatched)
        groups += _exchanged(shown[:cut], dice)
        for pair in shown[cut:]:
            if pair.before and pair.before[-1].role is Role.ASSISTANT and dice.random() < STALE:
                again = replace(pair, response=pair.before[-1].text)
                groups.append([Example(pair, None), Example(again, Fault.MISMATCHED)])
                continue
            fault = dice.choices(list(SHARES), list(SHARES.values()))[0]
            spoilt = corrupt(pair, fault, dice, shown)
            if spoilt is not None:
                groups.append([Example(pair, None), Example(spoilt, fault)])
    return groups


def _shown(pairs: Sequence[Pair], dice: random.Random, *, short: bool) -> list[Pair]:
    """What an epoch shows of the sound pairs, in no order: some told in another form."""
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.source, []).append(pair)
    told: list[Pair] = []
    for source, own in by_source.items():
        most, repeats = SHOWN[source]
        for pair in dice.sample(own, min(most, len(own))) * repeats:
            if dice.random() < RETOLD:
                told.append(retold(pair, dice))
            else:
                told.append(_shortened(pair, 1.0 if short else SHORTENED, dice))
    kept = 0.0 if short else LONG
    told = [
        pair
        for pair in told
        if len(pair.prompt) + len(pair.response) <= SHORT_CHARACTERS or dice.random() < kept
    ]
    earlier = [pair for pair in told if len(pair.prompt) + len(pair.response) <= EARLIER_CHARACTERS]
    dice.shuffle(told)
    return [
        in_dialogue(pair, dice.sample(earlier, min(len(earlier), dice.choice((0, 1, 1, 2)))), dice)
        if dice.random() < IN_DIALOGUE
        else pair
        for pair in told
    ]


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
    text = pair.response
    ends = [found.start() for found in _SENTENCE_ENDS.finditer(text)]
    starts = [0, *(found.end() for found in _SENTENCE_ENDS.finditer(text))]
    first = 0
    while first < len(ends) and _says_nothing(text[starts[first] : ends[first]]):
        first += 1
    last = min(first + dice.randint(1, 5), len(ends)) - 1
    if last < first:
        return pair
    kept = text[starts[first] : ends[last]]
    return replace(pair, response=kept) if len(kept.split()) > 8 else pair


def _says_nothing(sentence: str) -> bool:
    return sentence in EMPTY_OPENINGS or sentence.endswith(("!", "?"))


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
