"""Which of a document's arrays are the records, their columns, and the settings beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.json.columns import MAX_COLUMNS, Columns
from leadsieve_connectors.sources.json.records import ObjectReader
from leadsieve_connectors.sources.json.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leadsieve_connectors.sources.json.walk import Array
    from leadsieve_connectors.sources.json.window import Window

#: The member that holds a request's records.
_CONTACTS = "contacts"
#: Objects of a list of column names and a list of lists of cells: where they may stand, and their two members.
_BULKS = ("bulkData", "")
_MAP, _DATA = "map", "data"
#: A member with one of these words in its key is never read, whatever its case, underscores and hyphens.
_SECRETS = ("apikey", "authorization", "credential", "password", "secret", "token")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Survey:
    """What a document holds.

    Attributes:
        path: Where the array of records stands; None where the document is one record.
        columns: The keys of its records; for lists of cells, and for one record, none yet.
        header: The names of the columns of lists of cells; None for objects.
        settings: What stands beside the records.
    """

    path: str | None
    columns: Columns
    header: tuple[str, ...] | None
    settings: Mapping[str, Any]


@dataclass(slots=True)
class _Seen:
    """What an array holds: how many elements, objects and lists, its objects' keys and its first scalars."""

    columns: Columns
    elements: int = 0
    objects: int = 0
    lists: int = 0
    scalars: list[Any] = field(default_factory=list)

    def header(self) -> tuple[str, ...] | None:
        """Return the scalars as names of columns; None where other elements are there."""
        if not self.elements or len(self.scalars) != self.elements:
            return None
        return tuple(_name(scalar) for scalar in self.scalars)


def survey(window: Window, *, name: str, limit: int, wanted: str | None) -> Survey:
    """Read a document once, to its end.

    Args:
        window: The text.
        name: The source's name, for errors.
        limit: A record of more bytes than this is too large.
        wanted: The path to the records, as the user told it; None finds it.

    Raises:
        SourceError: The document is damaged (`malformed_file`), or it cannot be told which array holds the
            records (`ambiguous_records`).
    """
    walk = Walk(window, name=name, limit=limit, wanted=wanted)
    found: dict[str, _Seen] = {}
    for array in walk.arrays():
        found[array.path] = _look_at(array, name)
        if len(found) > MAX_COLUMNS:
            raise SourceError(f"{name}: the document has more than {MAX_COLUMNS:,} arrays", "resource_limit")
    path = _choose(found, name, wanted)
    if path is None:
        return Survey(None, Columns(name), None, {})
    header = _header(found, path)
    inside = {path, path.removesuffix(_DATA) + _MAP} if header is not None else {path}
    settings = {
        key: value
        for key, value in walk.members.items()
        if not any(place == key or place.startswith(f"{key}.") for place in inside)
    }
    return Survey(path, found[path].columns, header, _without_secrets(settings, name))


def _look_at(array: Array, name: str) -> _Seen:
    seen, is_map = _Seen(Columns(name)), array.path.endswith(_MAP)
    reader = ObjectReader(seen.columns.add)
    for _, text, value in array.elements:
        seen.elements += 1
        if type(value) is dict:
            seen.objects += 1
            reader.read(value, text)
        elif type(value) is list:
            seen.lists += 1
        elif (value is None or isinstance(value, bool | str)) and is_map and len(seen.scalars) <= MAX_COLUMNS:
            seen.scalars.append(value)
    return seen


def _choose(found: Mapping[str, _Seen], name: str, wanted: str | None) -> str | None:
    """Return the path of the records; None where the document is one record."""
    bulks = {bulk: f"{bulk}.{_DATA}" if bulk else _DATA for bulk in _bulks(found)}
    if wanted is not None:
        path = bulks.get(wanted, wanted)
        if path in found and (found[path].objects or not found[path].elements or path in bulks.values()):
            return path
        raise _ambiguous(found, bulks, name, f"no array of records stands at {wanted}")
    if "" in found:
        return ""
    if _CONTACTS in found:
        return _CONTACTS
    for bulk in _BULKS:
        if bulk in bulks:
            return bulks[bulk]
    paths = [path for path, seen in found.items() if seen.objects]
    if len(paths) > 1:
        raise _ambiguous(found, bulks, name, f"{len(paths)} arrays of records are there")
    return paths[0] if paths else None


def _bulks(found: Mapping[str, _Seen]) -> Iterable[str]:
    """Return the paths of the objects that hold column names and lists of cells."""
    for path in found:
        stem = path.removesuffix(_DATA)
        if stem != path and (not stem or stem.endswith(".")) and _header(found, path) is not None:
            yield stem.removesuffix(".")


def _header(found: Mapping[str, _Seen], path: str) -> tuple[str, ...] | None:
    """Return the names of the columns of lists of cells; None where the elements are objects."""
    names = found.get(path.removesuffix(_DATA) + _MAP) if path.endswith(_DATA) else None
    return None if names is None or found[path].objects > found[path].lists else names.header()


def _ambiguous(found: Mapping[str, _Seen], bulks: Mapping[str, str], name: str, what: str) -> SourceError:
    paths = [path for path, seen in found.items() if seen.objects or path in bulks.values()]
    if not paths:
        return SourceError(f"{name}: {what}, nor is there any other; give a file with leads", "ambiguous_records")
    shown = ", ".join(path or "the whole document" for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    advice = f"--records-path {paths[0]}" if paths[0] else "leave --records-path out"
    return SourceError(f"{name}: {what} ({shown}{more}); name the right one: {advice}", "ambiguous_records")


def _without_secrets(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the settings without those that look like secrets, at any depth."""
    kept: dict[str, Any] = {}
    for key, value in settings.items():
        plain = "".join(char for char in key.lower() if char.isalnum())
        if any(word in plain for word in _SECRETS):
            continue
        try:
            json.dumps([key, value], ensure_ascii=False).encode()
        except UnicodeEncodeError:
            message = (
                f"{name}: the member {key!a} holds bytes that are not text; name the right encoding with --encoding"
            )
            raise SourceError(message, "encoding_error") from None
        kept[key] = _clean(value, name)
    return kept


def _clean(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return _without_secrets(value, name)
    return [_clean(item, name) for item in value] if isinstance(value, list) else value


def _name(scalar: Any) -> str:
    """Return the name of a column as text."""
    return scalar if isinstance(scalar, str) else json.dumps(scalar) if scalar is not None else ""
