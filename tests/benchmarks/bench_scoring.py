"""Reward models of two sizes, scored in the ways that people use today and in ours.

    python -m tests.benchmarks.bench_scoring [--only small large lag] [--rows 2000] [--quick]

Same weights, same rows, same pair format, one process each, in one run. Weights are random: speed
does not depend on them. The tokenizer is trained on the rows. Every figure is of this run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from engine.scoring.precision import MULTIPLIERS, processor_features
from tests.benchmarks.rows import alpaca_like

CHECKOUT = Path(__file__).resolve().parents[2]
ALPACA = CHECKOUT.parent / "shared" / "data" / "alpaca" / "alpaca_data.json"
VOCABULARY = 16_000
LAG_ROWS = 52_002
SMALL = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 6,
         "intermediate_size": 1_536, "vocab_size": VOCABULARY}  # fmt: skip
LARGE = {"hidden_size": 1_024, "num_hidden_layers": 24, "num_attention_heads": 16,
         "intermediate_size": 4_096, "vocab_size": 128_100}  # fmt: skip
"""Source: config.json of microsoft/deberta-v3-large."""

NAMES = {
    "loop": "the chapter's loop, one row at a time",
    "batches": "stock batches of 32, dataset order",
    "pipeline": "transformers' pipeline, batches of 32",
    "cross": "CrossEncoder.predict, as it comes",
    "tuned": "CrossEncoder.predict, batches of 8",
    "ours": "tamis",
}


@dataclass
class Bench:
    """Where models and rows lie, and what was found."""

    folder: Path
    pairs: list[tuple[str, str]]
    missed: list[str] = field(default_factory=list)

    def run(self, name: str, model: Path, rows: Path, dtype: str) -> dict[str, Any] | None:
        """One contender in a process of its own; None where it is not installed or failed."""
        homes = {
            key: str(self.folder / "home" / key)
            for key in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HOME")
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.contenders", name, model, rows, dtype],
            cwd=CHECKOUT,
            env={**os.environ, **homes, "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.decode().strip().splitlines() or ["?"])[-1]
            print(f"  {NAMES.get(name, name)}, {dtype}: not measured: {last[:160]}")
            return None
        start = done.stdout.rfind(b'{"')
        found: dict[str, Any] = json.loads(done.stdout[start:])
        return found

    def hold(self, what: str, value: float, bound: float, *, at_most: bool = False) -> None:
        """Compare with a target and say so."""
        held = value <= bound if at_most else value >= bound
        sign = "<=" if at_most else ">="
        print(f"  {what}: {value:.3g} (target {sign} {bound:g}{'' if held else ', MISSED'})")
        if not held:
            self.missed.append(what)


def compare(bench: Bench, name: str, shape: dict[str, int], pairs: Sequence[Any]) -> None:
    """Every contender on the same rows and weights."""
    model = build(bench.folder / name, shape, bench.pairs)
    rows = bench.folder / f"{name}.json"
    rows.write_text(json.dumps(pairs))
    print(f"\n{name}: DeBERTa-v2, {parameters(model) / 1e6:.0f}M parameters, {len(pairs):,} rows")
    print(f"  {'':40} {'dtype':9} {'rows/s':>8} {'padding':>8} {'peak MB':>8}  load")
    found: dict[tuple[str, str], dict[str, Any]] = {}
    plan = [(each, "float32") for each in NAMES] + [("tuned", "bfloat16"), ("ours", "bfloat16")]
    for contender, dtype in plan:
        result = bench.run(contender, model, rows, dtype)
        if result is None:
            continue
        found[contender, dtype] = result
        print(
            f"  {NAMES[contender]:40} {dtype:9} {result['rows_per_s']:8.1f} "
            f"{result['padding']:8.1%} {result['peak_bytes'] / 1e6:8.0f}  {os.getloadavg()[0]:.1f}"
        )
    check_scores(bench, found)
    judge(bench, name, found)


def check_scores(bench: Bench, found: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Speed counts only where the scores are the same."""
    if ("loop", "float32") not in found:
        return
    exact = np.array(found["loop", "float32"]["scores"])
    for (contender, dtype), result in found.items():
        furthest = float(np.abs(np.array(result["scores"]) - exact).max())
        if contender == "ours" and dtype == "float32":
            bench.hold("furthest score from the loop's, float32", furthest, 1e-4, at_most=True)
        elif contender == "ours":
            print(
                f"  furthest score from the loop's, bfloat16: {furthest:.3g} (sd {exact.std():.3g})"
            )


def judge(bench: Bench, name: str, found: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Hold what was found against the targets."""
    rate = {key: result["rows_per_s"] for key, result in found.items()}
    loop = rate.get(("loop", "float32"))
    amx = "amx_bf16" in processor_features()
    for dtype, bound in (("float32", 3.0 if name == "small" else 2.5), ("bfloat16", 8.0)):
        mine = rate.get(("ours", dtype))
        if mine is None or loop is None:
            continue
        if dtype == "bfloat16" and not amx:
            print(f"  bfloat16 over the loop: {mine / loop:.3g} (the target needs AMX: not here)")
        else:
            bench.hold(f"{name}, {dtype}, over the loop", mine / loop, bound)
    tuned = max((value for (who, _), value in rate.items() if who == "tuned"), default=None)
    mine = rate.get(("ours", "bfloat16"))
    if name == "small" and tuned and mine:
        if amx:
            bench.hold("small, bfloat16, over the best CrossEncoder", mine / tuned, 3.0)
        else:
            print(f"  bfloat16 over the best CrossEncoder: {mine / tuned:.3g} (target needs AMX)")
    if ("ours", "float32") in found:
        bench.hold("padding", found["ours", "float32"]["padding"], 0.03, at_most=True)


def lag(bench: Bench) -> None:
    """The desk's event loop while the small model scores."""
    model = build(bench.folder / "small", SMALL, bench.pairs)
    rows = bench.folder / "lag.json"
    many = (bench.pairs * (LAG_ROWS // len(bench.pairs) + 1))[:LAG_ROWS]
    rows.write_text(json.dumps(many))
    print("\nlag of the desk's event loop, ms, beside the small model, loading apart")
    for dtype in ("float32", "bfloat16"):
        found = bench.run("desk", model, rows, dtype)
        if found is None:
            continue
        print(
            f"  {dtype}: p50 {found['p50']:.2f}, p95 {found['p95']:.2f}, p99 {found['p99']:.2f}, "
            f"longest {found['max']:.1f}, {found['ticks']:,} ticks, load {os.getloadavg()[0]:.1f}"
        )
        bench.hold(f"p99 in {dtype}, ms", found["p99"], 20.0, at_most=True)


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


def read_pairs(rows: int, data: Path) -> list[tuple[str, str]]:
    """Alpaca's rows where they lie beside the checkout, else generated ones of such lengths."""
    if data.is_file():
        found = json.loads(data.read_bytes())
        step = max(1, len(found) // rows)
        found = found[::step][:rows]
    else:
        found = alpaca_like(rows).to_dicts()
    return [
        ("\n".join(filter(None, (each["instruction"], each["input"]))), each["output"])
        for each in found
    ]


def stratified(pairs: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """So many rows whose lengths are spread as those of all; in the order of the dataset."""
    by_length = sorted(range(len(pairs)), key=lambda row: len(pairs[row][0]) + len(pairs[row][1]))
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    return [pairs[row] for row in sorted(by_length[at] for at in chosen)]


def facts(data: Path) -> None:
    """What was measured on."""
    for package in ("torch", "transformers", "sentence-transformers", "numpy", "textual"):
        try:
            print(f"{package} {version(package)}", end="  ")
        except PackageNotFoundError:
            print(f"{package} absent", end="  ")
    has = ", ".join(sorted(MULTIPLIERS & processor_features())) or "none"
    print(
        f"\nPython {platform.python_version()}, {os.cpu_count()} cores, multiplies bfloat16: {has}"
    )
    print(f"load average {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    print(f"rows: {data}" if data.is_file() else "rows: generated")


def main() -> int:
    """Run what was asked for; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--large-rows", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="400 and 40 rows")
    parser.add_argument(
        "--only", nargs="+", choices=["small", "large", "lag"], default=["small", "large", "lag"]
    )
    parser.add_argument("--keep", type=Path, help="a folder to keep the models in")
    parser.add_argument("--data", type=Path, default=ALPACA, help="rows in Alpaca's columns, JSON")
    wanted = parser.parse_args()
    small, large = (400, 40) if wanted.quick else (wanted.rows, wanted.large_rows)
    facts(wanted.data)
    with tempfile.TemporaryDirectory(prefix="bench-scoring-") as scratch:
        bench = Bench(
            wanted.keep or Path(scratch), read_pairs(max(wanted.rows, 2_000), wanted.data)
        )
        bench.folder.mkdir(parents=True, exist_ok=True)
        if "small" in wanted.only:
            compare(bench, "small", SMALL, stratified(bench.pairs, small))
        if "large" in wanted.only:
            compare(bench, "large", LARGE, stratified(bench.pairs, large))
        if "lag" in wanted.only:
            lag(bench)
    print("\nall targets held" if not bench.missed else f"\nmissed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
