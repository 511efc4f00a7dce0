"""Rows that are judged again: what a run has to know of the sources that come from rejected files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from leadsieve.exceptions import LeadsieveError, UsageError
from leadsieve_connectors.sources import REJECTED_COLUMNS, RestoredSource, Source
from leadsieve_rules.columns import ColumnMap
from leadsieve_rules.exceptions import RulesError

_log = logging.getLogger("leadsieve")

#: A file with so many of the columns of a rejected file was one; outputs of other kinds have fewer, or no phone column.
_ENOUGH_COLUMNS = 3

#: Maps the columns at certain positions of a source.
Mapper = Callable[[Sequence[int]], ColumnMap]


def row_numbers(sources: Sequence[Source]) -> dict[int, npt.NDArray[np.int64]]:
    """Return the row numbers of the sources whose rows are not numbered from 1 on without a gap, by ordinal."""
    return {at: source.row_numbers for at, source in enumerate(sources) if isinstance(source, RestoredSource)}


def map_again(source: Source, mapper: Mapper) -> ColumnMap:
    """Map the columns of a source, which may be one of several files whose rows stand in one rejected file.

    Such a source has the columns of all these files. Those in which its own rows have something are its own for sure,
    and so they come first; another column is taken only for a field that none of these fills.

    Args:
        source: The source.
        mapper: Maps some of its columns.

    Raises:
        RulesError, LeadsieveError: As the mapper does.
    """
    every = range(len(source.schema.names))
    if not isinstance(source, RestoredSource) or source.alone:
        return mapper(every)
    try:
        own = mapper([at for at in every if source.schema.names[at] in source.filled])
    except (RulesError, LeadsieveError):
        return mapper(every)
    try:
        wide = mapper(every)
    except (RulesError, LeadsieveError):
        return own
    taken = {name for names in own.columns.values() for name in names}
    more = [field for field, names in wide.columns.items() if field not in own.columns and taken.isdisjoint(names)]
    order = [field for field in wide.columns if field in own.columns or field in more]
    order += [field for field in own.columns if field not in order]
    of = {field: wide if field in more else own for field in order}
    return replace(
        own,
        columns={field: of[field].columns[field] for field in order},
        how={field: of[field].how[field] for field in order},
        confidence={field: of[field].confidence[field] for field in order},
    )


def foreign_columns(sources: Sequence[Source], maps: Mapping[int, ColumnMap]) -> list[Collection[str]]:
    """Return for each source the columns that seem another's: its rows leave them empty, and there they fill a field.

    Args:
        sources: The run's sources.
        maps: Their column maps by ordinal.
    """
    fields = [{name for names in maps[at].columns.values() for name in names} for at in range(len(sources))]
    foreign: list[Collection[str]] = []
    for at, source in enumerate(sources):
        if not isinstance(source, RestoredSource) or source.alone:
            foreign.append(())
            continue
        elsewhere = {name for other, names in enumerate(fields) if other != at for name in names}
        foreign.append(elsewhere - fields[at] - source.filled)
    return foreign


def warn_of_duplicates(sources: Sequence[Source], campaign: str | None) -> None:
    """Say that rows which repeated others may be accepted now that these are not there."""
    found = sum(source.duplicates for source in sources if isinstance(source, RestoredSource))
    if found and campaign is None:
        what = f"{found:,} rows were rejected as duplicates" if found > 1 else "1 row was rejected as a duplicate"
        _log.warning(
            "%s of rows that are not in this run, and may be accepted now: take them out of the rejected file, or "
            "clean the file itself and the rejected one into the same --campaign",
            what,
        )


def warn_of_lost_columns(sources: Sequence[Source]) -> None:
    """Say which files seem rejected files but lack a column that makes them one: they are read as any other file."""
    for source in sources:
        if isinstance(source, RestoredSource):
            continue
        found = {header.strip() for header in source.headers}
        alike = {header.casefold() for header in found}.intersection(REJECTED_COLUMNS)
        if len(alike) >= _ENOUGH_COLUMNS:
            lost = [name for name in REJECTED_COLUMNS if name not in found]
            _log.warning(
                "%s: seems a rejected file, but has no %s: its rows are numbered anew, and judged as those of any "
                "file; to have them judged as the rows that they were, put back each of these columns",
                source.name,
                ", ".join(lost),
            )


def require_distinct(sources: Sequence[Source]) -> None:
    """Refuse sources of one name: a row is named by its file.

    Raises:
        UsageError: Two have the same.
    """
    first: dict[str, Source] = {}
    for source in sources:
        other = first.setdefault(source.name, source)
        if other is source:
            continue
        again = [one for one in (other, source) if isinstance(one, RestoredSource)]
        if not again:
            message = f"source {source.name} is given more than once; a row is named by its file, so name each once"
        elif len(again) == 1:
            message = (
                f"{source.name} is given, and rejected rows of it in {again[0].dialect['rejected_file']}: a row is "
                "judged once in a run; give the rejected file alone, after the run of the file itself"
            )
        else:
            places = " and ".join(str(one.dialect["rejected_file"]) for one in again)
            message = (
                f"rejected rows of {source.name} stand in {places}: a row is judged once in a run; put them into one "
                "file, or clean each in a run of its own"
            )
        raise UsageError(message)
