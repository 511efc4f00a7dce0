"""Which sheets a workbook has, where their parts are, and how it counts days."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.excel.markup import DamagedMarkup, Parser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_connectors.sources.excel.package import Package


@dataclass(frozen=True, slots=True)
class Relation:
    """A part that another one names.

    Attributes:
        kind: The last word of its type, such as `worksheet`.
        part: Its name in the package.
    """

    kind: str
    part: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """What the workbook's own part says.

    Attributes:
        sheets: The parts of the sheets that hold cells, by name, in order.
        strings: The part of the shared strings; None without one.
        styles: The part of the styles; None without one.
        since_1904: Days are counted from 1904.
    """

    sheets: Mapping[str, str]
    strings: str | None
    styles: str | None
    since_1904: bool


def read_workbook(package: Package) -> Workbook:
    """Read the workbook's own part.

    Raises:
        SourceError: It is damaged or missing.
    """
    roots = _relations(package, "_rels/.rels", "")
    main = next((relation.part for relation in roots.values() if relation.kind == "officeDocument"), "xl/workbook.xml")
    folder, base = posixpath.split(main)
    relations = _relations(package, f"{folder}/_rels/{base}.rels", folder)
    listed: list[tuple[str, str]] = []
    flags: list[bool] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sheet":
            listed.append((attributes.get("name", ""), attributes.get("id", "")))
        elif tag == "workbookPr":
            flags.append(attributes.get("date1904", "0") in ("1", "true"))

    _parse(package, main, start)
    sheets = {}
    for name, relation in listed:
        if relation not in relations:
            raise package.failure(DamagedMarkup(f"the sheet {name!r} has no part"), main)
        if relations[relation].kind == "worksheet":
            sheets[name] = relations[relation].part
    parts = {relation.kind: relation.part for relation in relations.values()}
    return Workbook(sheets, parts.get("sharedStrings"), parts.get("styles"), any(flags))


def _relations(package: Package, part: str, folder: str) -> dict[str, Relation]:
    """Return the parts that another part names, by their identifiers there."""
    found: dict[str, Relation] = {}

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = Relation(kind, target)

    _parse(package, part, start)
    return found


def _parse(package: Package, part: str, start: object) -> None:
    data = package.read(part)
    try:
        Parser(start, lambda _: None).feed(data, last=True)  # type: ignore[arg-type]
    except ValueError as error:
        raise package.failure(error, part) from error
