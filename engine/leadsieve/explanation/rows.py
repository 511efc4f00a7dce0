"""Where a row stood, what was decided in the end, and its cells with the fields that they fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadsieve.explanation.again import Again
from leadsieve.explanation.model import Step
from leadsieve.explanation.published import Line, PublishedRow
from leadsieve.text import as_text
from leadsieve.wording import tell_dialect
from leadsieve_rules.columns import COUNTRY_CODE
from leadsieve_rules.profiles import PHONE
from leadsieve_rules.reasons import REASONS, remedy

_HOW = {
    "map": "as --map says",
    "kept": "as you mapped these headers last",
    "header": "it has the field's name",
    "synonym": "a known name for it",
    "fuzzy": "close to a known name",
}
#: Columns that the outputs add to the source's own.
_OURS = frozenset(("lead_file", "lead_row", "lead_line", "lead_raw", "reject_reason", "reject_reasons"))
_OURS_TOO = frozenset(
    (
        *("lead_region", "lead_number_type", "lead_file", "lead_row"),
        *("lead_time_zones", "lead_call_from", "lead_call_until"),
    )
)


def verdict(published: PublishedRow) -> Iterator[Step]:
    """Say what was decided in the end: each cause with what to do, then each warning."""
    rejecting = [line for line in published.lines if line.rejects]
    entry = published.outputs.entry("rejected" if published.reasons else "accepted")
    if entry is None:
        yield Step("verdict", "accepted, but its run was not published")
    elif published.reasons:
        yield Step("verdict", f"rejected: it is in {entry['name']}, with its cells as they came")
    else:
        yield Step("verdict", f"accepted: it is in {entry['name']}")
    for number, code in enumerate(published.reasons):
        label = "cause" if len(published.reasons) == 1 else "first cause, which counts" if number == 0 else "also"
        yield Step(label, f"{REASONS[code].title} ({code})" if code in REASONS else code)
        for line in rejecting:
            if line.code == code:
                yield from _said(line)
        if code in REASONS:
            yield Step("what to do", remedy(code, [line.detail for line in rejecting if line.code == code] or [None]))
    warned = [line for line in published.lines if not line.rejects]
    for code in dict.fromkeys(line.code for line in warned):
        yield Step("warning", f"{REASONS[code].title} ({code})" if code in REASONS else code)
        for line in warned:
            if line.code == code:
                yield from _said(line)
        if code in REASONS:
            yield Step("what to do", remedy(code, [line.detail for line in warned if line.code == code]))


def _said(line: Line) -> Iterator[Step]:
    """Say what one line of the errors says."""
    where = "in the record" if line.column is None else f"in {line.column}"
    verb = "stands in" if line.code == "suppressed" else "collides with"
    collides = f" (it {verb} {line.collides})" if line.collides else ""
    yield Step(where, line.told + collides, line.value, line.after, _is_name(line))
    if line.perhaps is not None:
        yield Step("perhaps meant", "nothing was changed", line.perhaps, name=_is_name(line))


def _is_name(line: Line) -> bool:
    return line.code in REASONS and REASONS[line.code].group not in ("missing_phone", "invalid_phone") and (
        line.code not in ("repaired_phone", "extension_dropped")
    )  # fmt: skip


def origin(published: PublishedRow, again: Again | None) -> Iterator[Step]:
    """Say where the row stood, and in which run."""
    info = published.info
    entry, dialect = published.source, published.source["dialect"]
    yield Step("file", published.file)
    if dialect.get("rejected_file"):
        yield Step("restored from", f"{dialect['rejected_file']}, the rejected file of an earlier run")
    yield Step("row", f"{published.row:,} (the header and blank records are not counted)")
    line = line_of(published, again)
    if line is not None:
        # A row restored from a workbook keeps the line that it had in the file that it was rejected from.
        sheet = dialect.get("sheet") and not dialect.get("rejected_file")
        yield Step("row of the sheet" if sheet else "line of the file", f"{line:,}")
    yield Step("read as", tell_dialect(dialect))
    size = "" if entry["bytes"] is None else f"{entry['bytes']:,} bytes, "
    yield Step("content", f"{size}sha256 {entry['sha256'][:12]}")
    campaign = f", campaign {info['campaign']}" if info["campaign"] else ""
    yield Step("run", f"{info['run_id']}, begun {info['started'][:16].replace('T', ' ')}Z{campaign}")
    yield Step("target system", f"profile {info['profile']}")
    yield Step("region", info["region"] or "none: numbers need their country code")


def line_of(published: PublishedRow, again: Again | None) -> int | None:
    """Return the physical line on which the row begins; None where that is not known, or there are no lines."""
    if published.number is not None or again is None or not again.chunk.table.num_rows:
        return published.number
    line: int | None = again.chunk.lines[0].as_py()
    return line


def cells(published: PublishedRow, again: Again | None) -> Iterator[Step]:
    """Show the row's cells as they came, and say what each column fills."""
    entry = published.source
    raw = _raw(published, again)
    if isinstance(raw, str):
        yield Step("columns", f"{len(entry['columns'])}: {', '.join(entry['columns'])}")
        yield Step("record", "as it stands, since it cannot be split into cells", raw, name=True)
        return
    if raw is None:
        yield from _accepted(published)
        return
    fills = {column: field for field, found in entry["mapping"].items() for column in found["columns"]}
    for column, cell in raw.items():
        field = fills.get(column)
        told = _told(column, field, entry["mapping"][field]) if field else "a column of your own, kept as it came"
        if column == entry["region_column"]:
            told += "; it names the row's country"
        empty = "" if cell is not None else "empty; "
        yield Step(column, f"{empty}{told}", cell, name=field not in (PHONE, COUNTRY_CODE))


def _raw(published: PublishedRow, again: Again | None) -> Mapping[str, str | None] | str | None:
    """Return the row's cells by column, or the text of a record that has none, or None where they are not known."""
    if again is not None:
        if again.chunk.table.num_rows:
            return {name: as_text(again.chunk.table.column(name))[0].as_py() for name in again.chunk.table.column_names}
        return again.chunk.bad.column("raw")[0].as_py() or ""
    if published.rejected is None:
        return None
    if published.rejected["lead_raw"] is not None:
        return str(published.rejected["lead_raw"])
    known = published.source["columns"]
    # The rejected output has the columns of all sources; one whose name it takes itself is renamed there.
    named = {name: name if name in known else name.rpartition("_source")[0] for name in published.rejected}
    return {
        named[name]: _text(value)
        for name, value in published.rejected.items()
        if named[name] in known and name not in _OURS
    }


def _accepted(published: PublishedRow) -> Iterator[Step]:
    """Show what accepted holds, in place of the cells."""
    mapping = published.source["mapping"]
    for name, value in (published.accepted or {}).items():
        if name in _OURS_TOO or (value is None and name not in mapping and name not in published.source["columns"]):
            continue
        came = (
            f", from {' or '.join(mapping[name]['columns'])} ({_HOW[mapping[name]['how']]})" if name in mapping else ""
        )
        told = "as accepted holds it" if value is not None else "empty in accepted"
        yield Step(name, f"{told}{came}", _text(value), name=name != PHONE)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _told(column: str, field: str, found: Mapping[str, Any]) -> str:
    sure = "" if found["confidence"] == 1 else f", {found['confidence']:.0%} sure"
    several = found["columns"]
    order = f", choice {several.index(column) + 1} of {len(several)}" if len(several) > 1 else ""
    if field == COUNTRY_CODE:
        return f"joined with the number as its country code ({_HOW[found['how']]}{sure})"
    return f"fills {field}{order} ({_HOW[found['how']]}{sure})"
