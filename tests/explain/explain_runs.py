"""What the tests of explanations share: messy runs, and the outputs that explanations must agree with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import leadsieve as ls

PROFILE = """
[profile]
name = "mine"
title = "Mine"
source = "a test"
[fields.phone_number]
required = true
[fields.name]
required = true
[fields.email]
rule = { kind = "email" }
severity = "warn"
[fields.age]
rule = { kind = "integer", min = 18, max = 99 }
severity = "reject"
[fields.plan]
rule = { kind = "choice", values = ["gold", "silver"], ignore_case = true }
severity = "reject"
[fields.at]
required = true
rule = { kind = "schedule" }
severity = "reject"
[destination]
countries = ["IN", "US", "GB"]
prefixes = ["91", "1"]
number_types = ["MOBILE", "FIXED_LINE_OR_MOBILE"]
[duplicates]
statuses = ["pending", "completed"]
age_days = 30
[answer.ok]
status = 200
body = { accepted = "{accepted}" }
"""
SCHEMA = """
import pandera.polars as pa
import polars as pl


class Leads(pa.DataFrameModel):
    name: str = pa.Field(str_length={"min_value": 2}, nullable=True, metadata={"severity": "warn"})
    City: str = pa.Field(notin=["Nowhere"], nullable=True)
    age: int = pa.Field(nullable=True)

    @pa.check("City", error="a city is not a web address")
    def no_address(cls, data):
        return data.lazyframe.select(~pl.col(data.key).str.contains("^http"))
"""
HEADER = "Phone 1,Phone 2,name,email,age,plan,at,City"
AT = "2999-03-01T10:30:00+01:00"
_GOOD = f"Anna Zebulon,anna@quagmire.example,30,gold,{AT},Pune"
#: Each row's number and other cells; the reasons and warnings that they are to have follow from the run.
ROWS = (
    f"8123456701,,{_GOOD}",
    f" 8123456702 ,,{_GOOD}",
    f"8123456703.0,,{_GOOD}",
    f"'8123456704,,{_GOOD}",
    f"9.18123456705E+11,,{_GOOD}",
    f"+91 81234 56706 x5,,{_GOOD}",
    f"12,8123456707,{_GOOD}",
    f"N/A,12345,{_GOOD}",
    f",,{_GOOD}",
    f"9.19E+11,,{_GOOD}",
    f"8123456708 / 8123456709,,{_GOOD}",
    f"+33 6 12 34 56 78,,{_GOOD}",
    f"+44 7400 123456,,{_GOOD}",
    f"+91 22 2778 1234,,{_GOOD}",
    f"8123456710,,,anna@x.example,30,gold,{AT},Pune",
    f"8123456711,,Anna,not an address,30,gold,{AT},Pune",
    f"8123456712,,Anna,,thirty,gold,{AT},Pune",
    f"8123456713,,Anna,,7,gold,{AT},Pune",
    f"8123456714,,Anna,,30,lead,{AT},Pune",
    "8123456715,,Anna,,30,SILVER,,Pune",
    "8123456716,,Anna,,30,gold,soon,Pune",
    "8123456717,,Anna,,30,gold,2001-03-01T10:30Z,Pune",
    f"8123456718,,A,,30,gold,{AT},Nowhere",
    f"8123456719,,Anna,,30,gold,{AT},https://quagmire.example",
    f"8123456720,,MÃ¼ller ,,30,gold,{AT}, ",
    f"+91 81234 56701,,{_GOOD}",
    f"8123456777,,{_GOOD}",
    f"8123456788,,{_GOOD}",
    "8123456721,too,few",
    HEADER,
    f"8123456722,,{'x' * 1200},,30,gold,{AT},Pune",
    f"8123456723,,Ren\udce9 Latin,,30,gold,{AT},Pune",
    ",,,,,,,",
    f"8123456724,,{_GOOD}",
)


def make_leads(folder: Path) -> Path:
    """Write the messy files, and what their run needs."""
    text = "\n".join((HEADER, *ROWS)) + "\n"
    (folder / "messy.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    (folder / "second.csv").write_text(f"{HEADER}\n8123456724,,{_GOOD}\n8123456730,,{_GOOD}\n")
    (folder / "before.csv").write_text(f"{HEADER}\n8123456777,,{_GOOD}\n")
    (folder / "list.csv").write_text("phone\n8123456788\n")
    (folder / "mine.toml").write_text(PROFILE)
    (folder / "rules.py").write_text(SCHEMA)
    (folder / "p.txt").write_text("Hello {{name}} from {{City}}")
    return folder


def options(folder: Path) -> dict[str, Any]:
    """Return the options of the messy run."""
    return {
        "profile": folder / "mine.toml",
        "region": "IN",
        "map": {"Phone 1": "phone_number", "Phone 2": "phone_number"},
        "campaign": "summer",
        "state": folder / "s.duckdb",
        "encoding": "utf-8",
        "delimiter": ",",
        "header": True,
        "tuning": {"max_record_bytes": 1000},
    }


def messy_run(folder: Path) -> ls.Run:
    """Publish the messy run in `out`."""
    make_leads(folder)
    given = options(folder)
    ls.clean(folder / "before.csv", out=folder / "before", **given)
    sources = [folder / "messy.csv", folder / "second.csv"]
    given |= {"suppress": folder / "list.csv", "prompt": folder / "p.txt", "schema": folder / "rules.py"}
    return ls.clean(sources, out=folder / "out", **given)


def said_of_rows(run: ls.Run) -> dict[tuple[str, int], tuple[bool, tuple[str, ...], frozenset[str], str | None]]:
    """Return what the outputs say of each row: accepted, reasons, warnings, and the number that it has."""
    warnings: dict[tuple[str, int], set[str]] = {}
    for line in run.errors.to_arrow().to_pylist():
        if line["severity"] == "warn":
            warnings.setdefault((line["lead_file"], line["lead_row"]), set()).add(line["code"])
    said = {}
    for row in run.accepted.to_arrow().to_pylist():
        said[row["lead_file"], row["lead_row"]] = (True, (), row["phone_number"])
    for row in run.rejected.to_arrow().to_pylist():
        said[row["lead_file"], row["lead_row"]] = (False, tuple(row["reject_reasons"].split(";")), None)
    return {
        key: (accepted, reasons, frozenset(warnings.get(key, ())), number)
        for key, (accepted, reasons, number) in said.items()
    }


def told(explanation: ls.Explanation, label: str) -> list[str]:
    """Return what is told under a label."""
    return [step.told for step in explanation.steps if step.label == label]


def number_of(explanation: ls.Explanation) -> str | None:
    """Return the number that an explanation ends in."""
    return next((step.value for step in explanation.steps if step.label == "phone_number"), None)


def require_agreement(run: ls.Run, out: Path, *, every: int = 1, **more: Any) -> set[str]:
    """Explain rows, and require what the outputs say of them; returns the codes of all these rows.

    Only each `every`th row is explained.
    """
    codes: set[str] = set()
    for (file, row), (accepted, reasons, warnings, number) in said_of_rows(run).items():
        if row % every:
            continue
        found = ls.explain(out, row, file, **more)
        assert (found.accepted, found.reasons, frozenset(found.warnings)) == (accepted, reasons, warnings), (file, row)
        assert (found.judged_again, found.notes) == (True, ()), (file, row, found.notes)
        if accepted:
            parsed = [step.value for step in found.steps if step.label == "E.164"]
            assert number_of(found) == number, (file, row)
            assert number in parsed, (file, row)
        codes |= {*reasons, *warnings}
    return codes
