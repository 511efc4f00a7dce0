"""Digests of the logic in `phonenumbers` that the kernel replicates; data, comments and layout do not count.

Followed by name from the functions that `phone_oracle` calls: every function, method, class constant and module
constant that they reach. Run as a program, it writes `phonenumbers_logic.json`: do so only after the kernel has been
brought in line with what changed.
"""

from __future__ import annotations

import ast
import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import phonenumbers

RECORD = Path(__file__).with_name("phonenumbers_logic.json")
PACKAGE = "phonenumbers"
#: Where the following starts, as module and name.
ROOTS = (
    ("phonenumberutil", "parse"),
    ("phonenumberutil", "is_valid_number"),
    ("phonenumberutil", "is_possible_number"),
    ("phonenumberutil", "is_possible_number_with_reason"),
    ("phonenumberutil", "number_type"),
    ("phonenumberutil", "region_code_for_number"),
    ("phonenumberutil", "national_significant_number"),
    ("phonenumberutil", "format_number"),
    ("phonenumberutil", "_regenerate_derived_data"),
    ("phonenumberutil", "PhoneNumberType.to_string"),
    ("phonenumberutil", "PhoneNumberType.values"),
    ("phonenumberutil", "ValidationResult.to_string"),
    ("phonenumber", "PhoneNumber.__init__"),
    ("phonemetadata", "PhoneMetadata.__init__"),
    ("phonemetadata", "PhoneNumberDesc.__init__"),
)
#: Reached only by formats other than E.164, or by what is thrown away.
NOT_FOLLOWED = frozenset({("phonenumberutil", "_format_nsn"), ("phonenumberutil", "_maybe_append_formatted_extension")})

Name = tuple[str, str]


class Module:
    """The definitions of one module: functions, constants, and members of classes as `Class.member`."""

    def __init__(self, name: str, source: str) -> None:
        """Read the definitions from the source."""
        self.name = name
        self.definitions: dict[str, list[ast.AST]] = {}
        self.imports: dict[str, Name] = {}
        self._read(ast.parse(source).body, "")

    def _read(self, body: list[ast.stmt], owner: str) -> None:
        for node in body:
            match node:
                case ast.FunctionDef(name=name):
                    self._define(owner + name, node)
                case ast.ClassDef(name=name):
                    self._define(owner + name, _bare_class(node))
                    self._read(node.body, f"{owner}{name}.")
                case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for target in ast.walk(ast.Tuple(targets)):
                        if isinstance(target, ast.Name):
                            self._define(owner + target.id, node)
                case ast.If():
                    # Both branches: which one runs is the interpreter's affair.
                    self._read(node.body + node.orelse, owner)
                case ast.Try():
                    self._read(node.body + [line for handler in node.handlers for line in handler.body], owner)
                case ast.ImportFrom(module=str(module), level=1):
                    for alias in node.names:
                        self.imports[alias.asname or alias.name] = (module, alias.name)

    def _define(self, name: str, node: ast.AST) -> None:
        self.definitions.setdefault(name, []).append(node)


def _bare_class(node: ast.ClassDef) -> ast.AST:
    return ast.Tuple([ast.Constant(node.name), *node.bases, *node.decorator_list])


class Logic:
    """All modules of `phonenumbers` that hold logic, from their sources."""

    def __init__(self, sources: dict[str, str] | None = None) -> None:
        """Read the sources given by module name, the others from the installed package."""
        self._sources = sources or {}
        self._modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """Return a module, or None for data, which is not followed."""
        if name not in self._modules:
            source = self._sources.get(name) or _source(name)
            self._modules[name] = Module(name, source) if source else None
        return self._modules[name]

    def reached(self) -> dict[Name, list[ast.AST]]:
        """Return the definitions of everything that the roots reach."""
        found: dict[Name, list[ast.AST]] = {}
        waiting = list(ROOTS)
        while waiting:
            name = waiting.pop()
            if name in found or name in NOT_FOLLOWED:
                continue
            nodes = self._resolve(name)
            if isinstance(nodes, tuple):
                waiting.append(nodes)
            elif nodes:
                found[name] = nodes
                waiting += self._references(name, nodes)
        return found

    def _resolve(self, name: Name) -> list[ast.AST] | Name | None:
        """Find a name's definitions, or the name in another module that it stands for."""
        module = self.module(name[0])
        if module is None:
            return None
        if name[1] in module.definitions:
            return module.definitions[name[1]]
        first, _, member = name[1].partition(".")
        if first in module.imports:
            other, own_name = module.imports[first]
            return other, own_name + ("." + member if member else "")
        return None

    def _references(self, name: Name, nodes: list[ast.AST]) -> list[Name]:
        module, owner = name[0], name[1].partition(".")[0]
        out = []
        for inner in (inner for node in nodes for inner in ast.walk(node)):
            match inner:
                case ast.Attribute(value=ast.Name(id=base), attr=member):
                    out.append((module, f"{owner if base in {'self', 'cls', 'kls'} else base}.{member}"))
                case ast.Call(func=ast.Name(id=called)):
                    out.append((module, f"{called}.__init__"))
                case ast.Name(id=used):
                    out.append((module, used))
        return out


def _source(name: str) -> str | None:
    if name == "data" or name.startswith("data."):
        return None
    path = import_module(f"{PACKAGE}.{name}").__file__
    return Path(path).read_text("utf-8") if path else None


def normal_form(node: Any) -> str:
    """Write a syntax tree without positions, docstrings and what differs between versions of Python."""
    if isinstance(node, list):
        return "[" + ",".join(map(normal_form, node)) + "]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    fields = []
    for field, value in ast.iter_fields(node):
        if field in {"ctx", "kind", "type_comment"} or value is None or value == []:
            continue
        if field == "body" and isinstance(node, ast.FunctionDef | ast.ClassDef):
            value = [line for line in value if not _is_text(line)]  # noqa: PLW2901
        fields.append(f"{field}={normal_form(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def digest(nodes: list[ast.AST]) -> str:
    """Return the digest of a name's definitions."""
    return hashlib.sha256(normal_form(nodes).encode()).hexdigest()[:16]


def digests(logic: Logic) -> dict[str, str]:
    """Return the digest of everything reached, by `module.name`."""
    return {f"{module}.{name}": digest(nodes) for (module, name), nodes in sorted(logic.reached().items())}


if __name__ == "__main__":
    record = {"phonenumbers": phonenumbers.__version__, "digests": digests(Logic())}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
