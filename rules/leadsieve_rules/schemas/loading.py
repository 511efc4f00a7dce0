"""Users' schemas: from a Python file that was named, from YAML that runs nothing, or the object itself."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas.compiling import CompiledSchema
from leadsieve_rules.schemas.faults import told_exception
from leadsieve_rules.schemas.importing import import_pandera
from leadsieve_rules.schemas.refusals import refuse
from leadsieve_rules.wording import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from pandera.polars import DataFrameSchema

_WRITTEN = (".yaml", ".yml")


@dataclass(frozen=True, eq=False)
class UserSchema:
    """A schema of a user's, fit to judge rows one by one.

    Attributes:
        file: The file's name; None where the object itself was given.
        sha256: Hex digest that is equal for schemas that judge alike: of the file's bytes and the name in it, or of
            what the object is made of.
        make: Loads it: gives `name` and `compiled`.
        source: File, text and name, from which another process makes the schema again; None for an object.
        origin: The object that was given; None for a file.
    """

    file: str | None
    sha256: str
    make: Callable[[], tuple[str, CompiledSchema]]
    source: tuple[str, str, str | None] | None = None
    origin: Any = None

    @property
    def name(self) -> str:
        """What people call it: the file's name and the schema's in it, or the object's own name."""
        return self._made[0]

    @property
    def compiled(self) -> CompiledSchema:
        """The schema, compiled.

        Raises:
            InvalidSchema: As `load_schema` says.
        """
        return self._made[1]

    @cached_property
    def _made(self) -> tuple[str, CompiledSchema]:
        return self.make()

    def to_dict(self) -> dict[str, str | None]:
        """Return what a run writes down of it, as JSON values."""
        return {"name": self.name, "file": self.file, "sha256": self.sha256}

    @property
    def given(self) -> str:
        """How the command line names it; `FILE` where it has no file."""
        if self.source is None:
            return "FILE"
        path, _, name = self.source
        return path if name is None else f"{path}:{name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (load_schema, (self.origin,)) if self.source is None else (_from_text, self.source)


def load_schema(given: Any) -> UserSchema:
    """Load a user's schema, and refuse what cannot judge rows one by one.

    Args:
        given: A path to a Python file (`rules.py`, or `rules.py:Leads` where it holds several), which is run; a path
            to a YAML file of pandera's form, which is not; a `DataFrameModel` class or a `DataFrameSchema` of
            `pandera.polars`; a `UserSchema`, which is returned.

    Returns:
        The schema, compiled.

    Raises:
        InvalidSchema: There is no such file or schema, its code or form is wrong, or it asks for what would make a
            row's verdict depend on other rows, or change values.
    """
    schema = find_schema(given)
    _ = schema.compiled
    return schema


def find_schema(given: Any) -> UserSchema:
    """Find a user's schema as `load_schema` does, but run and compile a file's only when it is first asked for.

    Pandera takes a while to import, in which something else may be done.

    Raises:
        InvalidSchema: There is no such file; what is wrong with it is said when it is asked for.
    """
    if isinstance(given, UserSchema):
        return given
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        path, name = _split(str(given if isinstance(given, str) else given.__fspath__()))
        return _from_text(str(path), _read(path), name)
    from leadsieve_rules.schemas.fingerprint import schema_digest

    label = f"schema {quoted(str(getattr(given, '__name__', None) or getattr(given, 'name', None) or 'given'))}"
    schema = _as_schema(given, label)
    refuse(schema, label)
    compiled = CompiledSchema(schema, label, remake=(_compiled, (load_schema, (given,))))
    return UserSchema(None, schema_digest(schema), lambda: (label, compiled), origin=given)


def _split(given: str) -> tuple[Path, str | None]:
    """Split FILE[:NAME]; a file that exists under the whole text is that file."""
    head, sign, name = given.rpartition(":")
    if not sign or Path(given).is_file() or not name.isidentifier():
        return Path(given), None
    return Path(head), name


def _read(path: Path) -> str:
    if path.suffix.lower() not in (".py", *_WRITTEN):
        raise InvalidSchema(
            f"{path}: a schema is a Python file (.py) or pandera's YAML (.yaml, .yml); give one, as FILE or FILE:NAME"
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise InvalidSchema(f"{path}: cannot be read as a schema: {why}; give a file of UTF-8 text") from exc


def _from_text(path: str, text: str, name: str | None) -> UserSchema:
    source = (path, text, name)
    sha256 = hashlib.sha256(f"{name or ''}\n{text}".encode()).hexdigest()
    return UserSchema(Path(path).name, sha256, partial(_made_of, *source), source)


def _made_of(path: str, text: str, name: str | None) -> tuple[str, CompiledSchema]:
    """Run or read a file's text; see `UserSchema.make`."""
    import_pandera()
    file = Path(path).name
    if Path(path).suffix.lower() in _WRITTEN:
        from leadsieve_rules.schemas.written import read_written

        if name is not None:
            raise InvalidSchema(f"{file}: a YAML file holds one schema without a name; leave :{name} away")
        schema, label = read_written(text, file), file
    else:
        found, chosen = _chosen(_run(path, text), name, file)
        schema, label = _as_schema(found, f"{file}:{chosen}"), f"{file}:{chosen}"
    refuse(schema, label)
    return label, CompiledSchema(schema, label, remake=(_compiled, (_from_text, (path, text, name))))


def _compiled(make: Callable[..., UserSchema], arguments: tuple[Any, ...]) -> CompiledSchema:
    return make(*arguments).compiled


def _run(path: str, text: str) -> types.ModuleType:
    """Run a user's file as a module of its own.

    It stands among the loaded modules, where pandera looks up what annotations mean; what it prints is no output of
    ours, so it goes to stderr.
    """
    module = types.ModuleType(f"leadsieve_schema_{hashlib.sha256(text.encode()).hexdigest()[:16]}")
    module.__file__ = path
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        code = compile(text, path, "exec", dont_inherit=True)
        with contextlib.redirect_stdout(sys.stderr):
            exec(code, module.__dict__)  # noqa: S102 - the user named this file to be run
    except KeyboardInterrupt:
        raise
    except BaseException as exc:
        if before is None:
            del sys.modules[module.__name__]
        hint = "install it, or take the import out" if isinstance(exc, ImportError) else "correct the file"
        if isinstance(exc, ImportError):
            hint += "; a schema is one file, and only installed packages can be imported"
        raise InvalidSchema(f"{Path(path).name}: {told_exception(exc)}; {hint}") from exc
    return module


def _chosen(module: types.ModuleType, name: str | None, file: str) -> tuple[Any, str]:
    """Return the schema of a name, or the only one in the file."""
    found = {key: value for key, value in vars(module).items() if _is_own_schema(value, module.__name__)}
    if name is not None:
        if name not in vars(module):
            raise InvalidSchema(
                f"{file}: there is no {quoted(name)} in it{did_you_mean(name, found)}; it has "
                f"{listed(sorted(found)) or 'no schema'}"
            )
        return vars(module)[name], name
    distinct = {id(value): key for key, value in found.items()}
    if not found:
        raise InvalidSchema(
            f"{file}: there is no schema in it; write a DataFrameModel or a DataFrameSchema of pandera.polars"
        )
    if len(distinct) > 1:
        raise InvalidSchema(f"{file}: holds several schemas, {listed(sorted(found))}; say which, as {file}:NAME")
    key = next(iter(found))
    return found[key], key


def _is_own_schema(value: Any, module: str) -> bool:
    from pandera.api.dataframe.container import DataFrameSchema
    from pandera.api.dataframe.model import DataFrameModel

    if isinstance(value, type):
        return issubclass(value, DataFrameModel) and value.__module__ == module
    return isinstance(value, DataFrameSchema)


def _as_schema(given: Any, label: str) -> DataFrameSchema:
    """Return what was given as a schema object of the polars API."""
    from pandera.polars import DataFrameModel, DataFrameSchema

    if isinstance(given, type) and issubclass(given, DataFrameModel):
        if given.validate.__func__ is not DataFrameModel.validate.__func__:  # type: ignore[attr-defined]
            raise InvalidSchema(f"{label}: it has a validate of its own, which no row is judged by; write it as checks")
        try:
            given = given.to_schema()
        except Exception as exc:
            raise InvalidSchema(f"{label}: {told_exception(exc)}; correct the model") from exc
    if isinstance(given, DataFrameSchema):
        return given
    kind = given.__name__ if isinstance(given, type) else type(given).__name__
    raise InvalidSchema(
        f"{label}: {kind} is no schema of the polars API; write a DataFrameModel or a DataFrameSchema of "
        "pandera.polars (import pandera.polars as pa)"
    )
