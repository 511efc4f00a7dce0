"""Compiled loops: kept as object code, called without numba, never executed unless whole and the user's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from leadsieve_connectors import jit as connectors_jit
from leadsieve_rules import jit

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__)
UNKNOWN = "declare i64 @nobody_has_this()\ndefine i64 @f() {\n %x = call i64 @nobody_has_this()\n ret i64 %x\n}\n"


def add(data: Any, out: Any, more: Any) -> Any:
    total = 0
    for row in range(len(data)):
        out[row] = data[row] + more
        total += out[row]
    return total


def clear(flags: Any) -> None:
    for row in range(len(flags)):
        flags[row] = False


@jit.compiled
def plus(first: Any, second: Any) -> Any:
    return first + second


def add_by_name(first: Any, second: Any) -> Any:
    return plus(first, second)


ADD = (np.int64, jit.array(np.uint8, readonly=True), jit.array(np.int32), np.int64)
DATA = np.array([1, 2, 250], np.uint8)
DATA.flags.writeable = False


def entry(function: Callable[..., Any] = add, *signature: Any, more: str = "") -> jit.Entry:
    return jit.MachineCode("some-code", [HERE], lambda: more).entry(*(signature or ADD))(function)


def check(loop: jit.Entry) -> None:
    out = np.zeros(3, np.int32)
    assert (loop(DATA, out, 7), out.tolist()) == (274, [8, 9, 257])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("LEADSIEVE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the loop, which is compiled once."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("NUMBA_CACHE_DIR", raising=False)
        environment.setenv("LEADSIEVE_CACHE_DIR", str(folder))
        check(entry())
    return folder


@pytest.fixture
def kept(folder: Path, made: Path) -> Path:
    """The file that the loop is kept in."""
    shutil.copytree(made, folder)
    (file,) = folder.glob("some-code-*/*")
    return file


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be compiled any more: what is called was kept."""
    monkeypatch.setattr(jit, "_object_code", None)
    monkeypatch.setattr(jit, "_njit", None)


def test_the_two_packages_compile_alike() -> None:
    assert Path(connectors_jit.__file__).read_bytes() == Path(jit.__file__).read_bytes()


@pytest.mark.usefixtures("kept", "no_compiler")
def test_what_is_kept_is_called_without_the_compiler() -> None:
    check(entry())


@pytest.mark.parametrize("damage", ["empty", "short", "cut", "flip", "digest", "other"])
def test_damaged_or_foreign_code_is_made_anew(kept: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kept.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2 if damage == "flip" else 0] ^= 1
    other = entry(more="other")
    check(other)
    (file,) = set(kept.parent.parent.glob("some-code-*/*")) - {kept}
    contents = {"empty": b"", "short": whole[:10], "cut": whole[:-1], "other": file.read_bytes()}
    kept.write_bytes(contents.get(damage, bytes(damaged)))
    linked = []
    link = jit._link
    monkeypatch.setattr(jit, "_link", lambda name, code: linked.append(code) or link(name, code))
    check(entry())
    check(entry())
    assert [len(linked), *linked] == [2, kept.read_bytes()[32:], kept.read_bytes()[32:]]


def test_code_of_another_user_is_made_anew(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    compiler = jit._object_code
    monkeypatch.setattr(jit, "_object_code", lambda *given: made.append(given) or compiler(*given))
    status = os.stat_result((0o100600, 0, 0, 1, 12345, 0, 0, 0, 0, 0))
    monkeypatch.setattr(jit.os, "fstat", lambda _: status)
    check(entry())
    assert len(made) == 1


@pytest.mark.parametrize("where", ["file", "file/below", "full"])
def test_code_that_cannot_be_kept_is_made_anew(
    where: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("LEADSIEVE_CACHE_DIR", str(tmp_path / where))
    monkeypatch.setattr(jit.Path, "replace", full)
    check(entry())
    assert not list(tmp_path.glob("**/some-code-*/*"))


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("problem", [AttributeError, RuntimeError])
def test_numba_itself_calls_what_cannot_be_linked(
    folder: Path, problem: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr(jit, "_object_code" if problem is AttributeError else "_link", fail)
    check(entry())
    assert not list(folder.glob("some-code-*/*"))


@pytest.mark.parametrize("code", ["unknown", b"", b"no object code"])
def test_code_that_cannot_be_linked_is_an_error_and_no_crash(code: bytes | str) -> None:
    if isinstance(code, str):
        jit._linker()
        machine = jit._llvm.Target.from_default_triple().create_target_machine(reloc="pic")
        code = machine.emit_object(jit._llvm.parse_assembly(UNKNOWN))
    with pytest.raises(RuntimeError):
        jit._link("f", code)


def test_the_users_folder_for_numba_is_used(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    check(entry())
    assert len(list(tmp_path.glob("numba/some-code-*/add"))) == 1


def test_other_circumstances_make_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.py"
    keys = []

    def note(text: str = "", more: str = "") -> None:
        source.write_text(text)
        keys.append(jit.MachineCode("x", [source], lambda: more).key)

    note()
    note(more="more")
    note("changed")
    for attribute in ("get_host_cpu_name", "get_process_triple"):
        with monkeypatch.context() as patch:
            patch.setattr(jit._llvm, attribute, lambda: "other")
            note()
    features = jit._llvm.get_host_cpu_features()
    features["sse2"] = not features.get("sse2", False)
    for place, name, other in (
        (jit._llvm, "get_host_cpu_features", lambda: features),
        (jit.metadata, "version", lambda _: "99"),
        (jit.sys, "implementation", type("other", (), {"cache_tag": "other"})),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, other)
            note()
    monkeypatch.setenv("NUMBA_OPT", "1")
    note()
    assert len(set(keys)) == len(keys)
    monkeypatch.delenv("NUMBA_OPT")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "anywhere")
    note()
    assert keys[-1] == keys[0]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ((DATA, DATA, 1), "writable flat array of int32 is needed, not ndarray of uint8"),
        ((np.zeros(3, np.int8), np.zeros(3, np.int32), 1), "flat array of uint8"),
        ((DATA, np.zeros((3, 1), np.int32), 1), r"shape \(3, 1\)"),
        ((DATA, np.zeros(6, np.int32)[::2], 1), "flat array of int32"),
        ((DATA, np.zeros(3, ">i4"), 1), "flat array of int32"),
        (([1, 2], np.zeros(3, np.int32), 1), "flat array of uint8 is needed, not list"),
        ((DATA, np.broadcast_to(np.zeros(1, np.int32), 3), 1), "flat array of int32"),
        ((DATA, np.zeros(3, np.int32), 1.5), "integer"),
        ((DATA, np.zeros(3, np.int32)), "takes 3 arguments, not 2"),
    ],
)
@pytest.mark.usefixtures("kept")
def test_arguments_of_other_types_are_refused(given: tuple[Any, ...], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        entry()(*given)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
@pytest.mark.usefixtures("folder")
def test_every_integer_is_handed_over_and_back(kind: str) -> None:
    item = getattr(np, kind)
    loop = entry(add_by_name, item, item, item)
    least, most = np.iinfo(item).min, np.iinfo(item).max
    assert (loop(least, 0), loop(most, 0), loop(item(most - 1), item(1))) == (least, most, most)


@pytest.mark.usefixtures("folder")
def test_flags_and_empty_arrays_and_nothing_returned() -> None:
    loop = entry(clear, None, jit.array(np.bool_))
    flags = np.ones(1000, np.bool_)
    assert loop(flags[1:-1]) is None
    assert flags.nonzero()[0].tolist() == [0, 999]
    loop(flags[:0])


def test_many_threads_compile_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    compiler = jit._object_code
    monkeypatch.setattr(jit, "_object_code", lambda *given: made.append(given) or compiler(*given))
    loop, together = entry(), Barrier(8)

    def call(_: int) -> None:
        together.wait()
        check(loop)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(8)))
    assert len(made) == 1


def test_two_processes_at_once_keep_the_same_and_a_third_needs_no_numba(folder: Path) -> None:
    program = (
        "import sys, numpy as np\nfrom leadsieve_rules.cells.kernel import find_signs\n"
        "signs, found = np.zeros(256, np.uint8), np.zeros(2, np.uint8)\nsigns[ord('x')] = 4\n"
        "data, offsets = np.frombuffer(b'ax1.0', np.uint8), np.array([0, 2, 5], np.int32)\n"
        "print(find_signs(data, offsets, signs, 1, found), found.tolist(), 'numba' in sys.modules)"
    )
    command, environment = [sys.executable, "-c", program], {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].split(" ", 1)[0] for process in both] == ["2", "2"]
    assert len(list(folder.glob("cells-code-*/*"))) == 1
    third = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert third.stdout == "2 [4, 1] False\n"
