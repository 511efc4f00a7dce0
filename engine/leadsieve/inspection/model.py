"""What an inspection says of a source, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from leadsieve.inspection.damage import Damage
from leadsieve.inspection.guesses import Guess
from leadsieve.inspection.regions import LikelyRegion
from leadsieve_connectors.sources.contents import Content

#: Rows of each source that are read and judged.
SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source, from a sample.

    Attributes:
        name: Its unique name.
        field: The field that it would fill; None where it stays a custom column.
        confidence: How sure that is, from 0 to 1; None where it fills no field.
        proposed: The field that it might be, which only the user can say; None where it is like none.
        filled: Share of the sample's rows that have a value, between 0 and 1.
        examples: The first different values.
    """

    name: str
    field: str | None
    confidence: float | None
    proposed: str | None
    filled: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a source is.

    Attributes:
        name: The source's name.
        bytes: Its size; None where unknown.
        dialect: What was found about the format.
        contents: The sheets, files or arrays among which it stands in its file; empty where it stands alone.
        columns: Its columns.
        problem: Why `clean` would refuse it as it was given, with what to do; None where it would not.
        guesses: What the rest of the inspection, and the command, take for granted; to be confirmed.
        likely_region: Where numbers without a country code are likely from; None where none lack one, or nothing
            can be said.
        damage: What was done to its values and records.
        sample: The ledger of the sample's rows, duplicates not judged; None where there is a problem and no way out.
        duplicates: Of the sample's accepted rows, how many repeat the number of an earlier one.
        options: What `clean` needs to be told of it, as words of a command.
        command: What to run next: a command, or for a frame a call.
        perhaps: More that might be meant, as options to add; only the user can say.
    """

    name: str
    bytes: int | None
    dialect: dict[str, Any]
    contents: tuple[Content, ...]
    columns: tuple[Column, ...]
    problem: str | None
    guesses: tuple[Guess, ...]
    likely_region: LikelyRegion | None
    damage: tuple[Damage, ...]
    sample: dict[str, Any] | None
    duplicates: int
    options: tuple[str, ...]
    command: str
    perhaps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the inspection as plain JSON values."""
        return asdict(self)

    def __repr__(self) -> str:
        from leadsieve.inspection.telling import tell_inspection

        return "\n".join(tell_inspection(self))

    def _repr_html_(self) -> str:
        """Show the inspection in a notebook, with examples, which may be personal data."""
        from leadsieve.inspection.telling import markup

        return markup(self)
