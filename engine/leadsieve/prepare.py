"""What is settled before the first row: each source's columns, whether a region is needed, the outputs' columns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Options
from leadsieve.corrections import foreign_columns, map_again, warn_of_duplicates, warn_of_lost_columns
from leadsieve.exceptions import SourceError, UsageError
from leadsieve.kernel import Plan, judge
from leadsieve.outputs import Layout, lay_out
from leadsieve.own_schema import schema_table, seen_columns
from leadsieve.requests.plan import RequestPlan
from leadsieve.requests.row_limit import RowLimit
from leadsieve.target import Target
from leadsieve.text import as_text, is_numbers
from leadsieve.wording import masked, tell_dialect
from leadsieve_connectors.chunk import BAD_RECORDS, Chunk
from leadsieve_connectors.sources import ReadOptions, Source
from leadsieve_rules.columns import COUNTRY_CODE, ColumnMap, map_columns
from leadsieve_rules.exceptions import ColumnError
from leadsieve_rules.profiles import PHONE, FieldRule
from leadsieve_rules.prompts import Columns, Filling, Prompt, fill
from leadsieve_rules.schemas import UserSchema
from leadsieve_rules.schemas.structure import require_checks, require_columns
from leadsieve_rules.wording import listed, quoted

_log = logging.getLogger("leadsieve")

#: Rows of the first source that decide whether the whole run fails for want of a region.
_REGION_SAMPLE = 1000
# Which options on reading each format has a use for.
_SHEET = frozenset(("--header/--no-header", "--columns", "--skip-rows", "--sheet"))
_USED: Mapping[str, frozenset[str]] = {
    "csv": frozenset(("--encoding", "--delimiter", "--header/--no-header", "--columns", "--skip-rows")),
    "json": frozenset(("--encoding", "--columns", "--records-path")),
    "xls": _SHEET,
    "xlsx": _SHEET,
}
#: Rows of the first source on which a user's schema is tried.
_SCHEMA_SAMPLE = 1000
#: Rows that tell which column of a source without a header holds the phone numbers.
_PHONE_SAMPLE = 100


def read_options(options: Options) -> ReadOptions:
    """Return how the run's sources are to be read."""
    return ReadOptions(
        encoding=options.encoding,
        delimiter=options.delimiter,
        header=options.header,
        columns=options.columns,
        skip_rows=options.skip_rows,
        records_path=options.records_path,
        sheet=options.sheet,
        max_rows=options.rows,
        chunk_bytes=options.tuning.chunk_bytes,
        max_record_bytes=options.tuning.max_record_bytes,
        max_unpacked_bytes=options.tuning.max_unpacked_bytes,
        max_unpacked_ratio=options.tuning.max_unpacked_ratio,
    )


# What is not plain from the names.
_HOW = {
    "kept": " (as you mapped these headers last; `leadsieve mappings` shows and forgets it)",
    "fuzzy": " (close to a name that is known; say otherwise with --map)",
}

#: How the user mapped a source's headers the last time; None where that is not known.
Kept = Callable[[Source], Mapping[str, str] | None]


def prepare(
    sources: Sequence[Source], options: Options, target: Target, kept: Kept | None = None
) -> tuple[Plan, Layout]:
    """Map every source's columns and fix the outputs' columns; tell what was decided.

    Args:
        sources: The run's sources.
        options: What the user said.
        target: The target system.
        kept: Where mappings are kept; None where none are.

    Raises:
        RulesError: Headers that cannot be mapped.
        LeadsieveError: A column that was named is not there, or no region was given and none can be done without.
    """
    fields = target.profile.fields
    maps, region_columns = {}, {}
    for ordinal, source in enumerate(sources):
        maps[ordinal], region_columns[ordinal] = map_source(source, options, target, kept)
        _tell(source, maps[ordinal], target)
        _tell_unused(source, options)
    warn_of_lost_columns(sources)
    warn_of_duplicates(sources, options.campaign)
    plan = Plan(target.profile, target.region, maps, region_columns)
    _log.info("region: %s", target.region or "none; numbers need their country code")
    layout = lay_out(
        [source.schema for source in sources],
        list(maps.values()),
        fields,
        call_columns(options.calling_hours),
        foreign=foreign_columns(sources, maps),
    )
    _require_few_columns(layout, target)
    plan = replace(plan, row_limit=_row_limit(target, layout, maps))
    _require_some_region(sources[0], plan)
    if options.schema is not None:
        plan = with_schema(plan, options.schema, sources)
    if options.prompt is not None:
        plan = replace(plan, variables=_variables(options.prompt, sources, plan, layout))
    return plan, layout


def request_plan(
    target: Target, layout: Layout, maps: Mapping[int, ColumnMap], names: Mapping[str, Any]
) -> RequestPlan:
    """Say what the requests of a run are made of.

    Args:
        target: The target system.
        layout: The outputs' columns.
        maps: The sources' column maps by ordinal.
        names: What the run says of itself.
    """
    filled = {field for columns in maps.values() for field in columns.columns}
    custom = {name for renamed in layout.custom for name in renamed}
    return RequestPlan(
        profile=target.profile,
        settings=target.settings,
        region=target.region,
        present=[PHONE, *(field for field in layout.fields if field in filled)],
        custom=[name for name in layout.accepted.names if name in custom],
        names=names,
    )


def _row_limit(target: Target, layout: Layout, maps: Mapping[int, ColumnMap]) -> RowLimit | None:
    """Return how long a row may be in a request; None where the target system does not say."""
    most = target.profile.limits.row_chars
    if most is None or target.profile.request is None:
        return None
    return RowLimit(most, request_plan(target, layout, maps, {}), layout.custom)


def _variables(prompt: Prompt, sources: Sequence[Source], plan: Plan, layout: Layout) -> dict[int, tuple[Filling, ...]]:
    """Find what fills the prompt's variables in each source.

    Raises:
        InvalidPrompt: Nothing fills one of them.
    """
    _log.info("prompt %s: variables %s", prompt.name, listed(prompt.variables) or "none")
    variables = {}
    for ordinal, source in enumerate(sources):
        fields = {name: names for name, names in plan.maps[ordinal].columns.items() if name != COUNTRY_CODE}
        headers = dict(zip(source.schema.names, source.headers, strict=True))
        variables[ordinal] = fill(
            prompt, Columns(source=source.name, fields=fields, custom=layout.custom[ordinal], headers=headers)
        )
    return variables


def call_columns(calling_hours: str | None) -> Iterable[pa.Field]:
    """Return the columns that say when a row may be called, where calling hours were given."""
    if calling_hours is None:
        return ()
    from leadsieve_rules.calling import SCHEMA

    columns: Iterable[pa.Field] = SCHEMA
    return columns


def with_schema(plan: Plan, schema: UserSchema, sources: Sequence[Source]) -> Plan:
    """Add the user's schema to a plan, after it was tried on every source without rows and the first's first rows.

    Raises:
        InvalidSchema: It does not fit a source, or one of its checks cannot judge rows one by one.
    """
    own = schema.compiled
    for ordinal, source in enumerate(sources):
        columns, names = plan.maps[ordinal], source.schema.names
        seen = seen_columns(names, columns, [PHONE, *(set(columns.columns) - {COUNTRY_CODE})])
        require_columns(own, source.name, seen, names, [name for name in names if name not in seen])
        samples = [_empty_chunk(ordinal, source)]
        if ordinal == 0:
            samples += source.chunks(max_rows=_SCHEMA_SAMPLE)
        for chunk in samples:
            require_checks(own, source.name, *schema_table(judge(replace(chunk, file=ordinal), plan), own, columns))
    _log.info("schema: %s", schema.name)
    return replace(plan, own_schema=own)


def _empty_chunk(ordinal: int, source: Source) -> Chunk:
    """Return a chunk of a source without a row."""
    none = pa.array([], pa.int64())
    return Chunk(ordinal, source.name, source.schema.empty_table(), none, none, BAD_RECORDS.empty_table(), 0, 0)


def _require_few_columns(layout: Layout, target: Target) -> None:
    """Refuse more custom columns than the target system takes."""
    limit, custom = target.profile.custom.max, list(dict.fromkeys(name for names in layout.custom for name in names))
    if limit is not None and len(custom) > limit:
        raise SourceError(
            f"{target.profile.name} takes {limit} custom columns at most, and there are {len(custom)}: "
            f"take out {len(custom) - limit} of {', '.join(custom)}",
            "too_many_columns",
        )


def map_source(
    source: Source, options: Options, target: Target, kept: Kept | None = None
) -> tuple[ColumnMap, str | None]:
    """Map one source's columns to the profile's fields, and find its region column; for `kept` see `prepare`.

    Raises:
        RulesError: Headers that cannot be mapped.
        UsageError: The region column is not there.
    """
    fields = {**target.profile.fields, COUNTRY_CODE: FieldRule(COUNTRY_CODE)}
    try:
        before = None if kept is None else kept(source)
        headers, names = source.headers, source.schema.names

        def mapper(places: Sequence[int]) -> ColumnMap:
            return map_columns(
                [headers[at] for at in places], [names[at] for at in places], fields, options.map, before
            )

        columns = map_again(source, mapper)
    except ColumnError as exc:
        raise _advised(exc, source) from exc
    for name in columns.columns[PHONE]:
        kind = source.schema.field(name).type
        if not is_numbers(kind):
            message = f"{source.name}: column {name!r} holds {kind} values, which are no phone numbers; map another"
            raise SourceError(message, "unsupported_type")
    return columns, _region_column(source, options.region_column)


def _advised(failure: ColumnError, source: Source) -> ColumnError:
    """Say which source cannot be mapped, and what its text suggests."""
    said, dialect = failure.message, source.dialect
    # That a column which was named is not there is another matter, of the same code.
    no_phone = said.startswith("no phone column")
    if no_phone and dialect.get("header") is False:
        why = dialect.get("header_why") or "as you said"
        said = (
            f"no phone column: the first row was not taken for a header ({why}); name all columns with --columns "
            f"A,B,C, or one with --map '{_likely_phone(source)}={PHONE}', or say --header where the first row is one"
        )
    elif no_phone and dialect.get("proposed_skip_rows"):
        said = (
            f"no phone column in the first row ({', '.join(map(repr, source.schema.names[:3]))}): the header seems to "
            f"stand lower; add --skip-rows {dialect['proposed_skip_rows']}, or name the column with --map"
        )
    return ColumnError(f"{source.name}: {said}", code=failure.code)


def _likely_phone(source: Source) -> str:
    """Return the column of which most cells among the first rows have the digits of a phone number."""
    best, most = str(source.schema.names[0]), -1
    table = pa.concat_tables([chunk.table for chunk in source.chunks(max_rows=_PHONE_SAMPLE)])
    for name in table.column_names:
        digits = pc.count_substring_regex(as_text(table.column(name)), "[0-9]")
        count = pc.sum(pc.and_(pc.greater_equal(digits, 7), pc.less_equal(digits, 15))).as_py() or 0
        if count > most:
            best, most = str(name), count
    return best


def _region_column(source: Source, name: str | None) -> str | None:
    if name is None:
        return None
    names: list[str] = source.schema.names
    for header, unique in zip(source.headers, names, strict=True):
        if name in (header, unique):
            return unique
    raise UsageError(
        f"--region-column {name!r} is not a column of {source.name}; it has {', '.join(source.schema.names)}"
    )


def _tell_unused(source: Source, options: Options) -> None:
    """Say which options on reading the source's format has no use for: they would be passed over in silence."""
    rejected = source.dialect.get("rejected_file") is not None
    used = frozenset() if rejected else _USED.get(source.dialect["format"], frozenset())
    told = {
        "--encoding": options.encoding,
        "--delimiter": options.delimiter,
        "--header/--no-header": options.header,
        "--columns": options.columns,
        "--skip-rows": options.skip_rows or None,
        "--records-path": options.records_path,
        "--sheet": options.sheet,
    }
    for option, value in told.items():
        if value is not None and option not in used:
            what = "a rejected file" if rejected else source.dialect["format"]
            _log.warning("%s: %s means nothing for %s", source.name, option, what)


def _tell(source: Source, columns: ColumnMap, target: Target) -> None:
    _log.info("%s: %s", source.name, tell_dialect(source.dialect))
    for field, names in columns.columns.items():
        _log.info("%s: %s <- %s%s", source.name, field, ", else ".join(names), _HOW.get(columns.how[field], ""))
    for field, rule in target.profile.fields.items():
        if rule.required and field not in columns.columns:
            _log.warning(
                "%s: no column fills the required field %s, so every row is rejected; name one with --map 'COLUMN=%s'",
                source.name,
                field,
                field,
            )


def _require_some_region(first: Source, plan: Plan) -> None:
    """End the run where no number among the first rows can be read for want of a region."""
    if plan.region is not None:
        return
    filled = failing = 0
    for chunk in first.chunks(max_rows=_REGION_SAMPLE):
        verdicts = judge(chunk, plan)
        missing = sum(len(f.index) for f in verdicts.findings if f.code == "missing_phone")
        filled += chunk.table.num_rows - missing
        failing += sum(len(f.index) for f in verdicts.findings if f.detail == "no_region")
    if filled and filled == failing:
        example = quoted(masked(_first_phone(first, plan.maps[0])))
        raise SourceError(
            f"{first.name}: no phone number has a country code ({PHONE} {example}, for one) and no region was given; "
            "name the country of the numbers, for instance --region IN, or a column with --region-column",
            "missing_region",
        )


def _first_phone(source: Source, columns: ColumnMap) -> str:
    for chunk in source.chunks(max_rows=_REGION_SAMPLE):
        cells = as_text(chunk.table.column(columns.columns[PHONE][0]))
        for cell in pc.drop_null(cells).to_pylist():
            if cell.strip():
                return str(cell)
    return ""


def describe(sources: Sequence[Source], plan: Plan) -> list[dict[str, Any]]:
    """Return what was read and how it was mapped, as JSON values, for `run.json`."""
    described = []
    for ordinal, source in enumerate(sources):
        columns = plan.maps[ordinal]
        mapping: Mapping[str, Any] = {
            field: {"columns": list(names), "how": columns.how[field], "confidence": columns.confidence[field]}
            for field, names in columns.columns.items()
        }
        described.append(
            {
                "lead_file": source.name,
                "bytes": source.size,
                "sha256": source.sha256(),
                "dialect": dict(source.dialect),
                "columns": source.schema.names,
                "mapping": mapping,
                "region_column": plan.region_columns[ordinal],
            }
        )
    return described
