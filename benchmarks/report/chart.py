"""Charts of results, as SVG: drawn by altair and vl-convert-python, which are loaded only here and may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.report.result import FIGURES, Chart, Line, Result
from benchmarks.report.table import label, title, told

_WIDTH, _PANEL_WIDTH, _PANEL_HEIGHT = 560, 210, 150
_PANELS = 3
_COLOURS = ("#2f6f9f", "#e08e2b", "#6a9f58", "#a0567a", "#6b6b6b", "#8c6bb1")
_SUBTITLE_CHARACTERS = 110


class ChartsMissing(Exception):
    """The packages that draw charts are not installed; the message says how to install them."""


def draw(result: Result, path: Path) -> Path:
    """Draw a result's chart.

    Args:
        result: The result.
        path: The SVG file to write.

    Returns:
        The path.

    Raises:
        ChartsMissing: altair or vl-convert-python is not installed.
    """
    try:
        altair, convert = import_module("altair"), import_module("vl_convert")
    except ImportError as missing:
        raise ChartsMissing(
            f"no chart was drawn, since {missing.name} is not installed: pip install 'leadsieve[bench]'"
        ) from missing
    drawn = specify(altair, result)
    path.write_text(convert.vegalite_to_svg(drawn.to_json()), encoding="utf-8")
    return path


def specify(altair: Any, result: Result) -> Any:
    """Say in altair's terms what a result's chart looks like."""
    chart = result.chart
    lines = [line for line in result.lines if chart.y in line.figures]
    drawn = _bars(altair, lines, chart) if chart.kind == "bar" else _curves(altair, lines, chart)
    return (
        drawn.properties(title=altair.TitleParams(result.title, subtitle=_subtitle(result)))
        .configure_title(anchor="start", fontSize=14, subtitleFontSize=10, subtitleColor="#555555", offset=12)
        .configure_axis(labelFontSize=11, titleFontSize=11, titleFontWeight="normal", gridColor="#e6e6e6")
        .configure_legend(labelFontSize=11, titleFontSize=11, titleFontWeight="normal")
        .configure_header(labelFontSize=11, labelFontWeight="bold", title=None)
        .configure_view(stroke=None)
    )


def _point(place: int, line: Line, chart: Chart) -> dict[str, Any]:
    """Give what is drawn of one line."""
    value = line.figures[chart.y]
    point = {
        "place": place,
        "x": label(line.labels[chart.x]),
        "number": line.labels[chart.x],
        "y": value * FIGURES[chart.y].scale,
        "told": told(chart.y, value),
    }
    if chart.colour:
        point["colour"] = label(line.labels[chart.colour])
    if chart.panel:
        point["panel"] = _panel(line, chart)
    return point


def _panel(line: Line, chart: Chart) -> str:
    """Give a panel's heading: a word by itself, a number with what it counts."""
    value = line.labels[chart.panel]
    return value if isinstance(value, str) else f"{label(value)} {title(chart.panel)}"


def _values(lines: Sequence[Line], name: str) -> list[str]:
    """Give the values of a label in order of first sight."""
    return list(dict.fromkeys(label(line.labels[name]) for line in lines))


def _colour(altair: Any, lines: Sequence[Line], chart: Chart) -> Any:
    if not chart.colour:
        return altair.value(_COLOURS[0])
    values = _values(lines, chart.colour)
    scale = altair.Scale(domain=values, range=[_COLOURS[place % len(_COLOURS)] for place in range(len(values))])
    return altair.Color("colour:N", title=title(chart.colour), scale=scale)


def _bars(altair: Any, lines: Sequence[Line], chart: Chart) -> Any:
    """Draw lying bars, one a line, each with its figure at its end."""
    most = max(line.figures[chart.y] for line in lines) * FIGURES[chart.y].scale
    # Room for the figure at the end of the longest bar.
    scale = altair.Scale(domain=[0, most * 1.15])
    x = altair.X("y:Q", title=title(chart.y), scale=scale, axis=altair.Axis(tickCount=5, labelOverlap=True))
    y = altair.Y("x:N", sort=_values(lines, chart.x), title=None, axis=altair.Axis(labelLimit=220))
    places: dict[str, Any] = {"y": y}
    if chart.colour:
        places["yOffset"] = altair.YOffset("colour:N", sort=_values(lines, chart.colour))
    base = altair.Chart(altair.Data(values=[_point(place, line, chart) for place, line in enumerate(lines)]))
    bars = base.mark_bar().encode(x=x, color=_colour(altair, lines, chart), **places)
    ends = base.mark_text(align="left", dx=4, fontSize=11).encode(x=x, text="told:N", **places)
    drawn = altair.layer(bars, ends)
    if not chart.panel:
        return drawn.properties(width=_WIDTH)
    panels = list(dict.fromkeys(_panel(line, chart) for line in lines))
    row = altair.Row("panel:N", sort=panels, header=altair.Header(labelAngle=0, labelAlign="left"))
    return drawn.properties(width=2 * _PANEL_WIDTH).facet(row=row).resolve_scale(y="independent")


def _curves(altair: Any, lines: Sequence[Line], chart: Chart) -> Any:
    """Draw lines with points: on one panel by numbers and on a logarithmic scale, else on a panel for each value."""
    if not chart.panel:
        x, y = _logarithmic(altair, lines, chart)
        return _curve(altair, lines, chart, x, y).properties(width=_WIDTH, height=2 * _PANEL_HEIGHT)
    most = max(line.figures[chart.y] for line in lines) * FIGURES[chart.y].scale
    x = altair.X("x:O", title=None, sort=None, axis=altair.Axis(labelAngle=0))
    y = altair.Y(
        "y:Q", title=title(chart.y), scale=altair.Scale(domain=[0, most * 1.15]), axis=altair.Axis(tickCount=4)
    )
    panels = [
        _curve(altair, [line for line in lines if line.labels[chart.panel] == value], chart, x, y).properties(
            width=_PANEL_WIDTH,
            height=_PANEL_HEIGHT,
            title=altair.TitleParams(value, anchor="middle", fontSize=11, offset=6),
        )
        for value in dict.fromkeys(line.labels[chart.panel] for line in lines)
    ]
    return altair.concat(*panels, columns=_PANELS)


def _logarithmic(altair: Any, lines: Sequence[Line], chart: Chart) -> tuple[Any, Any]:
    """Give two logarithmic axes, with room around the points."""
    numbers = sorted({float(line.labels[chart.x]) for line in lines})
    figures = [line.figures[chart.y] * FIGURES[chart.y].scale for line in lines]
    x = altair.X(
        "number:Q",
        title=title(chart.x),
        scale=altair.Scale(type="log", domain=[numbers[0] / 1.6, numbers[-1] * 1.6]),
        axis=altair.Axis(values=numbers, format=",.0f", grid=False),
    )
    powers = [10.0**power for power in range(-3, 7) if min(figures) / 2 <= 10.0**power <= max(figures) * 2]
    y = altair.Y(
        "y:Q",
        title=title(chart.y),
        scale=altair.Scale(type="log", domain=[min(figures) / 2, max(figures) * 2]),
        axis=altair.Axis(values=powers, format="~g"),
    )
    return x, y


def _curve(altair: Any, lines: Sequence[Line], chart: Chart, x: Any, y: Any) -> Any:
    """Draw the points of some lines in their order, with their figures above them."""
    base = altair.Chart(altair.Data(values=[_point(place, line, chart) for place, line in enumerate(lines)]))
    drawn = base.mark_line(point=altair.OverlayMarkDef(size=45)).encode(
        x=x, y=y, color=_colour(altair, lines, chart), order=altair.Order("place:Q")
    )
    return altair.layer(drawn, base.mark_text(dy=-10, fontSize=10).encode(x=x, y=y, text="told:N"))


def _subtitle(result: Result) -> list[str]:
    """Say what the result was made with, in lines that fit the chart."""
    machine, versions = result.machine, result.versions
    told_options = ", ".join(
        f"{name} {_option(value)}" for name, value in result.options.items() if value not in (None, "", [])
    )
    revision = versions.get("revision", "unknown")
    made = f"{machine['processor']}, {machine['cores']} cores; {result.made[:10]}, revision {revision}"
    lines: list[str] = []
    for text in (told_options, made):
        while len(text) > _SUBTITLE_CHARACTERS:
            cut = text.rfind(" ", 0, _SUBTITLE_CHARACTERS)
            lines.append(text[:cut])
            text = text[cut + 1 :]  # noqa: PLW2901 - what is left of it
        lines.append(text)
    return lines


def _option(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "/".join(map(_option, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
