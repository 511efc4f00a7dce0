"""Before the first rows no garbage is searched for; from then on it is, and afterwards nothing is different."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from leadsieve.cli.garbage import collecting_from_the_first_rows
from leadsieve.progress import Progress

EVENT = Progress(rows=1, rejected=0, nbytes=10, total_bytes=20, seconds=0.1)


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    gc.unfreeze()  # what every test begins with
    yield
    gc.enable()


def test_garbage_is_searched_for_from_the_first_rows_on() -> None:
    told: list[Progress] = []
    with collecting_from_the_first_rows(told.append) as progress:
        assert not gc.isenabled()
        progress(EVENT)
        assert gc.isenabled()
        assert gc.get_freeze_count()
        gc.disable()  # as a user's own schema may do
        progress(EVENT)
        assert not gc.isenabled()
    assert told == [EVENT, EVENT]
    assert gc.isenabled()
    assert not gc.get_freeze_count()


def test_a_run_that_fails_before_its_first_rows_leaves_the_collector_as_it_was() -> None:
    with pytest.raises(ValueError, match="no rows"), collecting_from_the_first_rows(None):
        raise ValueError("no rows")
    assert gc.isenabled()
    assert not gc.get_freeze_count()


def test_what_somebody_else_has_frozen_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    with collecting_from_the_first_rows(None) as progress:
        progress(EVENT)
        assert gc.isenabled()
    assert gc.get_freeze_count() == pytest.approx(frozen, abs=100)  # some have been freed


def test_a_collector_that_somebody_stopped_stays_stopped() -> None:
    gc.disable()
    told: list[Progress] = []
    with collecting_from_the_first_rows(told.append) as progress:
        progress(EVENT)
        assert not gc.isenabled()
    assert not gc.isenabled()
    assert told == [EVENT]


def test_the_command_collects_while_it_reads_rows(tmp_path, monkeypatch) -> None:
    from click.testing import CliRunner

    import leadsieve.process
    from leadsieve.cli import cli

    seen: list[bool] = []
    add = leadsieve.process.Meter.add

    def look(self, **counts: int) -> None:
        add(self, **counts)
        seen.append(gc.isenabled())

    monkeypatch.setattr(leadsieve.process.Meter, "add", look)
    source = tmp_path / "leads.csv"
    source.write_text("phone\n+12025550123\n", "utf-8")
    done = CliRunner().invoke(cli, ["clean", str(source), "--out", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 0, done.output
    assert seen == [True]
    assert gc.isenabled()
