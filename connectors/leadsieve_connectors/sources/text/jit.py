"""How the compiled splitter is compiled, and where its machine code is kept.

numba keeps machine code by the time stamp of the one file that a function stands in, so it would miss a change in
another module. Hence the folder is named after the sources themselves.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

#: numba's settings, read when a function is decorated; untyped.
_config: Any = importlib.import_module("numba.core.config")
_types: Any = numba.types
_F = TypeVar("_F")
_LOG = logging.getLogger("leadsieve_connectors.sources")

_SOURCES = ("simd.py", "scan.py", "frame.py", "gather.py", "jit.py")

# Without numba's reference counts (`_nrt`): the kernel makes no arrays.
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
    name = f"text-code-{hashlib.sha256(sources).hexdigest()[:16]}"
    if _config.CACHE_DIR:  # the user's own choice
        return Path(_config.CACHE_DIR) / name
    kept = _cache_folder()
    return None if kept is None else kept / name


def _cache_folder() -> Path | None:
    """Return the user's cache folder, made if need be; None where it cannot be written.

    It is `$LEADSIEVE_CACHE_DIR`, else `leadsieve` in `$XDG_CACHE_HOME`, else in `~/.cache`.
    """
    try:
        chosen = os.environ.get("LEADSIEVE_CACHE_DIR")
        base = os.environ.get("XDG_CACHE_HOME", "")
        if chosen:
            path = Path(chosen).expanduser()
        else:
            path = (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "leadsieve"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return path if os.access(path, os.W_OK | os.X_OK) else None
