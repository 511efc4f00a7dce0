"""Which columns of a list hold the numbers, where lists come in looser shapes than leads do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadsieve.exceptions import SourceError, UsageError
from leadsieve.numbers import NumberColumns
from leadsieve.text import is_numbers
from leadsieve_connectors.sources import ReadOptions, Source
from leadsieve_rules.columns import COUNTRY_CODE, map_columns
from leadsieve_rules.exceptions import ColumnError
from leadsieve_rules.profiles import PHONE, FieldRule
from leadsieve_rules.statuses import STATUS, load_statuses
from leadsieve_rules.wording import listed, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How lists of numbers are read.

    Attributes:
        region: Default region of numbers without a country code; None means none.
        region_column: Column with a region code for each row.
        map: Columns to fields: `phone_number`, `country_code`, and `status` where statuses are read.
        shared: The columns are named for other sources too: a list that lacks one does without it.
        options: How sources are opened.
    """

    region: str | None = None
    region_column: str | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    options: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True, slots=True)
class EntryColumns:
    """The columns of a list that are read: those with numbers, and the one with statuses, where these are wanted."""

    numbers: NumberColumns
    status: str | None


def find_columns(source: Source, reading: Reading, *, statuses: bool) -> EntryColumns:
    """Find the columns of a list: what the caller says, else every column that is known to hold numbers.

    Args:
        source: The list.
        reading: What the caller says.
        statuses: Whether a column with statuses is looked for.

    Raises:
        ColumnError: No column is known to hold numbers, and there are several; or one that was named is not there.
        SourceError: A column holds values that are no numbers.
        UsageError: Several columns could hold the status, or the region column is not there.
    """
    fields = (PHONE, COUNTRY_CODE, *([STATUS] if statuses else []))
    told = {column: to for column, to in reading.map.items() if not reading.shared or _fits(source, column, to, fields)}
    if statuses and STATUS not in told.values():
        told.update(dict.fromkeys(_status_columns(source, told), STATUS))
    try:
        if PHONE not in told.values():
            told.update(dict.fromkeys(_phone_columns(source, told), PHONE))
        columns = map_columns(source.headers, source.schema.names, {f: FieldRule(f) for f in fields}, told).columns
    except ColumnError as exc:
        raise ColumnError(f"{source.name}: {exc.message}", exc.code) from exc
    for name in columns[PHONE]:
        kind = source.schema.field(name).type
        if not is_numbers(kind):
            message = f"{source.name}: column {name!r} holds {kind} values, which are no phone numbers; map another"
            raise SourceError(message, "unsupported_type")
    numbers = NumberColumns(
        phones=columns[PHONE],
        region=reading.region,
        region_column=_region_column(source, reading),
        country_code=next(iter(columns.get(COUNTRY_CODE, ())), None),
        check="valid",
    )
    return EntryColumns(numbers, next(iter(columns.get(STATUS, ())), None))


def _fits(source: Source, column: str, to: str, fields: tuple[str, ...]) -> bool:
    return to in fields and (column in source.headers or column in source.schema.names)


def _phone_columns(source: Source, told: Mapping[str, str]) -> list[str]:
    """Return every column that would be the phone column if it were the only one; a single column is it anyway.

    Raises:
        ColumnError: There are several columns, and none is known to hold numbers.
    """
    names: list[str] = source.schema.names
    pairs = [(header, name) for header, name in zip(source.headers, names, strict=True) if name not in told]
    found = [name for header, name in pairs if _is_phone(header, name)]
    if found:
        return found
    if len(pairs) == 1:
        return [pairs[0][1]]
    if source.dialect.get("header") is False:
        raise ColumnError(
            f"no header, and {len(names)} columns, of which none is known to hold the numbers; name it, for one "
            f"--map {quoted(f'{names[0]}={PHONE}')}, or give the numbers alone, one a line"
        )
    raise ColumnError(
        f"no phone column among {listed(names)}; name it: --map {quoted(f'COLUMN={PHONE}')}, or give the numbers "
        "alone, one a line"
    )


def _is_phone(header: str, name: str) -> bool:
    try:
        return PHONE in map_columns([header], [name], {PHONE: FieldRule(PHONE)}, {}).columns
    except ColumnError:
        return False


def _status_columns(source: Source, told: Mapping[str, str]) -> list[str]:
    """Return the column with statuses, by its header."""
    names = zip(source.headers, source.schema.names, strict=True)
    found = [name for header, name in names if load_statuses().is_column(header) and name not in told]
    if len(found) > 1:
        raise UsageError(
            f"{source.name}: several columns could hold the status: {listed(found)}; say which: "
            f"--map {quoted(f'{found[0]}={STATUS}')}"
        )
    return found


def _region_column(source: Source, reading: Reading) -> str | None:
    if reading.region_column is None:
        return None
    names: list[str] = source.schema.names
    for header, name in zip(source.headers, names, strict=True):
        if reading.region_column in (header, name):
            return name
    if reading.shared:
        return None
    raise UsageError(
        f"--region-column {reading.region_column!r} is not a column of {source.name}; it has {listed(names)}"
    )
