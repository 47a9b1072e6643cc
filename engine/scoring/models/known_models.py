"""Reward models and quality classifiers that are known by the name of their repository.

What stands here was read from model cards and training code, not measured. A model that is not
here works too: its format is detected from its files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One family of models; what its card does not say is None or empty."""

    pattern: str
    """Of repository names, matched whole."""
    repository: str
    """One of the family, to be offered."""
    label: str
    """What it is, in a few words."""
    input_format: str
    parameters: int
    """Of `repository`, rounded."""
    licence: str = ""
    """Of `repository`, as its page states it; empty where that was not seen."""
    usual_range: tuple[float, float] | None = None
    start_threshold: float | None = None
    own_code: bool = False
    """It runs Python of its repository, so it is refused without --trust-remote-code."""

    @property
    def element_bytes(self) -> int:
        """Bytes of a weight as it is usually loaded: the large ones in bfloat16."""
        return 4 if self.parameters < 500_000_000 else 2


KNOWN_MODELS = (
    # Source: the model card, and rank_datasets.py of its training code; 1.5 is the chapter's.
    KnownModel(
        r"OpenAssistant/reward-model-deberta-v3-large-v2",
        "OpenAssistant/reward-model-deberta-v3-large-v2",
        "OpenAssistant's DeBERTa-v3 large",
        "pair",
        435_000_000,
        "mit",
        start_threshold=1.5,
    ),
    KnownModel(
        r"OpenAssistant/reward-model-(deberta|electra).*",
        "OpenAssistant/reward-model-deberta-v3-base",
        "OpenAssistant's DeBERTa-v3 base",
        "pair",
        184_000_000,
        "mit",
    ),
    # Source: the model cards: chat template, the tokenizer's second BOS taken away.
    KnownModel(
        r"Skywork/Skywork-Reward-V2-Qwen3-.*",
        "Skywork/Skywork-Reward-V2-Qwen3-0.6B",
        "Skywork-Reward-V2 on Qwen3",
        "chat",
        596_000_000,
        "apache-2.0",
    ),
    KnownModel(
        r"Skywork/Skywork-Reward-.*Llama-3.*",
        "Skywork/Skywork-Reward-V2-Llama-3.2-1B",
        "Skywork-Reward-V2 on Llama",
        "chat",
        1_240_000_000,
        "llama3.2",
    ),
    KnownModel(
        r"Skywork/Skywork-Reward-Gemma-.*",
        "Skywork/Skywork-Reward-Gemma-2-27B-v0.2",
        "Skywork-Reward on Gemma 2",
        "chat",
        27_200_000_000,
        "Skywork Community",  # no tag: the licence lies in the repository's folder misc/
    ),
    KnownModel(
        r"sfairXC/FsfairX-.*",
        "sfairXC/FsfairX-LLaMA3-RM-v0.1",
        "FsfairX on Llama 3",
        "chat",
        7_500_000_000,
        "cc-by-nc-4.0",
    ),
    KnownModel(
        r"NCSOFT/Llama-3-OffsetBias-RM-.*",
        "NCSOFT/Llama-3-OffsetBias-RM-8B",
        "OffsetBias on Llama 3",
        "chat",
        7_500_000_000,
        "llama3",
    ),
    KnownModel(
        r"weqweasdas/RM-Gemma-.*", "weqweasdas/RM-Gemma-2B", "RM-Gemma", "chat", 2_500_000_000
    ),
    KnownModel(
        r"weqweasdas/RM-Mistral-.*",
        "weqweasdas/RM-Mistral-7B",
        "RM-Mistral",
        "chat",
        7_100_000_000,
        "none stated",
    ),
    KnownModel(
        r"allenai/.*-RM-RB2",
        "allenai/Llama-3.1-8B-Instruct-RM-RB2",
        "RewardBench 2 baselines",
        "chat",
        7_500_000_000,
        "llama3.1",
    ),
    KnownModel(
        r"Ray2333/GRM-.*-rewardmodel-ft",
        "Ray2333/GRM-Llama3.2-3B-rewardmodel-ft",
        "GRM, fine-tuned",
        "chat",
        3_200_000_000,
        "apache-2.0",
    ),
    # Source: the model card: the prompt as "\n\nHuman: ... \n\nAssistant:", then the answer.
    KnownModel(
        r"Ray2333/gpt2-large-(helpful|harmless)-reward_model",
        "Ray2333/gpt2-large-helpful-reward_model",
        "GPT-2 large on Anthropic's dialogues",
        "hh",
        774_000_000,
        "mit",
    ),
    # Source: the model card: text alone, 0 to 5, kept at 3.
    KnownModel(
        r"HuggingFaceFW/fineweb-edu-classifier",
        "HuggingFaceFW/fineweb-edu-classifier",
        "educational value of a text",
        "text",
        109_000_000,
        "apache-2.0",
        usual_range=(0.0, 5.0),
        start_threshold=3.0,
    ),
    KnownModel(
        r"LxzGordon/URM-LLaMa-.*",
        "LxzGordon/URM-LLaMa-3-8B",
        "URM on Llama 3",
        "chat",
        7_500_000_000,
        own_code=True,
    ),
)
"""The first that fits a name holds."""


def known_model(name: str) -> KnownModel | None:
    """The entry for a repository, if there is one."""
    return next((known for known in KNOWN_MODELS if re.fullmatch(known.pattern, name)), None)
