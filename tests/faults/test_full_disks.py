"""A disk that is really full: a small one for the outputs, the state or the temporary files, and then room enough."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fault_disks
import pytest
from fault_checks import check_ending, check_nothing_half_done
from fault_runs import Place, Undisturbed, left, run

pytestmark = pytest.mark.skipif(fault_disks.why_not() is not None, reason=str(fault_disks.why_not()))

KIB = 1024
#: What is on the small disk, and its sizes: from too small for a folder to just too small.
SIZES = {
    "outputs": (4, 8, 16, 24, 32, 40, 44, 48, 52, 56, 60, 64, 80),
    "state": (4, 12, 256, 512, 540, 780, 800, 1100, 1500, 1800, 2100, 2400, 2700, 3000, 3300),
    "temporary": (4, 16, 48, 64, 80, 96, 128),
    "all": (64, 128, 540, 800, 1100, 1800, 2400, 2700, 3300),
}
SAMPLE = {("outputs", 40), ("state", 1500)}
CASES = [
    pytest.param(what, size, marks=() if (what, size) in SAMPLE else pytest.mark.long, id=f"{what}-{size}")
    for what, sizes in SIZES.items()
    for size in sizes
]


@pytest.mark.parametrize(("what", "size"), CASES)
def test_a_full_disk(
    what: str, size: int, before: Callable[[str], Undisturbed], record_property: Callable[[str, Any], None]
) -> None:
    folder = before("absent").lay_out().folder
    (folder / "disk").mkdir()
    with fault_disks.small_disk(folder / "disk", size * KIB) as disk:
        place = placed(what, folder, disk)
        # Text from a pipe is kept in a temporary file; a file that has a name is not.
        stdin = folder / "leads.csv" if what == "temporary" else None
        source = "-" if stdin else "leads.csv"

        ended = run(place, source=source, stdin=stdin)
        record_property("fault", (f"ENOSPC, {what} on a full disk", f"exit {ended.code}"))
        code = check_ending(ended)
        came = check_nothing_half_done(place, before("absent"), ended, own=stdin is None)
        assert (came == "published") == (code == "published")

        disk.grow()
        ended = run(place, source=source, stdin=stdin)
        assert ended.code == 0, ended
        if stdin is None:
            after = left(place)
            for name, value in before("absent").after.items():
                assert name == "names" or after[name] == value, name
        assert not [name for name in left(place)["names"] if "leadsieve-" in name or ".creating-" in name]


def placed(what: str, folder: Path, disk: fault_disks.Disk) -> Place:
    """Put one thing, or all, on the small disk."""
    place = Place(folder, wrapper=disk.entered(folder), seen=lambda path: _seen(disk, path))
    at = disk.path
    if what in {"outputs", "all"}:
        place = dataclasses.replace(place, out=at / "out")
    if what in {"state", "all"}:
        place = dataclasses.replace(place, state=at / "s.duckdb")
    if what in {"temporary", "all"}:
        place = dataclasses.replace(place, temporary=at)
    return place


def _seen(disk: fault_disks.Disk, path: Path) -> Path:
    return disk.seen(path) if path.is_relative_to(disk.path) else path
