"""The number formats of a workbook's styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.sources.excel.markup import Parser
from leadsieve_connectors.sources.excel.numbers import NUMBER, NumberFormat, read_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_connectors.sources.excel.package import Package


def read_styles(package: Package, part: str | None) -> tuple[NumberFormat, ...]:
    """Return the number format of each style that cells name, by its number.

    Args:
        package: The workbook.
        part: The part of the styles; None where there is none.

    Raises:
        SourceError: It is damaged.
    """
    if part is None:
        return (NUMBER,)
    codes: dict[int, str] = {}
    styles: list[int] = []
    inside: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        # Differential styles, which cells do not name, hold formats under the same numbers.
        if tag == "numFmt" and inside[-1:] == ["numFmts"]:
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag == "xf" and inside[-1:] == ["cellXfs"]:
            styles.append(int(attributes.get("numFmtId", "0")))
        inside.append(tag)

    data = package.read(part)
    try:
        Parser(start, lambda _: inside.pop()).feed(data, last=True)  # type: ignore[arg-type]
    except (ValueError, KeyError) as error:
        raise package.failure(error, part) from error
    formats = {number: read_format(number, codes.get(number)) for number in set(styles)}
    return tuple(formats[number] for number in styles) or (NUMBER,)
