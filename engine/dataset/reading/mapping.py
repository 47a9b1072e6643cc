"""Columns as a person names them, over what was detected."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from engine.dataset.reading.cells import path_in
from engine.dataset.reading.facts import ColumnFacts
from engine.dataset.reading.families import FAMILIES, Spelling, counts_from, detect, is_flat
from engine.dataset.reading.options import ColumnMapping
from engine.dataset.reading.rows import Columns
from engine.errors import UsageError
from engine.sample import Family

_LISTED_COLUMNS = 40


def choose(facts: ColumnFacts, mapping: ColumnMapping) -> Spelling:
    """The detected spelling, corrected by what the person asked for.

    Raises:
        UsageError: a column that does not exist, or a family whose columns are not there.
    """
    for name in mapping.names():
        if path_in(facts.names, name) is None:
            raise _no_such_column(name, facts)
    spelling = detect(facts)
    if mapping.names():
        spelling = _mapped(spelling, mapping, facts)
    elif mapping.family is not None and mapping.family is not spelling.family:
        columns = FAMILIES[mapping.family].asked(facts)
        if columns is None:
            raise _no_columns_for(mapping.family, facts)
        spelling = Spelling(mapping.family, columns)
    return replace(spelling, flat=is_flat(spelling.family, spelling.columns, facts))


def _mapped(spelling: Spelling, mapping: ColumnMapping, facts: ColumnFacts) -> Spelling:
    """The person's columns; what was detected fills the parts that were not named."""
    found, family = spelling.columns, mapping.family
    prompt = mapping.prompt[0] if mapping.prompt else None
    wanted = family or spelling.family
    if mapping.rejected or mapping.label or wanted is Family.PREFERENCE:
        return _pair(spelling, mapping, facts)
    if mapping.messages is not None:
        columns = Columns(mapping.system or found.system, messages=mapping.messages)
        kind = Family.SHAREGPT if facts.kind(mapping.messages) == "sharegpt" else Family.MESSAGES
        return Spelling(family or kind, replace(columns, tools=found.tools))
    part = FAMILIES[family].only_part if family is not None else ""
    if family is not None and part:
        named = prompt or mapping.response
        if part == "messages":
            return Spelling(family, Columns(mapping.system or found.system, messages=named))
        return Spelling(family, Columns(response=named))
    if prompt is None and found.prompt is None:
        if family is None or family in (Family.OTHER, Family.PROMPT):
            raise UsageError(
                "a response column alone makes no sample",
                "name the prompt's column too with --prompt-column, or say --family text; "
                f"columns: {_listed(facts)}",
            )
        raise _no_columns_for(family, facts)
    response = None if family is Family.PROMPT else mapping.response or found.response
    candidates = None if mapping.response or family is Family.PROMPT else found.candidates
    if family is not Family.PROMPT and response and _lists_answers(facts, response):
        response, candidates = None, response
    columns = replace(
        found,
        system=mapping.system or found.system,
        prompt=prompt or found.prompt,
        input=found.input if prompt is None else None,
        more=mapping.prompt[1:] if prompt else found.more,
        choices=found.choices if prompt is None and mapping.response is None else None,
        messages=None,
        response=response,
        candidates=candidates,
        rejected=None,
        label=None,
    )
    if candidates and family in (None, Family.CANDIDATES):
        return Spelling(Family.CANDIDATES, columns)
    return Spelling(family or _spoken_family(spelling.family, columns), columns)


def _lists_answers(facts: ColumnFacts, name: str) -> bool:
    """Whether a column that a person named as the response holds several in each row."""
    if name not in facts.names or facts.kind(name) not in ("texts", "list"):
        return False
    values = facts.lists(name)
    return all(
        isinstance(entry, str | dict) for value in values for entry in value
    ) and not name.endswith("calls")


def _pair(spelling: Spelling, mapping: ColumnMapping, facts: ColumnFacts) -> Spelling:
    found = spelling.columns if spelling.family is Family.PREFERENCE else Columns()
    chosen = mapping.response or found.response
    rejected = mapping.rejected or found.rejected
    if not rejected or not (chosen or mapping.messages or found.messages):
        raise UsageError(
            "a pair takes a response and a rejected response",
            f"name them with --response-column and --rejected-column; columns: {_listed(facts)}",
        )
    prompt = mapping.prompt[0] if mapping.prompt else found.prompt
    messages = mapping.messages or (None if mapping.prompt else found.messages)
    label = mapping.label or found.label
    columns = replace(
        found,
        system=mapping.system or found.system,
        prompt=prompt if mapping.messages is None else None,
        input=None if mapping.prompt else found.input,
        more=mapping.prompt[1:],
        messages=messages,
        response=chosen,
        rejected=rejected,
        label=label,
        counts_from=counts_from(facts.values(label)) if label in facts.names else 1,
    )
    return Spelling(Family.PREFERENCE, columns)


def _spoken_family(detected: Family, columns: Columns) -> Family:
    if columns.response is None:
        return Family.TOOL_CALL if detected is Family.TOOL_CALL else Family.PROMPT
    keeps = detected is Family.ALPACA and columns.input is not None
    return detected if keeps or detected is Family.TOOL_CALL else Family.PROMPT_RESPONSE


def _no_such_column(name: str, facts: ColumnFacts) -> UsageError:
    near = get_close_matches(name, facts.names, n=3, cutoff=0.6)
    meant = f"did you mean {', '.join(near)}? " if near else ""
    return UsageError(f"there is no column {name!a}", f"{meant}columns: {_listed(facts)}")


def _no_columns_for(family: Family, facts: ColumnFacts) -> UsageError:
    return UsageError(
        f"the columns of the family {family.value} are not there",
        f"name them with --prompt-column and --response-column; columns: {_listed(facts)}",
    )


def _listed(facts: ColumnFacts) -> str:
    shown = ", ".join(facts.names[:_LISTED_COLUMNS])
    more = len(facts.names) - _LISTED_COLUMNS
    return f"{shown} and {more} more" if more > 0 else shown
