"""pandera's polars API without pandas and hypothesis, which it imports where they are installed, and can do without.

Most of the time that pandera takes to be imported goes to these two and to what pandera builds on them. So both are out
of its sight here, as where they are not installed; the names that they bring are added when somebody asks for one.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from importlib.machinery import ModuleSpec

_API = "pandera.polars"
#: What lacks names without pandas, in the order in which it is to be made whole.
_LACKING = ("pandera.typing", "pandera")
#: What makes example data, and the names of hypothesis in it.
_STRATEGIES = "pandera.strategies.base_strategies"
_OF_HYPOTHESIS = ("SearchStrategy", "composite")
_MAKING_WHOLE = threading.RLock()


class _AbsentError(ModuleNotFoundError, ValueError):
    """There is no such package; a ValueError since pandera's reader of YAML then takes a number or text as it is."""


class _Absent:
    """Says, to the thread that made it, that packages are not there.

    Args:
        packages: Their names.
    """

    def __init__(self, packages: Collection[str]) -> None:
        self._packages = packages
        self._thread = threading.get_ident()

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """Answer as a finder of modules does."""
        package = name.partition(".")[0]
        if package in self._packages and threading.get_ident() == self._thread:
            raise _AbsentError(f"No module named {package!r}", name=package)
        return None


def import_pandera() -> None:
    """Import pandera's polars API, unless that is done, without pandas and hypothesis unless pandas is imported."""
    # Both look for pandas themselves, and would take it for absent for good.
    importlib.import_module("polars")
    importlib.import_module("pyarrow")
    if "pandera" in sys.modules or "pandas" in sys.modules:
        importlib.import_module(_API)
        return
    try:
        with _without("pandas", "hypothesis"):
            importlib.import_module(_API)
            strategies = importlib.import_module(_STRATEGIES)
        _strategies_later(strategies)
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
    with _without("pandas"):
        yield


@contextmanager
def _without(*packages: str) -> Iterator[None]:
    """Keep this thread from importing packages, unless they are imported already."""
    absent: Any = _Absent([package for package in packages if package not in sys.modules])
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        if absent in sys.meta_path:
            sys.meta_path.remove(absent)


def _strategies_later(strategies: Any) -> None:
    """Let pandera import hypothesis, where it is installed, when it is asked for what it makes example data with."""
    if strategies.HAS_HYPOTHESIS or importlib.util.find_spec("hypothesis") is None:
        return

    def __getattr__(wanted: str) -> Any:  # noqa: N807 - what Python asks of a module that lacks a name
        if wanted not in _OF_HYPOTHESIS:
            raise AttributeError(f"module {_STRATEGIES!r} has no attribute {wanted!r}")
        return getattr(importlib.import_module("hypothesis.strategies"), wanted)

    for name in _OF_HYPOTHESIS:
        delattr(strategies, name)
    strategies.HAS_HYPOTHESIS, strategies.__getattr__ = True, __getattr__


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
