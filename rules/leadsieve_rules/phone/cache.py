"""Where compiled tables are kept between processes, and how they are built, checked and replaced there."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
import threading
import unicodedata
from functools import cache
from pathlib import Path

import phonenumbers

from leadsieve_rules.phone.tables import FORMAT, DamagedTables, Tables

_LOG = logging.getLogger("leadsieve_rules.phone")
_LOCK = threading.Lock()
#: The modules that decide what stands in the tables.
_BUILDERS = ("patterns.py", "automata.py", "characters.py", "compiler.py", "tables.py", "phones.py")
_loaded: list[Tables] = []


def folder() -> Path | None:
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


def load_tables() -> Tables:
    """Return the tables of the installed `phonenumbers`, built once a user and loaded once a process.

    Raises:
        Unsupported: phonenumbers reads text in a way that the kernel does not know.
    """
    with _LOCK:
        if not _loaded:
            _loaded.append(_load_or_build())
        return _loaded[0]


def _load_or_build() -> Tables:
    kept = folder()
    file = None if kept is None else kept / f"phone-tables-{fingerprint()}.bin"
    if file is not None:
        try:
            return _read(file)
        except (OSError, DamagedTables):
            pass
    _LOG.warning(
        "preparing the phone tables for phonenumbers %s: once, some seconds%s",
        phonenumbers.__version__,
        "" if file is not None else " (again in every process: the cache folder cannot be written)",
    )
    from leadsieve_rules.phone.compiler import compile_tables

    tables = compile_tables()
    if file is not None:
        _replace(file, tables.to_bytes())
    return tables


def _read(file: Path) -> Tables:
    """Return the tables in a file.

    Raises:
        DamagedTables: They are damaged, or another user's: a cache folder may be one that all may write to.
    """
    with file.open("rb") as stream:
        if os.fstat(stream.fileno()).st_uid not in (os.geteuid(), 0):
            raise DamagedTables(f"{file} belongs to another user")
        return Tables.from_bytes(stream.read())


def _replace(file: Path, content: bytes) -> None:
    """Write a file in one step, so that a reader sees all of it or nothing; without it, the next process builds."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".phone-tables-", delete=False) as written:
            temporary = Path(written.name)
            written.write(content)
        temporary.replace(file)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@cache
def fingerprint() -> str:
    """Name what the tables depend on: phonenumbers' code and data, Python's characters, and what builds them."""
    digest = hashlib.sha256()
    for part in (phonenumbers.__version__, unicodedata.unidata_version, sys.implementation.cache_tag, FORMAT):
        digest.update(f"{part}\n".encode())
    installed = Path(phonenumbers.__file__).parent
    here = Path(__file__).parent
    for source in (
        *sorted(installed.glob("*.py")),
        *sorted((installed / "data").glob("*.py")),
        *(here / name for name in _BUILDERS),
    ):
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:24]
