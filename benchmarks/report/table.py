"""Tables for people: the labels of each line, its figures, and what is said beside them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report.result import FIGURES, Label, Line


def lay_out(lines: Sequence[Line]) -> str:
    """Lay lines out as a table: text to the left, numbers to the right, a blank where a line has no such figure."""
    labels = list(dict.fromkeys(name for line in lines for name in line.labels))
    figures = list(dict.fromkeys(name for line in lines for name in line.figures))
    columns = [_label_column(name, lines) for name in labels]
    columns += [_figure_column(name, lines) for name in figures]
    if any(line.note for line in lines):
        columns.append(["", *(line.note for line in lines)])
    return grid(columns, left={*_texts(labels, lines), len(labels) + len(figures)})


def grid(columns: Sequence[Sequence[str]], left: set[int]) -> str:
    """Set columns of cells side by side, two blanks apart.

    Args:
        columns: The cells of each, its title first.
        left: The positions of those that begin at the left; the others end at the right.
    """
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if place in left else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def title(name: str) -> str:
    """Give the title of a label or a figure."""
    return FIGURES[name].title if name in FIGURES else name.replace("_", " ")


def told(name: str, value: float) -> str:
    """Give a figure as people read it."""
    figure = FIGURES[name]
    return f"{value * figure.scale:{figure.form}}"


def label(value: Label) -> str:
    """Give a label as people read it."""
    return value if isinstance(value, str) else f"{value:,}"


def _label_column(name: str, lines: Sequence[Line]) -> list[str]:
    return [title(name), *(label(line.labels.get(name, "")) for line in lines)]


def _figure_column(name: str, lines: Sequence[Line]) -> list[str]:
    return [title(name), *(told(name, line.figures[name]) if name in line.figures else "" for line in lines)]


def _texts(labels: Sequence[str], lines: Sequence[Line]) -> set[int]:
    return {
        place
        for place, name in enumerate(labels)
        if any(isinstance(line.labels.get(name), str) and line.labels.get(name) for line in lines)
    }
