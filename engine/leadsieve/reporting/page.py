"""The page of a report: what is told at its head and foot, and the template that holds everything together."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup

from leadsieve.reporting.causes import Cause, causes
from leadsieve.reporting.figures import Figures
from leadsieve.reporting.sections import flow, sections
from leadsieve.reporting.tables import Table
from leadsieve.reporting.words import country, file_size, moment, percent, several
from leadsieve.results import tell_ledger, tell_run
from leadsieve.run import tell_answer
from leadsieve.wording import counted, printable

#: What tells a report from other files; it stands near the page's beginning.
MARKER = '<meta name="generator" content="leadsieve report">'
#: Files whose names stand in the title, so many characters of them, and files of which the foot gives the hashes.
_TITLED, _TITLE, _HASHED = 3, 80, 25
#: leadsieve's own profile, which predicts no system's answer.
_OWN = "plain"


def render(figures: Figures) -> str:
    """Write the page.

    Everything that comes from the data is escaped by the template, after control characters and such as show nothing
    were made visible. The page has no script, and its policy lets a browser load and run nothing.
    """
    style = _text("style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    info, ledger = figures.info, figures.info["ledger"]
    rejecting = causes(figures, "causes", "reasons")
    environment = Environment(
        loader=BaseLoader(),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = list(dict.fromkeys(file["lead_file"] for file in ledger["files"]))
    more = list(sections(figures))
    contents = [
        ("flow", "From read to accepted"),
        *([("reasons", "Reasons and what to do")] if rejecting else []),
        *((section.id, section.title) for section in more),
        *([("warnings", "Warnings")] if ledger["warned"] else []),
        ("check", "How to check this"),
    ]
    return environment.from_string(_text("page.html.j2")).render(
        marker=Markup(MARKER),  # noqa: S704 - our own words
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704 - our own style sheet
        sources=_titled(names),
        sentence=_sentence(ledger, rejecting, failed=bool(info.get("failed"))),
        tiles=_tiles(ledger),
        facts=_facts(info),
        flow=flow(figures),
        rejecting=rejecting,
        warning=causes(figures, "warned", "warnings"),
        show_values=figures.show_values,
        sections=more,
        contents=contents,
        beside=_beside(info),
        timings=_timings(info),
        hashes=_hashes(info),
        out=printable(figures.name.rstrip("/").rpartition("/")[2]),
        run_id=info["run_id"],
    )


def _titled(names: Sequence[str]) -> str:
    """Name the files in the title, without their folders; where their names are long only the first."""
    short = [name.rpartition("/")[2] or name for name in names]
    return several(short, _TITLED if sum(map(len, short[:_TITLED])) <= _TITLE else 1)


def _text(name: str) -> str:
    return files("leadsieve.reporting").joinpath(name).read_text(encoding="utf-8")


def _visible(value: Any) -> Any:
    """Prepare what the template shows: numbers with their thousands, text with nothing in it that hides."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, int):
        return f"{value:,}".replace("-", "\N{MINUS SIGN}")
    return printable(value) if isinstance(value, str) else value


def _sentence(ledger: Mapping[str, Any], rejecting: list[Cause], *, failed: bool) -> str:
    """Say in a sentence or two what came of it."""
    rows, accepted = ledger["rows"], ledger["accepted"]
    if not rows:
        return "The files hold no rows."
    verb = "would have been" if failed else "were"
    said = f"Of {counted(rows, 'row')} {accepted:,} ({percent(accepted, rows)}) {verb} accepted."
    if failed:
        said = f"Nothing was published, since more rows were rejected than the run allows. {said}"
    if rejecting:
        most = rejecting[0]
        said += f" The most frequent reason for rejection: {most.title.lower()}, {counted(most.rows, 'row')}."
    return said


def _tiles(ledger: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Return the figures at the head: class of the page, number, and what it counts."""
    rows, groups = ledger["rows"], ledger["groups"]
    again = groups["duplicate_in_file"] + groups["duplicate_in_campaign"]
    other = ledger["rejected"] - again
    return [
        ("rows", rows, "rows read"),
        ("accepted", ledger["accepted"], f"accepted, {percent(ledger['accepted'], rows)}"),
        ("duplicate", again, f"duplicates, {percent(again, rows)}"),
        ("fault", other, f"rejected for other reasons, {percent(other, rows)}"),
    ]


def _facts(info: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what kind of run it was."""
    own, prompt, region = info["schema"], info["prompt"], info["region"]
    facts = [
        ("Checked", moment(info["started"])),
        ("Files", f"{len(info['sources']):,}"),
        ("Rules", "leadsieve's own" if info["profile"] == _OWN else f"profile {info['profile']}"),
        ("Campaign", info["campaign"]),
        ("Country of numbers without its code", None if region is None else country(region)),
        ("Own checks", None if own is None else own["name"]),
        ("Prompt", None if prompt is None else prompt["name"]),
        ("Lists of numbers not to call", ", ".join(one["list"] for one in info["suppression"])),
        ("Made by", f"leadsieve {info['versions']['leadsieve']}, phonenumbers {info['versions']['phonenumbers']}"),
    ]
    return [(name, said) for name, said in facts if said]


def _beside(info: Mapping[str, Any]) -> list[str]:
    """Return what a run is told of beside its rows: rows judged again, its campaign, and the predicted answer."""
    ledger = info["ledger"]
    told = []
    if again := ledger["judged_again"]:
        still = again - ledger["corrected"]
        told.append(f"Of {again:,} rejected rows judged again {ledger['corrected']:,} were corrected, {still:,} not.")
    if beside := tell_run(info)[len(tell_ledger(ledger)) :]:
        told.append(" ".join(line.strip() for line in beside))
    if info["profile"] != _OWN:
        told.append(f"{tell_answer(info)}.")
    return told


def _timings(info: Mapping[str, Any]) -> str:
    seconds = info["seconds"]
    total, rows = sum(seconds.values()), info["ledger"]["rows"]
    stages = ", ".join(f"{stage.replace('_', ' ')} {value:,.1f} s" for stage, value in seconds.items())
    rate = f", {rows / total:,.0f} rows a second" if total and rows else ""
    return f"{total:,.1f} seconds ({stages}){rate}"


def _hashes(info: Mapping[str, Any]) -> list[Table]:
    sources = [[one["lead_file"], file_size(one["bytes"]), one["sha256"]] for one in info["sources"]]
    outputs = [[one["name"], file_size(one["bytes"]), one["sha256"]] for one in info["files"]]
    return [
        Table(caption, ["File", "Size", "SHA-256"], _shortened(rows))
        for caption, rows in (("Hashes of the source files", sources), ("Hashes of the published files", outputs))
        if rows
    ]


def _shortened(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= _HASHED:
        return rows
    return [*rows[:_HASHED], [f"{len(rows) - _HASHED:,} more, which run.json lists", "", ""]]
