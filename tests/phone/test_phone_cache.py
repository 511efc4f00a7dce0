"""The tables on disk: built once, shared, checked, rebuilt after damage or an upgrade, and done without if need be."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import phonenumbers
import pytest

from leadsieve_rules.phone import cache, compiler
from leadsieve_rules.phone.tables import DamagedTables, Tables

LOADING = """
import hashlib
from leadsieve_rules.phone.cache import load_tables
print(hashlib.sha256(load_tables().to_bytes()).hexdigest())
"""


def start(folder: Path, program: str = LOADING) -> subprocess.Popen[str]:
    environment = {**os.environ, "LEADSIEVE_CACHE_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process that has loaded no tables yet, and its empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LEADSIEVE_CACHE_DIR", str(folder))
    monkeypatch.setattr(cache, "_loaded", [])
    return folder


@pytest.fixture(scope="module")
def built() -> bytes:
    return cache.load_tables().to_bytes()


@pytest.fixture
def compilations(built: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Tables]:
    """What was compiled: what the compiler makes takes seconds, and is known (the processes above do make it)."""
    made: list[Tables] = []

    def compile_tables() -> Tables:
        made.append(Tables.from_bytes(built))
        return made[-1]

    monkeypatch.setattr(compiler, "compile_tables", compile_tables)
    return made


def place(folder: Path, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"phone-tables-{cache.fingerprint()}.bin"
    file.write_bytes(content)
    return file


def test_two_processes_at_once_build_the_same_and_a_third_builds_nothing(tmp_path: Path, built: bytes) -> None:
    folder = tmp_path / "cache"
    for process in [start(folder), start(folder)]:
        out, err = process.communicate(timeout=120)
        assert out.strip() == hashlib.sha256(built).hexdigest(), err
        assert err.count("\n") <= 1
    assert [file.read_bytes() for file in folder.iterdir()] == [built]
    out, err = start(folder).communicate(timeout=120)
    assert (out.strip(), err) == (hashlib.sha256(built).hexdigest(), "")


def test_the_first_build_is_said_once_on_stderr(tmp_path: Path) -> None:
    program = LOADING + "load_tables()"
    _, err = start(tmp_path / "cache", program).communicate(timeout=120)
    assert err == f"preparing the phone tables for phonenumbers {phonenumbers.__version__}: once, some seconds\n"


@pytest.mark.parametrize("damage", [b"", b"x", "cut", "flip", "header"])
def test_damaged_tables_are_refused(built: bytes, damage: bytes | str) -> None:
    if isinstance(damage, bytes):
        content = damage
    elif damage == "cut":
        content = built[:-1]
    else:
        content = bytearray(built)
        content[len(built) // 2 if damage == "flip" else 0] ^= 1
    with pytest.raises(DamagedTables):
        Tables.from_bytes(bytes(content))


def test_a_damaged_cache_is_rebuilt(unloaded: Path, built: bytes, compilations: list[Tables]) -> None:
    file = place(unloaded, built[: len(built) // 2])
    assert [cache.load_tables()] == compilations
    assert file.read_bytes() == built


def test_tables_of_another_user_are_not_used(tmp_path: Path, built: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place(tmp_path, built)
    assert cache._read(file).to_bytes() == built
    found = file.stat()
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((*found[:4], os.geteuid() + 1, *found[5:])))
    with pytest.raises(DamagedTables, match="another user"):
        cache._read(file)


def test_what_is_kept_is_loaded_without_a_word(
    unloaded: Path, built: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place(unloaded, built)
    monkeypatch.setitem(sys.modules, "leadsieve_rules.phone.compiler", None)  # importing it would fail
    first = cache.load_tables()
    assert first.to_bytes() == built
    assert cache.load_tables() is first
    assert not caplog.records


def test_a_folder_that_cannot_be_written_is_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, compilations: list[Tables], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LEADSIEVE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(cache, "_loaded", [])
    assert cache.folder() is None
    assert [cache.load_tables()] == compilations
    assert "again in every process" in caplog.text


def test_a_disk_that_is_full_is_done_without(
    unloaded: Path, compilations: list[Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert [cache.load_tables()] == compilations
    assert list(unloaded.iterdir()) == []


def test_the_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LEADSIEVE_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache.folder() == tmp_path / ".cache" / "leadsieve"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.folder() == tmp_path / "xdg" / "leadsieve"
    assert (tmp_path / "xdg" / "leadsieve").stat().st_mode & 0o777 == 0o700


def test_an_upgrade_or_other_data_of_the_same_version_makes_other_tables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = Path(phonenumbers.__file__).parent
    copy = tmp_path / "phonenumbers"
    (copy / "data").mkdir(parents=True)
    for source in [*installed.glob("*.py"), *(installed / "data").glob("region_I*.py")]:
        shutil.copy(source, copy / source.relative_to(installed))
    package = SimpleNamespace(__version__=phonenumbers.__version__, __file__=str(copy / "__init__.py"))
    monkeypatch.setattr(cache, "phonenumbers", package)
    names = []

    def name() -> None:
        cache.fingerprint.cache_clear()
        names.append(cache.fingerprint())

    try:
        name()
        name()
        package.__version__ = "99.0.0"
        name()
        changed = copy / "data" / "region_IN.py"
        changed.write_text(changed.read_text().replace("[6-9]", "[5-9]", 1))
        name()
        monkeypatch.setattr(cache.unicodedata, "unidata_version", "99.0.0")
        name()
    finally:
        cache.fingerprint.cache_clear()
    assert names[0] == names[1]
    assert len(set(names)) == 4
