"""How the command line speaks: decisions and progress on stderr, results on stdout, one line for an error."""

from __future__ import annotations

import gc
import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click

from leadsieve.exceptions import Interrupted, LeadsieveError
from leadsieve.progress import Callback, Progress

_STOPPED = "stopped by a signal; nothing is half done, and the same command again gives the whole result"


@contextmanager
def speaking(*, as_json: bool, quiet: bool) -> Iterator[None]:
    """Print the run's decisions while the block runs, and end the process in one line where it fails.

    Args:
        as_json: Print a failure as a JSON object on stdout too.
        quiet: Print no decisions.
    """
    import pyarrow as pa

    # Arrow takes signals over while it parses, and now and then loses one; ours are raised where Python runs.
    pa.enable_signal_handlers(False)
    log = logging.getLogger("leadsieve")
    handler = _Decisions()
    log.addHandler(handler)
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    before = signal.signal(signal.SIGTERM, _terminated)
    failure: LeadsieveError | None = None
    try:
        yield
    except LeadsieveError as exc:
        failure = exc
    except KeyboardInterrupt as exc:
        # Libraries deliver the signal once more when they return; one is enough.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        number = signal.SIGTERM if isinstance(exc, _Terminated) else signal.SIGINT
        failure = Interrupted(_STOPPED, exit_code=128 + number)
    finally:
        signal.signal(signal.SIGTERM, before)
        log.removeHandler(handler)
    if failure is not None:
        # What the frames of the failure hold, such as an open database, must go before the interpreter does:
        # DuckDB complains on stderr of objects that outlive it.
        failure.__traceback__ = failure.__cause__ = failure.__context__ = None
        gc.collect()
        fail(failure, as_json=as_json)


def fail(exc: LeadsieveError, *, as_json: bool) -> NoReturn:
    """Say what went wrong in one line on stderr, and exit with its code."""
    line = " ".join(printable(exc.message).split())
    click.echo(f"leadsieve: {exc.code}: {line}", err=True)
    if as_json:
        click.echo(json.dumps({"code": exc.code, "message": line, "answer": exc.answer}, ensure_ascii=False))
    sys.exit(exc.exit_code)


def printable(text: str) -> str:
    """Escape control characters, so that a cell or a name cannot command the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


class _Terminated(KeyboardInterrupt):
    """SIGTERM: like Ctrl-C no error of the code that it happens to meet."""


def _terminated(_signum: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


class _Decisions(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(printable(record.getMessage()), err=True)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callback | None]:
    """Give a callback that shows progress on stderr, where stderr is a terminal; else None."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[counts]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, counts="")

        def show(progress: Progress) -> None:
            counts = f"{progress.rows:,} rows, {progress.rows_per_second:,.0f} a second, {progress.rejected:,} rejected"
            bar.update(task, completed=progress.share or 0.0, counts=counts)

        yield show


def print_json(value: Any) -> None:
    """Print one JSON object on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
