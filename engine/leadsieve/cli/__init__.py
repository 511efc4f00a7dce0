"""The command line: each command parses, calls one public function, and prints."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import traceback
from pathlib import Path

import click

import leadsieve
from leadsieve.cli.campaign import campaign
from leadsieve.cli.clean import clean
from leadsieve.cli.command import Group, ReaderGone
from leadsieve.cli.completion import completion
from leadsieve.cli.explain import explain
from leadsieve.cli.inspect import inspect
from leadsieve.cli.mappings import mappings
from leadsieve.cli.profiles import profiles
from leadsieve.cli.report import fail
from leadsieve.cli.report_page import report
from leadsieve.cli.suppress import suppress
from leadsieve.cli.verify import verify
from leadsieve.exceptions import InternalError, LeadsieveError, OutputError, UsageError

#: The commands in the order in which they are of use.
_HEADINGS = {
    "Before and while cleaning": ("inspect", "clean"),
    "Afterwards": ("report", "explain", "verify"),
    "What is kept for later runs": ("campaign", "suppress", "mappings"),
    "Help": ("profiles", "completion"),
}


@click.group(
    cls=Group,
    headings=_HEADINGS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(leadsieve.__version__, prog_name="leadsieve")
def cli() -> None:
    """Turn raw lead files into clean lead datasets: exact phone numbers, no row lost, every rejection explained.

    \b
    leadsieve inspect leads.csv --region IN
    leadsieve clean leads.csv --region IN --out out
    leadsieve verify out

    \b
    Exit codes: 0 published; 1 more rejected than --fail-over allows;
    2 usage; 3 a source that cannot be read; 4 state locked, corrupt or in
    conflict; 5 outputs could not be written; 70 the run's own proof
    failed; 130, 143 interrupted.
    """


for command in (campaign, clean, completion, explain, inspect, mappings, profiles, report, suppress, verify):
    cli.add_command(command)


def run() -> None:
    """Run the command line, and end the process; the entry point of the installed command.

    What atexit knows is done and all output is flushed, but the interpreter is not taken down object by object: that
    takes a tenth of a second where a schema was used. With `LEADSIEVE_DEBUG` it is, for whoever looks into it.
    """
    status: int | str | None = 0
    try:
        main()
    except SystemExit as exc:
        status = exc.code
    waited_for = [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]
    if waited_for or isinstance(status, str) or "LEADSIEVE_DEBUG" in os.environ:
        sys.exit(status)
    atexit._run_exitfuncs()  # noqa: SLF001 - it has no other name
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


def main() -> None:
    """Run the command line; returns, or exits as commands do."""
    # The engine's own threads use the cores; one process, one pool. Must be set before polars is first imported.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    # Nothing here multiplies matrices, and the threads for it wait at full speed. Must be set before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # It would ask for large pages, which are found and cleared whole: that costs more than they give. Likewise.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    # Arrow's own pools keep more of what was freed, and are no faster here. Must be set before Arrow is first imported.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        cli(prog_name="leadsieve", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as exc:
        click.echo(exc.format_message())
        sys.exit(2)
    except click.UsageError as exc:
        where = exc.ctx.command_path if exc.ctx is not None else "leadsieve"
        fail(UsageError(f"{exc.format_message()} (see {where} --help)"), as_json="--json" in sys.argv)
    except click.ClickException as exc:
        fail(UsageError(exc.format_message()), as_json="--json" in sys.argv)
    except LeadsieveError as exc:
        fail(exc, as_json="--json" in sys.argv)
    except click.Abort:
        sys.exit(130)
    except (BrokenPipeError, ReaderGone):
        # Whoever read our output has gone; the interpreter must not try to flush what is left for it.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(141)
    except Exception as exc:
        # Of what is written to stdout no file's name is known; every other failure of a file is translated long before.
        if isinstance(exc, OSError) and exc.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            why = f"cannot print the result: {exc.strerror or exc}; what was published stands"
            fail(OutputError(why), as_json=False)
        if "LEADSIEVE_DEBUG" in os.environ:
            raise
        # What it says is not shown: it may quote cells.
        place = traceback.extract_tb(exc.__traceback__)[-1]
        what = f"{type(exc).__name__} in {Path(place.filename).name}, line {place.lineno}"
        what += "; please report it, with what LEADSIEVE_DEBUG=1 prints (which may hold cells)"
        fail(InternalError(what), as_json="--json" in sys.argv)
