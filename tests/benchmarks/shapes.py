"""DeBERTa-v2 classifiers of two sizes, with random weights: they do not change the speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

VOCABULARY = 16_000
SMALL = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 6,
         "intermediate_size": 1_536, "vocab_size": VOCABULARY}  # fmt: skip
LARGE = {"hidden_size": 1_024, "num_hidden_layers": 24, "num_attention_heads": 16,
         "intermediate_size": 4_096, "vocab_size": 128_100}  # fmt: skip
"""Source: config.json of microsoft/deberta-v3-large."""


def build(folder: Path, shape: dict[str, int], pairs: Sequence[tuple[str, str]]) -> Path:
    """A DeBERTa-v2 classifier with random weights, saved as a model folder."""
    if (folder / "model.safetensors").is_file():
        return folder
    import torch
    from transformers import (
        DebertaV2Config,
        DebertaV2ForSequenceClassification,
        PreTrainedTokenizerFast,
    )

    make_fast: Any = PreTrainedTokenizerFast
    make_config: Any = DebertaV2Config
    make_fast(
        tokenizer_object=trained_tokenizer(pairs),
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        model_max_length=512,
    ).save_pretrained(folder)
    torch.manual_seed(1)
    config = make_config(
        **shape,
        max_position_embeddings=512,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=256,
        max_relative_positions=-1,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        pad_token_id=0,
        num_labels=1,
    )
    make: Any = DebertaV2ForSequenceClassification
    make(config).eval().save_pretrained(folder)
    return folder


def trained_tokenizer(pairs: Sequence[tuple[str, str]]) -> Any:
    """[CLS] A [SEP] B [SEP] over a vocabulary of the rows."""
    from tokenizers import (
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        processors,
        trainers,
    )

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["[PAD]", "[CLS]", "[SEP]", "[UNK]"],
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for pair in pairs for text in pair), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return tokenizer


def parameters(folder: Path) -> int:
    """Of a saved float32 model."""
    return (folder / "model.safetensors").stat().st_size // 4
