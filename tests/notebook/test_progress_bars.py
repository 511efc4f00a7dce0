"""Progress: a bar of tqdm in a notebook that has it, silence elsewhere, and one kind of callback for all."""

import builtins
import subprocess
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

import leadsieve as ls
from leadsieve import progress as module
from leadsieve.progress import Progress, in_notebook, shown

LEADS = pa.table({"phone": ["+12025550147", "12"]})


@pytest.fixture
def notebook(monkeypatch, capsys):
    """Pretend to be called from a cell; gives what was written since it was asked last."""
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return lambda: capsys.readouterr().err


def _event(rows, total, seconds=2.0):
    return Progress(rows=rows, rejected=rows // 10, nbytes=rows * 10, total_bytes=total, seconds=seconds)


def test_a_bar_says_how_far_how_fast_and_how_many_are_rejected(notebook):
    with shown(None) as callback:
        callback(_event(1000, 40_000))
        callback(_event(2000, 40_000))
        written = notebook()
        assert "50%" in written
        assert "2,000 rows, 1,000 a second, 200 rejected" in written
    # It goes when the run ends.
    assert notebook().endswith("\r")


def test_without_a_size_it_only_counts(notebook):
    with shown(None) as callback:
        callback(_event(1000, None))
    written = notebook()
    assert "1,000 rows, 500 a second, 100 rejected" in written
    assert "%" not in written


def test_a_short_run_shows_nothing(notebook):
    with shown(None) as callback:
        callback(_event(1000, 40_000, seconds=0.1))
    assert notebook() == ""


def _fail():
    with shown(None) as callback:
        callback(_event(1000, 40_000))
        raise KeyError


def test_a_failure_takes_the_bar_away_too(notebook):
    with pytest.raises(KeyError):
        _fail()
    assert notebook().endswith("\r")


def test_a_run_in_a_notebook_shows_one(notebook, monkeypatch):
    monkeypatch.setattr(module, "_SHORT", 0.0)
    ls.clean(LEADS).close()
    assert "2 rows" in notebook()


def test_false_is_silent_and_a_callback_is_called(notebook, monkeypatch):
    monkeypatch.setattr(module, "_SHORT", 0.0)
    events = []
    ls.clean(LEADS, progress=False).close()
    ls.clean(LEADS, progress=events.append).close()
    assert notebook() == ""
    assert [(event.rows, event.rejected, event.share) for event in events][-1] == (2, 1, None)


def test_a_notebook_without_tqdm_is_silent(notebook, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **options):
        if name.startswith("tqdm"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with shown(None) as callback:
        assert callback is None


def test_outside_of_a_notebook_nothing_is_shown_or_imported():
    assert not in_notebook()
    code = """
import sys, pyarrow as pa, leadsieve as ls
ls.clean(pa.table({"phone": ["+12025550147"]})).close()
print(sorted({"tqdm", "IPython", "rich"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_shell_that_is_no_notebook_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=SimpleNamespace))
    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert not in_notebook()
