"""What `datasets` calls the features of a table, in the form that a dataset card holds.

Without them, Arrow gives the large variants of strings and lists that polars writes, and names
of classes are lost.

Source: datasets, `Features._to_yaml_list` and `Features.to_dict`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

KEY = "huggingface"
"""Under this key of a Parquet file's metadata, `datasets` writes the features it knew."""

_NAMES: Mapping[type[pl.DataType], str] = {
    pl.String: "string",
    pl.Boolean: "bool",
    pl.Int8: "int8",
    pl.Int16: "int16",
    pl.Int32: "int32",
    pl.Int64: "int64",
    pl.UInt8: "uint8",
    pl.UInt16: "uint16",
    pl.UInt32: "uint32",
    pl.UInt64: "uint64",
    pl.Float32: "float32",
    pl.Float64: "float64",
    pl.Binary: "binary",
}
_PLAIN = {"Image": "image", "Audio": "audio", "Json": "json"}


def card_features(schema: pl.Schema, original: str | None = None) -> str | None:
    """The features of a table as one line of YAML; None where one has no sure name.

    Args:
        schema: of the table.
        original: what `datasets` wrote into the source's metadata; its columns keep their names.
    """
    known = _read(original)
    features = []
    for name, dtype in schema.items():
        feature = _spelled(known[name]) if name in known else _feature(dtype)
        if feature is None or not name.isprintable():
            return None
        features.append({"name": name, **feature})
    # JSON is YAML, as long as every character of it is printable.
    line = json.dumps(features, ensure_ascii=False)
    return line if line.isprintable() else None


def _read(original: str | None) -> dict[str, Any]:
    try:
        features = json.loads(original or "")["info"]["features"]
    except (ValueError, TypeError, KeyError):
        return {}
    return features if isinstance(features, dict) else {}


def _feature(dtype: Any) -> dict[str, Any] | None:
    """A polars type in the card's words."""
    if isinstance(dtype, pl.List):
        return _list_of(_feature(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return _struct_of({field.name: _feature(field.dtype) for field in dtype.fields})
    name = _NAMES.get(dtype if isinstance(dtype, type) else type(dtype))
    return None if name is None else {"dtype": name}


def _spelled(feature: Any) -> dict[str, Any] | None:
    """A feature as `datasets` writes it into metadata, in the card's words."""
    if isinstance(feature, list):
        return _list_of(_spelled(feature[0])) if feature else None
    if not isinstance(feature, dict):
        return None
    match feature.get("_type"):
        case "Value":
            return {"dtype": feature.get("dtype")}
        case "ClassLabel":
            names = {str(number): name for number, name in enumerate(feature.get("names", ()))}
            return {"dtype": {"class_label": {"names": names}}}
        case "List":
            return _list_of(_spelled(feature.get("feature")))
        case str(kind):
            return {"dtype": _PLAIN[kind]} if kind in _PLAIN else None
        case _:
            return _struct_of({name: _spelled(member) for name, member in feature.items()})


def _list_of(item: dict[str, Any] | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {"list": item.get("dtype") or item.get("struct") or item}


def _struct_of(members: dict[str, dict[str, Any] | None]) -> dict[str, Any] | None:
    if not members or any(member is None for member in members.values()):
        return None
    return {"struct": [{"name": name, **(member or {})} for name, member in members.items()]}
