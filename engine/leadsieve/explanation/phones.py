"""The number of a row step by step: each phone column, its damage, its region, and what `phonenumbers` makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from leadsieve.explanation.again import Again
from leadsieve.explanation.model import Step
from leadsieve.kernel import rejects
from leadsieve.numbers import NumberColumns, row_countries, row_regions
from leadsieve.text import as_text, phone_text
from leadsieve.wording import counted
from leadsieve_rules.cells.trimming import trim
from leadsieve_rules.columns import COUNTRY_CODE
from leadsieve_rules.damage import Countries, Reading, read_phones
from leadsieve_rules.damage.cells import split
from leadsieve_rules.damage.numbers import rewrite
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone.steps import ParseSteps, parse_steps
from leadsieve_rules.profiles import PHONE
from leadsieve_rules.reasons import REASONS, message

_ERRORS = {
    "INVALID_COUNTRY_CODE": "it has no country code that exists, and no region gives it one",
    "NOT_A_NUMBER": "it does not look like a phone number",
    "TOO_SHORT_AFTER_IDD": "nothing is left behind its international prefix",
    "TOO_SHORT_NSN": "it has too few digits for any number",
    "TOO_LONG": "it has too many digits for any number",
}
_LENGTHS = {
    "IS_POSSIBLE": "it has as many digits as numbers there have",
    "IS_POSSIBLE_LOCAL_ONLY": "it has only the digits that are dialled within one area",
    "INVALID_COUNTRY_CODE": "there is no such country code",
    "TOO_SHORT": "it has fewer digits than any number there",
    "INVALID_LENGTH": "no number there has so many digits, though some have fewer and some more",
    "TOO_LONG": "it has more digits than any number there",
}

_GLUED = "read as one number it would be one that none of its parts is"


@dataclass(frozen=True, slots=True)
class _Cell:
    """One phone cell on its way: its text, where it is read, and what the damage step made of it."""

    text: str
    region: str | None
    reading: Reading
    read: str


def phones(again: Again) -> Iterator[Step]:
    """Tell every phone column in order of preference, and which was taken."""
    table, file = again.chunk.table, again.chunk.file
    columns = again.columns.columns
    given = NumberColumns(
        phones=columns[PHONE],
        region=again.plan.region,
        region_column=again.plan.region_columns[file],
        country_code=next(iter(columns.get(COUNTRY_CODE, ())), None),
        check=again.plan.profile.phone.check,
    )
    regions = row_regions(table, given)
    countries = row_countries(table, given, regions)
    yield from _region(again, given, regions, countries)
    for number, name in enumerate(given.phones):
        order = f"choice {number + 1} of {len(given.phones)}" if len(given.phones) > 1 else "the phone column"
        raw = as_text(table.column(name))[0].as_py()
        text = trim(phone_text(table.column(name))).text
        if text[0].as_py() is None:
            yield Step(name, f"{order}: empty, so there is no number")
            continue
        yield _text(name, order, raw, text[0].as_py())
        reading = read_phones(text, regions, countries)
        region = _one(regions if countries is None else countries.region)
        yield from _damage(_Cell(text[0].as_py(), region, reading, _mended(text, reading, countries)))
        yield from _said(again, name)
    good = not any(finding.column in given.phones and _refuses(finding) for finding in again.findings)
    if len(given.phones) > 1:
        taken = given.phones[int(again.verdicts.taken[0])]
        missing = any(finding.code == "missing_phone" and rejects(finding) for finding in again.findings)
        said = f"{taken}, the first that is {'good' if good else 'not empty: none is good'}"
        yield Step("taken", "none: all are empty" if missing else said)
    if good:
        yield Step("phone_number", "the row's number", again.verdicts.phones.e164[0].as_py())
    else:
        yield Step("phone_number", "none: the row has no good number")


def _text(name: str, order: str, raw: str | None, text: str) -> Step:
    if raw == text:
        return Step(name, order, raw)
    how = (
        "the white space around it was taken off"
        if raw is not None and raw.strip() == text
        else "written as the number that it is"
    )
    return Step(name, f"{order}; {how}", raw, text)


def _region(
    again: Again, given: NumberColumns, regions: str | pa.Array | None, countries: Countries | None
) -> Iterator[Step]:
    """Say in which region a number without a country code is read, and where that comes from."""
    table = again.chunk.table
    if given.region_column is not None:
        cell = as_text(table.column(given.region_column))[0].as_py()
        if cell is None or not cell.strip():
            said = f"column {given.region_column} is empty: {_default(again)}"
        else:
            region = _one(regions)
            column = f"column {given.region_column}"
            said = f"{region}, from {column}" if region else f"none: {column} names no region"
        yield Step("region", said, cell)
    elif countries is None:
        yield Step("region", _default(again))
    if countries is not None and given.country_code is not None:
        cell = as_text(table.column(given.country_code))[0].as_py()
        code, prefix, region = countries.code[0].as_py(), countries.prefix[0].as_py(), countries.region[0].as_py()
        if cell is None or not cell.strip():
            said = f"column {given.country_code} is empty: {region or 'no region'}"
        elif countries.unknown[0].as_py():
            said = f"column {given.country_code} names no country, so the number is read in none"
        elif prefix:
            said = f"+{code} is of no country: it is put before a number without a plus"
        else:
            said = f"+{code}, so the number is read in {region}"
        yield Step("country-code column", said, cell)


def _default(again: Again) -> str:
    region, own = again.plan.region, again.plan.profile.phone.default_region
    if region is None:
        return "none was given: the number needs its country code"
    source = "the profile's default" if region == own else "--region"
    return f"{region}, from {source}; a number with a country code of its own does not need it"


def _damage(cell: _Cell) -> Iterator[Step]:
    """Tell what was repaired, or why nothing is read, and else the parse."""
    for repair in cell.reading.repairs:
        told = message("repaired_phone", repair.detail)
        yield Step("damage", told, repair.before[0].as_py(), repair.after[0].as_py())
    for rejection in cell.reading.rejections:
        glued = rejection.detail == "not_a_number"
        yield Step("damage", _GLUED if glued else message(rejection.code, rejection.detail))
        if rejection.detail == "ambiguous":
            yield from _readings(cell)
        elif glued or rejection.code == "multiple_phones":
            yield from _parts(cell)
    if cell.reading.rejections:
        yield Step("parse", "not read: a number that could be wrong is never accepted")
        return
    if not cell.reading.repairs:
        yield Step("damage", "none")
    yield from _parse(parse_steps(cell.read, cell.region), cell)


def _mended(text: pa.Array, reading: Reading, countries: Countries | None) -> str:
    """Return the text that `phonenumbers` is given."""
    for repair in reading.repairs:
        if repair.detail != "country_code":
            return str(repair.after[0].as_py())
    plain = str(text[0].as_py())
    prefix = None if countries is None else countries.prefix[0].as_py()
    return plain if prefix is None or plain.startswith("+") else f"{prefix}{plain}"


def _readings(cell: _Cell) -> Iterator[Step]:
    """Tell the ways to read a cell that are valid."""
    bare = rewrite(pa.array([cell.text])).text[0].as_py()
    ways = {
        "as it stands": cell.text,
        "without its decimals": bare,
        "without its zeros": bare.lstrip("0"),
        "with a zero before it": f"0{bare}",
        "with a plus before it": f"+{bare}",
    }
    told: set[str] = set()
    for how, text in ways.items():
        steps = parse_steps(text, cell.region)
        if steps.valid and steps.e164 is not None and steps.e164 not in told:
            told.add(steps.e164)
            yield Step(f"read {how}", f"valid, {steps.number_type} of {steps.region}", text, steps.e164)


def _parts(cell: _Cell) -> Iterator[Step]:
    """Tell the numbers that stand in one cell."""
    for number, text in enumerate(split(pa.array([cell.text])).text.to_pylist()):
        steps = parse_steps(text, cell.region)
        good = f"valid, {steps.number_type} of {steps.region}" if steps.valid else "not valid alone"
        yield Step(f"part {number + 1}", good, text, steps.e164)


def _parse(steps: ParseSteps, cell: _Cell) -> Iterator[Step]:
    """Tell what `phonenumbers` makes of a text, in its order."""
    if steps.error is not None:
        yield Step("parse", f"fails, {steps.error}: {_ERRORS[steps.error]}", cell.read)
        return
    yield Step("parse", "read by phonenumbers", cell.read)
    found = {
        "plus": "it stands behind the plus, which goes before any region",
        "prefix": f"it stands behind the prefix that {cell.region} dials for abroad",
        "bare": f"it stands at the beginning, and {cell.region} numbers are read so",
        "region": f"that of {cell.region}, since the number has none of its own",
    }
    yield Step("country code", f"{steps.country_code}, {found[steps.source]}")
    zeros = f", of which it keeps {counted(steps.zeros, 'zero')} at its beginning" if steps.zeros else ""
    yield Step("national number", f"{len(steps.national)} digits{zeros}", steps.national)
    if steps.extension is not None:
        yield Step("extension", "left out: E.164 has none", steps.extension)
    possible = "yes" if steps.length == "IS_POSSIBLE" else "no"
    yield Step("possible", f"{possible}: {_LENGTHS[steps.length]} ({steps.length})")
    if steps.valid:
        yield Step("valid", f"yes: {steps.number_type} of {steps.region}")
    else:
        yield Step("valid", "no: the numbering plan has no such number")
    yield Step("E.164", "", steps.e164)


def _said(again: Again, name: str) -> Iterator[Step]:
    """Say what the run's rules make of a column's number."""
    check = "valid" if again.plan.profile.phone.check == "valid" else "possible"
    said = [
        f for f in again.findings if f.column == name and REASONS[f.code].group in ("missing_phone", "invalid_phone")
    ]
    for finding in said:
        note = f"; {finding.note}" if finding.note else ""
        yield Step("verdict", f"{REASONS[finding.code].title}: {message(finding.code, finding.detail)}{note}")
    if not said:
        yield Step("verdict", f"good: the target system takes {check} numbers")


def _refuses(finding: Finding) -> bool:
    return REASONS[finding.code].group in ("missing_phone", "invalid_phone") and rejects(finding)


def _one(value: str | pa.Array | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    region: str | None = value[0].as_py()
    return region
