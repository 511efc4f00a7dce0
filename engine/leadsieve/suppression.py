"""The numbers that must not be called, the lists that they stand in, and the rules that the lists must keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve.exceptions import SourceError, UsageError
from leadsieve.keyset import KeySet
from leadsieve.wording import counted

#: A larger share of unreadable entries refuses a list: more than a slip here and there, it was misread or is damaged.
UNREADABLE_SHARE = 0.01
#: The list of people who asked to be deleted; it is never out of date.
FORGOTTEN = "forgotten"

_Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The numbers of one file or frame of them.

    Attributes:
        name: The source as outputs show it.
        sha256: Hex SHA-256 of the source.
        modified: When it was last changed, in UTC; None where that is not known.
        keys: uint64: all digits of each number's E.164 form, each once, ascending.
        count: Entries that are not blank.
        unreadable: Those of them of which a number could not be read, or that could not be parsed.
        blank: Blank entries.
        invalid: Numbers that were read and are not valid; they count like all others.
        examples: The first unreadable entries, by row, their digits masked.
    """

    name: str
    sha256: str
    modified: datetime | None
    keys: _Keys
    count: int
    unreadable: int
    blank: int
    invalid: int
    examples: tuple[str, ...]

    @property
    def doubtful(self) -> bool:
        """Whether somebody should look: entries were not read, or most numbers perhaps in the wrong country."""
        return bool(self.unreadable) or self.invalid * 2 > len(self.keys)

    def told(self) -> str:
        """Say in one line what was read."""
        entries = f"{self.count:,} {'entry' if self.count == 1 else 'entries'}"
        parts = [f"{entries}, {counted(len(self.keys), 'number')}, {self.unreadable:,} unreadable"]
        if self.unreadable:
            parts[0] += f" ({'; '.join(self.examples)})"
        if self.blank:
            parts.append(f"{self.blank:,} blank")
        if self.invalid:
            parts.append(f"{self.invalid:,} not valid, which count all the same")
        if self.invalid * 2 > len(self.keys):
            parts.append("so many that --region may be another one")
        return ", ".join(parts)


def require_readable(entries: Entries) -> None:
    """Refuse a source of which too many entries cannot be read.

    Raises:
        SourceError: They are more than `UNREADABLE_SHARE` (`unreadable`).
    """
    if entries.unreadable <= entries.count * UNREADABLE_SHARE:
        return
    raise SourceError(
        f"{entries.name}: {entries.unreadable:,} of {entries.count:,} entries cannot be read as phone numbers, more "
        f"than {UNREADABLE_SHARE:.0%} ({'; '.join(entries.examples)}): correct them, or name the numbers' country "
        "(--region) or column",
        "unreadable",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """One file of a suppression list.

    Attributes:
        name: The file as outputs show it.
        sha256: Hex SHA-256 of its bytes.
        date: Of when it is, in UTC; None where that is not known.
        entries: How many numbers it holds, each counted once.
        unreadable: How many of its entries could not be read.
    """

    name: str
    sha256: str
    date: datetime | None
    entries: int
    unreadable: int

    @classmethod
    def of(cls, entries: Entries) -> ListFile:
        """Describe a file that was read for this run."""
        return cls(
            name=entries.name,
            sha256=entries.sha256,
            date=entries.modified,
            entries=len(entries.keys),
            unreadable=entries.unreadable,
        )

    def age_days(self, now: datetime) -> int | None:
        """Return its age in whole days; None where its date is not known."""
        return None if self.date is None else max((now - self.date).days, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionList:
    """A suppression list of a run.

    Attributes:
        name: What it is called: of a list kept in the state its name, else the file's.
        kept: Whether the state keeps it.
        campaign: The campaign that it is kept for; None: it holds for all.
        files: The files that it is made of.
    """

    name: str
    kept: bool
    campaign: str | None = None
    files: tuple[ListFile, ...]

    def age_days(self, now: datetime) -> int | None:
        """Return the age of its latest file in whole days; None where no date is known."""
        return min((age for file in self.files if (age := file.age_days(now)) is not None), default=None)

    def label(self, file: ListFile) -> str:
        """Say which list a number stands in, and of when that list's file is."""
        dated = f" ({file.date:%Y-%m-%d})" if self.kept and file.date is not None else ""
        return f"list {self.name}{dated}"

    def told(self, now: datetime) -> dict[str, Any]:
        """Return the list as JSON values, for `run.json`."""
        files = [
            {
                "name": file.name,
                "sha256": file.sha256,
                "date": None if file.date is None else file.date.isoformat(timespec="seconds"),
                "age_days": file.age_days(now),
                "entries": file.entries,
                "unreadable": file.unreadable,
            }
            for file in self.files
        ]
        return {"list": self.name, "campaign": self.campaign, "files": files}


def require_fresh(lists: Iterable[SuppressionList], max_age_days: int | None, now: datetime) -> None:
    """Refuse lists that are too old, or of which it is not known how old they are.

    Args:
        lists: The run's lists.
        max_age_days: The oldest that a list's latest file may be; None allows any.
        now: When the run began.

    Raises:
        UsageError: A list is older, or of unknown date.
    """
    if max_age_days is None:
        return
    for one in lists:
        if one.kept and one.name == FORGOTTEN:
            continue
        age = one.age_days(now)
        if age is None:
            raise UsageError(
                f"suppression list {one.name!r} has no date, and --suppress-max-age {max_age_days} asks for one; "
                "keep it with its date: leadsieve suppress add LIST FILE --date YYYY-MM-DD, then --suppress @LIST"
            )
        if age > max_age_days:
            raise UsageError(
                f"suppression list {one.name!r} is {age} days old, more than the {max_age_days} that "
                "--suppress-max-age allows; get a later one, or allow more"
            )


class Suppression:
    """The numbers that must not be called, for looking up; picklable, and the same for all threads.

    Args:
        parts: Each list, with the numbers of each of its files.

    Attributes:
        lists: The lists, as given.
    """

    __slots__ = ("_codes", "_labels", "_set", "lists")

    def __init__(self, parts: Sequence[tuple[SuppressionList, Sequence[_Keys]]]) -> None:
        self.lists = tuple(one for one, _ in parts)
        # 0 stands for no number at all.
        every = [keys[keys != 0] for _, files in parts for keys in files]
        self._set = KeySet.of(np.concatenate([np.zeros(0, np.uint64), *every]))
        self._codes, self._labels = _origins(self._set, parts)

    def __len__(self) -> int:
        return len(self._codes)

    def find(self, keys: _Keys) -> npt.NDArray[np.int64]:
        """Return for each key its position among the suppressed numbers, or -1."""
        return self._set.find(keys)

    def describe(self, positions: npt.NDArray[np.int64]) -> pa.Array:
        """Say for each suppressed number which lists it stands in."""
        labels = pa.array(self._labels, pa.string())
        return labels.take(pa.array(self._codes[positions].astype(np.int64)))


def _origins(
    numbers: KeySet, parts: Sequence[tuple[SuppressionList, Sequence[_Keys]]]
) -> tuple[npt.NDArray[np.unsignedinteger[Any]], tuple[str, ...]]:
    """Return a code for each number, by its position, and for each code the lists that such numbers stand in.

    Of all the combinations of lists few occur, so that a byte a number is nearly always enough.
    """
    codes: npt.NDArray[np.unsignedinteger[Any]] = np.zeros(len(numbers), np.uint8)
    known: dict[tuple[str, ...], int] = {(): 0}
    for one, files in parts:
        for file, keys in zip(one.files, files, strict=True):
            at = numbers.find(keys[keys != 0])
            before = codes[at]
            combinations = list(known)
            after = np.zeros(len(combinations), np.uint32)
            for code in np.flatnonzero(np.bincount(before)).tolist():
                names = tuple(dict.fromkeys((*combinations[code], one.label(file))))
                after[code] = known.setdefault(names, len(known))
            codes = codes.astype(np.result_type(codes, np.min_scalar_type(len(known))), copy=False)
            codes[at] = after[before]
    return codes, tuple("; ".join(names) for names in known)
