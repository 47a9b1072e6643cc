"""A mapping of columns as a file of its own, for other datasets: TOML, a line for each part.

family = "preference"
prompt = ["question", "context"]
response = "better"
rejected = "worse"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.dataset.reading.options import ColumnMapping
from engine.errors import InputError, UsageError
from engine.sample import Family


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping in a file.

    Raises:
        InputError: the file cannot be read, or says something that is no mapping.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return mapping_of(found)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", "check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no TOML: {error}", 'write lines such as prompt = "q"') from error
    except UsageError as error:
        raise InputError(f"{path}: {error.message}", error.hint) from error


def mapping_of(values: Mapping[str, Any]) -> ColumnMapping:
    """The mapping that some names and values make.

    Raises:
        UsageError: one of them is no part, or no column's name.
    """
    parts = [field.name for field in fields(ColumnMapping)]
    known: dict[str, Any] = {}
    for name, value in values.items():
        if name not in parts:
            raise UsageError(f"{name!r} is no part of a sample", f"parts: {', '.join(parts)}")
        if name == "prompt":
            names = [value] if isinstance(value, str) else value
            known[name] = tuple(names) if isinstance(names, list) else ()
            fits = isinstance(names, list) and all(isinstance(each, str) for each in names)
        else:
            known[name], fits = value, isinstance(value, str)
        if not fits:
            raise UsageError(f"{name} takes a column's name", f'{name} = "column"')
    if (family := known.get("family")) is not None:
        if family not in list(Family):
            families = ", ".join(each.value for each in Family)
            raise UsageError(f"there is no family {family!r}", f"families: {families}")
        known["family"] = Family(family)
    return ColumnMapping(**known)


def mapping_values(mapping: ColumnMapping) -> dict[str, Any]:
    """What `mapping_of` makes the same mapping of, as JSON values; only what is named."""
    found: dict[str, Any] = {}
    for field in fields(mapping):
        value = getattr(mapping, field.name)
        if value:
            found[field.name] = list(value) if isinstance(value, tuple) else str(value)
    return found


def mapping_text(mapping: ColumnMapping) -> str:
    """The mapping as `read_mapping` reads it."""
    # A JSON string, and a list of them, are the same in TOML but for characters beyond the BMP,
    # which JSON may write as two escapes.
    return "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in mapping_values(mapping).items()
    )
