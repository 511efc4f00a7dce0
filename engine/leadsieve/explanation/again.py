"""The row read from its source and judged again, by the very kernel of a run, as its `run.json` says it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Options, Tuning
from leadsieve.exceptions import LeadsieveError
from leadsieve.explanation.published import Line, PublishedRow
from leadsieve.kernel import Plan, Verdicts, fault_reason, judge, rejects
from leadsieve.outputs import Layout, lay_out
from leadsieve.prepare import call_columns, read_options, request_plan
from leadsieve.requests.row_limit import RowLimit
from leadsieve.target import Target, aim
from leadsieve_connectors.chunk import BAD_RECORDS, Chunk
from leadsieve_connectors.exceptions import ConnectorError
from leadsieve_connectors.sources import RestoredSource, Source, open_sources
from leadsieve_rules.columns import COUNTRY_CODE, ColumnMap
from leadsieve_rules.exceptions import RulesError
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles import PHONE, profile_names
from leadsieve_rules.prompts import Columns, Prompt, fill
from leadsieve_rules.schemas import UserSchema

#: Said of a row by its run alone: what they are judged against is not read again.
_NOT_AGAIN = frozenset(("suppressed", "duplicate_in_file", "duplicate_in_run", "duplicate_in_campaign"))
#: What a user's schema may say of a row.
_BY_SCHEMA = frozenset(("missing_value", "invalid_value", "check_failed", "invalid_email"))

_Said = tuple[str, str | None, str | None, bool]


class CannotJudge(Exception):
    """Why the row cannot be read and judged again; the message is a sentence without its full stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The row, judged again.

    Attributes:
        target: The target system.
        plan: What the row is judged by, without the user's schema.
        chunk: The row: one record in `table`, or in `bad`.
        verdicts: What is said of it.
        findings: What the profile says of it.
        own: What the user's schema says of it; None where none was given.
        schema: That schema.
    """

    target: Target
    plan: Plan
    chunk: Chunk
    verdicts: Verdicts
    findings: tuple[Finding, ...]
    own: tuple[Finding, ...] | None
    schema: UserSchema | None

    @property
    def columns(self) -> ColumnMap:
        """Which columns fill which field."""
        return self.plan.maps[self.chunk.file]

    def differs(self, published: PublishedRow) -> bool:
        """Tell whether other things are said now than the outputs say."""
        then = Counter(_said_then(line) for line in published.lines if line.code not in _NOT_AGAIN)
        now = Counter(_said_now(finding) for finding in (*self.findings, *(self.own or ())))
        if not self.chunk.table.num_rows:
            code, detail = fault_reason(self.chunk.bad.column("fault")[0].as_py())
            now[code, detail, None, True] += 1
        if published.info["schema"] is not None and self.own is None:
            # What the schema said is not said again.
            more = bool(now - then) or any(said[0] not in _BY_SCHEMA for said in then - now)
            return more or self._has_other_values(published)
        return then != now or self._has_other_values(published)

    def _has_other_values(self, published: PublishedRow) -> bool:
        """Tell whether an accepted row has another number, or other fields, than accepted holds."""
        if published.accepted is None or not self.chunk.table.num_rows:
            return False
        now = {PHONE: self.verdicts.phones.e164, **self.verdicts.fields}
        return any(published.accepted[name] != values[0].as_py() for name, values in now.items())


def judge_again(published: PublishedRow, target: Target, schema: UserSchema | None) -> Again:
    """Read a row and judge it by itself.

    Args:
        published: The row.
        target: The target system of its run.
        schema: The user's schema of its run; None where there was none, or it is not at hand.

    Raises:
        CannotJudge: The source is gone or not the same any more, or is read in another way.
    """
    info = published.info
    entry = published.source
    ordinal = info["sources"].index(entry)
    try:
        with open_sources([_path(entry)], read_options(_options(info, entry))) as sources:
            source = _same(sources, entry)
            chunk = _read_row(source, published.row, ordinal)
            plan = _plan(info, target, source, ordinal)
    except (ConnectorError, RulesError, LeadsieveError, OSError) as exc:
        raise CannotJudge(f"the source cannot be read again: {getattr(exc, 'message', exc)}") from exc
    verdicts = judge(chunk, plan)
    whole = verdicts if schema is None else judge(chunk, replace(plan, own_schema=schema.compiled))
    return Again(
        target=target,
        plan=plan,
        chunk=chunk,
        verdicts=whole,
        findings=verdicts.findings,
        own=None if schema is None else _more(whole.findings, verdicts.findings),
        schema=schema,
    )


def load_target(info: Mapping[str, Any], profile: str | None) -> Target:
    """Return the target system of a run.

    Args:
        info: The run's `run.json`.
        profile: The profile's file, where it is the user's own; None loads the profile by its name.

    Raises:
        CannotJudge: It is not the profile of the run.
    """
    options, name = info["options"], info["profile"] if profile is None else profile
    try:
        target = aim(
            Options(
                sources=tuple(entry["lead_file"] for entry in info["sources"]),
                profile=name,
                settings={key: value for key, value in info["settings"].items() if value is not None},
                region=info["region"],
                campaign=info["campaign"],
                duplicates=options["duplicates"],
                duplicate_statuses=_tuple(options["duplicate_statuses"]),
                duplicate_age=options["duplicate_age"],
                dry_run=True,
            )
        )
    except (RulesError, LeadsieveError, OSError) as exc:
        if profile is None and name not in profile_names():
            raise CannotJudge(f"profile {name} is a file of your own; name it with --profile FILE") from exc
        raise CannotJudge(f"the target system is not as it was: {getattr(exc, 'message', exc)}") from exc
    if target.judging["profile"] != options["profile"]:
        raise CannotJudge(f"profile {name} is not as it was in the run; name that one with --profile FILE")
    return target


def _tuple(values: Any) -> Any:
    return None if values is None else tuple(values)


def _path(entry: Mapping[str, Any]) -> str:
    """Return the path of a source.

    Raises:
        CannotJudge: It has none.
    """
    name, dialect = str(entry["lead_file"]), entry["dialect"]
    if dialect["format"] == "frame":
        raise CannotJudge("the source was a frame in memory, so that it cannot be read again")
    if name == "-":
        raise CannotJudge("the source was stdin, so that it cannot be read again")
    name = dialect.get("rejected_file") or name
    return name.removesuffix(f"#{dialect['sheet']}") if dialect.get("sheet") else name


def _options(info: Mapping[str, Any], entry: Mapping[str, Any]) -> Options:
    """Return the options on reading, as the run had them."""
    given = info["options"]
    names = ("encoding", "delimiter", "header", "skip_rows", "records_path", "rows")
    return Options(
        sources=(entry["lead_file"],),
        columns=_tuple(given["columns"]),
        sheet=entry["dialect"].get("sheet"),
        tuning=Tuning(max_record_bytes=given["max_record_bytes"]),
        **{name: given[name] for name in names},
    )


def _same(sources: list[Source], entry: Mapping[str, Any]) -> Source:
    """Return the source, if it is the one that the run read.

    Raises:
        CannotJudge: It is not.
    """
    source = next((each for each in sources if each.name == entry["lead_file"]), None)
    if source is None:
        raise CannotJudge("the source is not where it was any more")
    if source.size != entry["bytes"] or source.sha256() != entry["sha256"]:
        raise CannotJudge("the source has changed since the run")
    if source.schema.names != entry["columns"]:
        raise CannotJudge("the source is read with other columns today")
    return source


def _read_row(source: Source, row: int, ordinal: int) -> Chunk:
    """Return a chunk of one row.

    Raises:
        CannotJudge: It is not there.
    """
    # The rows of a rejected file keep numbers that are higher than they are many.
    most = None if isinstance(source, RestoredSource) else row
    for chunk in source.chunks(max_rows=most):
        for table, rows in ((chunk.table, chunk.rows), (chunk.bad, chunk.bad.column("row"))):
            place = pc.index(rows, row).as_py()
            if place < 0:
                continue
            one = table.take(pa.array([place]))
            if table is chunk.bad:
                none = pa.array([], pa.int64())
                return Chunk(ordinal, chunk.name, chunk.table.slice(0, 0), none, none, one, 0, 0)
            line = chunk.lines.take(pa.array([place]))
            return Chunk(ordinal, chunk.name, one, pa.array([row]), line, BAD_RECORDS.empty_table(), 0, 0)
    raise CannotJudge("the source has no such row today")


def _plan(info: Mapping[str, Any], target: Target, source: Source, ordinal: int) -> Plan:
    """Return what the row was judged by, without the user's schema, as `run.json` has it."""
    maps = {place: _column_map(entry) for place, entry in enumerate(info["sources"])}
    plan = Plan(
        target.profile,
        target.region,
        maps,
        {place: entry["region_column"] for place, entry in enumerate(info["sources"])},
        now=datetime.fromisoformat(info["started"]),
    )
    # Which columns there are is what counts here, and not of which types.
    schemas = [pa.schema([(name, pa.string()) for name in entry["columns"]]) for entry in info["sources"]]
    layout = lay_out(
        schemas, list(maps.values()), target.profile.fields, call_columns(info["options"]["calling_hours"])
    )
    most = target.profile.limits.row_chars
    if most is not None and target.profile.request is not None:
        plan = replace(plan, row_limit=RowLimit(most, request_plan(target, layout, maps, {}), layout.custom))
    if info["prompt"] is not None:
        plan = replace(plan, variables={ordinal: _fill(info["prompt"], source, maps[ordinal], layout, ordinal)})
    return plan


def _fill(prompt: Mapping[str, Any], source: Source, columns: ColumnMap, layout: Layout, ordinal: int) -> Any:
    fields = {name: names for name, names in columns.columns.items() if name != COUNTRY_CODE}
    headers = dict(zip(source.schema.names, source.headers, strict=True))
    given = Prompt(prompt["name"], prompt["sha256"], tuple(prompt["variables"]))
    return fill(given, Columns(source=source.name, fields=fields, custom=layout.custom[ordinal], headers=headers))


def _column_map(entry: Mapping[str, Any]) -> ColumnMap:
    mapping = entry["mapping"]
    return ColumnMap(
        columns={field: tuple(found["columns"]) for field, found in mapping.items()},
        how={field: found["how"] for field, found in mapping.items()},
        confidence={field: found["confidence"] for field, found in mapping.items()},
        proposed={},
    )


def _more(every: tuple[Finding, ...], some: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings that only the first has."""
    left = Counter(_named(finding) for finding in some)
    more = []
    for finding in every:
        if left[_named(finding)]:
            left[_named(finding)] -= 1
        else:
            more.append(finding)
    return tuple(more)


def _named(finding: Finding) -> tuple[str, str | None, str, str | None, str | None]:
    return finding.code, finding.detail, finding.column, finding.severity, finding.note


def _said_now(finding: Finding) -> _Said:
    return finding.code, finding.detail, finding.column, rejects(finding)


def _said_then(line: Line) -> _Said:
    return line.code, line.detail, line.column, line.rejects
