"""One source, inspected: as it was given, and where `clean` would refuse it, as it was probably meant."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Options
from leadsieve.exceptions import LeadsieveError, translated
from leadsieve.inspection.damage import Damage, find_damage
from leadsieve.inspection.guesses import Guess, guess_reading
from leadsieve.inspection.model import SAMPLE
from leadsieve.inspection.regions import LikelyRegion, likely_region
from leadsieve.kernel import Plan, Verdicts, judge
from leadsieve.ledger import Ledger
from leadsieve.prepare import map_source, with_schema
from leadsieve.target import Target
from leadsieve.text import as_text
from leadsieve_connectors.sources import Source
from leadsieve_rules.columns import ColumnMap

#: Another region is looked for where so large a share of the numbers is invalid in the one that was given.
_WRONG = 0.5


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about one source; see `Inspection` for the attributes of the same names.

    Attributes:
        source: The source; another opening of it where guessed options read it otherwise.
        options: What was told, and what was guessed.
        table: The sample's rows.
        found: Which columns hold the fields; None where they cannot be mapped.
        likely: Its `likely_region`.
    """

    source: Source
    options: Options
    table: pa.Table
    found: ColumnMap | None = None
    problem: str | None = None
    guesses: tuple[Guess, ...] = ()
    perhaps: tuple[str, ...] = ()
    likely: LikelyRegion | None = None
    damage: tuple[Damage, ...] = ()
    sample: dict[str, Any] | None = None
    duplicates: int = 0


def inspect_source(source: Source, options: Options, target: Target, stack: ExitStack) -> Findings:
    """Inspect one source by itself.

    Args:
        source: The source.
        options: The options under which it was opened; `sources` is what was given of it alone.
        target: The target system.
        stack: Closes what is opened once more.
    """
    given = Findings(source, options, _sample_table(source))
    try:
        return _judged(given, target)
    except LeadsieveError as exc:
        refused = replace(given, problem=exc.message)
    for read in guess_reading(source, options, given.table, target, stack):
        table = given.table if read.source is source else _sample_table(read.source)
        meant = replace(
            refused, source=read.source, options=read.options, table=table, guesses=read.guesses, perhaps=read.perhaps
        )
        try:
            return _judged(meant, target)
        except LeadsieveError:
            continue
    return refused


def _sample_table(source: Source) -> pa.Table:
    return pa.concat_tables([source.schema.empty_table(), *(chunk.table for chunk in source.chunks(max_rows=SAMPLE))])


def _judged(given: Findings, target: Target) -> Findings:
    """Map a source's columns and judge its sample; where its numbers need a region and a likely one is found, in that.

    Raises:
        LeadsieveError: `clean` would refuse the source.
    """
    source, options, guesses = given.source, given.options, given.guesses
    with translated():
        columns, region_column = map_source(source, options, target)
        # Every source is inspected by itself, so it is the first of its own plan.
        plan = Plan(target.profile, target.region, {0: columns}, {0: region_column})
        if options.schema is not None:
            plan = with_schema(plan, options.schema, [source])
        every = _verdicts(source, plan)
        likely = _likely(every, plan)
        if likely is not None and likely.sure and plan.region is None and region_column is None:
            options = replace(options, region=likely.region, region_column=likely.column)
            plan = replace(plan, region=likely.region, region_columns={0: likely.column})
            every = _verdicts(source, plan)
            guesses = (*guesses, _region_guess(likely))
    ledger = Ledger.of([source.name])
    for verdicts in every:
        ledger.add(verdicts)
    mapped = [shlex.join(["--map", f"{name}={field}"]) for name, field in columns.proposed.items()]
    return replace(
        given,
        options=options,
        found=columns,
        guesses=guesses,
        perhaps=tuple(dict.fromkeys([*given.perhaps, *mapped])),
        likely=likely,
        damage=find_damage(every, source.schema.names),
        sample=ledger.to_dict(),
        duplicates=0 if target.scope == "none" else _duplicates(every),
    )


def _verdicts(source: Source, plan: Plan) -> list[Verdicts]:
    return [judge(replace(chunk, file=0), plan) for chunk in source.chunks(max_rows=SAMPLE)]


def _likely(every: Sequence[Verdicts], plan: Plan) -> LikelyRegion | None:
    """Say where the numbers are from that lack a country code; in a given region, where most of them are invalid."""
    if plan.region is None and plan.region_columns[0] is None:
        lacking = [_lacking(verdicts) for verdicts in every]
    else:
        invalid = [one for verdicts in every for one in verdicts.findings if one.code == "invalid_phone"]
        if sum(len(one.index) for one in invalid) < _WRONG * sum(len(verdicts.causes) for verdicts in every):
            return None
        lacking = [_bare(verdicts) for verdicts in every]
    cells, rows = [each[0] for each in lacking], [each[1] for each in lacking]
    return likely_region(pa.concat_arrays(cells), pa.concat_tables(rows)) if sum(map(len, cells)) else None


def _lacking(verdicts: Verdicts) -> tuple[pa.Array, pa.Table]:
    """Return the cells that cannot be read for want of a region, with their rows."""
    found = [one for one in verdicts.findings if one.detail == "no_region" and one.values is not None]
    index = np.concatenate([np.zeros(0, np.int64), *(one.index for one in found)])
    cells = pa.concat_arrays([pa.array([], pa.string()), *(one.values for one in found)])
    return cells, verdicts.chunk.table.take(pa.array(index))


def _bare(verdicts: Verdicts) -> tuple[pa.Array, pa.Table]:
    """Return the cells of the first column of numbers that have no plus, with their rows."""
    table = verdicts.chunk.table
    cells = as_text(table.column(verdicts.phone_columns[0]))
    bare = pc.fill_null(pc.invert(pc.match_substring(cells, "+")), False)
    return cells.filter(bare), table.filter(bare)


def _region_guess(likely: LikelyRegion) -> Guess:
    words = ["--region", str(likely.region)] if likely.column is None else ["--region-column", likely.column]
    what = "are valid there" if likely.column is None else "are valid in the regions that it names"
    return Guess(shlex.join(words), f"{likely.share:.0%} of the numbers without a country code {what}")


def _duplicates(every: Sequence[Verdicts]) -> int:
    """Count the accepted rows whose number an earlier accepted one has."""
    keys = [verdicts.phones.keys[verdicts.causes == 0] for verdicts in every]
    accepted = np.concatenate([np.zeros(0, np.uint64), *keys])
    return len(accepted) - len(np.unique(accepted))
