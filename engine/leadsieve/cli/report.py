"""How the command line speaks: decisions and progress on stderr, results on stdout, one line for an error."""

from __future__ import annotations

import gc
import json
import logging
import re
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from textwrap import wrap
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from leadsieve.cli.settings import present_settings
from leadsieve.exceptions import Interrupted, LeadsieveError, StateError
from leadsieve.progress import Callback, Progress
from leadsieve.wording import printable, printable_json

if TYPE_CHECKING:
    import pyarrow as pa

#: Nobody reads more of it than tells it from others.
_HASH = re.compile("[0-9a-f]{64}")
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
    handler = _Decisions(results=as_json)
    log.addHandler(handler)
    level_before = log.level
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    handler.setLevel(log.level)  # of what others may let through besides, nothing
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    failure: LeadsieveError | None = None
    done, settings = False, present_settings()
    try:
        if settings is not None:
            settings.tell()
        yield
        done = True
    except LeadsieveError as exc:
        failure = exc
        if settings is not None:
            failure.message += settings.blame(failure.message)
    except BaseException:
        # DuckDB drops what a handler raises and raises an error of its own: after a signal any failure is its doing.
        if not received:
            raise
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
        log.removeHandler(handler)
        log.setLevel(level_before)
    if received and (failure is not None or not done):
        # Libraries deliver the signal once more when they return; one is enough.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        failure = Interrupted(_STOPPED, exit_code=128 + received[0])
    if failure is not None:
        # What the frames of the failure hold, such as an open database, must go before the interpreter does:
        # DuckDB complains on stderr of objects that outlive it.
        failure.__traceback__ = failure.__cause__ = failure.__context__ = None
        gc.collect()
        fail(failure, as_json=as_json)


def fail(exc: LeadsieveError, *, as_json: bool) -> NoReturn:
    """Say what went wrong in one line on stderr, and exit with its code."""
    line = printable(exc.message)
    click.echo(f"leadsieve: {exc.code}: {line}", err=True)
    if as_json:
        told = {"code": exc.code, "message": line, "answer": exc.answer}
        click.echo(printable_json(json.dumps(told, ensure_ascii=False)))
    sys.exit(exc.exit_code)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines on stdout, so that no cell or name in them commands the terminal or makes a line of its own."""
    click.echo("\n".join(map(printable, lines)))


class _Decisions(logging.Handler):
    """Prints what is logged on stderr.

    Args:
        results: Print the counts too, which the command prints on stdout where it prints no JSON there.
    """

    def __init__(self, *, results: bool) -> None:
        super().__init__()
        self._results = results

    def emit(self, record: logging.LogRecord) -> None:
        if self._results or record.name != "leadsieve.results":
            # To what stderr is now: click would write past the progress bar, into its line.
            click.echo(printable(record.getMessage()), file=sys.stderr)


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
    click.echo(printable_json(json.dumps(value, ensure_ascii=False, indent=2)))


def print_table(table: pa.Table, *, as_json: bool, empty: str) -> None:
    """Print a table on stdout: as JSON objects, or in columns for people.

    Args:
        table: What to print.
        as_json: Print a JSON array of objects.
        empty: What to say to people where there are no rows.
    """
    if as_json:
        print_json([{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()])
    elif not table.num_rows:
        print_lines([empty])
    else:
        lines = list(_in_columns(table))
        # A terminal breaks longer lines wherever they are; what reads a pipe wants one line a row.
        narrow = sys.stdout.isatty() and max(map(len, lines)) > shutil.get_terminal_size().columns
        click.echo("\n".join(_in_blocks(table) if narrow else lines))


def print_findings(findings: pa.Table, *, as_json: bool, well: str) -> None:
    """Print what does not agree, and end the process with exit code 4 where there is anything.

    Args:
        findings: One row for each disagreement.
        as_json: Print one JSON object, which has them under `findings`.
        well: What to say to people where there is none.
    """
    if as_json:
        print_json({"findings": findings.to_pylist()})
    elif not findings.num_rows:
        print_lines([well])
    for found in [] if as_json else findings.to_pylist():
        print_lines([f"{found['where']}: {found['problem']}; {found['advice']}"])
    if findings.num_rows:
        sys.exit(StateError.exit_code)


def _in_blocks(table: pa.Table) -> Iterator[str]:
    """Lay each row of a table out as lines of its own, one for each column in which there is something."""
    for number, row in enumerate(table.to_pylist()):
        if number:
            yield ""
        for name, value in row.items():
            if value:
                said = f"{name.replace('_', ' ')}: {printable(_told(value))}"
                yield from wrap(
                    said, shutil.get_terminal_size().columns, subsequent_indent="  ", break_on_hyphens=False
                )


def _in_columns(table: pa.Table) -> Iterator[str]:
    """Lay a table out for people: numbers to the right, and no column in which there is nothing, or nought."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.to_pylist()
        if not any(values):
            continue
        cells = [name.replace("_", " "), *(printable(_told(value)) for value in values)]
        width = max(len(cell) for cell in cells)
        right = any(isinstance(value, int) and not isinstance(value, bool) for value in values)
        columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in cells])
    for row in zip(*columns, strict=True):
        yield "  ".join(row).rstrip()


def _told(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value[:12]
    return str(value)


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
