"""What a source is, before anything is done with it: what was found, what is guessed, and what to run next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Options
from leadsieve.inspection.command import OUT, UNKNOWN, spell, words_of
from leadsieve.inspection.model import SAMPLE, Column, Inspection
from leadsieve.inspection.opening import Opened, open_each
from leadsieve.inspection.source import Findings, inspect_source
from leadsieve.target import aim
from leadsieve.text import as_text
from leadsieve_rules.columns import ColumnMap

__all__ = ["SAMPLE", "Column", "Inspection", "inspect_sources"]

_EXAMPLES = 3


def inspect_sources(options: Options) -> list[Inspection]:
    """Inspect every source by itself; see `leadsieve.inspect`."""
    target = aim(options)
    with ExitStack() as stack:
        every = list(open_each(options, stack))
        found = [(opened, inspect_source(opened.source, opened.options, target, stack)) for opened in every]
        # What would be published in the same folder is refused, so each command names another.
        outs = [OUT] if len(found) == 1 else [f"{OUT}-{number}" for number in range(1, len(found) + 1)]
        return [_inspection(*one, out) for one, out in zip(found, outs, strict=True)]


def _inspection(opened: Opened, found: Findings, out: str) -> Inspection:
    options = found.options
    perhaps = found.perhaps
    lost = sum(fault["rows"] for fault in (found.sample or {"faults": ()})["faults"] if fault["detail"] == "no_region")
    if found.sample is not None and lost:
        # No region explains these numbers: only the user can name it, and without any most rows would be rejected.
        if found.sample["accepted"] > lost:
            perhaps = (*perhaps, f"--region {UNKNOWN} (the country of the numbers without a country code)")
        else:
            options = replace(options, region=UNKNOWN)
    return Inspection(
        name=found.source.name,
        bytes=found.source.size,
        dialect=dict(found.source.dialect),
        contents=opened.contents,
        columns=tuple(_column(found.table, name, found.found) for name in found.table.column_names),
        problem=found.problem,
        guesses=found.guesses,
        likely_region=found.likely,
        damage=found.damage,
        sample=found.sample,
        duplicates=found.duplicates,
        options=words_of(options),
        command=spell(options.sources, options, out=out),
        perhaps=perhaps,
    )


def _column(table: pa.Table, name: str, found: ColumnMap | None) -> Column:
    text = as_text(table.column(name))
    filled = text.filter(pc.fill_null(pc.greater(pc.binary_length(pc.utf8_trim_whitespace(text)), 0), False))
    share = len(filled) / len(text) if len(text) else 0.0
    examples = tuple(pc.unique(filled).slice(0, _EXAMPLES).to_pylist())
    if found is None:
        return Column(name, None, None, None, share, examples)
    field = next((field for field, names in found.columns.items() if name in names), None)
    confidence = None if field is None else found.confidence[field]
    return Column(name, field, confidence, found.proposed.get(name), share, examples)
