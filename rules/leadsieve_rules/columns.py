"""Which column of a source holds which field: what the user said, exact names, synonyms, and no silent guess."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from leadsieve_rules.exceptions import ColumnError
from leadsieve_rules.headers import Guess, Guesser, fold_header, load_tables, split_number
from leadsieve_rules.profiles.model import PHONE, FieldRule
from leadsieve_rules.wording import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: A field that every profile understands beside its own: the country code of a national number in another column.
COUNTRY_CODE = "country_code"
#: The field that the parts of a name are not.
_NAME = "name"
#: What the user said, now or the last time.
_SAID = ("map", "kept")
#: Columns that a line to type names at most.
_TYPED = 3


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns that hold the fields; every other column is custom.

    Attributes:
        columns: Field to the unique names of its columns, in order of preference. A field without one is
            absent.
        how: Field to how its columns were found: "map" (told), "kept" (told the last time), "header" (the
            field's own name), "synonym", or "fuzzy" (a slip of a synonym).
        confidence: Field to how sure that is, from 0 to 1; below 1 only where `how` is "fuzzy".
        proposed: Unique name of an unmapped column to the field that it might be. Nothing is done about it.
    """

    columns: Mapping[str, tuple[str, ...]]
    how: Mapping[str, str]
    confidence: Mapping[str, float]
    proposed: Mapping[str, str]


def map_columns(
    headers: Sequence[str],
    names: Sequence[str],
    fields: Mapping[str, FieldRule],
    overrides: Mapping[str, str],
    kept: Mapping[str, str] | None = None,
) -> ColumnMap:
    """Find the columns of the fields.

    For each field the first of these counts: what `overrides` says; what `kept` says; a header that is the
    field's own name; a synonym, of the profile or of `columns.toml`; a header that is a slip of the pen of a
    synonym, where it resembles no other field as much and no other header resembles this one. The phone number
    is taken from one column only: with two candidates nothing is chosen.

    First and last names are no `name`, not even one alone: a template that greets by `{{First Name}}` would
    lose it. They stay custom, and so does a bare "Nombre" or "Nom" beside a column of the other part.

    Args:
        headers: The source's headers as they came, by position.
        names: The columns' unique names, by position.
        fields: The profile's fields, of which `phone_number` is one.
        overrides: Column to field as the user said (`--map`). Several columns of one field are in order of
            preference. A field named here takes no other column.
        kept: Column (unique name) to field as the user mapped these very headers the last time. What concerns
            a field or a column named in `overrides`, or a field that the profile does not have, is passed over.

    Returns:
        The map, its fields in the profile's order.

    Raises:
        ColumnError: With the code `missing_phone_column` (no phone column, or `overrides` names a column that
            is not there), `ambiguous_phone_column`, `duplicate_header` (a repeated header maps to one field)
            or `invalid_option` (`overrides` names a field that the profile does not have).
    """
    return _Mapper(headers, names, fields).map(overrides, kept or {})


def mapping_to_keep(columns: ColumnMap, kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what is to be kept of a mapping for the next time: what the user said, now and before.

    Args:
        columns: What `map_columns` gave.
        kept: What was given to it as kept. What it says of fields that the profile does not have stays.

    Returns:
        Column to field, in order of preference; empty where the user said nothing.
    """
    said = {name: field for field, names in columns.columns.items() if columns.how[field] in _SAID for name in names}
    for name, field in (kept or {}).items():
        if name not in said and field not in columns.columns:
            said[name] = field
    return said


class _Mapper:
    """The state of one mapping: which positions are taken, and what each field has so far."""

    def __init__(self, headers: Sequence[str], names: Sequence[str], fields: Mapping[str, FieldRule]) -> None:
        self.given, self.names, self.fields = list(headers), list(names), fields
        self.headers = [header.strip() for header in headers]
        self.folded = [fold_header(header) for header in headers]
        self.synonyms = _Synonyms(fields)
        self.found: dict[str, list[int]] = {}
        self.how: dict[str, str] = {}
        self.confidence: dict[str, float] = {}

    def map(self, overrides: Mapping[str, str], kept: Mapping[str, str]) -> ColumnMap:
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
        self._take_kept(kept)
        for field in self.fields:
            if field not in self.found:
                self._take_own_name(field)
        self._take_synonyms()
        guesses = self._guesses()
        self._take_slips(guesses)
        proposed = self._proposed(guesses)
        if PHONE not in self.found:
            raise ColumnError(self._no_phone([name for name, field in proposed.items() if field == PHONE]))
        columns = {f: tuple(self.names[i] for i in self.found[f]) for f in self.fields if f in self.found}
        return ColumnMap(
            columns=columns,
            how={f: self.how[f] for f in columns},
            confidence={f: self.confidence[f] for f in columns},
            proposed=proposed,
        )

    def _take(self, field: str, position: int, how: str, confidence: float = 1.0) -> None:
        self.found.setdefault(field, []).append(position)
        self.how[field] = how
        self.confidence[field] = confidence

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
        equal = [i for i, other in enumerate(self.folded) if folded and other == folded]
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

    def _take_kept(self, kept: Mapping[str, str]) -> None:
        told = set(self.found)
        position = {name: i for i, name in enumerate(self.names)}
        free = set(self._free())
        for name, field in kept.items():
            if field in self.fields and field not in told and position.get(name) in free:
                self._take(field, position[name], "kept")

    def _take_synonyms(self) -> None:
        candidates: dict[str, list[tuple[tuple[int, int], int]]] = {}
        bare = load_tables().bare if self._has_one_part() else ()
        for i in self._free():
            field, rank = self.synonyms.find(self.folded[i])
            if field is None or field in self.found or (field == _NAME and self.folded[i] in bare):
                continue
            candidates.setdefault(field, []).append((rank, i))
        for field, ranked in candidates.items():
            best = min(ranked)[1]
            if field == PHONE:
                self._require_one([i for _, i in ranked])
            if sum(self.headers[i] == self.headers[best] for _, i in ranked) > 1:
                self._repeated(field, self.headers[best])
            self._take(field, best, "synonym")

    def _has_one_part(self) -> bool:
        """Tell whether there are columns of first names without last names, or the reverse."""
        tables = load_tables()
        return tables.given.isdisjoint(self.folded) != tables.family.isdisjoint(self.folded)

    def _guesses(self) -> dict[int, Guess]:
        """Guess what the free columns stand for that no synonym names."""
        unknown = [i for i in self._free() if self.folded[i] and self.synonyms.find(self.folded[i])[0] is None]
        if not unknown:
            return {}
        guesser = self.synonyms.guesser()
        guesses = ((i, guesser.guess(self.headers[i])) for i in unknown)
        return {i: guess for i, guess in guesses if guess is not None}

    def _take_slips(self, guesses: Mapping[int, Guess]) -> None:
        sure: dict[str, list[int]] = {}
        for i, guess in guesses.items():
            if guess.kind == "slip" and guess.field not in self.found:
                sure.setdefault(guess.field, []).append(i)
        for field, positions in sure.items():
            if field == PHONE:
                self._require_one(positions)
                if len(positions) > 1:
                    self._repeated(field, self.headers[positions[0]])
            if len(positions) == 1:
                self._take(field, positions[0], "fuzzy", guesses[positions[0]].likeness)

    def _proposed(self, guesses: Mapping[int, Guess]) -> dict[str, str]:
        """Propose what was not taken: for fields without a column, and what is clearly another phone."""
        free = set(self._free())
        another = () if self.how.get(PHONE) in _SAID else ("slip", "within")
        return {
            self.names[i]: guess.field
            for i, guess in guesses.items()
            if i in free and (guess.field not in self.found or (guess.field == PHONE and guess.kind in another))
        }

    def _require_one(self, positions: Sequence[int]) -> None:
        """Refuse phone columns of different headers: nothing says which is meant."""
        if len({self.headers[i] for i in positions}) == 1:
            return
        names = [self.names[i] for i in positions]
        order = " ".join(map(_map_line, names[:_TYPED]))
        raise ColumnError(
            f"several columns could hold the phone number: {listed(names)}; say which: {_map_line(names[0])}; "
            f"or several, in order of preference: {order}",
            code="ambiguous_phone_column",
        )

    def _no_field(self, told: str, field: str) -> NoReturn:
        hint = did_you_mean(field, self.fields)
        raise ColumnError(
            f"--map {quoted(f'{told}={field}')}: the profile has no field {quoted(field)}{hint}; "
            f"its fields are {', '.join(self.fields)}",
            code="invalid_option",
        )

    def _repeated(self, field: str, header: str) -> NoReturn:
        names = [name for name, other in zip(self.names, self.headers, strict=True) if other == header]
        every = " ".join(_map_line(name, field) for name in names)
        raise ColumnError(
            f"the header {quoted(header)} stands over {len(names)} columns that map to {field}: rename all "
            f"but one, name a later one: {_map_line(names[1], field)}, or each, by preference: {every}",
            code="duplicate_header",
        )

    def _no_phone(self, proposed: Sequence[str]) -> str:
        if not self.names:
            return "no phone column: the source has no columns; give a file whose first row is a header"
        hint = f" (close: {listed(proposed)})" if proposed else ""
        examples = proposed[:_TYPED] or [next((self.names[i] for i in self._free()), self.names[0])]
        lines = " or ".join(map(_map_line, examples))
        return f"no phone column among {listed(self.names)}{hint}; name it: {lines}"


class _Synonyms:
    """The names that stand for a profile's fields: its own, its synonyms, the common ones; the first counts."""

    def __init__(self, fields: Mapping[str, FieldRule]) -> None:
        common = load_tables().synonyms
        self._own = fields
        self._fields: dict[str, str] = {}
        self._ranks: dict[str, tuple[str, int]] = {}
        for field in fields:
            self._add(field, [field], 0)
        for field, rule in fields.items():
            self._add(field, rule.synonyms, 1)
        for field, rule in fields.items():
            self._add(field, common.get(field, ()), 1 + len(rule.synonyms))

    def _add(self, field: str, names: Sequence[str], rank: int) -> None:
        for at, name in enumerate(names, rank):
            folded = _folded(name)
            if folded not in self._ranks:
                self._ranks[folded] = (field, at)
                self._fields[name] = field

    def find(self, folded: str) -> tuple[str | None, tuple[int, int]]:
        """Return the field that a folded header stands for, and its rank: that of its name, then its number."""
        stem, number = (folded, 0) if folded in self._ranks else split_number(folded)
        field, rank = self._ranks.get(stem, (None, 0))
        return field, (rank, number)

    def guesser(self) -> Guesser:
        """Return what guesses the field of other names; names of fields that the profile has not are no match."""
        tables = load_tables()
        absent = [n for field, names in tables.synonyms.items() if field not in self._own for n in (field, *names)]
        unsure = {name: field for field, names in tables.unsure.items() if field in self._own for name in names}
        return Guesser(self._fields, [*absent, *tables.other, *tables.given, *tables.family], unsure, PHONE)


@cache
def _folded(synonym: str) -> str:
    """Fold a name of a table; they are few and come again."""
    return fold_header(synonym)


def _map_line(column: str, field: str = PHONE) -> str:
    """Write the option that maps a column, as it is typed in a shell."""
    return "--map " + quoted(f"{column}={field}")
