"""How long samples are, and how much of them a scorer has read: two numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import UsageError
from engine.export.plan import ExportPlan
from engine.review.decision import Verdict
from engine.review.threshold import Direction
from engine.sample import Sample, Side
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey
from engine.session import OpenOptions, Session, live_scoring
from engine.session.exporting import export_session
from engine.session.matching import rows_matching
from engine.session.scores_file import write_scores
from engine.session.table_columns import COLUMNS
from engine.store import Store

LIMIT = 8
"""Words that the scorer below reads."""


class Reader:
    """Counts words as tokens, reads the first `LIMIT` of them, and scores how many it read."""

    name = label = "reader"
    device = "cpu"
    start_threshold: float | None = 0.0
    direction = Direction.AT_LEAST
    warnings: tuple[str, ...] = ()
    token_budget = 100

    def key(self, side: Side) -> ScoreKey:
        return ScoreKey("reader", "1", max_length=LIMIT, side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        counts = [len(f"{each.prompt} {each.response}".split()) for each in samples]
        return [Encoded(min(count, LIMIT), count if count > LIMIT else 0) for count in counts]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        return [Scored(float(each.tokens), each.tokens, each.length) for each in batch]

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_scoring, "make_scorer", lambda *_, **__: Reader())


def written(path: Path, answers: Sequence[str]) -> Path:
    rows = [{"prompt": "say it", "response": answer} for answer in answers]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def scored(path: Path) -> Session:
    session = Session.open(path, OpenOptions())
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _: False)
    session.threshold_choice.resolve()
    return session


ANSWERS = ["two words", "long " * 40, "six more words than the prompt", "word " * 20]
LENGTHS = [4, 42, 8, 22]


def test_a_length_is_that_of_the_whole_sample_whatever_was_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ANSWERS)
    session = Session.open(path, OpenOptions())
    assert session.scoring.estimated.all()
    assert COLUMNS["tokens"].value(session, 1) == str((6 + len(ANSWERS[1])) // 4), "an estimate"
    assert session.summary().estimated
    session.close()
    for _ in range(2):  # scored, and from the session file
        session = scored(path)
        assert session.scoring.tokens.tolist() == LENGTHS
        assert session.scoring.cut.tolist() == [False, True, False, True]
        assert session.board.read[0].tolist() == [0, LIMIT, 0, LIMIT]
        assert COLUMNS["tokens"].value(session, 1) == 42
        summary = session.summary()
        assert (summary.tokens, summary.tokens_kept) == (sum(LENGTHS), sum(LENGTHS))
        assert not summary.estimated
        assert not summary.kept_estimated
        for rule, rows in (
            ("tokens>20", [1, 3]), ("@cut:yes", [1, 3]), ("@cut:no", [0, 2]),
            ("not @cut:yes tokens<5", [0]),
        ):  # fmt: skip
            assert np.flatnonzero(rows_matching(session, rule)[1]).tolist() == rows
        with pytest.raises(UsageError, match="yes or no"):
            rows_matching(session, "@cut:perhaps")
        session.close()


def test_rows_that_an_earlier_version_cut_have_an_estimate_until_they_are_read_again(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "a.jsonl", ANSWERS)
    session = scored(path)
    key, keys = session.scoring.key, session.identities.all().copy()
    session.close()
    assert key is not None
    session_file = Path(f"{path}.tamis.db")
    session_file.unlink()
    with Store.open(session_file, reviewer="ann") as store:
        tokens = np.minimum(LENGTHS, LIMIT).astype(np.int32)
        cut = np.array(LENGTHS) > LIMIT
        store.add_scores(key, keys, np.ones(4, np.float32), tokens, cut)
    session = scored(path)
    assert session.scoring.new_scores == 0
    assert session.scoring.estimated.tolist() == cut.tolist()
    guess = (6 + len(ANSWERS[1])) // 4
    assert session.scoring.tokens.tolist()[:3] == [4, guess, 8]
    assert COLUMNS["tokens"].value(session, 1) == str(guess)
    assert session.scoring.cut.tolist() == cut.tolist()
    assert session.summary().kept_estimated
    session.set_threshold(">= 2")
    assert not session.summary().kept_estimated, "nothing is kept"
    session.decide(np.array([1]), Verdict.ACCEPT)
    assert session.summary().kept_estimated
    session.close()


def test_each_side_of_a_pair_has_its_own_length(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [{"prompt": "say it", "chosen": "short", "rejected": "long " * 30}] * 2
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    session = Session.open(path, OpenOptions())
    assert session.scoring.tokens.tolist() == [(6 + 5) // 4] * 2
    session.review_side(Side.REJECTED)
    assert session.scoring.tokens.tolist() == [(6 + 150) // 4] * 2
    session.close()
    session = scored(path)
    assert session.side is Side.REJECTED
    assert session.scoring.tokens.tolist() == [32, 32]
    assert session.scoring.cut.all()
    session.review_side(Side.CHOSEN)
    assert session.scoring.tokens.tolist() == [3, 3]
    assert not session.scoring.cut.any()
    session.close()


def test_an_export_says_how_long_the_kept_rows_are_and_how_many_were_cut(tmp_path: Path) -> None:
    session = scored(written(tmp_path / "a.jsonl", ANSWERS))
    session.decide(np.array([3]), Verdict.REJECT)
    report = export_session(session, ExportPlan(tmp_path / "out"))
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    write_scores(session, tmp_path / "scores.parquet")
    session.close()
    assert report.manifest["tokens"] == {
        "all": sum(LENGTHS),
        "all_estimated": False,
        "kept": 54,
        "kept_estimated": False,
        "kept_rows_read_in_part": 1,
        "share_of_kept_read_in_part": pytest.approx(1 / 3),
    }
    assert "have 54 tokens in prompt and response, by the scorer's tokenizer" in card
    assert "read only a part of 1 of them (33.3%)" in card
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    assert scores["tokens"].to_list() == LENGTHS
    assert scores["tokens_read"].to_list() == [4, LIMIT, 8, LIMIT]
    assert not scores["tokens_estimated"].any()
