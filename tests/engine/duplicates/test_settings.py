from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.duplicates.settings import (
    ComparedUnit,
    Normalisation,
    SearchSettings,
    ShingleKind,
    Shingling,
    parse_shingling,
    parse_similarity,
)
from engine.errors import UsageError


@pytest.mark.parametrize(("text", "value"), [("0.8", 0.8), (" 1 ", 1.0), ("80%", 0.8), (".5", 0.5)])
def test_similarities_as_people_type_them(text: str, value: float) -> None:
    assert parse_similarity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0", "-0.1", "1.01", "nan", "inf", "0%", "120%"])
def test_similarities_outside_the_range_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="above 0 and is at most 1"):
        parse_similarity(text)


def test_a_percentage_without_its_sign_is_guessed_at() -> None:
    with pytest.raises(UsageError) as raised:
        parse_similarity("80")
    assert raised.value.hint == "did you mean 0.80?"


@pytest.mark.parametrize("text", ["", "much", "0,8"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not understood"):
        parse_similarity(text)


def test_shingles_as_people_type_them() -> None:
    assert parse_shingling("word:3") == Shingling(ShingleKind.WORD, 3)
    assert str(parse_shingling("CHAR:5")) == "char:5"
    for wrong in ("words", "word:0", "char:101", "byte:3", "word:-1", "word:999999999999"):
        with pytest.raises(UsageError):
            parse_shingling(wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SearchSettings(permutations=0),
        lambda: SearchSettings(permutations=5000),
        lambda: SearchSettings(seed=-1),
        lambda: SearchSettings(similarity=0.0),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: Callable[[], SearchSettings]) -> None:
    with pytest.raises(UsageError):
        make()


def test_every_setting_but_the_similarity_is_part_of_the_digest() -> None:
    settings = SearchSettings()
    others = [
        replace(settings, unit=ComparedUnit.PROMPT),
        replace(settings, shingling=Shingling(ShingleKind.CHAR, 3)),
        replace(settings, permutations=64),
        replace(settings, seed=2),
        replace(settings, normalisation=Normalisation(case=False)),
    ]
    assert len({one.digest() for one in (settings, *others)}) == 6
    assert replace(settings, similarity=0.6).digest() == settings.digest()
    assert settings.digest() == SearchSettings().digest()
