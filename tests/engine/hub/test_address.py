from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.hub.address import HubAddress, is_hub_address, parse_address, short_name
from engine.hub.listing import is_plain_name


@pytest.mark.parametrize(
    ("text", "repository", "revision"),
    [
        ("hf://datasets/org/name", "org/name", ""),
        ("hf://datasets/org/name/", "org/name", ""),
        ("HF://datasets/org/name@v1.0", "org/name", "v1.0"),
        ("hf://datasets/org/name@refs/convert/parquet", "org/name", "refs/convert/parquet"),
        ("hf://datasets/org/name@refs%2Fpr%2F1", "org/name", "refs/pr/1"),
        ("hf://datasets/squad", "squad", ""),
    ],
)
def test_an_address_is_read_as_typed_and_as_the_path_it_becomes(
    text: str, repository: str, revision: str
) -> None:
    assert is_hub_address(text)
    assert is_hub_address(Path(text))
    assert parse_address(text) == parse_address(Path(text)) == HubAddress(repository, revision)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("hf://org/name", "did you mean hf://datasets/org/name?"),
        ("hf://org/name@v1", "did you mean hf://datasets/org/name@v1?"),
        ("hf://models/org/name", "write hf://datasets/ORG/NAME"),
        ("hf://datasets", "write hf://datasets/ORG/NAME"),
        ("hf://", "write hf://datasets/ORG/NAME"),
        ("hf://datasets/org/name/data/train.parquet", "open hf://datasets/org/name"),
        ("hf://datasets/org/na me", "write ORG/NAME"),
        ("hf://datasets/org/name@", "write hf://datasets"),
        ("hf://datasets/org/name@../../x", "write hf://datasets"),
    ],
)
def test_what_is_no_address_is_refused_with_what_may_have_been_meant(text: str, hint: str) -> None:
    for given_as in (text, Path(text)):
        with pytest.raises(UsageError) as caught:
            parse_address(given_as)
        assert caught.value.hint.startswith(hint)


@given(st.text(alphabet="ab/.-@%2F~\\ \x00", max_size=20))
def test_no_address_leads_out_of_the_cache(text: str) -> None:
    try:
        address = parse_address(f"hf://datasets/{text}")
    except UsageError:
        return
    for part in (*address.repository.split("/"), *address.branch.split("/")):
        assert part not in ("", ".", "..")
    assert parse_address(str(address)) == address


def test_a_file_of_that_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hf:" / "datasets").mkdir(parents=True)
    assert not is_hub_address("hf://datasets")


def test_a_title_is_short_and_other_names_stay() -> None:
    commit = "0123456789" * 4
    assert short_name(f"hf://datasets/org/name@{commit}") == "org/name@0123456"
    assert short_name("train.jsonl") == "train.jsonl"


@pytest.mark.parametrize("name", ["../x", "a/../b", "/etc/passwd", "a//b", "./a", "a\0b", ""])
def test_names_of_the_hub_that_lead_elsewhere_are_left_out(name: str) -> None:
    assert not is_plain_name(name)
    assert is_plain_name("data/train-00000-of-00001.parquet")
