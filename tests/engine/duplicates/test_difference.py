"""Word diffs: what differs is marked, nothing else is, and giant texts cost a bounded time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.duplicates import difference as module
from engine.duplicates.difference import MOST_PARTS, Difference, difference


def marked(one: str, other: str) -> tuple[list[str], list[str]]:
    found = difference(one, other)
    return (
        [one[start:end] for start, end in found.one],
        [other[start:end] for start, end in found.other],
    )


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("the quick brown fox", "the quick red fox", (["brown"], ["red"])),
        ("one two three", "one three", (["two"], [])),
        ("", "all of it", ([], ["all of it"])),
        ("add 3 and 4", "add 3 and 41", (["4"], ["41"])),
        ("stone", "stones", (["stone"], ["stones"])),
        ("Yes.", "Yes!", (["."], ["!"])),
        ("日本語の文", "日本の文章", (["語"], ["章"])),
        ("a b\n c", "a  b c", ([], [])),
    ],
)
def test_what_the_other_lacks_is_marked(
    one: str, other: str, expected: tuple[list[str], list[str]]
) -> None:
    assert marked(one, other) == expected
    assert marked(other, one) == expected[::-1]


WORDS = st.lists(st.sampled_from(["a", "b", "cc", "dd", "7", "文", "!"]), max_size=30).map(" ".join)


@given(WORDS, WORDS)
def test_without_what_is_marked_both_say_the_same(one: str, other: str) -> None:
    def rest(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
        kept = "".join(
            " " if any(start <= at < end for start, end in spans) else character
            for at, character in enumerate(text)
        )
        return kept.split()

    found = difference(one, other)
    assert rest(one, found.one) == rest(other, found.other)
    assert found.same == (one.split() == other.split())
    for spans in (found.one, found.other):
        assert all(start < end for start, end in spans)
        assert list(spans) == sorted(spans)


def test_long_texts_are_compared_by_lines() -> None:
    lines = [" ".join(f"w{line}x{word}" for word in range(100)) for line in range(60)]
    other = [*lines[:30], "another line", *lines[31:]]
    assert marked("\n".join(lines), "\n".join(other)) == ([lines[30]], ["another line"])


def test_of_giant_texts_the_start_is_compared_and_the_rest_is_said() -> None:
    one = "x " + " ".join(f"a{number}" for number in range(40_000))
    other = "y " + " ".join(f"a{number + number % 2}" for number in range(40_000))
    found = difference(one, other)
    assert found.left_out > 100_000
    assert found.one[0] == (0, 1)
    assert found.one[-1][1] < len(one) // 2


def test_equal_words_without_end_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    real = module._changes

    def counted(a: module._Parts, b: module._Parts) -> object:
        compared.append(len(a.texts) * len(b.texts))
        return real(a, b)

    monkeypatch.setattr(module, "_changes", counted)
    difference("b " + "a " * 50_000, "a " * 50_000)
    assert compared
    assert max(compared) <= module.MOST_STEPS * 2 < MOST_PARTS**2


def test_the_common_start_costs_nothing_and_is_no_difference() -> None:
    shared = "x" * 5_000_000
    found = difference(shared + " tail", shared + " end")
    assert [len(spans) for spans in (found.one, found.other)] == [1, 1]
    assert difference(shared, shared) == Difference((), ())
