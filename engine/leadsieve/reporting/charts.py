"""The charts of a report: altair says what they look like, vl-convert draws them, and `svg` fits them to the page.

Each is drawn for a wide page and for a narrow one, and the page shows the one that fits. Every number in a chart stands
in a table beside it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from markupsafe import Markup

from leadsieve.reporting.svg import inline
from leadsieve.wording import printable

#: The classes of the page by the colours with which its charts are drawn; the page's style says what they look like.
_COLOURS = {
    "#010101": "ink",
    "#020202": "faint",
    "#030303": "line",
    "#040404": "accepted",
    "#050505": "duplicate",
    "#060606": "fault",
    "#070707": "rows",
}
_COLOUR = {name: colour for colour, name in _COLOURS.items()}
_KINDS = ("accepted", "duplicate", "fault", "rows")
#: Pixels of a bar's row, and of the bars themselves.
_STEP, _NARROW_STEP, _BAR = 30, 44, 16
_WIDE, _NARROW = 420, 230
#: Characters of a label; the table beside the chart has it whole.
_LABEL = 34
#: Of the longest bar, so much is drawn of one that would be too short to be seen.
_LEAST = 0.004


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, or a row of bars, with its label.

    Attributes:
        label: What it is.
        parts: Where each piece begins and ends, and its kind: `accepted`, `duplicate`, `fault` or `rows`.
        note: The number behind it, as it is told.
    """

    label: str
    parts: Sequence[tuple[float, float, str]]
    note: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What all charts have.

    Attributes:
        id: Its name on the page.
        title: What it is, for those who cannot see it.
        description: What it shows, for the same.
    """

    id: str
    title: str
    description: str


def bars(chart: Chart, rows: Sequence[Bar]) -> Markup:
    """Draw horizontal bars, one below the other, each between its label and its number."""
    return _both(chart, (_bars(rows, narrow=narrow) for narrow in (False, True)))


def columns(chart: Chart, labels: Sequence[str], heights: Sequence[int], axis: str) -> Markup:
    """Draw vertical bars, one beside the other, over their labels; `axis` says what these are."""
    return _both(chart, (_columns(labels, heights, axis, narrow=narrow) for narrow in (False, True)))


def _bars(rows: Sequence[Bar], *, narrow: bool) -> Any:
    alt = import_module("altair")
    most = max((end for row in rows for _, end, _ in row.parts), default=1.0) or 1.0
    pieces = [
        {"at": at, "start": start, "end": end, "kind": kind}
        for at, row in enumerate(rows)
        for start, end, kind in _visible(row.parts, most)
    ]
    shown = [(_label(row.label), row.note) for row in rows]
    texts = [{"at": at, "label": label, "note": note} for at, (label, note) in enumerate(shown)]
    width, step = (_NARROW, _NARROW_STEP) if narrow else (_WIDE, _STEP)
    y = alt.Y("at:O", axis=None, scale=alt.Scale(domain=list(range(len(rows))), paddingInner=0, paddingOuter=0))
    colour = alt.Color(
        "kind:N", legend=None, scale=alt.Scale(domain=list(_KINDS), range=[_COLOUR[kind] for kind in _KINDS])
    )
    drawn = (
        alt.Chart(alt.Data(values=pieces))
        .mark_bar(height=_BAR, yOffset=8 if narrow else 0)
        .encode(
            x=alt.X("start:Q", axis=None, scale=alt.Scale(domain=[0, most], nice=False, zero=False)),
            x2="end:Q",
            y=y,
            color=colour,
        )
    )
    said = alt.Chart(alt.Data(values=texts))
    label = {"align": "left", "dy": -11} if narrow else {"align": "right"}
    labels = said.mark_text(color=_COLOUR["ink"], baseline="middle", fontSize=14, **label).encode(
        x=alt.value(0 if narrow else -10), y=y, text="label:N"
    )
    notes = said.mark_text(
        color=_COLOUR["ink"], baseline="middle", align="left", fontSize=13, fontWeight=600, dy=8 if narrow else 0
    ).encode(x=alt.value(width + 10), y=y, text="note:N")
    # The page's font may be wider than the one that the drawing is measured with.
    label_room, note_room = (2 + int(1.3 * max(map(len, said), default=0)) for said in zip(*shown, strict=True))
    spare = {"left": 2 if narrow else label_room, "right": note_room, "top": 2, "bottom": 2}
    return _plain(alt, alt.layer(drawn, labels, notes).properties(width=width, height={"step": step}, padding=spare))


def _columns(labels: Sequence[str], heights: Sequence[int], axis: str, *, narrow: bool) -> Any:
    alt = import_module("altair")
    values = [{"at": at, "rows": height} for at, height in enumerate(heights)]
    every = 6 if narrow else 2
    shown = " : ".join(f"datum.value == {at} ? '{label}'" for at, label in enumerate(labels) if at % every == 0)
    x = alt.X(
        "at:O",
        title=axis,
        axis=alt.Axis(
            values=[at for at in range(len(labels)) if at % every == 0],
            labelExpr=f"{shown} : ''",
            labelAngle=0,
            ticks=False,
            domainColor=_COLOUR["line"],
            labelPadding=6,
            titlePadding=10,
        ),
        scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1),
    )
    y = alt.Y(
        "rows:Q",
        title=None,
        axis=alt.Axis(tickCount=3, format=",d", domain=False, ticks=False, gridColor=_COLOUR["line"], labelPadding=8),
        scale=alt.Scale(domainMin=0, domainMax=max(*heights, 1)),
    )
    drawn = alt.Chart(alt.Data(values=values)).mark_bar(color=_COLOUR["accepted"]).encode(x=x, y=y)
    return _plain(alt, drawn.properties(width=270 if narrow else 600, height=160))


def _plain(alt: Any, drawn: Any) -> Any:
    """Take away what the page says better, and use its colours for the rest."""
    ink = _COLOUR["faint"]
    return drawn.configure(
        background="transparent",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(labelColor=ink, titleColor=ink, labelFontSize=12, titleFontSize=12, titleFontWeight=400),
    )


def _visible(parts: Sequence[tuple[float, float, str]], most: float) -> Iterable[tuple[float, float, str]]:
    for start, end, kind in parts:
        if end > start:
            yield min(start, most * (1 - _LEAST)), max(end, min(start, most * (1 - _LEAST)) + most * _LEAST), kind


def _label(text: str) -> str:
    """Return a label, or where it is long its end, which tells files apart."""
    shown = printable(text)
    return shown if len(shown) <= _LABEL else f"...{shown[3 - _LABEL :]}"


def _both(chart: Chart, drawings: Iterable[Any]) -> Markup:
    convert = import_module("vl_convert")
    pieces = []
    for name, drawing in zip(("wide", "narrow"), drawings, strict=True):
        drawn = convert.vegalite_to_svg(drawing.to_dict())
        pieces.append(
            inline(
                drawn,
                colours=_COLOURS,
                title=printable(chart.title),
                description=printable(chart.description),
                id=f"{chart.id}-{name}",
                name=f"chart {name}",
            )
        )
    return Markup("\n".join(pieces))  # noqa: S704 - `inline` lets nothing but shapes and text through
