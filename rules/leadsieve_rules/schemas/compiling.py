"""Schemas compiled to masks: one boolean column a check, with the verdicts of pandera's full lazy validation."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_rules.cells.columns import use_kernel
from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas.cells import parsing, takes_values
from leadsieve_rules.schemas.columns import dtype, expand
from leadsieve_rules.schemas.distinct import findings_alone
from leadsieve_rules.schemas.faults import told_check, told_exception
from leadsieve_rules.schemas.full import full_masks, needs_full
from leadsieve_rules.schemas.masks import ROWS, called, expression, resolved
from leadsieve_rules.schemas.programs import Alone, Program, Test
from leadsieve_rules.schemas.reporting import failed_rows, note_of, notes_of, passed_masks, severity_of
from leadsieve_rules.schemas.sure import sure

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt
    import polars as pl
    from pandera.polars import Check, Column, DataFrameSchema

    from leadsieve_rules.findings import Finding
    from leadsieve_rules.schemas.distinct import Distinct

# The names under which polars selects several columns: no frame that checks see may have a column of such a name.
_SELECTS = ("*", "^")


@dataclass(slots=True)
class CompiledSchema:
    """A pandera schema that judges whole tables by masks, with the verdicts of full lazy validation.

    Attributes:
        schema: A schema of the polars API. A column's dtype other than a string is a parse of its cells.
        label: What messages call it.
        full: Let pandera's full validation judge, as for schemas that the compiler does not cover.
        remake: Function and arguments that make it again in another process; None where the schema itself goes there.
    """

    schema: DataFrameSchema
    label: str = "the schema"
    full: bool | None = None
    remake: tuple[Any, ...] | None = None
    _programs: dict[Any, Program] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.remake or (type(self), (self.schema, self.label, self.full))

    def takes_values(self, name: str, kind: pa.DataType) -> bool:
        """Tell whether typed cells under a name are judged as their values; else as their text.

        Raises:
            InvalidSchema: The schema has a column of this name that cannot be named.
        """
        import polars as pl

        try:
            have = pl.Series(pl.from_arrow(pa.nulls(0, kind))).dtype
        except (pl.exceptions.PolarsError, pa.ArrowException, ValueError, TypeError):
            return False
        want = [dtype(self.schema, c) for n, c in self._columns([name]).items() if n == name]
        return have.base_type() != pl.Object and all(takes_values(have, one) for one in want)

    def findings(
        self, table: pa.Table, layout: pa.Schema | None = None, *, coded: dict[str, Distinct] | None = None
    ) -> list[Finding]:
        """Judge the columns of a table that the schema knows, all checks in one evaluation.

        A null passes unless its column is not nullable: then it is `missing_value`. A cell that does not parse as the
        column's dtype is `invalid_value` (detail: the dtype), and no check of its column speaks of it. What fails a
        check is `check_failed` (detail: the check's name), or `invalid_email` where the column's `email` check only
        warns. Metadata `severity = "warn"` of a column or the schema, or a check's `raise_warning`, warns; metadata
        `missing` says it of nulls alone. A column of phone numbers never misses one: that is said elsewhere.

        Args:
            table: Columns under the schema's names; empty cells are null. Other columns are seen by the checks that
                look at whole rows, but for those whose names stand for several columns in polars.
            layout: The columns that rows have, where the table holds only those that the program for them reads.
            coded: Receives, by name, the columns whose distinct cells were found on the way.

        Returns:
            Findings in the schema's order, none without rows. Their column is the schema's, or `*` for a check of
            whole rows; their values are the cells.

        Raises:
            InvalidSchema: A check raises, judges its column as a whole and not its cells, or is not true or false.
        """
        if not table.num_rows:
            return []
        program = self.program(table.schema if layout is None else layout)
        # Full validation judges the table as a whole.
        if self.full or not use_kernel(table.num_rows):
            return self._findings(program, table)
        coded = {} if coded is None else coded
        found = [
            finding
            for alone in program.alone
            for finding in findings_alone(alone, _whole(table[alone.name]), partial(self._judged, alone.program), coded)
        ]
        if program.rest is not None:
            found += self._findings(program.rest, table)
        places = {name: place for place, name in enumerate(program.columns)}
        return sorted(found, key=lambda finding: places.get(finding.column, len(places)))

    def _findings(self, program: Program, table: pa.Table) -> list[Finding]:
        judged = zip(program.notes, self._judged(program, table), strict=True)
        return [
            note.finding(index, None if note.column == ROWS else table[note.column])
            for note, index in judged
            if len(index)
        ]

    def _judged(self, program: Program, table: pa.Table) -> list[npt.NDArray[np.int64]]:
        """Return for each note of a program the positions of the rows of which it is said."""
        if not program.notes:
            return []
        # What is one verdict for a whole column shows only where there are two rows.
        rows = table if table.num_rows > 1 else pa.concat_tables([table, table])
        raw = _frame(rows, program.reads)
        parsed = _parse(raw, program)
        passed = full_masks(self, parsed, program) if self.full else self._masks(parsed, program)
        masks = passed_masks(program, self.schema, raw, parsed, passed)
        return [failed_rows(mask, table.num_rows) for mask in masks]

    def parsed(self, table: pa.Table, layout: pa.Schema) -> pl.DataFrame:
        """Return a table as the checks see it, its cells parsed; for the arguments see `findings`."""
        program = self.program(layout)
        return _parse(_frame(table, program.reads), program)

    def answer(self, test: Test, parsed: pl.DataFrame, where: str) -> pl.Series:
        """Return what one check says of each row of a parsed table.

        Args:
            test: One of the schema's program.
            parsed: A table as `parsed` gives it.
            where: What it holds, for messages.

        Returns:
            Booleans as many as rows; null is no answer.

        Raises:
            InvalidSchema: The check raises, or does not give true or false for each row.
        """
        import polars as pl

        key = None if test.column == ROWS else test.column
        with self._naming(test.check, test.column, where, cells=parsed.height > 0):
            if self.full:
                answers = resolved(test.check)(parsed.lazy(), key).check_output
            elif test.mask is not None:
                answers = parsed.lazy().select(test.mask)
            else:
                answers = called(test.check, parsed.lazy(), test.column)
            given = answers.collect().to_series() if isinstance(answers, pl.LazyFrame) else None
        return self.checked(test, given, parsed.height)

    def program(self, schema: pa.Schema) -> Program:
        """Return the schema compiled for tables of these columns.

        Raises:
            InvalidSchema: A check raises on an empty table.
        """
        key = tuple(zip(schema.names, schema.types, strict=True))
        if key not in self._programs:
            self._programs[key] = self._compile(schema)
        return self._programs[key]

    def _columns(self, names: list[str]) -> dict[str, Column]:
        """Return the schema's columns among these, regular expressions spelled out."""
        return {name: column for name, column in expand(self.schema, names, self.label).items() if name in names}

    def _compile(self, schema: pa.Schema) -> Program:
        names = [name for name in schema.names if not name.startswith(_SELECTS)]
        columns = self._columns(names)
        empty = pa.Table.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
        raw = _frame(empty, tuple(names))
        cells = {}
        for name in names:
            want = dtype(self.schema, columns[name]) if name in columns else None
            parse = parsing(name, raw.schema[name], want)
            if parse is not None:
                cells[name] = parse
        frame = raw.with_columns(**cells)
        if self.full is None:
            self.full = needs_full(self.schema)
        tests = [
            self._test(check, frame, name, position, column)
            for name, column in columns.items()
            for position, check in enumerate(column.checks)
        ]
        tests += [self._test(check, frame, ROWS, at, None) for at, check in enumerate(self.schema.checks or [])]
        program = self._program(columns, names, cells, tuple(tests))
        if self.full:
            return program
        around = {test.column for test in tests if test.looks_around}
        alone = [
            self._alone(program, name)
            for name in columns
            if name not in around and schema.field(name).type == pa.string()
        ]
        apart = {one.name for one in alone}
        left = {name: column for name, column in columns.items() if name not in apart}
        rest = self._program(left, names, cells, tuple(test for test in tests if test.column not in apart))
        return replace(program, alone=tuple(alone), rest=rest if rest.notes else None)

    def _program(
        self, columns: dict[str, Column], names: list[str], cells: dict[str, pl.Expr], tests: tuple[Test, ...]
    ) -> Program:
        """Compile some of the columns and checks of the schema for tables with columns of these names."""
        seen = {root for test in tests if test.mask is not None for root in test.mask.meta.root_names()}
        whole = self.full or any(test.mask is None and test.looks_around for test in tests)
        reads = tuple(name for name in names if whole or name in columns or name in seen)
        parses = {name: cells[name] for name in reads if name in cells}
        return Program(columns, reads, parses, tests, notes_of(self.schema, columns, tests))

    def _alone(self, program: Program, name: str) -> Alone:
        column, tests = program.columns[name], tuple(test for test in program.tests if test.column == name)
        own = self._program({name: column}, [name], dict(program.cells), tests)
        return Alone(name, own, sure([test.check for test in tests], dtype(self.schema, column)))

    def _test(self, check: Check, frame: pl.DataFrame, key: str, position: int, column: Column | None) -> Test:
        severity = "warn" if check.raise_warning else severity_of(self.schema, column)
        mask = None
        if not self.full:
            with self._naming(check, key, "a table without rows", cells=False):
                mask = expression(check, frame, key)
        return Test(key, check, position, mask, severity, note_of(check, column))

    def _masks(self, parsed: pl.DataFrame, program: Program) -> tuple[pl.Series, ...]:
        """Evaluate all expressions at once, and call what is none."""
        import polars as pl

        where, together = "the cells of a source", None
        exprs = [test.mask.alias(str(i)) for i, test in enumerate(program.tests) if test.mask is not None]
        # Where one of them raises, polars does not say which: then each is asked by itself.
        with suppress(pl.exceptions.PolarsError):
            together = parsed.select(exprs)
        masks = []
        for i, test in enumerate(program.tests):
            if together is not None and test.mask is not None:
                answers = self.checked(test, together[str(i)], parsed.height)
            else:
                answers = self.answer(test, parsed, where)
            masks.append(answers.fill_null(bool(test.check.ignore_na)) if answers.null_count() else answers)
        return tuple(masks)

    def checked(self, test: Test, answers: pl.Series | None, rows: int) -> pl.Series:
        """Refuse answers that are not true or false for each row; None is a single verdict.

        Raises:
            InvalidSchema: They are not.
        """
        import polars as pl

        which = told_check(test.check, test.column)
        if answers is None or len(answers) != rows:
            raise InvalidSchema(
                f"{self.label}: {which} gives one verdict for a whole column; write it so that it gives one for each "
                "cell (a lead file is judged in pieces, and a row must not depend on its piece)"
            )
        if answers.dtype not in (pl.Boolean, pl.Null):
            raise InvalidSchema(f"{self.label}: {which} gives {answers.dtype} values; it must give true or false")
        return answers.cast(pl.Boolean)

    @contextmanager
    def _naming(self, check: Check, key: str, where: str, *, cells: bool = True) -> Iterator[None]:
        """Turn whatever a check raises into one error that names it; where it saw cells, its text may quote them."""
        import polars as pl

        try:
            yield
        except (InvalidSchema, MemoryError):
            raise
        except (Exception, SystemExit, pl.exceptions.PanicException) as exc:
            raised = told_exception(exc, quoting=not cells)
            raise InvalidSchema(
                f"{self.label}: {told_check(check, key)} raises {raised} on {where}; correct the check, or the "
                "column's dtype"
            ) from exc


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _frame(table: pa.Table, names: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame([pl.Series(name, pl.from_arrow(table[name])) for name in names])


def _parse(raw: pl.DataFrame, program: Program) -> pl.DataFrame:
    """Parse all cells; text that is no value as it stands is tried once more without its outer white space."""
    import polars as pl

    if not program.cells:
        return raw
    parsed = raw.with_columns(**program.cells)
    for name, parse in program.cells.items():
        if raw[name].dtype != pl.String:
            continue
        failed = (raw[name].is_not_null() & parsed[name].is_null()).arg_true()
        bare = raw[name].gather(failed)
        spaced = bare.str.contains(r"^\s|\s$").arg_true()
        if len(spaced):
            again = bare.gather(spaced).str.strip_chars().to_frame().select(parse).to_series()
            parsed = parsed.with_columns(parsed[name].scatter(failed.gather(spaced), again))
    return parsed
