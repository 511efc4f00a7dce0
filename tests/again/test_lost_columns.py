"""A rejected file without one of its columns is read as any file, and that is said."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

import leadsieve as ls

_OWN = ("lead_file", "lead_row", "lead_line", "lead_raw", "reject_reason", "reject_reasons")


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [said.getMessage() for said in caplog.records if "seems a rejected file" in said.getMessage()]


@pytest.mark.parametrize("lost", [*((name,) for name in _OWN), ("lead_line", "lead_raw"), _OWN[3:]])
def test_what_is_lost_is_said(
    lost: tuple[str, ...], tmp_path: Path, again: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        {name: cell for name, cell in row.items() if name not in lost} for row in again.read(again.rejected(tmp_path))
    ]
    path = again.write(tmp_path / "edited.csv", rows)
    with caplog.at_level(logging.WARNING, "leadsieve"), ls.clean(path, region="US", dry_run=True) as run:
        assert run.ledger["rows"] == len(rows)
    said = (
        f"{path}: seems a rejected file, but has no {', '.join(lost)}: its rows are numbered anew, and judged as those "
        "of any file; to have them judged as the rows that they were, put back each of these columns"
    )
    assert _warnings(caplog) == [said]


def test_columns_in_another_case_are_said(
    tmp_path: Path, again: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{name.upper(): cell for name, cell in row.items()} for row in again.read(again.rejected(tmp_path))]
    path = again.write(tmp_path / "edited.csv", rows)
    with caplog.at_level(logging.WARNING, "leadsieve"), ls.clean(path, region="US", dry_run=True):
        pass
    assert [f"has no {', '.join(_OWN)}: " in said for said in _warnings(caplog)] == [True]


def test_other_files_are_not_suspected(
    tmp_path: Path, again: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    whole = again.rejected(tmp_path)
    for path in (tmp_path / "leads.csv", whole, whole.parent / "accepted.csv"):
        with caplog.at_level(logging.WARNING, "leadsieve"), ls.clean(path, region="US", dry_run=True):
            pass
    assert _warnings(caplog) == []
