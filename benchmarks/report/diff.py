"""Two results of one benchmark side by side: what changed, by how much, and whether the rounds can tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.report.result import FIGURES, Label, Line, Result
from benchmarks.report.table import grid, label, told

#: Options that say how often or what is measured, but leave what a line is about as it was.
_SAME_WORK = frozenset(("rounds", "over", "formats"))
#: With fewer rounds of each, chance alone often parts them.
_FEWEST_ROUNDS = 3


def compare_results(old: Result, new: Result) -> str:
    """Lay out what two results say about the same things.

    Args:
        old: The earlier one.
        new: The later one.

    Returns:
        A table with a line for each figure that both have, and then what else is to be known.

    Raises:
        ValueError: They are of different benchmarks, or have no line in common.
    """
    if old.benchmark != new.benchmark:
        raise ValueError(f"one is a result of `{old.benchmark}` and the other of `{new.benchmark}`; give two of a kind")
    before = {_key(line): line for line in old.lines}
    both = [(before[_key(line)], line) for line in new.lines if _key(line) in before]
    alike = _alike(old, new)
    rows = [row for one, other in both for row in _changes(one, other, alike=alike)]
    if not rows:
        raise ValueError("the two results have no line in common: they were made with other options")
    columns = [list(column) for column in zip(("", "figure", "old", "new", "change", ""), *rows, strict=True)]
    unlike = [] if alike else ["the two were not made alike, so whether a change is better or worse is not judged:"]
    return "\n".join([grid(columns, left={0, 1, 5}), *unlike, *_differences(old, new), *_alone(old, new)])


def _key(line: Line) -> tuple[tuple[str, Label], ...]:
    return tuple(sorted(line.labels.items()))


def _alike(old: Result, new: Result) -> bool:
    """Tell whether two results were made on one machine, with options that give each line the same work."""
    options = [{name: value for name, value in one.options.items() if name not in _SAME_WORK} for one in (old, new)]
    return options[0] == options[1] and old.machine == new.machine


def _changes(old: Line, new: Line, *, alike: bool) -> Iterator[tuple[str, ...]]:
    name = ", ".join(value if isinstance(value, str) else f"{key} {label(value)}" for key, value in new.labels.items())
    for key, after in new.figures.items():
        if key not in old.figures or key not in FIGURES:
            continue
        before = old.figures[key]
        change = (after - before) / before if before else 0.0
        verdict = _verdict(key, old, new) if alike else ""
        yield name, FIGURES[key].title, told(key, before), told(key, after), f"{change:+.1%}", verdict
        name = ""


def _verdict(key: str, old: Line, new: Line) -> str:
    """Say whether a change is one: the rounds of both results do not overlap."""
    before = [run[key] for run in old.rounds if key in run]
    after = [run[key] for run in new.rounds if key in run]
    better = FIGURES[key].better
    if not before or not after or not better:
        return ""
    if min(len(before), len(after)) < _FEWEST_ROUNDS:
        return "too few rounds to tell"
    if max(min(before), min(after)) <= min(max(before), max(after)):
        return "within the rounds' spread"
    return "better" if (max(after) < min(before)) == (better == "less") else "worse"


def _differences(old: Result, new: Result) -> Iterator[str]:
    """Say in what else than the project the two differ."""
    for what, before, after in (
        ("options", old.options, new.options),
        ("machine", old.machine, new.machine),
        ("versions", old.versions, new.versions),
    ):
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        for name in names:
            yield f"{what}: {name} {_shown(before, name)} -> {_shown(after, name)}"


def _shown(values: Mapping[str, object], name: str) -> str:
    return str(values[name]) if name in values else "none"


def _alone(old: Result, new: Result) -> Iterator[str]:
    """Count the lines that only one of the two has."""
    keys = {_key(line) for line in old.lines}, {_key(line) for line in new.lines}
    for name, count in (("old", len(keys[0] - keys[1])), ("new", len(keys[1] - keys[0]))):
        if count:
            yield f"lines that only the {name} result has: {count}"
