"""pandera's polars API without pandas: pandera imports it where it is installed, and does as well where it is not.

Most of the time that pandera takes to be imported goes to pandas and to what pandera builds on it. So pandas is out
of its sight here, as where it is not installed; the names that it brings are added when somebody asks for one.
"""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec

_API = "pandera.polars"
#: What lacks names without pandas, in the order in which it is to be made whole.
_LACKING = ("pandera.typing", "pandera")
_MAKING_WHOLE = threading.RLock()


class _NoPandasError(ModuleNotFoundError, ValueError):
    """There is no pandas; a ValueError since pandera's reader of YAML then takes a number or text as it is."""


class _Absent:
    """Says, to the thread that made it, that there is no pandas."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """Answer as a finder of modules does."""
        if name.partition(".")[0] == "pandas" and threading.get_ident() == self._thread:
            raise _NoPandasError("No module named 'pandas'", name="pandas")
        return None


def import_pandera() -> None:
    """Import pandera's polars API, unless that is done, without pandas where nobody has imported it yet."""
    # Both look for pandas themselves, and would take it for absent for good.
    importlib.import_module("polars")
    importlib.import_module("pyarrow")
    if "pandera" in sys.modules or "pandas" in sys.modules:
        importlib.import_module(_API)
        return
    try:
        with without_pandas():
            importlib.import_module(_API)
    except Exception:  # another pandera than is known here may not do without
        for name in [name for name in sys.modules if name.partition(".")[0] == "pandera"]:
            del sys.modules[name]
        importlib.import_module(_API)
        return
    for name in _LACKING:
        _complete_later(name)


@contextmanager
def without_pandas() -> Iterator[None]:
    """Keep this thread from importing pandas, unless it is imported already."""
    absent: Any = _Absent()
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        if absent in sys.meta_path:
            sys.meta_path.remove(absent)


def _complete_later(name: str) -> None:
    """Let a module import pandas' part of pandera when it is asked for a name that it has not."""
    names = vars(sys.modules[name])

    def __getattr__(wanted: str) -> Any:  # noqa: N807 - what Python asks of a module that lacks a name
        if not wanted.startswith("__"):
            _complete()
            if wanted in names:
                return names[wanted]
        raise AttributeError(f"module {name!r} has no attribute {wanted!r}")

    names.setdefault("__getattr__", __getattr__)


def _complete() -> None:
    with _MAKING_WHOLE:
        lacking = [sys.modules[name] for name in _LACKING if vars(sys.modules[name]).pop("__getattr__", None)]
        for module in lacking:
            importlib.reload(module)
