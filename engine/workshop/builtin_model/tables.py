"""The model card's tables, in Markdown, from the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.workshop.builtin_model.evaluation.figures import (
    CandidateFigures,
    Figures,
    LengthFigures,
    PlantedFigures,
)
from engine.workshop.builtin_model.evaluation.statistics import Figure

ABSENT = "-"
MEBIBYTE = 2**20


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: words to the left, all other columns to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def in_brackets(figure: Figure) -> str:
    """`0.912 (0.900 to 0.923)`."""
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def candidates_table(figures: Figures) -> str:
    """Every candidate and floor against every measure; the shipped one's name is bold."""
    head = [
        "",
        *(f"**{c.name}**" if c.name == figures.chosen else c.name for c in figures.candidates),
    ]
    measures = list(_measures(figures.candidates[0]))
    columns = [dict(_measures(candidate)) for candidate in figures.candidates]
    rows = [[name, *(column.get(name, ABSENT) for column in columns)] for name, _ in measures]
    return table(head, rows)


def _measures(candidate: CandidateFigures) -> Iterator[tuple[str, str]]:
    """Name and value of each row of the table of candidates."""
    yield (
        "weights, MiB",
        f"{candidate.size_bytes / MEBIBYTE:.1f}" if candidate.size_bytes else ABSENT,
    )
    speed = {each.dtype: f"{each.rows_per_s:,.0f}" for each in candidate.speed}
    for dtype in ("float32", "bfloat16"):
        yield f"rows/s, {dtype}", speed.get(dtype, ABSENT)
    held_out = candidate.validation
    yield "AUC, held-out training prompts", _value(held_out)
    for name, planted in (*candidate.planted.items(), ("the demo", candidate.demo)):
        yield f"AUC, planted in {name}", _value(planted.overall)
    for kind, figure in candidate.planted["alpaca"].kinds.items():
        yield f"AUC, alpaca: {kind}", _value(figure)
    for kind, figure in candidate.demo.kinds.items():
        yield f"AUC, demo: {kind}", _value(figure)
    for name, figure in candidate.preferred.items():
        yield f"pairwise accuracy, {name}", _value(figure)
    for name, figure in candidate.natural.items():
        yield f"AUC good from bad, {name}", _value(figure)
    for name, figure in candidate.rated.items():
        yield f"Spearman with the rating, {name}", _signed(figure)
    for name, length in candidate.length.items():
        yield f"Spearman with length, {name}", _signed(length.characters)


def kinds_table(candidate: CandidateFigures) -> str:
    """Each kind of fault: AUC by source and in the demo, with the intervals of both generators."""
    others = [name for name in candidate.planted if name != "alpaca"]
    alpaca, demo = candidate.planted["alpaca"], candidate.demo
    rows = [
        [
            kind,
            _interval(alpaca, kind),
            *(_value(candidate.planted[name].kinds.get(kind)) for name in others),
            _interval(demo, kind),
        ]
        for kind in dict.fromkeys((*alpaca.kinds, *demo.kinds))
    ]
    overall = [
        "**all, same weight**",
        in_brackets(alpaca.overall),
        *(_value(candidate.planted[name].overall) for name in others),
        in_brackets(demo.overall),
    ]
    return table(["", "alpaca", *others, "demo"], [*rows, overall])


def judged_table(candidate: CandidateFigures) -> str:
    """What people and GPT-4 judged, with intervals."""
    rows = [
        *(["pairwise accuracy", name, *_cells(f)] for name, f in candidate.preferred.items()),
        *(["AUC good from bad", name, *_cells(f)] for name, f in candidate.natural.items()),
        *(["Spearman with the rating", name, *_cells(f)] for name, f in candidate.rated.items()),
    ]
    return table(["measure", "set", "value (95 % interval)", "rows"], rows)


def length_table(candidate: CandidateFigures) -> str:
    """Rank correlation with length, and the standing of each length decile."""

    def cells(name: str, length: LengthFigures) -> list[str]:
        standings = (f"{100 * standing:.0f}" for standing in length.deciles)
        return [name, in_brackets(length.characters), f"{length.words.value:+.3f}", *standings]

    numbers = (str(number) for number in range(1, 11))
    return table(
        ["", "Spearman, characters", "words", *numbers],
        [cells(name, length) for name, length in candidate.length.items()],
    )


def _value(figure: Figure | None) -> str:
    return f"{figure.value:.3f}" if figure else ABSENT


def _signed(figure: Figure) -> str:
    return f"{figure.value:+.3f}"


def _interval(planted: PlantedFigures, kind: str) -> str:
    return in_brackets(planted.kinds[kind]) if kind in planted.kinds else ABSENT


def _cells(figure: Figure) -> tuple[str, str]:
    return in_brackets(figure), f"{figure.rows:,}"
