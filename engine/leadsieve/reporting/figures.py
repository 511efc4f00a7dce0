"""What a report tells, counted from the outputs of a run in a stream, and proved against its ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.exceptions import OutputError
from leadsieve.reporting.examples import Example, Examples, having
from leadsieve.verification import Outputs
from leadsieve_connectors.sinks import read_back, stored_schema

_FAULT = ("column", "code", "detail")
_ERRORS = ("lead_file", "lead_row", *_FAULT, "severity", "value", "collides_with")
#: What `collides_with` says behind the name of a file, and of a campaign and its run.
_ROW, _STATUS = r", row \d+$", r", \w+$"

_Counts = Counter[tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a report.

    Attributes:
        name: OUT, as outputs show it.
        info: Its `run.json`.
        reasons: Rejected rows by file and first cause.
        faults: Every fault by column, code and detail; a row can have several.
        others: Rows that repeat a number of an earlier file of the run, by their file and that one.
        earlier: Rows whose number a campaign held, by their file and the campaign and run that held it.
        kinds: Accepted rows by country and number type; None where the run kept no accepted rows.
        examples: Examples of the cells behind each reason, by its code.
        show_values: Whether they are shown in full.
    """

    name: str
    info: Mapping[str, Any]
    reasons: _Counts
    faults: _Counts
    others: _Counts
    earlier: _Counts
    kinds: _Counts | None
    examples: Mapping[str, list[Example]]
    show_values: bool


@dataclass(slots=True)
class _Errors:
    """What the errors say, gathered batch by batch."""

    examples: Examples
    faults: _Counts = field(default_factory=Counter)
    others: _Counts = field(default_factory=Counter)
    earlier: _Counts = field(default_factory=Counter)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch of lines."""
        rejecting = having(batch, "severity", "reject")
        self.faults.update(_count(rejecting, _FAULT))
        self.examples.add(rejecting)
        for code, behind, counts in (
            ("duplicate_in_run", _ROW, self.others),
            ("duplicate_in_campaign", _STATUS, self.earlier),
        ):
            hits = having(rejecting, "code", code)
            if hits.num_rows:
                held = pc.replace_substring_regex(hits.column("collides_with"), pattern=behind, replacement="")
                named = pa.record_batch([hits.column("lead_file"), held], names=["lead_file", "held"])
                counts.update(_count(named, ("lead_file", "held")))


def gather(outputs: Outputs, *, show_values: bool) -> Figures:
    """Count what a report tells of a publication.

    Args:
        outputs: The publication.
        show_values: Keep the examples in full; else masked.

    Raises:
        OutputError: Its files do not agree with its `run.json`.
        SinkError: A file cannot be read.
    """
    reasons: _Counts = Counter()
    for batch in _read(outputs, "rejected", ("lead_file", "reject_reason")):
        reasons.update(_count(batch, ("lead_file", "reject_reason")))
    errors = _Errors(Examples(show_values=show_values))
    for batch in _read(outputs, "errors", _ERRORS):
        errors.add(batch)
    kinds: _Counts | None = None
    if outputs.entry("accepted") is not None:
        kinds = Counter()
        for batch in _read(outputs, "accepted", ("lead_region", "lead_number_type")):
            kinds.update(_count(batch, ("lead_region", "lead_number_type")))
    figures = Figures(
        outputs.name,
        outputs.info,
        reasons,
        errors.faults,
        errors.others,
        errors.earlier,
        kinds,
        errors.examples.found,
        show_values,
    )
    _prove(figures)
    return figures


def _read(outputs: Outputs, part: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    entry = outputs.entry(part)
    if entry is None:
        raise OutputError(f"{outputs.name}: its run.json names no {part} file; run the clean command again")
    path = outputs.folder.file(entry["name"])
    schema = stored_schema(path)
    if missing := [name for name in columns if name not in schema.names]:
        raise OutputError(f"{path}: has no column {missing[0]}; leadsieve verify {outputs.name} says more")
    yield from read_back(path, schema, columns)


def _count(batch: pa.RecordBatch, columns: tuple[str, ...]) -> _Counts:
    """Count the rows of a batch by their values in some columns of text; Arrow's grouping imports pandas."""
    if not batch.num_rows:
        return Counter()
    codes, names = np.zeros(batch.num_rows, np.int64), []
    for column in columns:
        encoded = batch.column(column).dictionary_encode(null_encoding="encode")
        places = encoded.indices.cast(pa.int64())
        names.append(encoded.dictionary.to_pylist())
        codes = codes * len(names[-1]) + np.frombuffer(places.buffers()[1], np.int64, len(places), places.offset * 8)
    counts: _Counts = Counter()
    for code, count in zip(*map(np.ndarray.tolist, np.unique(codes, return_counts=True)), strict=True):
        key: list[str | None] = []
        left = code
        for choices in reversed(names):
            left, place = divmod(left, len(choices))
            key.append(choices[place])
        counts[tuple(reversed(key))] = count
    return counts


def sums(counts: _Counts, *at: int) -> _Counts:
    """Add counts up by some of their keys.

    Example:
        >>> sums(Counter({("a", "x"): 1, ("a", "y"): 2}), 0)
        Counter({('a',): 3})
    """
    total: _Counts = Counter()
    for key, count in counts.items():
        total[tuple(key[place] for place in at)] += count
    return total


def _prove(figures: Figures) -> None:
    """Require that what was counted is what the ledger says.

    Raises:
        OutputError: It is not.
    """
    ledger = figures.info["ledger"]
    rejected: _Counts = Counter()
    for file in ledger["files"]:
        rejected[file["lead_file"],] += file["rejected"]
    faults = Counter({(fault["code"], fault["detail"]): fault["rows"] for fault in ledger["faults"]})
    reasons = Counter({(code,): rows for code, rows in ledger["reasons"].items()})
    pairs: list[tuple[str, object, object]] = [
        ("rejected rows by reason", sums(figures.reasons, 1), reasons),
        ("rejected rows by file", sums(figures.reasons, 0), rejected),
        ("faults by reason", sums(figures.faults, 1, 2), faults),
        ("duplicates between files", figures.others.total(), ledger["reasons"].get("duplicate_in_run", 0)),
        ("duplicates in campaigns", figures.earlier.total(), ledger["reasons"].get("duplicate_in_campaign", 0)),
    ]
    if figures.kinds is not None:
        pairs.append(("accepted rows", figures.kinds.total(), ledger["accepted"]))
    for what, found, told in pairs:
        if found != told:  # counters are equal where only counts of nought differ
            raise OutputError(
                f"{figures.name}: the {what} are not those of its run.json; leadsieve verify {figures.name} says more"
            )
