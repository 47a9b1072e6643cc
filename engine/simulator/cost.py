"""What a training run costs, and what a smaller dataset saves: tokens, time, money.

The worked example is AlpaGasus: 52,002 rows train in 80 minutes for $27.31, 9,229 of them in 14
minutes for $4.78 (both at the price of four A100 with 80 GB, $20.48 an hour). Time follows
tokens, so 9,229 rows of average length take 80 * 9229/52002 = 14.2 minutes; the paper charges the
14 whole minutes.

Source: AlpaGasus, arXiv 2307.08701, table of training cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import UsageError

ALPACA_ROWS = 52_002
ALPACA_TOKENS_PER_ROW = 78
"""Mean tokens of an Alpaca row, prompt and response. Source: measured with a DeBERTa tokeniser."""

PAPER_MINUTES = 80.0
PAPER_PRICE = 27.31
PAPER_EPOCHS = 3.0


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """How fast and how dear training is; as in AlpaGasus until a person says otherwise."""

    tokens_per_s: float = ALPACA_ROWS * ALPACA_TOKENS_PER_ROW * PAPER_EPOCHS / (PAPER_MINUTES * 60)
    """Tokens trained per second, every epoch's counted: about 2,535."""
    price_per_hour: float = PAPER_PRICE / (PAPER_MINUTES / 60)
    """Of the machine, in whatever currency: about $20.48."""
    epochs: float = PAPER_EPOCHS

    def check(self) -> None:
        """Refuse what no run can be.

        Raises:
            UsageError: which number, and why.
        """
        for name, value, least in (
            ("tokens per second", self.tokens_per_s, 0.0),
            ("epochs", self.epochs, 0.0),
            ("price per hour", self.price_per_hour, -1e-300),
        ):
            if not least < value < float("inf"):
                raise UsageError(f"{name} must be a positive number, not {value:g}")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of training once on a number of rows."""

    rows: int
    tokens: int
    """Of the rows; each epoch reads them again."""
    seconds: float
    price: float
    estimated: bool = False
    """Whether `tokens`, and what follows from them, are estimates."""


@dataclass(frozen=True, slots=True)
class Savings:
    """A whole set and what is kept of it."""

    whole: Cost
    kept: Cost

    @property
    def saved(self) -> Cost:
        """What is not trained on, and not spent."""
        whole, kept = self.whole, self.kept
        return Cost(
            whole.rows - kept.rows,
            whole.tokens - kept.tokens,
            whole.seconds - kept.seconds,
            whole.price - kept.price,
            whole.estimated or kept.estimated,
        )


def training_cost(run: TrainingRun, rows: int, tokens: int, *, estimated: bool = False) -> Cost:
    """What training on `rows` with `tokens` altogether takes; whether that is an estimate."""
    seconds = tokens * run.epochs / run.tokens_per_s
    return Cost(rows, tokens, seconds, seconds / 3600 * run.price_per_hour, estimated)
