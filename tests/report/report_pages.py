"""What the tests of reports share: a run whose names and cells hold markup, and a page taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import leadsieve as ls

#: What no page may run, load or be broken by, wherever it stands in the data.
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"onload="alert(1)',
    "]]>",
    "&lt;",
    "</style><script>document.title=1</script>",
    "<!--",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "https://evil.example/a.png",
)
#: A column's name that turns the direction of writing.
TURNED = "na\u202eme"
PROFILE = """
[profile]
name = "mine"
title = "Mine"
source = "a test"
[fields.phone_number]
required = true
[fields.email]
rule = { kind = "email" }
severity = "reject"
[fields.name]
required = true
[answer.ok]
status = 200
body = { accepted = "{accepted}" }
"""
SCHEMA = """
import pandera.polars as pa
import polars as pl

schema = pa.DataFrameSchema({
    "<script>alert(1)</script>": pa.Column(
        str, pa.Check.isin(["good"], name="<b onclick=alert(1)>", error="<i>"), nullable=True
    )
})
"""
VOID = frozenset(("meta", "br", "img", "link", "input", "hr", "base", "embed", "source"))


def messy_run(folder: Path) -> Path:
    """Publish a messy run against a campaign that holds some of its numbers."""
    header = 'phone,name,email,"<script>alert(1)</script>","' + TURNED + '"'
    good = '"x",a@b.example,good,y'
    lines = [f"98765432{at:02d},{good}" for at in range(10, 30)]
    lines += [f'{at},"{cell.replace(chr(34), chr(34) * 2)}",a@b.example,good,y' for at, cell in enumerate(HOSTILE)]
    for cell in HOSTILE:
        quoted = '"' + cell.replace('"', '""') + '"'
        lines += [
            f"{quoted},x,a@b.example,good,y",
            f"9876543299,x,{quoted},good,y",
            f"9876543298,x,a@b.example,{quoted},y",
        ]
    lines += [lines[0], lines[1], "9876543297", f",{good}", "", f"9.19E+11,{good}", f"+44 7400 123456,{good}"]
    (folder / "a").mkdir()
    hostile = folder / "a" / "<img src=x onerror=alert(1)>.csv"
    hostile.write_text("\n".join((header, *lines)) + "\n")
    (folder / "second.csv").write_text(f"{header}\n{lines[2]}\n{lines[3]}\n9876543250,{good}\n")
    (folder / "third.csv").write_text(
        f"{header}\n{lines[3]}\n9876543250,{good}\n9876543260,{good}\n9876543270,{good}\n"
    )
    (folder / "before.csv").write_text(f"{header}\n9876543260,{good}\n")
    (folder / "stop.csv").write_text("phone\n9876543270\n")
    (folder / "mine.toml").write_text(PROFILE)
    (folder / "rules.py").write_text(SCHEMA)
    given = {"region": "IN", "campaign": "<svg onload=alert(1)>", "state": folder / "s.duckdb"}
    given |= {"profile": folder / "mine.toml", "encoding": "utf-8", "delimiter": ",", "header": True}
    ls.clean(folder / "before.csv", out=folder / "before", **given)
    given |= {"suppress": folder / "stop.csv", "schema": folder / "rules.py", "calling_hours": "09:00-20:00"}
    ls.clean([hostile, folder / "second.csv", folder / "third.csv"], out=folder / "out", **given)
    return folder


class Page(HTMLParser):
    """A page taken apart.

    Attributes:
        tags: Its elements, each with its attributes, in order.
        tables: Its tables by their captions: rows of cells.
        text: What stands in it outside the style sheet.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text = ""
        self.open: list[str] = []
        self._rows: list[list[str]] = []
        self._caption = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "table" and self._caption:
            assert self._caption not in self.tables
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if "caption" in self.open:
            self._caption += data
        elif ("td" in self.open or "th" in self.open) and self._rows:
            self._rows[-1][-1] += data

    def numbers(self, caption: str) -> dict[str, list[int]]:
        """Return the whole numbers of a table by the name of the row."""
        return {row[0]: [number(cell) for cell in row[1:] if is_number(cell)] for row in self.tables[caption][1:]}

    def column(self, caption: str, head: str) -> dict[str, int]:
        """Return a column of numbers by the name of the row."""
        at = self.tables[caption][0].index(head)
        return {row[0]: number(row[at]) for row in self.tables[caption][1:]}


def is_number(cell: str) -> bool:
    return cell.replace(",", "").lstrip("\N{MINUS SIGN}").isdigit()


def number(cell: str) -> int:
    return int(cell.replace(",", "").replace("\N{MINUS SIGN}", "-"))
