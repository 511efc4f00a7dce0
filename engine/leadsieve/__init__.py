"""leadsieve: raw lead files in, clean lead datasets out, and every row accounted for.

```python
import leadsieve as ls

run = ls.clean("leads.csv", region="IN", profile="voicegenie", out="out")
run.summary                # the target system's predicted answer
run.accepted.to_pandas()   # the clean rows; run.rejected and run.errors say the rest
```
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from leadsieve._version import __version__ as __version__
from leadsieve.exceptions import (
    InternalError,
    Interrupted,
    LeadsieveError,
    OutputError,
    SourceError,
    StateError,
    TooManyRejected,
    UsageError,
    translated,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from leadsieve.campaigns import Campaigns
    from leadsieve.config import Tuning
    from leadsieve.explanation import Explanation
    from leadsieve.inspection import Inspection
    from leadsieve.progress import Callback, Progress
    from leadsieve.run import Part, Run
    from leadsieve_connectors.campaigns import KeptMapping
    from leadsieve_rules.profiles import Profile
    from leadsieve_rules.prompts import Prompt
    from leadsieve_rules.schemas import UserSchema

__all__ = [
    "Campaigns",
    "Explanation",
    "Inspection",
    "InternalError",
    "Interrupted",
    "KeptMapping",
    "LeadsieveError",
    "OutputError",
    "Part",
    "Profile",
    "Progress",
    "Run",
    "SourceError",
    "StateError",
    "TooManyRejected",
    "Tuning",
    "UsageError",
    "answer_schemas",
    "clean",
    "explain",
    "forget_mapping",
    "inspect",
    "mappings",
    "normalize_phones",
    "profile_template",
    "profiles",
    "report",
    "verify",
]

#: Names that are loaded when they are first asked for, so that `import leadsieve` stays quick.
_LAZY = {
    "Campaigns": "leadsieve.campaigns",
    "Explanation": "leadsieve.explanation",
    "Inspection": "leadsieve.inspection",
    "KeptMapping": "leadsieve_connectors.campaigns",
    "Part": "leadsieve.run",
    "Profile": "leadsieve_rules.profiles",
    "Progress": "leadsieve.progress",
    "Run": "leadsieve.run",
    "Tuning": "leadsieve.config",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'leadsieve' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def clean(
    sources: Any,
    *,
    profile: str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    region: str | None = None,
    region_column: str | None = None,
    campaign: str | None = None,
    state: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - the option's own name
    format: Literal["parquet", "csv", "xlsx"] = "parquet",  # noqa: A002 - the option's own name
    duplicates: Literal["none", "file", "run", "campaign", "all"] | None = None,
    duplicate_statuses: Sequence[str] | None = None,
    duplicate_age: int | None = None,
    schema: Any = None,
    prompt: str | os.PathLike[str] | None = None,
    calling_hours: str | None = None,
    fail_over: float | Mapping[str, float] | None = None,
    suppress: Any = None,
    suppress_max_age: int | None = None,
    overwrite: bool = False,
    again: bool = False,
    existing_campaign: bool = False,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    columns: Sequence[str] | None = None,
    skip_rows: int = 0,
    records_path: str | None = None,
    sheet: str | None = None,
    rows: int | None = None,
    dry_run: bool = False,
    batches: bool = False,
    progress: Callback | Literal[False] | None = None,
    tuning: Tuning | Mapping[str, Any] | None = None,
) -> Run:
    """Clean lead files for a target system, and publish the result all or nothing.

    Every row of every source ends once in `accepted` or `rejected`; the run proves that before it publishes.

    Args:
        sources: One or several of: path, folder, glob or URL of CSV, JSON, Excel, Parquet or Arrow files, packed or
            not, `a.zip!member`, `-` for stdin; frames of pandas, polars or Arrow, relations of DuckDB, record batches.
        profile: Target system: a name of `profiles()`, or a profile's file. None is leadsieve's own, `plain`.
        settings: The target system's settings, by name.
        region: ISO 3166 code of the country of numbers without a country code; None is the profile's own, or none.
        region_column: Column that holds each row's country; rows without one take `region`.
        campaign: Campaign to judge duplicates against and to add the accepted rows to; needs `out` or `dry_run`.
        state: DuckDB file that holds the campaigns; `LEADSIEVE_STATE` or `leadsieve.duckdb` where None.
        out: Folder to publish, missing or empty, or the URL of one (s3, gs, az, sftp). None: the parts live in a
            temporary folder that the run owns.
        map: Columns to fields. Several columns for one field are an order of preference.
        format: Of the accepted, rejected and errors files; `xlsx` writes them as CSV, and the rejected rows as a
            workbook to edit too.
        duplicates: What a number must not repeat; None is the campaign where one is named, else the run.
        duplicate_statuses: Only a campaign's contacts in these statuses make a duplicate; None is the profile's rule.
        duplicate_age: Only those that have had their status for less than so many days; None is the profile's rule.
        schema: A pandera schema of your own: a Python file (`rules.py`, `rules.py:Leads`), pandera's YAML, or a
            `DataFrameModel` or `DataFrameSchema` of `pandera.polars`. Its columns are target fields by name, else the
            source's own columns; a row that fails it is rejected, unless the schema says `severity` `warn`.
        prompt: A file with the campaign's prompt. Some column of each source must fill each of its `{{name}}`
            placeholders, and rows that leave one blank get the warning `blank_variable`. Braces
            after a backslash are text.
        calling_hours: Local hours such as `09:00-20:00`, which may cross midnight: `accepted` says for each row in
            which time zones the number can be, and the next window, in UTC, that is within the hours in all of them;
            `run.json` counts the rows that may be called by hour.
        fail_over: Largest share of rows, 0 to 1, that may be rejected other than as duplicates or suppressed; or
            shares by reason, and `overall` for that one: `{"overall": 0.05, "invalid_phone": 0.02}`.
        suppress: Lists of numbers that are never accepted (do-not-call): as `sources`, and `@NAME` for a list that the
            state keeps. With a campaign every kept list that holds for it counts by itself.
        suppress_max_age: Refuse a suppression list that is older, in days, or of unknown date.
        overwrite: Replace what leadsieve published in `out` before.
        again: Import a second time what was imported before.
        existing_campaign: Fail where the campaign does not exist.
        encoding: Codec of text sources; None finds it.
        delimiter: One character; None finds it.
        header: Whether the first record names the columns; None finds it.
        columns: The columns' names, in place of the header's or where there is none.
        skip_rows: So many lines stand before the header and are not read.
        records_path: Where the records stand in a JSON document, keys joined by dots; None finds it.
        sheet: Which sheet of a workbook, by name or 1-based position; None takes the only one with rows.
        rows: Read only so many rows of each source.
        dry_run: Do everything but publish and commit.
        batches: Write the accepted rows as request bodies too, in the folder `requests`: each within every limit of the
            target system, with a timetable that keeps its rate limit, and the predicted answer to each in `run.json`.
        progress: Called with a `Progress` after every chunk. None shows a bar in a notebook where tqdm is installed,
            and is silent elsewhere; False is silent.
        tuning: How to use the machine; see `Tuning`. What is not given comes from `LEADSIEVE_` variables and from
            `[tuning]` of `leadsieve.toml`, or of `[tool.leadsieve]` in `pyproject.toml`, in the working folder or above
            it. No other option does (of `state`, `LEADSIEVE_STATE`): a program does not change its meaning with the
            folder it runs in. The command line takes its options from there too.

    Returns:
        The run: its answer, counts and parts.

    Raises:
        LeadsieveError: With a `code`; nothing was published.
    """
    from leadsieve.config import Options, Tuning, paths_and_frames
    from leadsieve.flow import execute
    from leadsieve.limits import as_limits
    from leadsieve.progress import shown

    options = Options(
        sources=paths_and_frames(sources),
        profile=None if profile is None else os.fspath(profile),
        settings=_mapping("settings", settings),
        region=region,
        region_column=region_column,
        campaign=campaign,
        state=_state(state),
        out=_out(out),
        map=_mapping("map", map),
        format=format,
        duplicates=duplicates,
        duplicate_statuses=_names("duplicate_statuses", duplicate_statuses),
        duplicate_age=duplicate_age,
        schema=_schema(schema),
        prompt=_prompt(prompt),
        calling_hours=calling_hours,
        fail_over=as_limits(fail_over),
        suppress=() if suppress is None else paths_and_frames(suppress),
        suppress_max_age=suppress_max_age,
        overwrite=overwrite,
        again=again,
        existing_campaign=existing_campaign,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        columns=_names("columns", columns),
        skip_rows=skip_rows,
        records_path=records_path,
        sheet=sheet,
        rows=rows,
        dry_run=dry_run,
        batches=batches,
        tuning=Tuning.of(tuning, os.environ),
    )
    with translated(), shown(progress) as callback:
        return execute(options, callback)


def inspect(
    sources: Any,
    *,
    profile: str | os.PathLike[str] | None = None,
    region: str | None = None,
    region_column: str | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - the option's own name
    schema: Any = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    columns: Sequence[str] | None = None,
    skip_rows: int = 0,
    records_path: str | None = None,
    sheet: str | None = None,
) -> list[Inspection]:
    """Say what sources are, from their first 1,000 rows, and what to run next.

    What nobody said is guessed where the evidence is clear (where the header stands, the column with the numbers, their
    country); the inspection names each guess, and `clean` makes none of them.

    Args:
        sources: As for `clean`.
        profile: Target system whose fields are looked for.
        region: Country of numbers without a country code.
        region_column: Column that holds each row's country.
        map: Columns to fields.
        schema: As for `clean`.
        encoding: As for `clean`, like what follows.
        delimiter: One character; None finds it.
        header: Whether the first record names the columns.
        columns: The columns' names.
        skip_rows: Lines before the header.
        records_path: Where the records stand in a JSON document.
        sheet: Which sheet of a workbook.

    Returns:
        One inspection a source, in order; of a file that holds several sheets, files or arrays of records, of which
        none was named, one for each.

    Raises:
        LeadsieveError: A source cannot be opened, or an option is wrong. Columns that cannot be mapped are a
            `problem` of the inspection, not an error.
    """
    from leadsieve.config import Options, Tuning, paths_and_frames
    from leadsieve.inspection import inspect_sources

    options = Options(
        sources=paths_and_frames(sources),
        profile=None if profile is None else os.fspath(profile),
        region=region,
        region_column=region_column,
        map=_mapping("map", map),
        schema=_schema(schema),
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        columns=_names("columns", columns),
        skip_rows=skip_rows,
        records_path=records_path,
        sheet=sheet,
        tuning=Tuning.of(None, os.environ),
    )
    with translated():
        return inspect_sources(options)


def normalize_phones(array: Any, region: Any = None) -> pa.Table:
    """Judge phone numbers exactly as `phonenumbers` does.

    Args:
        array: Strings: an Arrow array, or a pandas or polars series, or a list.
        region: ISO 3166 code of numbers without a country code, or an array of codes, one a row (null or unknown
            there means none), or None.

    Returns:
        A table as long as `array`: `e164`, `is_valid`, `is_possible`, `region`, `number_type`, `country_code`,
        `national_number`, `extension`, and `reason` (null where valid; parse errors by libphonenumber's names).

    Raises:
        UsageError: An unknown region, or values that are not strings.

    Example:
        >>> import leadsieve as ls
        >>> ls.normalize_phones(["(202) 555-0123", "12"], "US").select(["e164", "reason"]).to_pylist()
        [{'e164': '+12025550123', 'reason': None}, {'e164': '+112', 'reason': 'TOO_SHORT'}]
    """
    from leadsieve.text import strings
    from leadsieve_rules import phone

    with translated():
        return phone.normalize(strings(array), region if region is None or isinstance(region, str) else strings(region))


def profiles() -> list[Profile]:
    """Return the profiles of all target systems that leadsieve brings."""
    from leadsieve_rules.profiles import load_profile, profile_names

    return [load_profile(name) for name in profile_names()]


def profile_template(name: str | os.PathLike[str]) -> str:
    """Return a profile's file as text, to be edited into a profile of your own.

    Args:
        name: A name of `profiles()`, or a profile's file.

    Raises:
        UsageError: No such profile, or a file that breaks the profile format.
    """
    from leadsieve_rules.profiles import load_profile, profile_text

    with translated():
        load_profile(os.fspath(name))
        return profile_text(os.fspath(name))


def answer_schemas(name: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of every answer of a target system.

    Args:
        name: A name of `profiles()`, or a profile's file.

    Returns:
        By the code of the error, `ok` for the good answer and `at_once` for what is said before it: `status` (of HTTP),
        `when` (the conditions of which one makes it the answer) and `schema` (draft 2020-12).

    Raises:
        UsageError: No such profile, or a file that breaks the profile format.
    """
    from leadsieve_rules.profiles import load_profile
    from leadsieve_rules.profiles.answer_schemas import answer_schema
    from leadsieve_rules.profiles.templates import OK, answer_templates

    with translated():
        profile = load_profile(os.fspath(name))
        return {
            code: {
                "status": template.status,
                "when": list(template.when),
                "schema": answer_schema(profile, None if code == OK else code),
            }
            for code, template in answer_templates(profile).items()
        }


def explain(
    out: str | os.PathLike[str],
    row: int,
    file: str | None = None,
    *,
    profile: str | os.PathLike[str] | None = None,
    schema: Any = None,
) -> Explanation:
    """Explain everything that was decided about one row of a run, and why.

    Where its source still stands unchanged, the row is read and judged again, so that each step is told; else what the
    outputs hold is told.

    Args:
        out: What `clean` published: a folder, `OUT.failed`, or a URL.
        row: The row's number in its file, from 1, as `lead_row` has it.
        file: The file, or the end of its name; needed where the run had several.
        profile: The run's profile, where it is a file of your own.
        schema: The run's schema, as for `clean`, to be told check by check. Its code is run only where it is named.

    Returns:
        The explanation; it shows with its cells masked, and its attributes hold them as they are.

    Raises:
        UsageError: There is no publication in `out`, no such row, or several files that could be meant.
        OutputError: An output cannot be read.

    Example:
        >>> import leadsieve as ls
        >>> ls.explain("out", 54).reasons  # doctest: +SKIP
        ('invalid_phone',)
    """
    from leadsieve.explanation import explain as tell

    where, own = _out(out), _schema(schema)
    assert where is not None  # noqa: S101 - only None gives None
    with translated():
        return tell(where, row, file, profile=None if profile is None else os.fspath(profile), schema=own)


def report(
    out: str | os.PathLike[str],
    to: str | os.PathLike[str] | None = None,
    *,
    show_values: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write one HTML page about a run, to read, print and forward: what became of its rows, why, and what to do.

    The page needs no other file and no network, and has no script. Needs the extra: `pip install 'leadsieve[report]'`.

    Args:
        out: What `clean` published: a folder, `OUT.failed`, or a URL.
        to: Where to write it; None is `OUT-report.html` in the working folder. An earlier report is replaced.
        show_values: Show the example cells in full: they may be personal data. Else they are masked.
        overwrite: Replace a file that is no report.

    Returns:
        Where the page is.

    Raises:
        UsageError: The extra is not installed, there is no publication in `out`, or the page would stand in it.
        OutputError: The page cannot be written, another file stands there, or `out` is not what was published.

    Example:
        >>> import leadsieve as ls
        >>> ls.report("out")  # doctest: +SKIP
        PosixPath('out-report.html')
    """
    from leadsieve.reporting import write_report

    where = _out(out)
    assert where is not None  # noqa: S101 - only None gives None
    with translated():
        return write_report(where, None if to is None else Path(to), show_values=show_values, overwrite=overwrite)


def verify(out: str | os.PathLike[str], *, state: str | os.PathLike[str] | None = None) -> pa.Table:
    """Compare published outputs with their `run.json`, and with the state that they were imported into.

    Args:
        out: What `clean` published: a folder or its URL.
        state: The state of their campaign; `LEADSIEVE_STATE` or `leadsieve.duckdb` where None. Not touched where they
            have none.

    Returns:
        One row for each disagreement: `where`, `problem`, `advice`. No row where all is well.

    Raises:
        UsageError: There is no publication in `out`.
        StateError: The state is missing, damaged or locked.
    """
    from leadsieve.verification import verify as find
    from leadsieve_connectors.campaigns import State

    where = _out(out)
    assert where is not None  # noqa: S101 - only None gives None
    with translated():
        return find(where, State(_state(state)))


def mappings(*, state: str | os.PathLike[str] | None = None) -> list[KeptMapping]:
    """Return how the user mapped which headers, as runs with a campaign have kept it, newest first.

    Args:
        state: The state; `LEADSIEVE_STATE` or `leadsieve.duckdb` where None.

    Raises:
        StateError: It is missing, damaged or locked.
    """
    from leadsieve_connectors.campaigns import State

    with translated():
        return State(_state(state)).mappings()


def forget_mapping(id: str, *, state: str | os.PathLike[str] | None = None) -> KeptMapping:  # noqa: A002 - its name
    """Forget how one list of headers was mapped, and return it.

    Args:
        id: Its digest, or the beginning of it.
        state: The state; `LEADSIEVE_STATE` or `leadsieve.duckdb` where None.

    Raises:
        UsageError: No such mapping, or several.
        StateError: The state is missing, damaged or locked.
    """
    from leadsieve_connectors.campaigns import State, state_lock

    path = _state(state)
    with translated():
        kept = State(path)
        kept.mappings()  # a state that is not there gets no lock file either
        with state_lock(path, wait_seconds=10.0):
            return kept.forget_mapping(id)


def _state(given: str | os.PathLike[str] | None) -> Path:
    return Path(given if given is not None else os.environ.get("LEADSIEVE_STATE", "leadsieve.duckdb"))


def _out(given: str | os.PathLike[str] | None) -> Path | str | None:
    """Return a URL as it is, and a path as one that does not depend on the working folder."""
    if isinstance(given, str) and "://" in given:
        return given
    return None if given is None else Path(given).absolute()


def _prompt(given: str | os.PathLike[str] | None) -> Prompt | None:
    if given is None:
        return None
    from leadsieve_rules.prompts import load_prompt

    with translated():
        return load_prompt(os.fspath(given))


def _schema(given: Any) -> UserSchema | None:
    if given is None:
        return None
    from leadsieve_rules.schemas import find_schema

    with translated():
        return find_schema(given)


def _mapping(name: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise UsageError(f"{name}={given!r} is not a mapping; write it like {{'Mobile No': 'phone_number'}}")
    return dict(given or {})


def _names(option: str, given: Sequence[str] | None) -> tuple[str, ...] | None:
    if isinstance(given, str) or not isinstance(given, Sequence | None):
        raise UsageError(f"{option}={given!r} is not a list of names; write it like ['one', 'another']")
    return None if given is None else tuple(given)
