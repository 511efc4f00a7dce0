"""What came of a run's rows, told to people: an entry for each reason, with its first rows and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any

from leadsieve.ledger import FIRST
from leadsieve.wording import counted, printable
from leadsieve_rules.reasons import REASONS, remedy

#: Columns of a terminal.
WIDTH = 80
#: Details of a reason that are named.
_DETAILS = 4
#: Files of which it is told how many rows were corrected.
_FILES = 10
#: Of a file's or a detail's name, so many characters.
_NAME = 20
_INDENT = "    "

_Tally = Mapping[str, Any]


def tell_run(info: Mapping[str, Any]) -> list[str]:
    """Tell what became of the rows of a run, as `tell_ledger` does, what it does to its campaign, and how to mend them.

    Args:
        info: As `manifest` gives it.
    """
    campaign = _campaign(info["campaign"], info.get("contacts"))
    return [*tell_ledger(info["ledger"]), *campaign, *_workbook(info.get("workbook"))]


def _workbook(workbook: Mapping[str, Any] | None) -> list[str]:
    """Say what the workbook of rejected rows leaves out, or else that it is there."""
    if workbook is None or not workbook["rejected"]:
        return []
    rows = counted(workbook["rows"], "rejected row")
    said = workbook["note"] or f"{workbook['file']} has {rows}, to be corrected and cleaned again"
    return wrap(said, WIDTH, subsequent_indent=_INDENT, break_on_hyphens=False)


def _campaign(name: str | None, contacts: Mapping[str, Any] | None) -> list[str]:
    """Say which contacts a run deletes, which it keeps and how many it adds."""
    if contacts is None:
        return []
    pieces = [
        f"{verb} {_statuses(contacts[what])}" for verb, what in (("deletes", "deleted"), ("keeps", "kept"))
        if contacts[what]
    ]  # fmt: skip
    told = ", ".join([*pieces, f"adds {contacts['added']:,}"])
    return wrap(f"campaign {printable(str(name))!r}: {told}", WIDTH, subsequent_indent=_INDENT, break_on_hyphens=False)


def _statuses(counts: Mapping[str, int]) -> str:
    return " and ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in counts.items())


def tell_ledger(ledger: Mapping[str, Any]) -> list[str]:
    """Tell in lines of 80 columns at the most what became of the rows, grouped by reason.

    Each reason is told once, however many rows it has: its title with the count and the first rows, then its details,
    where it has several, and what to do. The rejected rows' counts add up to the rows rejected. No cell is shown.

    Args:
        ledger: As `Ledger.to_dict` gives it.

    Returns:
        The lines; nothing in them commands a terminal.
    """
    files = [file["lead_file"] for file in ledger["files"]]
    rows, accepted, rejected = ledger["rows"], ledger["accepted"], ledger["rejected"]
    lines = [f"{counted(rows, 'row')}: {accepted:,} accepted, {rejected:,} rejected", *_again(ledger)]
    for code, tallies in groupby(ledger["causes"], key=lambda tally: tally["code"]):
        lines += _reason(code, ledger["reasons"][code], list(tallies), files)
    if ledger["warned"]:
        lines.append("accepted with a warning:")
    for code, tallies in groupby(ledger["warned"], key=lambda tally: tally["code"]):
        lines += _reason(code, ledger["warnings"][code], list(tallies), files)
    if blank := ledger["blank_records"]:
        lines.append(f"{counted(blank, 'blank record')}, which {'is no row' if blank == 1 else 'are not rows'}")
    return lines


def _again(ledger: Mapping[str, Any]) -> Iterator[str]:
    """Tell what became of the rows of rejected files, by their own files where there are several."""
    again = [file for file in ledger["files"] if file.get("rejected_file") is not None]
    if not again:
        return
    rows, corrected = (sum(int(file[what]) for file in again) for what in ("rows", "accepted"))
    head = f"{counted(rows, 'rejected row')} judged again"
    yield from _wrapped(f"{head}: {corrected:,} corrected, {rows - corrected:,} still rejected", _INDENT[:2])
    if len(again) > 1:
        for file in again[:_FILES]:
            yield f"{_INDENT}{_short(file['lead_file'])}: {file['accepted']:,} of {file['rows']:,} corrected"
    if len(again) > _FILES:
        yield f"{_INDENT}and {len(again) - _FILES:,} more files"


def what_to_do(code: str, tallies: Iterable[_Tally]) -> str:
    """Say what to do next about a reason, from the tallies of its details."""
    often = sorted(tallies, key=lambda tally: -int(tally["rows"]))
    return remedy(code, [tally["detail"] for tally in often])


def _reason(code: str, count: int, tallies: Sequence[_Tally], files: Sequence[str]) -> Iterator[str]:
    """Tell one reason: its count and first rows, its details, and what to do."""
    head = f"{REASONS[code].title}: {count:,} row{'s' * (count != 1)}"
    yield from _wrapped(f"{head}, {_first(tallies, files, WIDTH - len(head) - 4)}", _INDENT[:2])
    details = _details(code, tallies)
    for said in (*([f"{details}."] if details else []), what_to_do(code, tallies)):
        yield from _wrapped(said, _INDENT)


def _wrapped(said: str, indent: str) -> list[str]:
    return wrap(said, WIDTH, initial_indent=indent, subsequent_indent=_INDENT, break_on_hyphens=False)


def _first(tallies: Sequence[_Tally], files: Sequence[str], room: int) -> str:
    """Name the first rows, with their files where there are several; as many of them as there is room for."""
    ordinals = {name: ordinal for ordinal, name in enumerate(files)}
    found = {(ordinals[row["lead_file"]], row["lead_row"]) for tally in tallies for row in tally["first"]}
    told = sorted(found)[:FIRST]
    while len(told) > 1 and len(_rows(told, files)) > room:
        told.pop()
    return _rows(told, files)


def _rows(told: Sequence[tuple[int, int]], files: Sequence[str]) -> str:
    if len(files) == 1:
        return f"first {', '.join(str(row) for _, row in told)}"
    pieces = []
    for file, rows in groupby(told, key=lambda one: one[0]):
        pieces.append(f"{_short(files[file])} {', '.join(str(row) for _, row in rows)}")
    return f"first {'; '.join(pieces)}"


def _details(code: str, tallies: Sequence[_Tally]) -> str:
    """Name the most frequent details of a reason that has several, or one that is a name of the user's."""
    named = [tally for tally in tallies if tally["detail"] is not None]
    plain = {*REASONS[code].details, *REASONS[code].faults}
    if not named or (len(tallies) == 1 and plain == {named[0]["detail"]}):
        return ""
    often = sorted(tallies, key=lambda tally: -int(tally["rows"]))
    told = [f"{_detail(tally['detail'], plain)} {tally['rows']:,}" for tally in often[:_DETAILS]]
    if len(often) > _DETAILS:
        told.append(f"{len(often) - _DETAILS} more {sum(int(tally['rows']) for tally in often[_DETAILS:]):,}")
    return ", ".join(told)


def _detail(detail: str | None, plain: set[str]) -> str:
    if detail is None:
        return "other"
    return detail.replace("_", " ") if detail in plain else _short(detail)


def _short(name: str) -> str:
    """Return a name, or where it is long its end, which tells files apart."""
    shown = printable(name)
    return shown if len(shown) <= _NAME else f"...{shown[3 - _NAME :]}"
