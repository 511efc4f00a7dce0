"""How the engine's own loops are compiled, and where their machine code is kept.

numba keeps machine code by the time stamp of the one file that a function stands in. Hence the folder is named after
the sources themselves.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

from leadsieve_rules.phone.cache import folder

#: numba's settings, read when a function is decorated; untyped.
_config: Any = importlib.import_module("numba.core.config")
_types: Any = numba.types
_F = TypeVar("_F")
_LOG = logging.getLogger("leadsieve")

_SOURCES = ("keykernel.py", "jit.py")

# Without numba's reference counts (`_nrt`): the loops make no arrays.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "boundscheck": False, "error_model": "numpy"}


def array(kind: Any, *, readonly: bool = False) -> Any:
    """Return the type of a flat array."""
    return _types.Array(kind, 1, "C", readonly=readonly)


def compiled(function: _F) -> _F:
    """Compile a function into the functions that call it."""
    made: _F = numba.njit(forceinline=True, **_OPTIONS)(function)
    return made


def entry(signature: Any) -> Callable[[_F], _F]:
    """Compile a function that Python calls, now, and keep the machine code for later processes."""

    def decorate(function: _F) -> _F:
        made: _F
        kept, before = _code_folder(), _config.CACHE_DIR
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


def _code_folder() -> Path | None:
    """Return the folder of the machine code; None where nothing can be kept."""
    sources = b"".join((Path(__file__).parent / name).read_bytes() for name in _SOURCES)
    name = f"key-code-{hashlib.sha256(sources).hexdigest()[:16]}"
    if _config.CACHE_DIR:  # the user's own choice
        return Path(_config.CACHE_DIR) / name
    kept = folder()
    return None if kept is None else kept / name
