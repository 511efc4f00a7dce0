"""Loops compiled to machine code, which is kept between processes and called there without numba.

The first process compiles a loop with numba, for the processor it runs on, and keeps the object code; a later one
checks that, links it with llvmlite alone and calls it by ctypes, without the interpreter lock: numba's import and its
own loading cost ten times as much. Both call the same object code.

This file stands twice, word for word: in `leadsieve_rules` and in `leadsieve_connectors`, which share nothing.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import logging
import operator
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

_llvm: Any = importlib.import_module("llvmlite.binding")
_LOG = logging.getLogger(__name__)
_LINKING = threading.Lock()
#: What is linked stays in memory as long as it is named here.
_linked: list[Any] = []

# Without numba's reference counts (`_nrt`), since the loops make no arrays: they cost a third of the phone kernel.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "boundscheck": False, "error_model": "numpy"}
_DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Array:
    """A flat array as a parameter."""

    item: type[np.generic]
    readonly: bool = False

    def words(self, value: Any) -> tuple[int, int]:
        """Return the address and the length of an array; a wrong one would be read as if it were right."""
        fits = isinstance(value, np.ndarray) and value.dtype == self.item and value.ndim == 1
        if not fits or not value.flags.c_contiguous or not (self.readonly or value.flags.writeable):
            kind = "readable" if self.readonly else "writable"
            raise TypeError(f"a {kind} flat array of {self.item.__name__} is needed, not {_said(value)}")
        return value.ctypes.data, len(value)


#: A scalar or an array.
Kind: TypeAlias = type[np.generic] | Array


def array(item: type[np.generic], *, readonly: bool = False) -> Array:
    """Return the type of a flat array."""
    return Array(item, readonly)


class Named:
    """What loops name, and what makes of it what numba compiles into them.

    numba asks for its type when it meets it in a loop. Until then there is nothing to make, and numba is not needed.
    """

    def __init__(self, function: Callable[..., Any], make: Callable[[Any], Any]) -> None:
        self._function, self._make = function, make

    def __call__(self, *given: Any) -> Any:
        """Call the function itself, as a loop does where numba is told to compile nothing."""
        return self._function(*given)

    @cached_property
    def _made(self) -> Any:
        return self._make(self._function)

    @cached_property
    def _numba_type_(self) -> Any:
        made = self._made
        context = importlib.import_module("numba.core.registry").cpu_target.typing_context
        context.refresh()  # so that it knows what has just been made
        return context.resolve_value_type(made)


def compiled(function: Callable[..., Any]) -> Named:
    """Compile a function into the functions that call it.

    Without that, each call would hand over the arrays in seven words each, which costs as much as the work itself.
    """
    return Named(function, partial(_njit, forceinline=True))


def instruction(function: Callable[..., Any]) -> Named:
    """Make what types and generates an instruction callable from loops, with the arguments after the first."""
    return Named(function, lambda function: importlib.import_module("numba.extending").intrinsic(function))


class MachineCode:
    """The compiled functions of one kernel, kept together.

    Args:
        name: What the folder's name begins with.
        sources: Every file that decides what the functions do.
        more: Gives what else does.
    """

    def __init__(self, name: str, sources: Sequence[Path], more: Callable[[], str] = str) -> None:
        self._name, self._sources, self._more = name, (*sources, Path(__file__)), more

    def entry(self, returns: type[np.generic] | None, *parameters: Kind) -> Callable[[Callable[..., Any]], Entry]:
        """Compile a function that Python calls, when it is first called, and keep it for later processes."""
        return lambda function: Entry(self, function, returns, parameters)

    @cached_property
    def key(self) -> bytes:
        """What decides what the machine code is, as a digest."""
        digest = hashlib.sha256("\n".join([*_environment(), self._more()]).encode())
        for source in self._sources:
            digest.update(hashlib.sha256(source.read_bytes()).digest())
        return digest.digest()

    def folder(self) -> Path | None:
        """Return the folder of the machine code; None where nothing can be kept."""
        chosen = os.environ.get("NUMBA_CACHE_DIR")
        kept = Path(chosen) if chosen else cache_folder()
        return None if kept is None else kept / f"{self._name}-{self.key.hex()[:16]}"


class Entry:
    """A compiled function that Python calls. Its first call, by whichever thread, loads or compiles it.

    Args:
        code: Where it is kept.
        function: The loop.
        returns: The scalar that it returns.
        parameters: What it takes.
    """

    def __init__(
        self, code: MachineCode, function: Any, returns: type[np.generic] | None, parameters: Sequence[Kind]
    ) -> None:
        self.name: str = function.__name__
        self._code, self._function, self._returns, self._parameters = code, function, returns, parameters
        self._lock = threading.Lock()
        self._call: Callable[..., Any] | None = None

    def __call__(self, *given: Any) -> Any:
        """Call it. What is given must be of the types that were declared."""
        return (self._call or self._prepare())(*given)

    def _prepare(self) -> Callable[..., Any]:
        with self._lock:
            if self._call is None:
                folder = self._code.folder()
                file = None if folder is None else folder / self.name
                self._call = self._load(file) or self._compile(file)
            return self._call

    def _load(self, file: Path | None) -> Callable[..., Any] | None:
        """Return the function as it is kept; None where there is none, or none to be trusted."""
        try:
            kept = None if file is None else _read(file, self._code.key)
            return None if kept is None else self._bind(kept)
        except Exception:  # whatever it is, the code can be made anew
            _LOG.debug("machine code could not be loaded from %s", file, exc_info=True)
            return None

    def _compile(self, file: Path | None) -> Callable[..., Any]:
        """Compile the function, and keep it where that can be done."""
        try:
            made = _object_code(self._function, self.name, self._returns, self._parameters)
            call = self._bind(made)
        except Exception:  # numba or llvmlite are not as they are known: then numba itself calls what it compiles
            _LOG.debug("machine code of %s could not be linked", self.name, exc_info=True)
            function: Callable[..., Any] = _njit(self._function)
            return function
        if file is not None:
            _write(file, self._code.key, made)
        return call

    def _bind(self, code: bytes) -> Callable[..., Any]:
        """Link object code, and return what checks the arguments and calls it."""
        name, parameters = self.name, self._parameters
        returns = None if self._returns is None else _word(self._returns)
        call = ctypes.CFUNCTYPE(returns, *(word for kind in parameters for word in _words(kind)))(_link(name, code))

        def bound(*given: Any) -> Any:
            if len(given) != len(parameters):
                raise TypeError(f"{name} takes {len(parameters)} arguments, not {len(given)}")
            words: list[int] = []
            for kind, value in zip(parameters, given, strict=True):
                if isinstance(kind, Array):
                    words += kind.words(value)
                else:
                    words.append(operator.index(value))
            return call(*words)

        return bound


def cache_folder() -> Path | None:
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


def _environment() -> Iterator[str]:
    """Name what machine code depends on besides its sources: the processor, the tools, and what numba is told."""
    yield sys.implementation.cache_tag
    yield from (f"{tool} {metadata.version(tool)}" for tool in ("numba", "llvmlite"))
    yield from (_llvm.get_process_triple(), _llvm.get_host_cpu_name(), _llvm.get_host_cpu_features().flatten())
    for name in sorted(os.environ):
        if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR":
            yield f"{name}={os.environ[name]}"


def _read(file: Path, key: bytes) -> bytes | None:
    """Return the object code in a file; None unless the user wrote it, for this key, and it is whole."""
    try:
        with file.open("rb") as stream:
            owner = os.fstat(stream.fileno()).st_uid
            content = stream.read()
    except FileNotFoundError:
        return None
    digest, code = content[:_DIGEST], content[_DIGEST:]
    trusted = owner in (os.geteuid(), 0) and digest == hashlib.sha256(key + code).digest()
    return code if trusted else None


def _write(file: Path, key: bytes, code: bytes) -> None:
    """Keep object code, in one step, so that a reader sees all of it or nothing; without it, the next one compiles."""
    temporary: Path | None = None
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as written:
            temporary = Path(written.name)
            written.write(hashlib.sha256(key + code).digest() + code)
        temporary.replace(file)
    except OSError:
        _LOG.debug("machine code cannot be kept in %s", file, exc_info=True)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@cache
def _linker() -> Any:
    _llvm.initialize_native_target()
    _llvm.initialize_native_asmprinter()
    return _llvm.create_lljit_compiler(suppress_errors=True)


def _link(name: str, code: bytes) -> int:
    """Link object code and return the address of its function.

    Raises:
        RuntimeError: The code is damaged, or calls what is not there.
    """
    builder = _llvm.JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(name)
    with _LINKING:
        library = builder.link(_linker(), f"{name}-{len(_linked)}")
        _linked.append(library)
    address: int = library[name]
    return address


def _object_code(function: Any, name: str, returns: type[np.generic] | None, parameters: Sequence[Kind]) -> bytes:
    """Compile a function that takes C's words for numba's arrays: an address and a length each."""
    numba: Any = importlib.import_module("numba")
    names, values, words = [], [], []
    for place, kind in enumerate(parameters):
        if isinstance(kind, Array):
            names += [f"address{place}", f"length{place}"]
            values.append(f"{'read' if kind.readonly else 'written'}(address{place}, length{place})")
            words += [numba.types.CPointer(_numba_type(kind.item)), numba.types.int64]
        else:
            names.append(f"value{place}")
            values.append(f"value{place}")
            words.append(_numba_type(kind))
    inner = {"function": compiled(function), "read": _view(readonly=True), "written": _view(readonly=False)}
    outer = eval(f"lambda {', '.join(names)}: function({', '.join(values)})", inner)  # noqa: S307 - of our own names
    result = numba.types.void if returns is None else _numba_type(returns)
    options = {option: value for option, value in _OPTIONS.items() if option != "nogil"}  # ctypes lets go of the lock
    made = numba.cfunc(result(*words), **options)(outer)
    module = _llvm.parse_assembly(made.inspect_llvm())
    module.get_function(made.native_name).name = name
    target = _llvm.Target.from_triple(_llvm.get_process_triple())
    machine = target.create_target_machine(
        cpu=_llvm.get_host_cpu_name(), features=_llvm.get_host_cpu_features().flatten(), opt=3, reloc="pic"
    )
    code: bytes = machine.emit_object(module)
    return code


@cache
def _view(*, readonly: bool) -> Any:
    """Return the instruction that makes a flat array of an address and a length."""
    numba = importlib.import_module("numba")
    arrays: Any = importlib.import_module("numba.np.arrayobj")

    def view(_typing: Any, address: Any, length: Any) -> Any:
        made = numba.types.Array(address.dtype, 1, "C", readonly=readonly)

        def generate(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            array = arrays.make_array(made)(context, builder)
            size = context.get_constant(numba.types.intp, context.get_abi_sizeof(context.get_data_type(made.dtype)))
            arrays.populate_array(array, data=given[0], shape=[given[1]], strides=[size], itemsize=size, meminfo=None)
            return array._getvalue()  # noqa: SLF001 - how numba spells it

        return made(address, length), generate

    return instruction(view)


def _njit(function: Any, **options: Any) -> Any:
    return importlib.import_module("numba").njit(**options, **_OPTIONS)(function)


def _numba_type(item: type[np.generic]) -> Any:
    return importlib.import_module("numba").from_dtype(np.dtype(item))


def _said(value: Any) -> str:
    """Say what a value is, without what stands in it."""
    kind = type(value).__name__
    return f"{kind} of {value.dtype}, shape {value.shape}" if isinstance(value, np.ndarray) else kind


def _words(kind: Kind) -> list[Any]:
    """Return the types by which C takes a parameter."""
    return [ctypes.c_void_p, ctypes.c_int64] if isinstance(kind, Array) else [_word(kind)]


def _word(item: Any) -> Any:
    return np.ctypeslib.as_ctypes_type(item)
