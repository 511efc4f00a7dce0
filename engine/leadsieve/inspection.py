"""What a source is, before anything is done with it: dialect, columns, proposed mapping, a sample's verdicts."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Options
from leadsieve.exceptions import LeadsieveError, translated
from leadsieve.kernel import Plan, judge
from leadsieve.ledger import Ledger
from leadsieve.prepare import map_source, read_options, with_schema
from leadsieve.target import Target, aim
from leadsieve.text import as_text
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_rules.columns import ColumnMap

#: Rows of each source that are read and judged.
SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source, from a sample.

    Attributes:
        name: Its unique name.
        field: The field that it would fill; None where it stays a custom column.
        confidence: How sure that is, from 0 to 1; None where it fills no field.
        proposed: The field that it might be, which only the user can say; None where it is like none.
        filled: Share of the sample's rows that have a value, between 0 and 1.
        examples: The first different values.
    """

    name: str
    field: str | None
    confidence: float | None
    proposed: str | None
    filled: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a source is.

    Attributes:
        name: The source's name.
        bytes: Its size; None where unknown.
        dialect: What was found about the format.
        columns: Its columns.
        problem: Why `clean` would refuse it, with what to do; None where it would not.
        sample: The ledger of the sample's rows, duplicates not judged; None where there is a problem.
        command: What to run next.
    """

    name: str
    bytes: int | None
    dialect: dict[str, Any]
    columns: tuple[Column, ...]
    problem: str | None
    sample: dict[str, Any] | None
    command: str

    def to_dict(self) -> dict[str, Any]:
        """Return the inspection as plain JSON values."""
        return asdict(self)


def inspect_sources(options: Options) -> list[Inspection]:
    """Inspect every source by itself; see `leadsieve.inspect`."""
    target = aim(options)
    with open_sources(options.sources, read_options(options)) as sources:
        return [_inspect(source, options, target) for source in sources]


def _inspect(source: Source, options: Options, target: Target) -> Inspection:
    problem, sample, found = None, None, None
    try:
        with translated():
            found, region_column = map_source(source, options, target)
            # Every source is inspected by itself, so it is the first of its own plan.
            plan = Plan(target.profile, target.region, {0: found}, {0: region_column})
            if options.schema is not None:
                plan = with_schema(plan, options.schema, [source])
            sample = _judge_sample(source, plan)
    except LeadsieveError as exc:
        problem = exc.message
    table = pa.concat_tables([chunk.table for chunk in source.chunks(max_rows=SAMPLE)])
    return Inspection(
        source.name,
        source.size,
        dict(source.dialect),
        tuple(_column(table, name, found) for name in table.column_names),
        problem,
        sample,
        _command(source, options, sample),
    )


def _judge_sample(source: Source, plan: Plan) -> dict[str, Any]:
    ledger = Ledger.of([source.name])
    for chunk in source.chunks(max_rows=SAMPLE):
        ledger.add(judge(replace(chunk, file=0), plan))
    return ledger.to_dict()


def _column(table: pa.Table, name: str, found: ColumnMap | None) -> Column:
    text = as_text(table.column(name))
    filled = text.filter(pc.fill_null(pc.greater(pc.binary_length(pc.utf8_trim_whitespace(text)), 0), False))
    share = len(filled) / len(text) if len(text) else 0.0
    examples: Sequence[str] = pc.unique(filled).slice(0, 3).to_pylist()
    if found is None:
        return Column(name, None, None, None, share, tuple(examples))
    field = next((field for field, names in found.columns.items() if name in names), None)
    confidence = None if field is None else found.confidence[field]
    return Column(name, field, confidence, found.proposed.get(name), share, tuple(examples))


def _command(source: Source, options: Options, sample: dict[str, Any] | None) -> str:
    """Spell the `clean` command to run next: these options, and what else the source seems to need."""
    words = ["leadsieve", "clean", *(one if isinstance(one, str) else "FILE" for one in options.sources)]
    region = options.region
    if sample is not None and region is None:
        needed = any(fault["detail"] == "no_region" for fault in sample["faults"])
        region = "CC" if needed else None
    given = {
        "--profile": options.profile,
        "--region": region,
        "--region-column": options.region_column,
        "--encoding": options.encoding,
        "--delimiter": options.delimiter,
        "--columns": _listed(options.columns),
        "--skip-rows": options.skip_rows or source.dialect.get("proposed_skip_rows"),
        "--records-path": options.records_path,
        "--sheet": options.sheet,
        "--schema": None if options.schema is None else options.schema.given,
        "--out": "out",
    }
    for option, value in given.items():
        if value is not None:
            words += [option, str(value)]
    if options.header is not None:
        words.append("--header" if options.header else "--no-header")
    for column, field in options.map.items():
        words += ["--map", f"{column}={field}"]
    return shlex.join(words)


def _listed(columns: Sequence[str] | None) -> str | None:
    """Write names as `--columns` reads them."""
    if columns is None:
        return None
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(columns)
    return line.getvalue()
