"""What a run is told: its options, checked once, and its tuning, which never changes a result."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from leadsieve.exceptions import UsageError
from leadsieve.settings_file import SettingsFile, find_settings_file
from leadsieve_rules.wording import did_you_mean

if TYPE_CHECKING:
    from leadsieve_rules.prompts import Prompt
    from leadsieve_rules.schemas import UserSchema

Format = Literal["parquet", "csv", "xlsx"]
Scope = Literal["none", "file", "run", "campaign", "all"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmg])i?)?b?", re.IGNORECASE)
_LARGEST = {
    "threads": 256,
    "chunk_bytes": 1 << 30,
    "max_record_bytes": 1 << 30,
    "max_unpacked_bytes": 1 << 50,
    "max_unpacked_ratio": 1 << 20,
    "row_group_rows": 1 << 30,
    "compression_level": 22,
    "memory": 1 << 50,
    "xlsx_rows": 1_048_575,
}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How a run uses the machine; results do not depend on it.

    Each value can be set by the environment variable `LEADSIEVE_` and its name in capitals, or under `[tuning]` in the
    settings file, in this order. Sizes are bytes, and may be written like `4MB`.

    Attributes:
        threads: Worker threads; 1 does everything in one thread.
        chunk_bytes: About how much text makes a chunk, which has no more than some 131,072 rows however short they are.
        max_record_bytes: A text record longer than this is rejected as `field_too_large`.
        max_unpacked_bytes: A compressed source that unpacks to more is refused.
        max_unpacked_ratio: So is one of which more than a little unpacks to more than so many times its size.
        row_group_rows: Rows of a Parquet row group.
        compression_level: Of zstd, in Parquet outputs.
        memory: About how much a run may take in all; where its numbers and those of its campaign take more, they are
            compared in slices, on the disk beside OUT, and the sources are read twice.
        lock_seconds: How long to wait for another run on the same state.
        xlsx_rows: A workbook of rejected rows has no more rows than this, the first ones; Excel's own limit is
            1,048,575.
    """

    threads: int = min(4, os.cpu_count() or 1)
    chunk_bytes: int = 8 << 20
    max_record_bytes: int = 1 << 20
    max_unpacked_bytes: int = 256 << 30
    max_unpacked_ratio: int = 200
    row_group_rows: int = 1 << 18
    compression_level: int = 1
    memory: int = 2 << 30
    lock_seconds: float = 10.0
    xlsx_rows: int = 100_000

    @property
    def state_memory(self) -> int:
        """How much of the memory the campaigns' state may take before it spills, in bytes."""
        return min(1_000_000_000, max(1 << 28, self.memory // 2))

    def __post_init__(self) -> None:
        """Refuse what no machine can do."""
        for name, most in _LARGEST.items():
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UsageError(f"tuning {name}={value!r} is not a whole number of 1 or more; write it like 4 or 4MB")
            if value > most:
                raise UsageError(f"tuning {name}={value} is more than {most}; give less")
        if type(self.lock_seconds) not in {int, float} or not 0 <= self.lock_seconds < math.inf:
            raise UsageError(f"tuning lock_seconds={self.lock_seconds!r} is not a number of seconds")

    @classmethod
    def of(cls, given: Tuning | Mapping[str, Any] | None, environ: Mapping[str, str]) -> Tuning:
        """Take the tuning from what the caller gave, else the environment, else the settings file, else the defaults.

        Raises:
            UsageError: A name or a value that no tuning has.
        """
        if isinstance(given, Tuning):
            return given
        return cls.found(given, environ, find_settings_file())[0]

    @classmethod
    def found(
        cls, given: Mapping[str, Any] | None, environ: Mapping[str, str], file: SettingsFile | None
    ) -> tuple[Tuning, dict[str, str]]:
        """Take the tuning as `of` does, and say where each value that is no default came from.

        Raises:
            UsageError: A name or a value that no tuning has.
        """
        names = sorted(f.name for f in dataclasses.fields(cls))
        layers = (
            ("", dict(given or {})),
            *((f"environment {text}", {name: environ[text]}) for name in names if environ.get(text := variable(name))),
            *(() if file is None else ((str(file.path), file.tuning),)),
        )
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for origin, layer in layers:
            for name, value in layer.items():
                number = cls._read(name, value, origin)
                if name not in values:
                    values[name], origins[name] = number, origin
        return cls(**values), origins

    @classmethod
    def _read(cls, name: str, value: object, origin: str) -> Any:
        """Return one value, which is checked by itself so that what is wrong says where it stands."""
        where = f"{origin}: " if origin else ""
        names = sorted(f.name for f in dataclasses.fields(cls))
        if name not in names:
            known = f"{did_you_mean(name, names)}; there are {', '.join(names)}"
            raise UsageError(f"{where}tuning {name!r} is unknown{known}")
        number = _number(name, value)
        try:
            cls(**{name: number})
        except UsageError as exc:
            raise UsageError(f"{where}{exc.message}") from None
        return number


def variable(name: str) -> str:
    """Return the environment variable that sets an option or a tuning.

    Example:
        >>> variable("chunk_bytes")
        'LEADSIEVE_CHUNK_BYTES'
    """
    return f"LEADSIEVE_{name.upper()}"


def _number(name: str, value: object) -> Any:
    """Read a number as the environment gives it; what is none is left for the check of the whole."""
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return value
    number = float(match[1]) * _UNITS[(match[2] or "").lower()]
    return number if name == "lock_seconds" or not number.is_integer() else int(number)


#: Options that do not decide what becomes of a row. Every other one tells two runs apart; of suppression lists it is
#: their content that does.
_NOT_JUDGING = frozenset(
    (
        *("sources", "state", "out", "format", "fail_over", "overwrite", "again", "existing_campaign", "dry_run"),
        *("suppress", "suppress_max_age", "batches", "tuning"),
    )
)
_TEXTS = (
    *("profile", "region", "region_column", "campaign", "calling_hours"),
    *("encoding", "delimiter", "records_path", "sheet"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run does, one to one with the options of `leadsieve clean`; see there for each."""

    sources: tuple[Any, ...]
    profile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    region_column: str | None = None
    campaign: str | None = None
    state: Path = Path("leadsieve.duckdb")
    out: Path | str | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    format: Format = "parquet"
    duplicates: Scope | None = None
    duplicate_statuses: tuple[str, ...] | None = None
    duplicate_age: int | None = None
    schema: UserSchema | None = None
    calling_hours: str | None = None
    prompt: Prompt | None = None
    fail_over: Mapping[str, float] = field(default_factory=dict)
    suppress: tuple[Any, ...] = ()
    suppress_max_age: int | None = None
    overwrite: bool = False
    again: bool = False
    existing_campaign: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] | None = None
    skip_rows: int = 0
    records_path: str | None = None
    sheet: str | None = None
    rows: int | None = None
    dry_run: bool = False
    batches: bool = False
    tuning: Tuning = field(default_factory=Tuning)

    def __post_init__(self) -> None:
        """Refuse what no run can do, before anything is opened."""
        self._check_kinds()
        if not self.sources or any(isinstance(source, str) and not source for source in self.sources):
            raise UsageError("no source was named; give a file, a folder, a glob, a URL, or - for stdin")
        if self.format not in get_args(Format):
            raise UsageError(f"--format {self.format!r} is unknown; there are {', '.join(get_args(Format))}")
        if self.duplicates is not None and self.duplicates not in get_args(Scope):
            raise UsageError(f"--duplicates {self.duplicates!r} is unknown; there are {', '.join(get_args(Scope))}")
        if self.duplicates in ("campaign", "all") and self.campaign is None:
            raise UsageError(f"--duplicates {self.duplicates} needs a campaign; add --campaign NAME")
        if self.duplicate_statuses is not None or self.duplicate_age is not None:
            self._check_policy()
        if self.calling_hours is not None:
            self._check_hours(self.calling_hours)
        if self.existing_campaign and self.campaign is None:
            raise UsageError("--existing-campaign needs a campaign; add --campaign NAME")
        if self.campaign is not None and (not self.campaign.strip() or not self.campaign.isprintable()):
            raise UsageError(f"campaign {self.campaign!r} is blank or holds control characters; give it a plain name")
        if self.campaign is not None and self.out is None and not self.dry_run:
            raise UsageError("a campaign needs its outputs to be kept; add --out OUT, or --dry-run")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise UsageError(f"--delimiter {self.delimiter!r} is not one character; for a tab type --delimiter $'\\t'")
        if self.columns is not None and (not self.columns or any(type(name) is not str for name in self.columns)):
            raise UsageError(f"columns={self.columns!r} are not names of columns; write them like --columns phone,name")
        if self.skip_rows < 0:
            raise UsageError(f"--skip-rows {self.skip_rows} is less than none; give 0 or more")
        if self.rows is not None and self.rows < 1:
            raise UsageError(f"--rows {self.rows} leaves nothing to read; give 1 or more")
        if any(isinstance(one, str) and not one for one in self.suppress):
            raise UsageError("--suppress names nothing; give a file of numbers, or @LIST for a list kept in the state")
        if "@" in [one for one in self.suppress if isinstance(one, str)]:
            raise UsageError("--suppress @ names no list; write it like @dnc")
        days = self.suppress_max_age
        if days is not None and (type(days) is not int or days < 0):
            raise UsageError(f"suppress_max_age={days!r} is not a number of days; give 0 or more")

    def _check_policy(self) -> None:
        """Refuse a duplicate policy that no campaign can go by."""
        from leadsieve_rules.profiles.model import STATUSES

        if self.campaign is None:
            raise UsageError("which contacts make a duplicate matters to a campaign only; add --campaign NAME")
        unknown = sorted(set(self.duplicate_statuses or ()) - set(STATUSES))
        if unknown or self.duplicate_statuses == ():
            what = f"--duplicate-statuses {unknown[0]!r} is unknown" if unknown else "--duplicate-statuses names none"
            raise UsageError(f"{what}; there are {', '.join(STATUSES)}")
        if self.duplicate_age is not None and (type(self.duplicate_age) is not int or self.duplicate_age < 1):
            raise UsageError(f"duplicate_age={self.duplicate_age!r} is not a number of days; give 1 or more")

    def _check_hours(self, text: str) -> None:
        """Refuse calling hours that no day has."""
        from leadsieve_rules.calling import parse_hours
        from leadsieve_rules.exceptions import RulesError

        try:
            parse_hours(text)
        except RulesError as exc:
            raise UsageError(exc.message) from exc

    def _check_kinds(self) -> None:
        """Refuse values of the wrong kind, which a notebook can give and the command line cannot."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        for name, value in texts.items():
            if value is not None and not isinstance(value, str):
                raise UsageError(f"{name}={value!r} is not a string")
        for column, target in self.map.items():
            if {type(column), type(target)} != {str}:
                raise UsageError(f"map={{{column!r}: {target!r}}} does not map a column's name to a field's")
        if self.header not in (None, True, False):
            raise UsageError(f"header={self.header!r} is not True, False or None")
        for name, value in {"rows": self.rows, "skip_rows": self.skip_rows}.items():
            if value is not None and type(value) not in {int, float}:
                raise UsageError(f"{name}={value!r} is not a number")
        if "://" in str(self.state):
            raise UsageError(f"--state {self.state} is a URL; name a local path")
        if isinstance(self.out, str):
            check_url(self.out)
        paths = [source for source in (*self.sources, *self.suppress) if isinstance(source, str)]
        if "\0" in "".join([*paths, *(v for v in texts.values() if v), str(self.state), str(self.out)]):
            raise UsageError("a path or name holds a NUL character, which no file has; check the quoting")

    @property
    def data_format(self) -> Literal["parquet", "csv"]:
        """The format of the outputs; a workbook is written beside files that hold all rows."""
        return "csv" if self.format == "xlsx" else self.format

    def judging(self) -> dict[str, Any]:
        """Return the options that decide what becomes of a row, as plain values."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in _NOT_JUDGING}
        return {
            **values,
            "settings": dict(self.settings),
            "map": [list(pair) for pair in self.map.items()],
            "schema": None if self.schema is None else self.schema.sha256,
            "prompt": None if self.prompt is None else self.prompt.sha256,
            "max_record_bytes": self.tuning.max_record_bytes,
        }


def check_url(out: str) -> None:
    """Refuse a URL for `out` that is not of a folder in a store that can be written to.

    Raises:
        UsageError: It is not; what it tells holds no secret.
    """
    from leadsieve_connectors.sinks.remote import SCHEMES
    from leadsieve_connectors.sources.storage import display_name

    name = display_name(out)
    scheme, _, rest = out.partition("://")
    if scheme not in SCHEMES or "::" in out:
        known = ", ".join(sorted(SCHEMES))
        raise UsageError(f"--out {name}: nothing can be published there; name a folder, or a URL of {known}")
    if "?" in rest or "#" in rest:
        raise UsageError(f"--out {name.partition('#')[0]}: a URL for --out has no ? and no #; leave that part away")
    parts = rest.rstrip("/").split("/")
    if not all(parts) or {".", ".."} & set(parts):
        raise UsageError(f"--out {name}: has an empty part, or . or ..; write the folder's own URL")
    if len(parts) < 2 and scheme != "memory":
        raise UsageError(f"--out {name}: names no folder in it; add one, such as {name.rstrip('/')}/leads")


def parse_names(option: str, text: str) -> tuple[str, ...]:
    """Read names between commas; a name that holds a comma stands in double quotes.

    Raises:
        UsageError: A name is empty, or holds a line end outside quotes.
    """
    try:
        names = tuple(name.strip() for name in next(csv.reader([text]), []))
    except csv.Error:
        names = ()
    if not names or "" in names:
        raise UsageError(f"{option} {text!r} is not a list of names; write it like phone,name,city")
    return names


def parse_pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Read repeated `KEY=VALUE` options; the last `=` splits, so keys may hold one.

    Raises:
        UsageError: A text without `=`.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.rpartition("=") if option == "--map" else text.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"{option} {text!r} is not of the form KEY=VALUE")
        if key in pairs:
            raise UsageError(f"{option} names {key!r} twice; give it once")
        pairs[key] = value.strip() if option == "--map" else value
    return pairs


def paths_and_frames(given: Any) -> tuple[Any, ...]:
    """Return sources as a caller names them: the paths as strings, and the frames as they are.

    Raises:
        UsageError: What is given is neither, nor a list of them.
    """
    if isinstance(given, str | os.PathLike):
        return (os.fspath(given),)
    from leadsieve_connectors.sources import is_frame

    if is_frame(given):
        return (given,)
    if not isinstance(given, list | tuple):
        raise UsageError(f"{type(given).__name__} is no path, no frame, and no list of them")
    for one in given:
        if not isinstance(one, str | os.PathLike) and not is_frame(one):
            raise UsageError(f"a {type(one).__name__} among the sources is no path and no frame")
    return tuple(os.fspath(one) if isinstance(one, os.PathLike) else one for one in given)
