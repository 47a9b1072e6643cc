"""A report on the duplicates of a dataset, and the file of their pairs; needs no session."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from engine.dataset.dataset import Dataset
from engine.duplicates.clusters import Clusters, cut
from engine.duplicates.content import PairContent, judged
from engine.duplicates.contradictions import Contradictions, contradictions
from engine.duplicates.finder import Finder, Progress
from engine.duplicates.large import LargeComponents
from engine.duplicates.meaning import MeaningFinder, load
from engine.duplicates.rule import Candidates, Ranking, drop
from engine.duplicates.settings import DROP_FROM, ComparedUnit, SearchSettings, default_settings
from engine.duplicates.texts import compared_texts
from engine.errors import ExportError, UsageError
from engine.sample import Family


@dataclass(frozen=True, slots=True, eq=False)
class DedupReport:
    """What was found, at the similarity asked for."""

    clusters: Clusters
    contradictions: Contradictions
    dropped: int
    """Rows that the rule would drop if all were kept so far; only whole samples are dropped."""
    measure: str = "jaccard"
    """What the similarity is: the name of its column."""

    @property
    def pairs(self) -> pl.DataFrame:
        """Columns row_a, row_b, and the similarity: every pair of different texts, by row.

        A row with the same text as an earlier one has one pair, with the first that has it: all
        pairs among n such rows would be n(n-1)/2.
        """
        matches, edges = self.clusters.matches, self.clusters.edges
        compared = matches.first >= 0
        later = np.flatnonzero(compared & (matches.first != np.arange(matches.rows)))
        found = pl.DataFrame(
            {
                "row_a": np.concatenate([edges.a, matches.first[later]]),
                "row_b": np.concatenate([edges.b, later]),
                self.measure: np.concatenate([edges.similarity, np.ones(len(later), np.float32)]),
            }
        )
        return found.sort("row_a", "row_b")

    def values(self) -> dict[str, int | float]:
        """The counts, under the names that programs read."""
        clusters = self.clusters
        return {
            "rows": clusters.matches.rows,
            "exact": clusters.matches.exact,
            "pairs": len(clusters.edges.a) + clusters.matches.exact,
            "clusters": len(clusters),
            "duplicate_rows": clusters.duplicate_rows,
            "dropped": self.dropped,
            "contradictions": len(self.contradictions.groups),
            "duplication_rate": clusters.duplication_rate,
        }


def dedup_report(
    dataset: Dataset,
    settings: SearchSettings,
    *,
    model: Path | None = None,
    progress: Progress | None = None,
) -> DedupReport:
    """Search a dataset for duplicates, and for questions with several answers.

    Args:
        dataset: whose rows.
        settings: what is compared, and how.
        model: a folder with an embedding model: compare by meaning, by cosine and not by Jaccard
            similarity; contradictions are looked for among prompts that are alike as they stand.
        progress: told how far it is.

    Raises:
        UsageError: no column is known to hold a prompt or a response.
        ScorerError: the model cannot be used.
    """
    if dataset.family is Family.OTHER:
        names = ", ".join(dataset.column_names[:12])
        raise UsageError(
            f"no family fits the columns of this dataset: {names}",
            "name the prompt with --prompt-column (and --response-column)",
        )
    if model is not None:
        texts = compared_texts(dataset.texts, settings.unit, dataset.broken)
        matches = MeaningFinder(texts, settings, load(model)).run(progress=progress)
        content = PairContent(dataset.texts, settings)
        clusters, large = cut(judged(matches, content), settings.similarity), None
    else:
        clusters, large, content = _search(dataset, settings, progress)
    prompts = clusters
    if settings.unit is not ComparedUnit.PROMPT or model is not None:
        asked = default_settings(ComparedUnit.PROMPT, DROP_FROM if model else settings.similarity)
        prompts, _, content = _search(dataset, asked, progress)
    dropped = 0
    if settings.unit is ComparedUnit.BOTH and model is None:
        everyone = np.ones(dataset.rows, np.bool_)
        ranking = Ranking(np.full(dataset.rows, np.nan, np.float32), dataset.lengths)
        candidates = Candidates(everyone, np.zeros(dataset.rows, np.bool_))
        dropped = drop(clusters, candidates, ranking.best_first(clusters.members), large).count
    measure = "jaccard" if model is None else "cosine"
    return DedupReport(clusters, contradictions(prompts, dataset.texts, content), dropped, measure)


def _search(
    dataset: Dataset, settings: SearchSettings, progress: Progress | None
) -> tuple[Clusters, LargeComponents | None, PairContent]:
    texts = compared_texts(dataset.texts, settings.unit, dataset.broken)
    content = PairContent(dataset.texts, settings)
    matches = judged(Finder(texts, settings).run(progress=progress), content)
    large = LargeComponents(texts, settings, matches.large, content) if matches.large else None
    return cut(matches, settings.similarity, large=large), large, content


def check_pairs_file(output: Path, dataset: Dataset, *, overwrite: bool) -> None:
    """Say before the search that its pairs cannot be written.

    Raises:
        ExportError: the file exists and is not to be replaced, or is the dataset's own.
    """
    target = Path(os.path.realpath(output))
    sources = {Path(os.path.realpath(file)) for file in (dataset.path, *dataset.files)}
    if target in sources or target.is_dir():
        raise ExportError(f"{output} cannot be replaced", "name a new file with --output")
    if any(source in target.parents for source in sources):
        raise ExportError(
            f"{output} lies inside the dataset {dataset.path}", "choose a place outside it"
        )
    if os.path.lexists(output) and not overwrite:
        raise ExportError(f"{output} exists", "--overwrite replaces it")
    if not target.parent.is_dir():
        raise ExportError(f"no such folder: {target.parent}", "make it first")


def write_pairs(found: DedupReport, output: Path) -> None:
    """Write the pairs as Parquet; whole or not at all.

    Raises:
        ExportError: the file cannot be written; nothing is left of it.
    """
    temporary = output.absolute().with_name(f".tamis-pairs-{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            found.pairs.write_parquet(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(output)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ExportError(
            f"{output} could not be written: {error}", "free some room, or name another"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
