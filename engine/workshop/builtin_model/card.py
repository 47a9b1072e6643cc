"""The model card, written from `figures.json` and nothing else.

The prose holds what does not change with the figures; every number in it is filled in.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import InputError
from engine.scoring import builtin as scoring_builtin
from engine.workshop.builtin_model.evaluation.figures import (
    CandidateFigures,
    Figures,
    StartAuc,
    read_figures,
)
from engine.workshop.builtin_model.facts import Base, Facts
from engine.workshop.builtin_model.tables import (
    MEBIBYTE,
    candidates_table,
    in_brackets,
    judged_table,
    kinds_table,
    length_table,
    table,
)

BUILTIN = Path(scoring_builtin.__file__).resolve().parent
FIGURES, CARD = BUILTIN / "figures.json", BUILTIN / "README.md"

CLAIMED = 0.75
"""AUC under which a kind of fault is not claimed to be found."""

FAULTS = {
    "mismatched": (
        "the answer to another prompt of the same source, near in length, at times near in subject"
    ),
    "truncated": "cut inside a sentence, at times inside a word",
    "repeated": (
        "a loop of a sentence, of some words, of one word, of the whole, or points that all say "
        "the same"
    ),
    "gibberish": (
        "hit keys, invented words, shuffled words or letters, wrong encoding, symbols; in place of "
        "the whole or of the later part"
    ),
    "refusal": "a harmless request is refused, with or without reasons",
    "wrong language": "sentences in another language, which the prompt did not ask for",
    "empty talk": "fluent sentences that could stand under any prompt",
    "echoed": "the prompt again, whole, in part, quoted or reworded a little",
    "format broken": (
        "leftovers of templates, scattered markup, text escaped twice, what was opened and never "
        "closes, lines run together, an object of the pipeline, another dialogue running on"
    ),
}
"""What the training corrupter plants."""


def write_card(figures: Path = FIGURES, card: Path = CARD) -> None:
    """Write the card anew.

    Raises:
        InputError: the figures are absent, or name no shipped candidate.
    """
    card.write_text(render(read_figures(figures)), "utf-8")


def render(figures: Figures) -> str:
    """The card as Markdown.

    Raises:
        InputError: no candidate is chosen.
    """
    if not figures.chosen or figures.start_auc is None:
        raise InputError("no candidate is chosen to be shipped", "see `Figures.ship`")
    candidate = figures.candidate(figures.chosen)
    facts = Facts.from_record(figures.model)
    parts = (
        _header(facts.base),
        _what_it_is(candidate, facts),
        _reading(facts),
        _limits(candidate),
        _use(figures.start_auc),
        _figures(figures, candidate),
        _faults(candidate),
        _training(facts),
        _evaluation(figures),
        _licence(facts.base),
    )
    return "\n\n".join(parts) + "\n"


def _header(base: Base | None) -> str:
    lines = ["license: apache-2.0", "language:", "- en", "library_name: transformers"]
    if base:
        lines += ["base_model:", f"- {base.name}"]
    lines += ["pipeline_tag: text-classification", "tags:"]
    lines += [f"- {tag}" for tag in ("reward-model", "data-quality", "instruction-tuning")]
    return "\n".join(("---", *lines, "---"))


def _what_it_is(candidate: CandidateFigures, facts: Facts) -> str:
    shape = facts.shape
    made = (
        f"cut out of `{facts.base.name}` and fine-tuned" if facts.base else "trained from scratch"
    )
    return f"""# tamis-builtin

The scorer that tamis uses where none is named: a small classifier that reads a prompt and a
response and gives one number, higher for a response that answers its prompt, lower for one that
fails in a way that can be seen. It runs offline on a CPU. It finds what is broken; it is no
judge of what is good.

| | |
|---|---|
| candidate | `{candidate.name}`, {made} |
| architecture | `{shape.architecture}`, {shape.layers} layers, {shape.hidden} hidden, \
{shape.intermediate} intermediate, {shape.heads} heads, {shape.vocabulary:,} word pieces |
| parameters | {shape.parameters:,}, {shape.dtype}, {shape.size_bytes / MEBIBYTE:.1f} MiB |
| input | pair: `tokenizer(prompt, response)`, at most {shape.max_tokens} tokens; the prompt is \
cut first |
| output | one raw logit |
| language | English |
| SHA-256 of the weights | `{shape.sha256}` |"""


def _reading(facts: Facts) -> str:
    return f"""## How to read a score

A score is the logarithm of the odds, as the model sees them, that a response is one of the sound
ones it was trained on and none of the spoilt ones. Half of its training examples were spoilt, far
more than in any real dataset, so 0 does not mean "as likely good as bad" for a row of yours. Use
the order: read the lowest rows first, set the threshold by looking at the rows around it.

Start threshold: **{facts.start_threshold:g}**. {facts.threshold_why}

Scores of different prompts can be compared as far as the fault is one of those below. Between two
sound answers to one prompt the difference says next to nothing."""


def _limits(candidate: CandidateFigures) -> str:
    adversarial = [
        (name, figure)
        for name, figure in candidate.preferred.items()
        if name.startswith("LLMBar") and name != "LLMBar Natural"
    ]
    shown = ", ".join(f"{name.removeprefix('LLMBar ')} {f.value:.2f}" for name, f in adversarial)
    natural = candidate.preferred["LLMBar Natural"]
    weak = sorted(
        kind
        for planted in (candidate.planted["alpaca"], candidate.demo)
        for kind, figure in planted.kinds.items()
        if figure.value < CLAIMED
    )
    claimed = (
        f"It does not claim to find: {', '.join(dict.fromkeys(weak))} (AUC under {CLAIMED})."
        if weak
        else f"Every kind of fault below is found, with an AUC of {CLAIMED} and more in both sets."
    )
    return f"""## What it can't judge

- **Truth.** It knows nothing. A confident wrong answer and a right one look the same to it.
- **Whether code runs and sums are right.** It sees that there is code, not what the code does.
- **Anything subtle.** Which of two fluent answers follows the instruction better, it can only
  guess: LLMBar Natural {in_brackets(natural)}, where .5 is a coin; adversarial sets, written to
  look good and be wrong: {shown}.
- **Helpfulness, tone, safety.** A harmful answer to a harmful request can score high, and a right
  refusal can score low.
- **Languages other than English.** An answer in another language is taken for the wrong one,
  unless the prompt asks for it plainly. Don't use it on data in other languages.
- **Long texts.** What lies beyond its limit is not read.

{claimed}"""


def _use(start: StartAuc) -> str:
    return f"""## Intended use

To bring broken rows of an English instruction dataset to the top of a review, at once and without
a network. Not to rank models, not as a reward in reinforcement learning, not to certify a
dataset, and not to delete rows that nobody looks at.

Take a real reward model (`--scorer hf:NAME`) as soon as the question is which of the sound rows
are the better ones: when a small part of a large set is to be taken, when what is broken is
already gone, or when the data is not English.

### Bias

Its sound examples are answers written by language models and by the authors of a few public
sets; their style is what it takes for sound. Terse answers, dialect, slang, unusual formats and
tasks that ask for odd output (noise, repetition, foreign words, quoting the prompt) can score
lower than they should. See the standing of length deciles below. Nothing was done about social
bias in the sources beyond leaving out what could not be used.

### The AUC that the simulator starts with

**{start.value:.2f}**, from {start.low:.2f} to {start.high:.2f}. An AUC against a mixture of bad
rows is the mixture of the AUCs. Part of a real dataset's noise is broken in the ways below
(planted in Alpaca: {in_brackets(start.planted)}); the rest is merely worse, as in LLMBar Natural,
better outputs against worse ones, unpaired: {in_brackets(start.natural)}. The shares are unknown.
The start value takes half of each; the interval reaches from "all of it is subtle" to "all of it
is broken". Planted faults alone would promise too much. Verdicts of your own replace it."""


def _figures(figures: Figures, candidate: CandidateFigures) -> str:
    return f"""## Figures

AUC: the share of pairs of a sound and a bad row in which the sound one scores higher; .5 is
chance. Rows are unpaired, and ties count one half. Intervals are 95 %: DeLong's for an AUC (on
the logit scale), Wilson's for an accuracy, a bootstrap over prompts for a correlation. Where
several kinds are taken together, each has the same weight. In small sources a row can be both
among the sound and, spoilt, among the bad. Models are measured in float32. What the shipped
candidate was chosen by stands under Recipe.

### All candidates and floors

{candidates_table(figures)}

wildbench: the file has no prompts, so the responses are scored under an empty one.

### Faults, by kind

Planted by the training corrupter in sources that were never trained on, and by the demo's own
generator. The two share no code; their templates have stock phrases ("As an AI language model")
and the usual markers (`<|endoftext|>`, `### Response:`) in common, and were written apart.

While the recipe was worked on, both AUCs and the sound rows of the demo and of Alpaca that scored
lowest were looked at. That lists, tables, JSON, short answers, dialogues and long responses were
missing among the sound examples, and some ways in which a loop, an echo or a format shows, was
learned there. So the figures of these two are not those of sets that nobody had seen. The other
sets were not looked at.

{kinds_table(candidate)}

### Judged by people and by GPT-4

{judged_table(candidate)}

Nothing is planted here. GPT-4 rates longer answers higher; a score that does not follow length
can't follow those ratings far: compare the floor `length`.

### Length

On untouched rows. Deciles: mean standing of the tenth with the shortest responses (1) to that
with the longest (10), as the share of all rows that score lower, in percent; 50 is fair.

{length_table(candidate)}

### Speed

{_speed(candidate)}"""


def _speed(candidate: CandidateFigures) -> str:
    if not candidate.speed:
        return "Not measured."
    first = candidate.speed[0]
    rows = [[each.dtype, f"{each.rows_per_s:,.0f}"] for each in candidate.speed]
    return f"""Rows of Alpaca a second, encoding included, at most {first.max_length} tokens, \
{first.threads} threads, best of three
rounds of 2,000 rows. Processor: {first.processor}.

{table(["", "rows/s"], rows)}"""


def _faults(candidate: CandidateFigures) -> str:
    rows = [[f"**{kind}**: {text}"] for kind, text in FAULTS.items()]
    lines = "\n".join(f"- {row[0]}" for row in rows)
    total = sum(figure.rows for figure in candidate.demo.kinds.values())
    return f"""## Kinds of faults

{lines}

The training corrupter (`engine/workshop/builtin_model/corruption.py`) plants each of them in many
ways, wholly or in part, and keeps the length of the sound response as far as the kind allows; what
is left is balanced by weights, so that spoilt and sound examples of any length weigh the same. The
demo (`engine/demo`) has its own generator with its own templates: {total:,} spoilt rows beside
{candidate.demo.sound_rows:,} sound ones."""


def _training(facts: Facts) -> str:
    training = facts.training
    sources = table(
        ["source", "pairs", "licence", "file", "SHA-256"],
        [
            [source.name, f"{source.pairs:,}", source.licence, f"`{path}`", f"`{digest}`"]
            for source in facts.sources
            for path, digest in source.files.items()
        ],
    )
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(training.recipe, 1))
    return f"""## Training

### Data

Sound responses only from these files; every spoilt one is made of them. A pair whose prompt asks
what an evaluation set asks is left out. Never trained on: Alpaca (CC BY-NC 4.0), the demo, any
evaluation set. So that a form alone is no fault, `engine/workshop/builtin_model/retelling.py`
asks for pairs of these files in other forms and answers by what can be computed from them: numbers,
names or a sentence out of a text, the steps or the result of a sum, what a piece of code is for,
lists, tables, JSON, CSV, YAML, fences, the last turn of a dialogue. The same faults are planted in
these.

{sources}

### Recipe

{steps}

```sh
{training.command}
```

Seed {training.seed}; {training.minutes:.0f} minutes on {training.machine}. {training.again}

{training.chosen}"""


def _evaluation(figures: Figures) -> str:
    files = table(
        ["file", "SHA-256"],
        [[f"`{file.path}`", f"`{file.sha256}`"] for file in figures.files],
    )
    return f"""## Evaluation sets

Sampled and planted with seed {figures.seed}. Rows in other scripts than Latin are left out where
faults are planted, and so are rows with places to be filled in. prometheus: question and response
taken out of each rubric, the mean of its three ratings; good is 4 and more, bad 2 and less.
kto_en: its own labels. Files of the project itself begin with `tamis:`.

{files}

```sh
python -m engine.workshop.builtin_model.evaluation --data DIR --out figures.json --floors \\
    NAME=FOLDER ...
python -m engine.workshop.builtin_model.card
```"""


def _licence(base: Base | None) -> str:
    text = "Apache-2.0, as tamis itself."
    if base:
        text += (
            f" The base model `{base.name}` is under {base.licence}; its files are from "
            f"{base.origin}."
        )
    return f"""## Licence

{text}"""


if __name__ == "__main__":
    write_card()
