"""Which column of a source holds which field: exact names, then synonyms, then what the user said."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NoReturn

from leadsieve_rules.exceptions import ColumnError
from leadsieve_rules.profiles.model import PHONE, FieldRule
from leadsieve_rules.wording import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


#: A field that every profile understands beside its own: the country code of a national number in another column.
COUNTRY_CODE = "country_code"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns that hold the fields; every other column is custom.

    Attributes:
        columns: Field to the unique names of its columns, in order of preference. A field without one is
            absent.
        how: Field to how its columns were found: "header" (the field's own name), "synonym", or "map" (told).
    """

    columns: Mapping[str, tuple[str, ...]]
    how: Mapping[str, str]


def fold_header(header: str) -> str:
    """Reduce a header to what is compared: letters and digits, without case, accents, spaces or punctuation.

    Example:
        >>> fold_header("Mobile No."), fold_header("PhoneNumber") == fold_header(" phone_number")
        ('mobileno', True)
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", header).casefold())
    # Marks that do not combine as accents carry meaning in Indic scripts (vowel signs), so they stay.
    kept = (c for c in text if c.isalnum() or (unicodedata.category(c)[0] == "M" and not unicodedata.combining(c)))
    return "".join(kept)


@cache
def common_synonyms() -> Mapping[str, tuple[str, ...]]:
    """Load the header names that stand for a field in any profile, in order of preference."""
    text = files("leadsieve_rules").joinpath("columns.toml").read_text(encoding="utf-8")
    return {field: tuple(names) for field, names in tomllib.loads(text).items()}


def map_columns(
    headers: Sequence[str],
    names: Sequence[str],
    fields: Mapping[str, FieldRule],
    overrides: Mapping[str, str],
) -> ColumnMap:
    """Find the columns of the fields.

    Args:
        headers: The source's headers as they came, by position.
        names: The columns' unique names, by position.
        fields: The profile's fields, of which `phone_number` is one.
        overrides: Column to field as the user said (`--map`). Several columns of one field are in order of
            preference. A field named here takes no other column.

    Returns:
        The map, its fields in the profile's order.

    Raises:
        ColumnError: With the code `missing_phone_column` (no phone column, or `overrides` names a column that
            is not there), `ambiguous_phone_column`, `duplicate_header` (a repeated header maps to one field)
            or `invalid_option` (`overrides` names a field that the profile does not have).
    """
    return _Mapper(headers, names, fields).map(overrides)


class _Mapper:
    """The state of one mapping: which positions are taken, and what each field has so far."""

    def __init__(self, headers: Sequence[str], names: Sequence[str], fields: Mapping[str, FieldRule]) -> None:
        self.given, self.names, self.fields = list(headers), list(names), fields
        self.headers = [header.strip() for header in headers]
        self.found: dict[str, list[int]] = {}
        self.how: dict[str, str] = {}

    def map(self, overrides: Mapping[str, str]) -> ColumnMap:
        for told, field in overrides.items():
            if field not in self.fields:
                self._no_field(told, field)
            position = self._told(told)
            if position not in self._free():
                raise ColumnError(
                    f"--map {quoted(f'{told}={field}')}: this column is mapped already; map it once",
                    code="invalid_option",
                )
            self._take(field, position, "map")
        self._check_told()
        for field in self.fields:
            if field not in self.found:
                self._take_own_name(field)
        self._take_synonyms()
        if PHONE not in self.found:
            raise ColumnError(self._no_phone())
        columns = {f: tuple(self.names[i] for i in self.found[f]) for f in self.fields if f in self.found}
        return ColumnMap(columns=columns, how={f: self.how[f] for f in columns})

    def _take(self, field: str, position: int, how: str) -> None:
        self.found.setdefault(field, []).append(position)
        self.how[field] = how

    def _free(self) -> Iterator[int]:
        taken = {position for positions in self.found.values() for position in positions}
        return (position for position in range(len(self.headers)) if position not in taken)

    def _told(self, told: str) -> int:
        """Find the column that was named: by unique name, by header, or by the one header equal to it."""
        for candidates, name in (
            (self.names, told),
            (self.names, told.strip()),
            (self.headers, told.strip()),
        ):
            if name in candidates:
                return candidates.index(name)
        folded = fold_header(told)
        equal = [i for i, header in enumerate(self.headers) if folded and fold_header(header) == folded]
        if len(equal) == 1:
            return equal[0]
        hint = did_you_mean(told, self.names)
        raise ColumnError(f"no column {quoted(told)} to map{hint}; the columns are {listed(self.names)}")

    def _check_told(self) -> None:
        """Refuse a repeated header in `overrides`, unless every column of that header was named."""
        told = {i: field for field, positions in self.found.items() for i in positions}
        for i, field in told.items():
            header = self.given[i]
            every = all(j in told for j, other in enumerate(self.given) if other == header)
            # A name made unique, such as `Mobile_2`, says which column is meant; the bare header does not.
            if not every and self.names[i] == header:
                self._repeated(field, self.headers[i])

    def _take_own_name(self, field: str) -> None:
        exact = [i for i in self._free() if self.headers[i] == field]
        if len(exact) > 1:
            self._repeated(field, field)
        if exact:
            self._take(field, exact[0], "header")

    def _take_synonyms(self) -> None:
        synonyms = _lookup(self.fields)
        candidates: dict[str, list[tuple[int, int]]] = {}
        for i in self._free():
            field, rank = synonyms.get(fold_header(self.headers[i]), (None, 0))
            if field is not None and field not in self.found:
                candidates.setdefault(field, []).append((rank, i))
        for field, ranked in candidates.items():
            best = min(ranked)[1]
            if field == PHONE and len({self.headers[i] for _, i in ranked}) > 1:
                self._ambiguous([i for _, i in ranked])
            if sum(self.headers[i] == self.headers[best] for _, i in ranked) > 1:
                self._repeated(field, self.headers[best])
            self._take(field, best, "synonym")

    def _no_field(self, told: str, field: str) -> NoReturn:
        hint = did_you_mean(field, self.fields)
        raise ColumnError(
            f"--map {quoted(f'{told}={field}')}: the profile has no field {quoted(field)}{hint}; "
            f"its fields are {', '.join(self.fields)}",
            code="invalid_option",
        )

    def _ambiguous(self, positions: list[int]) -> NoReturn:
        names = [self.names[i] for i in positions]
        raise ColumnError(
            f"several columns could hold the phone number: {listed(names)}; say which: {_map_line(names[0])} "
            "(repeat --map for an order of preference)",
            code="ambiguous_phone_column",
        )

    def _repeated(self, field: str, header: str) -> NoReturn:
        names = [name for name, other in zip(self.names, self.headers, strict=True) if other == header]
        every = " ".join(_map_line(name, field) for name in names)
        raise ColumnError(
            f"the header {quoted(header)} stands over {len(names)} columns that map to {field}: rename all "
            f"but one, name a later one: {_map_line(names[1], field)}, or each, by preference: {every}",
            code="duplicate_header",
        )

    def _no_phone(self) -> str:
        if not self.names:
            return "no phone column: the source has no columns; give a file whose first row is a header"
        known = {fold_header(name) for name in (PHONE, *common_synonyms()[PHONE], *self.fields[PHONE].synonyms)}
        close = [
            self.names[i]
            for i in self._free()
            if get_close_matches(fold_header(self.headers[i]), known, n=1, cutoff=0.8)
        ]
        hint = f" (close: {listed(close)})" if close else ""
        example = close[0] if close else next((self.names[i] for i in self._free()), self.names[0])
        return f"no phone column among {listed(self.names)}{hint}; name it: {_map_line(example)}"


def _lookup(fields: Mapping[str, FieldRule]) -> dict[str, tuple[str, int]]:
    """Give each folded name its field and rank: own names, the profile's synonyms, the common ones."""
    found: dict[str, tuple[str, int]] = {}
    for field in fields:
        found.setdefault(fold_header(field), (field, 0))
    for field, rule in fields.items():
        for rank, name in enumerate(rule.synonyms, start=1):
            found.setdefault(fold_header(name), (field, rank))
    for field, names in common_synonyms().items():
        if field in fields:
            for rank, name in enumerate(names, start=1 + len(fields[field].synonyms)):
                found.setdefault(fold_header(name), (field, rank))
    return found


def _map_line(column: str, field: str = PHONE) -> str:
    """Write the option that maps a column, as it is typed in a shell."""
    return "--map " + quoted(f"{column}={field}")
