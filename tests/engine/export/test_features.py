"""What `datasets` calls the columns of an export."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from engine.export.features import card_features


@pytest.mark.parametrize(
    "original",
    [None, "", "{", "[]", '{"info": {"features": []}}', '{"info": {"features": {"b": 3}}}'],
)
def test_odd_metadata_does_not_disturb(original: str | None) -> None:
    line = card_features(pl.Schema({"a": pl.String}), original)
    assert json.loads(line or "") == [{"name": "a", "dtype": "string"}]


@pytest.mark.parametrize(
    ("feature", "spelled"),
    [
        ({"_type": "Image"}, {"dtype": "image"}),
        ([{"_type": "Image"}], {"list": "image"}),
        ({"_type": "List", "feature": {"dtype": "int8", "_type": "Value"}}, {"list": "int8"}),
        ([[{"dtype": "int8", "_type": "Value"}]], {"list": {"list": "int8"}}),
        ({"_type": "Strange"}, None),
        ([], None),
        ({}, None),
        (3, None),
        ([{"x": 3}], None),
    ],
)
def test_features_of_the_source_in_the_card(feature: Any, spelled: Any) -> None:
    line = card_features(
        pl.Schema({"a": pl.String}), json.dumps({"info": {"features": {"a": feature}}})
    )
    expected = None if spelled is None else [{"name": "a", **spelled}]
    assert (line and json.loads(line)) == expected


def test_names_that_yaml_cannot_hold_leave_the_features_out() -> None:
    assert card_features(pl.Schema({"a\x85": pl.String})) is None
    assert card_features(pl.Schema({"a": pl.Datetime("us")})) is None
    assert card_features(pl.Schema({"a": pl.List(pl.Time)})) is None
