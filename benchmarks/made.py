"""Files that benchmarks need, made in processes of their own, so that what measures children stays small."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

#: Where lead files, states and outputs are kept unless said otherwise; git ignores it.
WORK = Path(__file__).parent / "work"


def make(function: str, *arguments: str | Path | int | None) -> Path:
    """Call a function that makes a file, or finds it kept, in a process of its own.

    Args:
        function: Its module and its name, `benchmarks.formats:format_file`.
        arguments: What to call it with; those that are paths here are paths there.

    Returns:
        The file that it gave.

    Raises:
        click.ClickException: It could not be made; what the process said stands before it.
    """
    given = [{"path": str(value)} if isinstance(value, Path) else value for value in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.made", function, json.dumps(given)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"{function.partition(':')[2]} could not make its file for {arguments}")
    return Path(done.stdout.strip())


def make_leads(folder: Path, rows: int, seed: int, *, bad: int = 5, columns: int = 6, note_bytes: int = 0) -> Path:
    """Return a lead file, now in the page cache; for the arguments see `benchmarks.data`."""
    source = make("benchmarks.made:lead_file_of", folder, rows, seed, bad, columns, note_bytes)
    with source.open("rb") as file:
        while file.read(1 << 24):
            pass
    return source


def lead_file_of(folder: Path, rows: int, seed: int, bad: int, columns: int, note_bytes: int) -> Path:
    """Return the lead file of a shape; see `benchmarks.data.lead_file`."""
    from benchmarks.data import Shape, lead_file

    return lead_file(folder, rows, seed, Shape(bad=bad, columns=columns, note_bytes=note_bytes))


def main() -> None:
    """Call the function that the first argument names with the second's values, and print the path that it gives."""
    module, _, name = sys.argv[1].partition(":")
    function: Callable[..., Path] = getattr(import_module(module), name)
    print(function(*(Path(value["path"]) if isinstance(value, dict) else value for value in json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
