"""Small models of the kinds that scorers meet, built with random weights and saved to disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

_TEXT = (
    "how do i cook rice wash the with cold water and let it simmer until done please tell me "
    "what is a good answer to this question here are three ways write story about bridge two "
    "friends that never ends because words go on for long time yes no maybe sorry cannot help"
)
WORDS = _TEXT.split()

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
STRICT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{% endfor %}"
)


def encoder_tokenizer(folder: Path, marks: tuple[str, ...] = ()) -> Any:
    """A unigram-like tokenizer with [CLS] A [SEP] B [SEP], as DeBERTa-v3 has."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", *marks]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        show_progress=False,
        initial_alphabet=list(map(chr, range(33, 127))),
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 5, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    make: Any = PreTrainedTokenizerFast
    fast = make(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_max_length=128,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    fast.save_pretrained(folder)
    return fast


def decoder_tokenizer(
    folder: Path, *, bos: bool = True, pad: str | None = None, template: str | None = None
) -> Any:
    """A byte-level BPE tokenizer; with `bos` it adds the beginning token by itself."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<|im_start|>", "<|im_end|>", "<pad>"]
    trainer = trainers.BpeTrainer(
        vocab_size=450,
        special_tokens=special,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 5, trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 0)]
        )
    make: Any = PreTrainedTokenizerFast
    fast = make(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|im_end|>", pad_token=pad)
    fast.chat_template = template
    fast.save_pretrained(folder)
    return fast


def deberta(folder: Path, labels: int = 1, marks: tuple[str, ...] = ()) -> Path:
    """The default model's kind: relative positions only, no token types."""
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    tokenizer = encoder_tokenizer(folder, marks)
    make: Any = DebertaV2Config
    config = make(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=128,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=32,
        max_relative_positions=-1,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        pad_token_id=0,
        num_labels=labels,
    )
    return _save(DebertaV2ForSequenceClassification, config, folder)


def bert(folder: Path) -> Path:
    """A classifier with three named outputs."""
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = encoder_tokenizer(folder)
    names = {0: "bad", 1: "fair", 2: "good"}
    make: Any = BertConfig
    config = make(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=128,
        pad_token_id=0,
        id2label=names,
        label2id={name: index for index, name in names.items()},
    )
    return _save(BertForSequenceClassification, config, folder)


def llama(
    folder: Path,
    *,
    pad: int | None = None,
    bos: bool = True,
    template: str | None = CHAT_TEMPLATE,
) -> Path:
    """A decoder with a score head and a chat template whose turns end with the end token."""
    from transformers import LlamaConfig, LlamaForSequenceClassification

    tokenizer = decoder_tokenizer(folder, bos=bos, template=template)
    make: Any = LlamaConfig
    config = make(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=48,
        max_position_embeddings=256,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=pad,
        num_labels=1,
    )
    return _save(LlamaForSequenceClassification, config, folder)


def gpt2(folder: Path, *, marks: bool = False) -> Path:
    """Absolute positions, no padding token, no chat template; its tokenizer pads on the left."""
    from transformers import GPT2Config, GPT2ForSequenceClassification

    tokenizer = decoder_tokenizer(folder, bos=False, pad="<pad>")
    tokenizer.padding_side = "left"
    if marks:
        tokenizer.add_tokens(["<|prompter|>", "<|assistant|>"])
    tokenizer.save_pretrained(folder)
    make: Any = GPT2Config
    config = make(
        vocab_size=len(tokenizer),
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=256,
        bos_token_id=0,
        eos_token_id=2,
        num_labels=1,
    )
    return _save(GPT2ForSequenceClassification, config, folder)


def decoder(folder: Path, kind: str) -> Path:
    """A classifier of any decoder family that transformers knows, with a chat template."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    tokenizer = decoder_tokenizer(folder, pad="<pad>", template=CHAT_TEMPLATE)
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "intermediate_size": 48,
        "max_position_embeddings": 256,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 3,
        "num_labels": 1,
    }
    config = AutoConfig.for_model(kind, **sizes)
    return _save(AutoModelForSequenceClassification.from_config, config, folder)


def regressor(folder: Path, outputs: tuple[str, ...]) -> Path:
    """An encoder that rates several qualities at once."""
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    tokenizer = encoder_tokenizer(folder)
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.save_pretrained(folder)
    make: Any = DistilBertConfig
    config = make(
        vocab_size=len(tokenizer),
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=48,
        max_position_embeddings=128,
        pad_token_id=0,
        id2label=dict(enumerate(outputs)),
        label2id={name: index for index, name in enumerate(outputs)},
        problem_type="regression",
    )
    return _save(DistilBertForSequenceClassification, config, folder)


def sentence_model(folder: Path) -> Path:
    """A BERT with mean pooling, as sentence-transformers saves it; skips where that is absent."""
    pytest.importorskip("sentence_transformers")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    plain = folder / "plain"
    plain.mkdir()
    tokenizer = encoder_tokenizer(plain)
    config: Any = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(plain)
    body = Transformer(str(plain), max_seq_length=64)
    whole = SentenceTransformer(modules=[body, Pooling(32, "mean")], device="cpu")
    whole.save(str(folder / "whole"))
    return folder / "whole"


def cache_model(hub: Path, name: str, folder: Path, commit: str, ref: str) -> Path:
    """Lay a model out as the hub's cache does."""
    repository = hub / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    shutil.copytree(folder, snapshot, dirs_exist_ok=True)
    (repository / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
    (repository / "refs" / ref).write_text(commit)
    return snapshot


def _save(kind: Any, config: Any, folder: Path) -> Path:
    import torch

    torch.set_num_threads(1)  # faster for models this small, and kinder to the other tests
    torch.manual_seed(7)
    config.initializer_range = 0.5  # so that scores of different texts are far apart
    kind(config).eval().save_pretrained(folder)
    return folder
