"""What is checked when a model is loaded, because each of it fails without a word elsewhere.

tokenizer         it knows words at all
head missing      the checkpoint has no classification head: it would score noise
label             a classifier with several outputs, and none chosen
format            which input format the model was trained with
batch invariance  a sample must have the same score alone and in a padded batch
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import ScorerError
from engine.sample import Family, Message, Role, Sample
from engine.scoring.models.formats import FORMATS
from engine.scoring.models.known_models import known_model
from engine.scoring.models.model_files import ModelFolder
from engine.scoring.scorer import Encoded

_ENCODERS = (
    "albert bert big_bird camembert convbert deberta deberta-v2 distilbert electra ernie "
    "eurobert funnel layoutlm longformer luke megatron-bert mobilebert modernbert mpnet mra "
    "nezha nystromformer rembert roberta roberta-prelayernorm roc_bert roformer squeezebert "
    "xlm xlm-roberta xlm-roberta-xl xlnet xmod yoso"
)
ENCODERS = frozenset(_ENCODERS.split())
"""Model types that read both ways: their reward models are trained with pairs."""

TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1}
"""Source: measured, bfloat16 moves a score by up to a tenth of the spread with the batch it is in;
a wrong token by several standard deviations."""
SPREADS = 3
"""The tolerance is relative to a score or to so many standard deviations, whichever is more."""


def check_architecture(name: str, folder: ModelFolder) -> None:
    """Refuse what is no sequence classifier before its weights are read.

    Raises:
        ScorerError: the checkpoint was saved by another kind of model.
    """
    kind = folder.architecture
    if not kind or kind.endswith("ForSequenceClassification") or folder.has_remote_code:
        return
    raise ScorerError(f"the model {name} is no sequence classifier but a {kind}", _way_out(kind))


def _way_out(kind: str) -> str:
    """What to do about a model that was saved as another kind."""
    wanted = "choose a model whose config names a ...ForSequenceClassification"
    if kind.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
        return f"it writes text and gives no score of its own; {wanted}"
    if kind.endswith(("Model", "ForMaskedLM", "ForPreTraining")) and "Reward" not in kind:
        return f"it is a base model, without a head that was trained to score; {wanted}"
    return (
        "its head is a class that transformers does not know: score with the code that came "
        f"with it, write id and score to a file and use file:PATH; or {wanted}"
    )


def check_head(name: str, missing: Sequence[str]) -> None:
    """Refuse a checkpoint that does not have every weight of the classifier.

    What is missing would be filled with random numbers, and score noise.

    Raises:
        ScorerError: weights are missing.
    """
    if missing:
        listed = ", ".join(sorted(missing)[:3])
        raise ScorerError(
            f"the model {name} has no trained classification head: {listed} missing",
            "it is a base model, or its head was saved apart; choose a reward model",
        )


def check_tokenizer(name: str, folder: ModelFolder, tokenizer: Any) -> None:
    """Refuse a tokenizer that knows no word; one is made up where its files are missing.

    Raises:
        ScorerError: every word of a plain sentence is unknown to it.
    """
    tokens = tokenizer(probes()[0].prompt, add_special_tokens=False)["input_ids"]
    if not set(tokens) - {tokenizer.unk_token_id}:
        raise ScorerError(
            f"the tokenizer of the model {name} knows no word",
            f"tokenizer.json should lie in {folder.path}",
        )


def choose_label(name: str, config: Any, wanted: str) -> tuple[int, str]:
    """Which output is the score: its index and name ("" where there is only one).

    Raises:
        ScorerError: several outputs and none chosen, or no such output.
    """
    labels = {int(index): str(label) for index, label in (config.id2label or {}).items()}
    count = int(config.num_labels)
    if count == 1 and not wanted:
        return 0, ""
    for index in range(count):
        if wanted and wanted.casefold() in (str(index), labels.get(index, "").casefold()):
            return index, labels.get(index, str(index))
    names = ", ".join(labels.get(index, str(index)) for index in range(count))
    if not wanted:
        raise ScorerError(
            f"the model {name} has {count} outputs: {names}",
            "choose one, as in hf:MODEL#LABEL",
        )
    raise ScorerError(f"the model {name} has no output {wanted!r}", f"its outputs are {names}")


def detect_format(name: str, folder: ModelFolder, tokenizer: Any) -> str:
    """The input format that a model was trained with, as far as its files tell.

    Order: known by name; a chat template; an encoder; the chapter's marks in the vocabulary.

    Raises:
        ScorerError: nothing tells.
    """
    if known := known_model(name):
        return known.input_format
    if getattr(tokenizer, "chat_template", None):
        return "chat"
    if folder.model_type in ENCODERS:
        return "pair"
    if "<|prompter|>" in tokenizer.get_vocab():
        return "chapter"
    raise ScorerError(
        f"the input format of the model {name} is not known",
        f"choose one of {', '.join(FORMATS)} with --input-format; the model card says which",
    )


def probes() -> list[Sample]:
    """Eight samples of very different lengths, to be scored singly and together."""
    answer = "Wash the rice, cover it with water, and let it simmer until the water is gone. "
    return [
        Sample(
            row=0,
            family=Family.PROMPT_RESPONSE,
            turns=(Message(Role.USER, prompt), Message(Role.ASSISTANT, response)),
            prompt=prompt,
            response=response,
        )
        for prompt, response in (
            ("How do I cook rice?" + " Please." * times, (answer * times)[: 11 * times * times])
            for times in range(1, 9)
        )
    ]


def batches_change_scores(
    encoded: Sequence[Encoded],
    forward: Callable[[Sequence[Encoded]], list[float]],
    dtype: str,
) -> bool:
    """Whether padding moves a score: each sample alone against all in one padded batch."""
    together = forward(encoded)
    alone = [forward([sample])[0] for sample in encoded]
    return not alike(alone, together, dtype)


def alike(scores: Sequence[float], others: Sequence[float], dtype: str) -> bool:
    """Whether two ways of scoring the same samples differ by no more than rounding."""
    mean = sum(scores) / len(scores)
    spread = (sum((score - mean) ** 2 for score in scores) / len(scores)) ** 0.5
    return all(
        abs(score - other) <= TOLERANCE[dtype] * max(1.0, abs(score), SPREADS * spread)
        for score, other in zip(scores, others, strict=True)  # False for NaN
    )
