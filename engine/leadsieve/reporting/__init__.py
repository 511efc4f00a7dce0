"""The report of a run: one HTML page that needs nothing else, to read, print and forward.

`figures` counts, `charts` draws, `page` writes; this module says where the page goes.
"""

from __future__ import annotations

import os
from contextlib import closing
from importlib import import_module
from pathlib import Path

from leadsieve.exceptions import OutputError, UsageError
from leadsieve.verification import Outputs
from leadsieve_connectors.sources.storage import display_name

__all__ = ["write_report"]

#: What the extra `report` brings; the first is needed by the second.
_NEEDED = ("jinja2", "altair", "vl_convert")
#: Where in a file it says that it is a report.
_HEAD_BYTES = 2048


def write_report(out: Path | str, to: Path | None, *, show_values: bool, overwrite: bool) -> Path:
    """Write the report of a run.

    Args:
        out: The published folder, or its URL as a string.
        to: Where to write it; None is `NAME-report.html` in the working folder, by the name of `out`.
        show_values: Show the cells in full.
        overwrite: Replace a file that is no report.

    Returns:
        Where it is.

    Raises:
        UsageError: The extra is not installed, there is no publication in `out`, or the report would stand in it.
        OutputError: The page cannot be written, something else stands there, or the outputs do not agree with their
            `run.json`.
    """
    _require_extra()
    outputs = Outputs.at(out)
    if outputs is None:
        raise UsageError(f"{display_name(str(out))} holds no run that leadsieve published; name what clean --out gave")
    from leadsieve.reporting.figures import gather
    from leadsieve.reporting.page import MARKER, render

    with closing(outputs.folder):
        target = Path(f"{outputs.name.rstrip('/').rpartition('/')[2]}-report.html") if to is None else to
        _check_target(target, out, MARKER.encode(), overwrite=overwrite)
        page = render(gather(outputs, show_values=show_values))
    _write(target, page)
    return target


def _require_extra() -> None:
    for name in _NEEDED:
        try:
            import_module(name)
        except ImportError as exc:
            raise UsageError(
                f"a report needs {name.replace('_', '-')}, which is not installed: pip install 'leadsieve[report]'"
            ) from exc


def _check_target(target: Path, out: Path | str, marker: bytes, *, overwrite: bool) -> None:
    """Refuse a place where the report would destroy something, before any work is done."""
    if isinstance(out, Path) and target.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{target} is in {out}, whose files are sealed by its run.json; name another place with --to")
    if not target.parent.is_dir():
        raise OutputError(f"{target}: there is no folder {target.parent}; make it first")
    if not os.path.lexists(target):
        return
    if not target.is_file():
        raise OutputError(f"{target} is there and is no file; name another place with --to", "output_exists")
    if overwrite:
        return
    try:
        with target.open("rb") as file:
            own = marker in file.read(_HEAD_BYTES)
    except OSError as exc:
        raise OutputError(f"{target} is there and cannot be read: {exc.strerror or exc}", "output_exists") from exc
    if not own:
        raise OutputError(
            f"{target} is there and is no report of leadsieve; name another place with --to, or replace it with "
            "--overwrite",
            "output_exists",
        )


def _write(target: Path, page: str) -> None:
    """Write the page whole or not at all."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("x", encoding="utf-8", newline="\n") as file:
                file.write(page)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as exc:
        raise OutputError(f"{target}: cannot be written: {exc.strerror or exc}") from exc
