"""A result: what every benchmark gives, and what its table, its JSON and its chart are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Label = str | int | float


@dataclass(frozen=True, slots=True)
class Figure:
    """How a figure is told.

    Attributes:
        title: Its name, with the unit.
        form: Its number format.
        scale: What to multiply it with first.
        better: Which way it improves.
    """

    title: str
    form: str
    scale: float = 1
    better: Literal["less", "more", ""] = "less"


#: Every figure that a benchmark may give. Seconds are seconds, memory is bytes, and `row` is seconds a row.
FIGURES: Mapping[str, Figure] = {
    "rows_a_second": Figure("rows/s", ",.0f", better="more"),
    "wall": Figure("wall s", ",.2f"),
    "cpu": Figure("CPU s", ",.2f"),
    "start": Figure("start CPU s", ",.2f"),
    "row": Figure("CPU ns/row", ",.0f", 1e9),
    "theirs": Figure("phonenumbers ns/row", ",.0f", 1e9, ""),
    "peak_bytes": Figure("peak MB", ",.0f", 1e-6),
    "cpu_ratio": Figure("CPU ratio", ",.2f"),
    "wall_ratio": Figure("wall ratio", ",.2f"),
    "slower": Figure("times slower", ",.1f", better=""),
    "faster": Figure("times faster", ",.0f", better="more"),
    "added": Figure("added CPU s", ",.2f"),
    "share": Figure("share", ".1%", better=""),
    "accepted": Figure("accepted", ".2%", better=""),
    "valid": Figure("valid", ".1%", better=""),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a result.

    Attributes:
        labels: What it is about; no two lines of a result have the same.
        figures: What was measured, medians of the rounds, by the names of `FIGURES`.
        rounds: What was measured in each round.
        note: What is to be said beside the figures.
    """

    labels: Mapping[str, Label]
    figures: Mapping[str, float] = field(default_factory=dict)
    rounds: Sequence[Mapping[str, float]] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a chart shows of a result; every name is one of a label or of a figure.

    Attributes:
        kind: Bars (lying, one a line of the result), or lines with points: by numbers on logarithmic axes, or where
            there are panels by words.
        x: The label that bars are for, or that points stand at.
        y: The figure.
        colour: The label that tells lines or bars apart; empty for one colour.
        panel: The label with a panel for each value; empty for one panel.
    """

    kind: Literal["bar", "line"]
    x: str
    y: str
    colour: str = ""
    panel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a benchmark found.

    Attributes:
        benchmark: The command that made it.
        title: What was measured, in a line.
        options: What it was told; never a path.
        lines: The lines of its table, in order.
        chart: What its chart shows.
        remarks: What is to be said under the table.
        made: When, ISO 8601 in UTC.
        machine: What it ran on.
        versions: Of Python and the packages that matter, and the revision of the project.
    """

    benchmark: str
    title: str
    options: Mapping[str, Any]
    lines: Sequence[Line]
    chart: Chart
    remarks: Sequence[str] = ()
    made: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Result:
        """Take what `to_dict` gave, also that of other versions: what is not known here is left out.

        Raises:
            KeyError, TypeError: It is no result.
        """
        lines = [Line(**_known(Line, line)) for line in values["lines"]]
        chart = Chart(**_known(Chart, values["chart"]))
        return cls(**{**_known(cls, values), "lines": lines, "chart": chart})


def _known(of: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(of)}
    return {name: value for name, value in values.items() if name in names}
