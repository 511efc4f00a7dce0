"""A campaign's prompt: its `{{name}}` placeholders, the columns that fill them, and the rows that leave one blank."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidPrompt
from leadsieve_rules.wording import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: A prompt is read aloud: a longer file is another one.
_MOST_BYTES = 1 << 20
#: What a backslash before two braces makes text; a placeholder; two braces that open none.
_TOKEN = re.compile(r"\\\{\{|\{\{([^{}\r\n]*)\}\}|\{\{")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's text, as far as columns are concerned.

    Attributes:
        name: The file, as given.
        sha256: Of its bytes, in hex.
        variables: The names between its braces, each once, in order.
    """

    name: str
    sha256: str
    variables: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the prompt as plain JSON values."""
        return {"name": self.name, "sha256": self.sha256, "variables": list(self.variables)}


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills a variable in one source: a target field, or one of the source's own columns.

    Attributes:
        variable: The name in the prompt.
        field: The target field; None where a column of the source's own fills it.
        column: The column that errors name: the source's unique name, or the field's where several columns fill it.
    """

    variable: str
    field: str | None
    column: str


def load_prompt(path: str) -> Prompt:
    r"""Read a prompt's file.

    Args:
        path: A file of UTF-8 text. `{{name}}` stands for a lead's value, with white space inside the braces as you
            like; `\{{` is two braces and no placeholder.

    Raises:
        InvalidPrompt: The file cannot be read, or has a placeholder without a name or an end.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidPrompt(f"prompt {quoted(path)} cannot be read: {why}; give a text file's path") from error
    if len(data) > _MOST_BYTES:
        raise InvalidPrompt(f"prompt {quoted(path)} is larger than {_MOST_BYTES >> 20} MB; give the prompt's own file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidPrompt(f"prompt {quoted(path)}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    return Prompt(path, hashlib.sha256(data).hexdigest(), find_variables(text, path))


def find_variables(text: str, name: str = "prompt") -> tuple[str, ...]:
    r"""Return the variables of a prompt's text, each once, in order.

    Args:
        text: The text.
        name: What errors call it.

    Raises:
        InvalidPrompt: A placeholder has no name, or no end on its line.

    Example:
        >>> find_variables("Hello {{ First Name }}, \\{{this}} is text; bye {{First Name}}")
        ('First Name',)
    """
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(text):
        if match[0].startswith("\\"):
            continue
        variable = (match[1] or "").strip()
        if not variable:
            line = text.count("\n", 0, match.start()) + 1
            what = "{{ is not followed by a name and }}" if match[1] is None else "{{}} has no name in it"
            raise InvalidPrompt(f"prompt {quoted(name)}, line {line}: {what}; write {{{{name}}}}, or \\{{{{ for braces")
        found[variable] = None
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What one source has to fill variables with.

    Attributes:
        source: Its name.
        fields: The target fields that it fills, with the unique names of their columns.
        custom: Its own columns: name in the outputs to unique name.
        headers: Unique name of every column to its header, as it came.
    """

    source: str
    fields: Mapping[str, tuple[str, ...]]
    custom: Mapping[str, str]
    headers: Mapping[str, str]


def fill(prompt: Prompt, columns: Columns) -> tuple[Filling, ...]:
    """Find what fills each variable in one source: a target field, else a column of its own by its name or header.

    Raises:
        InvalidPrompt: Nothing fills a variable.
    """
    own = {name.strip(): unique for name, unique in columns.custom.items()}
    for unique in columns.custom.values():
        own.setdefault(columns.headers[unique].strip(), unique)
    missing = [name for name in prompt.variables if name not in columns.fields and name not in own]
    if missing:
        raise InvalidPrompt(_unfilled(prompt, missing, columns, [*columns.fields, *columns.custom]))
    return tuple(_fillings(prompt.variables, columns.fields, own))


def _fillings(
    variables: Sequence[str], fields: Mapping[str, tuple[str, ...]], own: Mapping[str, str]
) -> Iterator[Filling]:
    for name in variables:
        if name in fields:
            yield Filling(name, name, fields[name][0] if len(fields[name]) == 1 else name)
        else:
            yield Filling(name, None, own[name])


def _unfilled(prompt: Prompt, missing: Sequence[str], columns: Columns, known: Sequence[str]) -> str:
    """Name the variables that nothing fills, what was perhaps meant by each, and what there is."""
    taken = {columns.headers[unique].strip(): field for field, names in columns.fields.items() for unique in names}
    told = []
    for name in missing:
        hint = f" (that column fills {taken[name]}: write it so)" if name in taken else did_you_mean(name, known)
        told.append(f"{quoted(name)}{hint}")
    return (
        f"prompt {quoted(prompt.name)}: no column of {columns.source} fills {', '.join(told)}; there are "
        f"{listed(known)}; correct the prompt, or map a column with --map"
    )
