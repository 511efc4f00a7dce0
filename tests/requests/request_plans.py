"""Helpers of these tests: plans from a profile's own text, accepted rows, and requests as plain values."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadsieve.requests.plan import RequestPlan
from leadsieve.requests.write import Requests
from leadsieve_rules.profiles import read_profile, resolve_settings, settle
from leadsieve_rules.profiles.templates import RUN_NAMES

HEAD = """
[profile]
name = "sixth"
title = "A sixth system"
source = "this test"
[fields.phone_number]
required = true
[fields.name]
[fields.priority]
rule = { kind = "integer", min = 1, max = 99 }
severity = "warn"
[answer.ok]
status = 200
body = { done = true }
"""
OBJECT = """
[request]
body = { contacts = "{contacts}" }
contact = { phone = "{phone_number}", name = "{name}", priority = "{priority}", extra = "{custom}" }
"""
LIST = """
[request]
contact_as = "list"
body = { bulk = { map = "{columns}", data = "{contacts}" } }
contact = { PhoneNumber = "{phone_number}", Name = "{name}", Priority = "{priority}" }
"""
CSV = """
[request]
format = "csv"
contact = { phone_number = "{phone_number}", name = "{name}" }
"""
FIELDS = ("phone_number", "name", "priority")


@dataclass
class Written:
    """What was written, read back."""

    requests: Requests
    folder: Path

    def data(self, number: int = 1) -> bytes:
        return (self.folder / self.requests.requests[number - 1].file).read_bytes()

    def body(self, number: int = 1) -> Any:
        return json.loads(self.data(number))

    def rows(self, number: int = 1) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.data(number).decode(), newline="")))

    def timetable(self) -> list[dict[str, str]]:
        with (self.folder / "requests" / "timetable.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())


def make_plan(text, *, head=HEAD, **options):
    return plan_of(read_profile(head + text, "sixth.toml"), **options)


def plan_of(profile, *, settings=None, region="IN", present=FIELDS, custom=(), **names):
    resolved = resolve_settings(profile, settings or {})
    names = {**dict.fromkeys(RUN_NAMES, "of the run"), **names}
    return RequestPlan(settle(profile, resolved.values), resolved, region, present, custom, names)


def make_rows(count=None, file="leads.csv", **columns):
    """Make accepted rows: the given columns, and whatever else there must be."""
    arrays = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    count = len(next(iter(arrays.values()))) if count is None else count
    numbers = pa.array([f"+91987654{row:04}" for row in range(count)])
    made = {"phone_number": numbers, "name": pa.nulls(count, pa.string()), "priority": pa.nulls(count, pa.string())}
    origin = {"lead_file": pa.array([file] * count, pa.string()), "lead_row": pa.array(range(1, count + 1))}
    return pa.RecordBatch.from_pydict({**made, **arrays, **origin})
