"""How loops are compiled to machine code, and where that is kept between processes.

numba keeps machine code by the time stamp of the one file that a function stands in, so it would miss a change in
another module, and two installations with reproducible time stamps would share code. Hence the folder is named after
the sources themselves.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numba

from leadsieve_rules.phone.cache import folder

#: numba's settings, read when a function is decorated; untyped.
_config: Any = importlib.import_module("numba.core.config")
_types: Any = numba.types
_F = TypeVar("_F")
_LOG = logging.getLogger("leadsieve_rules")

# Without numba's reference counts (`_nrt`), since the loops make no arrays: they cost a third of the phone kernel.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "boundscheck": False, "error_model": "numpy"}


def array(kind: Any, *, readonly: bool = False) -> Any:
    """Return the type of a flat array."""
    return _types.Array(kind, 1, "C", readonly=readonly)


def compiled(function: _F) -> _F:
    """Compile a function into the functions that call it.

    Without that, each call would hand over the arrays in seven words each, which costs as much as the work itself.
    """
    made: _F = numba.njit(forceinline=True, **_OPTIONS)(function)
    return made


class MachineCode:
    """The compiled functions of one kernel, kept together.

    Args:
        name: What the folder's name begins with.
        sources: Every file that decides what the functions do.
        more: Gives what else does.
    """

    def __init__(self, name: str, sources: Sequence[Path], more: Callable[[], str] = str) -> None:
        self._name, self._sources, self._more = name, (*sources, Path(__file__)), more

    def entry(self, signature: Any) -> Callable[[_F], _F]:
        """Compile a function that Python calls, now, and keep the machine code for later processes."""

        def decorate(function: _F) -> _F:
            made: _F
            kept, before = self._folder(), _config.CACHE_DIR
            if kept is not None:
                try:
                    _config.CACHE_DIR = str(kept)
                    made = numba.njit(signature, cache=True, **_OPTIONS)(function)
                except Exception:  # a full disk, damaged code: whatever it is, the code can be made anew and not kept
                    _LOG.debug("machine code could neither be read nor kept in %s", kept, exc_info=True)
                else:
                    return made
                finally:
                    _config.CACHE_DIR = before
            made = numba.njit(signature, **_OPTIONS)(function)
            return made

        return decorate

    def _folder(self) -> Path | None:
        """Return the folder of the machine code; None where nothing can be kept."""
        content = b"".join(source.read_bytes() for source in self._sources)
        name = f"{self._name}-{hashlib.sha256(content + self._more().encode()).hexdigest()[:16]}"
        if _config.CACHE_DIR:  # the user's own choice
            return Path(_config.CACHE_DIR) / name
        kept = folder()
        return None if kept is None else kept / name
