"""What the clusters screen says: its title, the duplication rate, questions before a bulk."""

from __future__ import annotations

from engine.duplicates.duplication_rate import HELPFUL, KeptDuplication
from engine.duplicates.listing import ListedState
from engine.duplicates.rule import Preference
from engine.duplicates.settings import ComparedUnit
from engine.session import Session
from engine.session.cluster_review import Kind, Listed, RuleEffect
from engine.session.cluster_verdicts import KeepPlan
from engine.session.duplication import SearchState, SearchStatus
from tui.terminal.display import Glyphs
from tui.widgets.status import share_text

STATE_WORDS = {
    ListedState.UNDECIDED: "undecided",
    ListedState.DECIDED: "decided",
    ListedState.KEPT_ALL: "kept all",
}

PREFERENCE_TEXT = {
    Preference.SCORE: "the best score",
    Preference.LONGEST: "the longest",
    Preference.SHORTEST: "the shortest",
    Preference.FIRST: "the first",
    Preference.LAST: "the last",
}

RATE_CELLS = 24


UNIT_WORDS = {
    ComparedUnit.BOTH: "whole samples",
    ComparedUnit.PROMPT: "prompts",
    ComparedUnit.RESPONSE: "responses",
    ComparedUnit.MEANING: "meaning",
}


def about_numbers(kind: Kind, similarity: float) -> list[str]:
    """A plain sentence to each number of the screen, for whoever has not read its chapter.

    Args:
        kind: what is listed.
        similarity: of the list, in [0, 1].
    """
    what = "meanings" if kind is Kind.MEANING else "rows"
    cluster = f"cluster: {what} {similarity:.2f} alike or more"
    figures = "low: its least alike two; mean: on average"
    if kind is Kind.CONTRADICTIONS:
        figures = "bits: how divided (1: one to one)"
    return [
        f"{cluster}; {figures}",
        "duplicates: kept rows that repeat another; worth: distinct rows as good",
        f"marks: in a study {HELPFUL:.0%} of them helped a little, 100% did great harm",
    ]


def search_text(status: SearchStatus, *, complete: bool, key: str) -> str:
    """How far the search is, in few words; empty when it is done.

    Args:
        status: of the search.
        complete: whether what is listed is all there is of it.
        key: stops the search, and goes on with it.
    """
    incomplete = "" if complete else ", incomplete"
    match status.state:
        case SearchState.RUNNING:
            share = f" {status.done / status.total:.0%}" if status.total else ""
            return f"{UNIT_WORDS[status.unit]}: {status.what}{share}{incomplete} ({key} stops)"
        case SearchState.STOPPED:
            return f"stopped{incomplete} ({key} goes on)"
        case SearchState.FAILED:
            return f"the search failed: {status.error}"
        case SearchState.IDLE:
            return f"not searched yet ({key} searches)"
    return ""


def title_parts(
    session: Session, listed: Listed | None, shown: int, similarity: float, search_key: str
) -> list[str]:
    """What is listed, most important first.

    Args:
        session: whose clusters.
        listed: what is listed; None while nothing is known.
        shown: clusters that pass the filter.
        similarity: the one asked for; the list may follow in a moment.
        search_key: stops the search, and goes on with it.
    """
    kind = session.clusters.kind
    parts = [kind.value if kind is Kind.CONTRADICTIONS else f"duplicates: {kind.value}"]
    complete = listed is not None and listed.clusters.is_complete
    if said := search_text(session.duplicates.status, complete=complete, key=search_key):
        parts.append(said)
    parts.append(f"similarity >= {similarity:.2f}")
    if listed is not None:
        groups = listed.listing.groups
        total = f"{len(groups):,}"
        counted = total if shown == len(groups) else f"{shown:,} of {total}"
        parts.append(f"{counted} with {len(groups.members):,} rows")
        if listed.clusters.similarity != similarity:
            parts.append("being cut anew")
        if done := int((listed.listing.state != ListedState.UNDECIDED).sum()):
            parts.append(f"{done:,} decided")
        if listed.contradictions is not None:
            found = listed.contradictions
            parts.append(f"{100 * found.share:.2f} % of all rows")
            parts.append(f"at least {100 * found.floor:.2f} % wrong if one answer is right")
    return parts


def rate_line(kept: KeptDuplication, glyphs: Glyphs) -> str:
    """A rate from 0 to 100 %, with the mark at 25 % where a study saw the best result."""
    filled = round(kept.duplication_rate * RATE_CELLS)
    if kept.duplicate_rows:
        filled = max(filled, 1)
    line = [glyphs.bar if at < filled else glyphs.shade for at in range(RATE_CELLS)]
    line[round(HELPFUL * RATE_CELLS)] = glyphs.divider
    return "".join(line)


def rate_text(kept: KeptDuplication) -> str:
    """A rate and what the rows are worth."""
    rate = share_text(kept.duplicate_rows, kept.rows)
    return f"{rate} of {kept.rows:,} kept are duplicates, worth {kept.effective_rows:,.0f} rows"


def zone_text(kept: KeptDuplication) -> str:
    """Where the rate lies between the marks of the study."""
    if kept.duplication_rate <= HELPFUL:
        return "below the mark at 25 %"
    return "beyond the mark at 25 %, towards collapse at 100 %"


def hot_text(kept: KeptDuplication) -> str:
    """Clusters that a mean hides; empty where there are none."""
    if not len(kept.hot):
        return ""
    clusters = f"{len(kept.hot):,} hot cluster" + ("s" if len(kept.hot) > 1 else "")
    return f"{clusters}: the largest has {int(kept.hot_sizes[0]):,} kept rows"


def rule_text(similarity: float | None, found: RuleEffect, rule_key: str) -> str:
    """Whether duplicates are dropped, and the key that changes it."""
    if similarity is None:
        return f"rule off: {rule_key} would drop {found.dropped:,}"
    return f"rule on at >= {similarity:.2f}" + (
        f": drops {found.dropped:,}" if similarity == found.similarity else ""
    )


def rule_lines(found: RuleEffect) -> list[str]:
    """The preview of the rule."""
    before, after = found.before, found.after
    rate, rest = (share_text(kept.duplicate_rows, kept.rows) for kept in (before, after))
    lost = (
        f"{found.dropped:,} of {before.rows:,} rows kept now are at least {found.similarity:.2f} "
        "like a better one that is kept, and differ from it in no content."
    )
    return [
        lost,
        f"Duplication rate: {rate} before, {rest} after.",
        "What you accepted stays. Each dropped row names the one that it is like.",
    ]


def plan_lines(plan: KeepPlan, undo_key: str) -> list[str]:
    """The preview of a bulk."""
    return [
        f"{plan.clusters:,} clusters: {plan.accepted:,} rows accepted, {plan.rejected:,} rejected.",
        f"{plan.left:,} left alone: decided by hand, or nothing of them is kept.",
        "Rows of other content, or unlike the suggested one, stay as they are.",
        f"One undo ({undo_key}) takes all of it back.",
    ]
