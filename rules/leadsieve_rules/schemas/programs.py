"""A schema compiled for tables of certain columns: what is read, parsed and asked, and what is asked of one column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadsieve_rules.schemas.masks import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from pandera.polars import Check, Column

    from leadsieve_rules.schemas.reporting import Note
    from leadsieve_rules.schemas.sure import Sure


@dataclass(frozen=True, slots=True)
class Test:
    """One check, and where it looks.

    Attributes:
        column: The column, or `ROWS`.
        check: The check of pandera.
        position: Its place among the checks of its column or schema.
        mask: Its answer for each row; None where only pandera's own call gives it.
        severity: "warn" or "reject".
        note: What the schema's author says of a failure; None for nothing.
    """

    column: str
    check: Check
    position: int
    mask: pl.Expr | None
    severity: str
    note: str | None

    @property
    def looks_around(self) -> bool:
        """Whether it may look at more than the cells of its column."""
        if self.column == ROWS:
            return True
        if self.mask is None:
            return not self.check.element_wise
        return set(self.mask.meta.root_names()) != {self.column}


@dataclass(frozen=True, slots=True)
class Program:
    """Some columns of a schema, compiled for tables of certain columns and types.

    Attributes:
        columns: The columns of the schema, regular expressions spelled out, under the names that they have.
        reads: The table's columns that are needed.
        cells: Name to the expression that parses its cells; those that are taken as they are have none.
        tests: The checks, in the schema's order.
        notes: All that can be said, in the order in which it is.
        alone: The columns of text whose verdicts come from nothing but their own cells.
        rest: What remains without them; None where nothing does.
    """

    columns: Mapping[str, Column]
    reads: tuple[str, ...]
    cells: Mapping[str, pl.Expr]
    tests: tuple[Test, ...]
    notes: tuple[Note, ...]
    alone: tuple[Alone, ...] = ()
    rest: Program | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """A column of text whose verdicts come from nothing but its own cells.

    Attributes:
        name: The column.
        program: The schema's column, compiled.
        sure: What kernels can say of its cells; None for nothing.
        said: Cells to the places of the notes that are said of them: what is known already.
    """

    name: str
    program: Program
    sure: Sure | None
    said: dict[str | None, tuple[int, ...]] = field(default_factory=dict)
