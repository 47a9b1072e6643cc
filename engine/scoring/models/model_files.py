"""Where a model lies on disk, whether its files may be used, and which revision they are.

Nothing here touches the network unless downloading is allowed, and nothing imports torch.
"""
# ruff: noqa: PLC0415 - huggingface_hub and transformers are imported with the first model

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import struct
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from engine.errors import ScorerError
from engine.scoring.models.remembered import Remembered, cache_file
from engine.scoring.scorer import ScorerOptions

CHAPTER_MODEL = "OpenAssistant/reward-model-deberta-v3-large-v2"
SAFETENSORS_REVISIONS = {CHAPTER_MODEL: "refs/pr/3"}
"""Repositories whose main branch has a pickle only, and the revision with the same weights as
safetensors."""

_HUB_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_READ_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
FLOAT32_BYTES = 4
HASHES = "revisions.json"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model's folder, its parsed config, and what its files allow."""

    path: Path
    config: dict[str, object]
    pickled: bool
    """Only pickled weights are there, and the person allowed them."""
    commit: str
    """The commit of a snapshot in the hub cache; empty for any other folder."""

    @property
    def architecture(self) -> str:
        """The class that saved it; empty where the config does not say."""
        names = self.config.get("architectures")
        return str(names[0]) if isinstance(names, list) and names else ""

    @property
    def model_type(self) -> str:
        """The config's `model_type`; empty where it does not say."""
        return str(self.config.get("model_type") or "")

    @property
    def saved_dtype(self) -> str:
        """The number format of the weights; empty where the config does not say."""
        return str(self.config.get("dtype") or self.config.get("torch_dtype") or "")

    @property
    def has_remote_code(self) -> bool:
        """Whether the config asks for Python code of the repository to be run."""
        return bool(self.config.get("auto_map"))


def prepare_environment() -> None:
    """Keep the libraries quiet, local and away from the screen; before they are imported.

    Torch's threads sleep while they wait for each other. By default they spin, and where
    anything else wants a processor, they spin for the thread that it took away.
    Source: measured on 2 cores beside other work, 2-layer BERT, 10,000 rows: 83 processor
    seconds spinning (load 9), 18 sleeping (load 4).
    """
    for name, value in {
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DISABLE_SAFETENSORS_CONVERSION": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "true",
    }.items():
        os.environ.setdefault(name, value)


def find_model(name: str, options: ScorerOptions) -> ModelFolder:
    """The folder of a model given by path or by name, checked.

    Raises:
        ScorerError: absent, incomplete, or refused (pickled weights, remote code).
    """
    path = Path(name).expanduser()
    commit = ""
    if not path.is_dir():
        path = _in_hub_cache(name, options)
        commit = path.name
    config = _read_config(path)
    folder = ModelFolder(path, config, _must_unpickle(name, path, options), commit)
    if folder.has_remote_code and not options.trust_remote_code and not _is_builtin(folder):
        raise ScorerError(
            f"the model {name} runs Python code of its own",
            "read that code, then allow it for this run with --trust-remote-code",
        )
    return folder


def is_absent(name: str) -> bool:
    """Whether this names a repository of the hub of which nothing is on this disk."""
    if "/" not in name or not _HUB_NAME.fullmatch(name) or Path(name).is_dir():
        return False
    return not snapshots(name)


def snapshots(name: str) -> list[Path]:
    """The folders of a repository's revisions in the local hub cache."""
    prepare_environment()
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "snapshots"
    return [each for each in folder.glob("*") if each.is_dir()]


def download_hint(name: str) -> str:
    """The command that brings a model onto this machine."""
    revision = SAFETENSORS_REVISIONS.get(name)
    command = f"hf download {name}" + (f" --revision {revision}" if revision else "")
    return f"get it with `{command}`, or allow tamis to do so with --download"


def patterns_to_fetch(options: ScorerOptions) -> list[str]:
    """Which files of a repository may come onto this disk."""
    patterns = [*_READ_FILES, *(_PICKLES if options.allow_pickle else ())]
    return [*patterns, "*.py"] if options.trust_remote_code else patterns


def revision_of(folder: ModelFolder) -> str:
    """What identifies the model's content: the hub's commit, or a hash over its files.

    The hash covers config, tokenizer and weights. Each file's hash is remembered by path,
    size and modification time, so only the first opening reads the weights.
    """
    if folder.commit:
        return folder.commit
    known = Remembered(cache_file(HASHES))
    digest = sha256()
    for file in sorted(_content_files(folder)):
        digest.update(f"{file.name}\0{_hashed(file, known)}\n".encode())
    known.save()
    return digest.hexdigest()


def revision_of_file(file: Path) -> str:
    """The hash of one file's content, remembered like those of a model."""
    known = Remembered(cache_file(HASHES))
    digest = _hashed(file, known)
    known.save()
    return digest


def needed_bytes(folder: ModelFolder, element_bytes: int = FLOAT32_BYTES) -> int:
    """Memory that the weights take when loaded; 0 where the files do not tell."""
    total = 0
    for file in folder.path.glob("*.safetensors"):
        for entry in _header(file).values():
            shape = entry.get("shape") if isinstance(entry, dict) else None
            if isinstance(shape, list):
                total += math.prod(map(int, shape)) * element_bytes
    return total


def available_bytes() -> int | None:
    """Memory that a new program could have (Linux); None where that is not known."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _in_hub_cache(name: str, options: ScorerOptions) -> Path:
    if not _HUB_NAME.fullmatch(name) or name in (".", ".."):
        raise ScorerError(
            f"model not on disk: {name}", "give the folder of a saved model, or a name such as a/b"
        )
    prepare_environment()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    revisions = [SAFETENSORS_REVISIONS[name]] if name in SAFETENSORS_REVISIONS else []
    found: list[Path] = []
    for revision in [*revisions, None]:
        try:
            found.append(Path(snapshot_download(name, revision=revision, local_files_only=True)))
        except HFValidationError as error:
            raise ScorerError(f"model not on disk: {name}", str(error)) from error
        except Exception:  # noqa: BLE001, S112 - whatever the cache lacks, it is not there
            continue
    usable = [path for path in found if any(path.glob("*.safetensors"))]
    if usable or (found and not options.download):
        return (usable or found)[0]
    if not options.download:
        raise ScorerError(f"model not on disk: {name}", download_hint(name))
    revision = revisions[0] if revisions else None
    patterns = patterns_to_fetch(options)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except Exception as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ScorerError(
            f"the model {name} cannot be downloaded: {line}", download_hint(name)
        ) from error


def _read_config(path: Path) -> dict[str, object]:
    file = path / "config.json"
    hint = "a model folder is what save_pretrained writes: config.json, tokenizer, weights"
    if not file.is_file():
        raise ScorerError(f"no config.json in the model folder {path}", hint)
    try:
        config = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ScorerError(f"the model's config cannot be read: {file}: {error}", hint) from error
    if not isinstance(config, dict):
        raise ScorerError(f"the model's config is no JSON object: {file}", hint)
    return config


def _must_unpickle(name: str, path: Path, options: ScorerOptions) -> bool:
    index = path / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = set(json.loads(index.read_bytes())["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ScorerError(f"the list of weight files cannot be read: {index}") from error
        missing = sorted(shard for shard in shards if not (path / str(shard)).is_file())
        if missing:
            raise ScorerError(
                f"weights are missing: {path / str(missing[0])} ({len(missing)} of {len(shards)})",
                "the download was not finished; start it again",
            )
        return False
    if (path / "model.safetensors").is_file():
        return False
    if not any((path / name).is_file() for name in _PICKLES):
        raise ScorerError(
            f"no weights in the model folder {path}",
            "model.safetensors is looked for; where a download was broken off, start it again",
        )
    if not options.allow_pickle:
        known = name in SAFETENSORS_REVISIONS
        safe = download_hint(name) if known else "use a safetensors revision of the model"
        raise ScorerError(
            f"the weights in {path} are pickled, and a pickle can run any code",
            f"{safe}; --allow-pickle loads the pickle without its code",
        )
    return True


def _is_builtin(folder: ModelFolder) -> bool:
    """Whether transformers has a classifier of its own for this kind of model."""
    prepare_environment()
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES as NAMES,
    )

    names = NAMES.get(folder.model_type)
    return folder.architecture in (names if isinstance(names, tuple) else (names,))


def _content_files(folder: ModelFolder) -> list[Path]:
    patterns = [*_READ_FILES, *(_PICKLES if folder.pickled else ()), "*.py"]
    return [file for pattern in patterns for file in folder.path.glob(pattern) if file.is_file()]


def _header(file: Path) -> dict[str, object]:
    """The table of contents of a safetensors file; empty where it is damaged.

    Source: safetensors format, 8 bytes of little-endian length and that much JSON.
    """
    try:
        with file.open("rb") as stream:
            (size,) = struct.unpack("<Q", stream.read(8))
            if size > 100 * 2**20:
                return {}
            header = json.loads(stream.read(size))
    except (OSError, ValueError, struct.error):
        return {}
    return header if isinstance(header, dict) else {}


def _hashed(file: Path, known: Remembered) -> str:
    """The hash of a file that may have been hashed before."""
    path = file.resolve()
    about = path.stat()
    key = f"{path}|{about.st_size}|{about.st_mtime_ns}"
    digest = known.get(key)
    if digest is None:
        with path.open("rb") as stream:
            digest = file_digest(stream, "sha256").hexdigest()
        known.put(key, digest)
    return digest
