"""Call times: cells as instants, and what is wrong with those that are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.fields.iso8601 import read_times
from leadsieve_rules.fields.zones import offsets_at
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles.model import FieldRule

#: What can be said of a cell, by number: the details of `invalid_schedule`.
FAULTS = (None, "not_a_time", "no_time", "impossible", "no_offset", "dst_gap", "dst_overlap")
_FAULTLESS, _NOT_A_TIME, _NO_TIME, _IMPOSSIBLE, _NO_OFFSET, _GAP, _OVERLAP = range(len(FAULTS))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC) - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Schedules:
    """Call times as instants.

    Attributes:
        instants: timestamp[us, UTC] array; null where a cell is null or no instant.
        faults: int8, as long as `instants`: the place in `FAULTS` of what is said of each cell. A time that clocks
            show twice is an instant all the same, the first of the two.
    """

    instants: pa.Array
    faults: npt.NDArray[np.int8]


def read_schedules(text: pa.Array, zone: str | None = None) -> Schedules:
    """Read call times.

    Args:
        text: string array of date-times in ISO 8601, trimmed.
        zone: IANA name of the time zone whose clocks show a time without an offset; None where no zone was given.

    Example:
        >>> schedules = read_schedules(pa.array(["2026-03-01T10:30+05:30", "2026-03-01"]))
        >>> schedules.instants.cast(pa.int64()).to_pylist(), [FAULTS[fault] for fault in schedules.faults]
        ([1772341200000000, None], [None, 'no_time'])
    """
    faults = np.where(text.is_valid().to_numpy(zero_copy_only=False), _NOT_A_TIME, _FAULTLESS).astype(np.int8)
    instants = np.zeros(len(text), np.int64)
    read = np.zeros(len(text), np.bool_)
    for times in read_times(text):
        found = np.full(len(times.at), _FAULTLESS, np.int8)
        real = times.real & (times.local >= _FIRST) & (times.local <= _LAST)
        offset = times.offset
        if offset is None and zone is not None and times.timed:
            offset, gap, twice = offsets_at(np.where(real, times.local, 0), zone)
            found[gap], found[twice] = _GAP, _OVERLAP
        instant = times.local - (0 if offset is None else offset)
        found[~real | (instant < _FIRST) | (instant > _LAST)] = _IMPOSSIBLE
        if not times.timed:
            found[found == _FAULTLESS] = _NO_TIME
        elif offset is None:
            found[found == _FAULTLESS] = _NO_OFFSET
        faults[times.at], instants[times.at] = found, instant
        read[times.at] = (found == _FAULTLESS) | (found == _OVERLAP)
    return Schedules(pa.array(instants, pa.timestamp("us", "UTC"), mask=~read), faults)


def schedule_fault(text: str, zone: str | None = None) -> str | None:
    """Say what is wrong with one date and time, in the words of `FAULTS`; None where it is an instant."""
    fault = int(read_schedules(pa.array([text], pa.string()), zone).faults[0])
    return None if fault == _OVERLAP else FAULTS[fault]


def missing_code(field: FieldRule) -> str:
    """Return the reason of a required field that is empty."""
    return "missing_schedule" if is_schedule(field) else "missing_value"


def is_schedule(field: FieldRule) -> bool:
    """Tell whether a field's values are call times."""
    return field.rule is not None and field.rule.kind == "schedule"


def schedule_findings(
    cells: Mapping[str, pa.Array], fields: Mapping[str, FieldRule], now: datetime | None
) -> Iterator[Finding]:
    """Judge the fields that hold call times.

    Args:
        cells: Field to its trimmed text; null is empty. Fields that hold no call times are not looked at.
        fields: The profile's fields.
        now: A call time before it is past; None judges none as past.

    Yields:
        `missing_schedule`, `invalid_schedule` and `past_schedule`, where they have rows, under the field's name. A
        time that clocks show twice is only ever a warning.
    """
    for name, text in cells.items():
        if name in fields and is_schedule(fields[name]):
            yield from (finding for finding in _judged(fields[name], text, now) if len(finding.index))


def _judged(field: FieldRule, text: pa.Array, now: datetime | None) -> Iterator[Finding]:
    assert field.rule is not None  # noqa: S101 - it is a call time's
    severity = "warn" if field.severity == "warn" else None
    schedules = read_schedules(text, field.rule.zone)
    if field.required:
        missing = np.flatnonzero(text.is_null().to_numpy(zero_copy_only=False))
        yield Finding("missing_schedule", None, field.name, missing, text.take(pa.array(missing)))
    for number, detail in enumerate(FAULTS):
        index = np.flatnonzero(schedules.faults == number)
        if detail is not None and len(index):
            said = "warn" if number == _OVERLAP else severity
            yield Finding("invalid_schedule", detail, field.name, index, text.take(pa.array(index)), severity=said)
    if now is not None:
        past = schedules.instants.cast(pa.int64()).fill_null(_LAST).to_numpy() < (now - _EPOCH) // _MICROSECOND
        index = np.flatnonzero(past)
        yield Finding("past_schedule", None, field.name, index, text.take(pa.array(index)), severity=severity)
