"""frictionless: validation alone, by a table schema with constraints."""

from __future__ import annotations

from typing import Any

from benchmarks.peers import Counts, run_peer

_CITIES = ["Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle"]
_FIELDS: list[dict[str, Any]] = [
    {"name": "phone_number", "type": "string"},
    {"name": "name", "type": "string", "constraints": {"required": True, "minLength": 2, "maxLength": 60}},
    {
        "name": "email",
        "type": "string",
        "constraints": {"pattern": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "maxLength": 100},
    },
    {"name": "company", "type": "string", "constraints": {"pattern": r"(?!https?://|Test$|N/A$).*", "maxLength": 40}},
    {"name": "city", "type": "string", "constraints": {"enum": _CITIES}},
    {"name": "tag", "type": "string", "constraints": {"maxLength": 10}},
]


def validate(source: str, _out: str, _threads: int) -> Counts:
    """Validate the file, and count the rows with an error."""
    from frictionless import Resource, Schema, system

    with system.use_context(trusted=True):  # otherwise it takes no absolute path
        resource = Resource(path=source, schema=Schema.from_descriptor({"fields": _FIELDS}))
        report = resource.validate(limit_errors=1_000_000_000)
    task = report.tasks[0]
    failed = len({error.row_number for error in task.errors if hasattr(error, "row_number")})
    rows = int(task.stats["rows"])
    return Counts(rows, rows - failed, failed)


if __name__ == "__main__":
    run_peer(validate)
