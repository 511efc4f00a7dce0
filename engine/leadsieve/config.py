"""What a run is told: its options, checked once, and its tuning, which never changes a result."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from leadsieve.exceptions import UsageError

Format = Literal["parquet", "csv"]
Scope = Literal["none", "file", "run", "campaign", "all"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmg])i?)?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How a run uses the machine; results do not depend on it.

    Each value can be set by the environment variable `LEADSIEVE_` and its name in capitals. Sizes are bytes, and may
    be written like `4MB`.

    Attributes:
        threads: Worker threads; 1 does everything in one thread.
        chunk_bytes: About how much text makes a chunk.
        max_record_bytes: A text record longer than this is rejected as `field_too_large`.
        row_group_rows: Rows of a Parquet row group.
        compression_level: Of zstd, in Parquet outputs.
        lock_seconds: How long to wait for another run on the same state.
    """

    threads: int = min(4, os.cpu_count() or 1)
    chunk_bytes: int = 4 << 20
    max_record_bytes: int = 1 << 20
    row_group_rows: int = 1 << 18
    compression_level: int = 1
    lock_seconds: float = 10.0

    @classmethod
    def of(cls, given: Tuning | Mapping[str, Any] | None, environ: Mapping[str, str]) -> Tuning:
        """Take the tuning from what the caller gave, else from the environment, else the defaults.

        Raises:
            UsageError: A name or a value that no tuning has.
        """
        if isinstance(given, Tuning):
            return given
        names = {f.name for f in dataclasses.fields(cls)}
        values = {n: environ[f"LEADSIEVE_{n.upper()}"] for n in names if f"LEADSIEVE_{n.upper()}" in environ}
        values.update(given or {})
        if unknown := sorted(values.keys() - names):
            raise UsageError(f"tuning {unknown[0]!r} is unknown; there are {', '.join(sorted(names))}")
        return cls(**{name: _number(name, value) for name, value in values.items()})


def _number(name: str, value: object) -> Any:
    match = _SIZE.fullmatch(str(value).strip())
    number = float(match[1]) * _UNITS[(match[2] or "").lower()] if match else math.nan
    if name == "lock_seconds" and number >= 0:
        return number
    if not number >= 1:
        raise UsageError(f"tuning {name}={value!r} is not a positive number; write it like 4 or 4MB")
    return int(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run does, one to one with the options of `leadsieve clean`; see there for each."""

    sources: tuple[str, ...]
    profile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    region_column: str | None = None
    campaign: str | None = None
    state: Path = Path("leadsieve.duckdb")
    out: Path | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    format: Format = "parquet"
    duplicates: Scope | None = None
    fail_over: float | None = None
    overwrite: bool = False
    again: bool = False
    existing_campaign: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    rows: int | None = None
    dry_run: bool = False
    tuning: Tuning = field(default_factory=Tuning)

    def __post_init__(self) -> None:
        """Refuse what no run can do, before anything is opened."""
        if not self.sources:
            raise UsageError("no source was named; give a file, a folder, a glob, a URL, or - for stdin")
        if self.format not in get_args(Format):
            raise UsageError(f"--format {self.format!r} is unknown; there are {', '.join(get_args(Format))}")
        if self.duplicates is not None and self.duplicates not in get_args(Scope):
            raise UsageError(f"--duplicates {self.duplicates!r} is unknown; there are {', '.join(get_args(Scope))}")
        if self.duplicates in ("campaign", "all") and self.campaign is None:
            raise UsageError(f"--duplicates {self.duplicates} needs a campaign; add --campaign NAME")
        if self.existing_campaign and self.campaign is None:
            raise UsageError("--existing-campaign needs a campaign; add --campaign NAME")
        if self.campaign is not None and (not self.campaign.strip() or not self.campaign.isprintable()):
            raise UsageError(f"campaign {self.campaign!r} is blank or holds control characters; give it a plain name")
        if self.campaign is not None and self.out is None and not self.dry_run:
            raise UsageError("a campaign needs its outputs to be kept; add --out OUT, or --dry-run")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise UsageError(f"--delimiter {self.delimiter!r} is not one character; for a tab type --delimiter $'\\t'")
        if self.rows is not None and self.rows < 1:
            raise UsageError(f"--rows {self.rows} leaves nothing to read; give 1 or more")

    @property
    def scope(self) -> Scope:
        """What a number must not repeat: as told, else the campaign where one is named, else the run."""
        return self.duplicates or ("campaign" if self.campaign is not None else "run")

    def judging(self, profile_text: str) -> dict[str, Any]:
        """Return the options that decide what becomes of a row, as JSON values: equal for runs that would agree."""
        return {
            "profile": hashlib.sha256(profile_text.encode()).hexdigest(),
            "settings": {str(k): str(v) for k, v in sorted(self.settings.items())},
            "region": self.region,
            "region_column": self.region_column,
            "campaign": self.campaign,
            "map": list(map(list, self.map.items())),
            "duplicates": self.scope,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "rows": self.rows,
            "max_record_bytes": self.tuning.max_record_bytes,
        }

    def fingerprint(self, profile_text: str) -> str:
        """Return the hex SHA-256 of `judging`: what must be equal for a re-run to be recognised, sources aside."""
        return hashlib.sha256(json.dumps(self.judging(profile_text), sort_keys=True).encode()).hexdigest()


def parse_share(text: str) -> float:
    """Read a share such as `5%` or `0.05`.

    Raises:
        UsageError: It is neither, or not between 0 and 1.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        raise UsageError(f"--fail-over {text!r} is not a share; write it like 5% or 0.05")
    return share


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
        pairs[key] = value.strip() if option == "--map" else value
    return pairs
