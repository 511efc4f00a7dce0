"""Option before environment before settings file before profile before default, for every kind of option."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import click
import pytest

import leadsieve
from leadsieve.cli.setting_values import COMMAND_LINE_ONLY
from leadsieve.cli.settings import known_options
from leadsieve.config import Tuning

Parse = Callable[..., tuple[click.Context, Any]]

#: Option, how each place says it, what each then gives, and the default.
KINDS = [
    ("region", ["--region", "US"], "GB", 'region = "IN"', ("US", "GB", "IN", None)),
    ("rows", ["--rows", "1"], "2", "rows = 3", (1, 2, 3, None)),
    ("skip_rows", ["--skip-rows", "0"], "2", "skip_rows = 3", (0, 2, 3, 0)),
    ("format", ["--format", "parquet"], "csv", 'format = "csv"', ("parquet", "csv", "csv", "parquet")),
    ("duplicates", ["--duplicates", "none"], "file", 'duplicates = "run"', ("none", "file", "run", None)),
    ("header", ["--no-header"], "1", "header = false", (False, True, False, None)),
    ("dry_run", ["--dry-run"], "0", "dry_run = true", (True, False, True, False)),
    ("batches", ["--batches"], "off", "batches = true", (True, False, True, False)),
    ("columns", ["--columns", "a,b"], '"c, d",e', 'columns = ["f, g", "h"]', ("a,b", '"c, d",e', '"f, g",h', None)),
    (
        "duplicate_statuses",
        ["--duplicate-statuses", "failed"],
        "busy",
        'duplicate_statuses = "pending,skipped"',
        ("failed", "busy", "pending,skipped", None),
    ),
    (
        "map",
        ["--map", "A=name", "--map", "B=phone_number"],
        'A=phone_number,"B, of all=1=email"',
        '[map]\n"Mobile = No" = "phone_number"',
        (("A=name", "B=phone_number"), ("A=phone_number", "B, of all=1=email"), ("Mobile = No=phone_number",), ()),
    ),
    ("delimiter", ["--delimiter", ";"], "|", 'delimiter = "\\t"', (";", "|", "\t", None)),
    ("state", ["--state", "a.duckdb"], "b.duckdb", 'state = "c.duckdb"', ("a.duckdb", "b.duckdb", "c.duckdb", None)),
]


@pytest.mark.parametrize(("key", "option", "text", "toml", "gives"), KINDS, ids=[kind[0] for kind in KINDS])
def test_the_nearest_counts(
    key: str,
    option: list[str],
    text: str,
    toml: str,
    gives: tuple[Any, ...],
    folder: Path,
    parse: Parse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = folder / "leadsieve.toml"
    for said in product([True, False], repeat=3):
        file.unlink(missing_ok=True)
        monkeypatch.delenv(f"LEADSIEVE_{key.upper()}", raising=False)
        if said[1]:
            monkeypatch.setenv(f"LEADSIEVE_{key.upper()}", text)
        if said[2]:
            file.write_text(toml)
        context, settings = parse("clean", "leads.csv", *(option if said[0] else ()))
        nearest = [*said, True].index(True)
        assert context.params[known_options()[key].name] == gives[nearest]
        where = [one.where for one in settings.said.get(key, ())]
        assert where == [[f"option {option[0]}"], [f"environment LEADSIEVE_{key.upper()}"], [str(file)], []][nearest]


def test_every_option_of_the_library_is_one_or_for_the_command_line_only() -> None:
    arguments = set(leadsieve.clean.__kwdefaults__ or ()) - {"progress", "tuning"}
    own = {"settings": "set"}
    assert {own.get(name, name) for name in arguments} <= {*known_options(), *COMMAND_LINE_ONLY}
    assert not set(known_options()) & set(COMMAND_LINE_ONLY)
    assert not set(known_options()) & set(Tuning.__dataclass_fields__)


def test_settings_and_limits_by_key_and_suppression_lists_in_sum(
    folder: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "leadsieve.toml").write_text(
        'suppress = ["dnc.csv", "@kept"]\n[set]\na = "file"\nb = true\nc = [1, 2]\n[set.d]\ne = 3\n'
        '[fail_over]\noverall = 0.05\ninvalid_phone = "1%"\n'
    )
    monkeypatch.setenv("LEADSIEVE_SET", 'a=env,"f=1,2"')
    monkeypatch.setenv("LEADSIEVE_FAIL_OVER", "10%")
    monkeypatch.setenv("LEADSIEVE_SUPPRESS", "more.csv,@kept")
    context, settings = parse("clean", "--set", "f=option", "--fail-over", "invalid_phone=2%", "--suppress", "one.csv")
    assert context.params["settings_given"] == ("f=option", "a=env", "b=true", "c=1,2", "d.e=3")
    assert context.params["fail_over"] == ("invalid_phone=2%", "10%")
    assert context.params["suppress"] == ("one.csv", "more.csv", "@kept", "dnc.csv")
    assert [one.where.partition(" ")[0] for one in settings.said["suppress"]] == [
        "option",
        "environment",
        str(folder / "leadsieve.toml"),
    ]


def test_tuning_as_given_then_environment_then_file(
    folder: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "leadsieve.toml").write_text('[tuning]\nthreads = 3\nmemory = "1GB"\nchunk_bytes = "64KB"\n')
    monkeypatch.setenv("LEADSIEVE_THREADS", "2")
    monkeypatch.setenv("LEADSIEVE_MEMORY", "3GB")
    tuning = Tuning.of({"memory": 1 << 20}, {"LEADSIEVE_THREADS": "2", "LEADSIEVE_MEMORY": "3GB"})
    assert (tuning.memory, tuning.threads, tuning.chunk_bytes) == (1 << 20, 2, 1 << 16)
    assert tuning.lock_seconds == Tuning().lock_seconds
    assert Tuning.of(Tuning(threads=1), {"LEADSIEVE_THREADS": "2"}) == Tuning(threads=1)
    assert parse("clean")[1].tuning == Tuning(threads=2, memory=3 << 30, chunk_bytes=1 << 16)


def test_an_empty_variable_says_nothing(folder: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "leadsieve.toml").write_text('region = "IN"\n[tuning]\nthreads = 3\n')
    for name in ("REGION", "THREADS", "OVERWRITE"):
        monkeypatch.setenv(f"LEADSIEVE_{name}", "")
    context, settings = parse("clean")
    assert (context.params["region"], settings.tuning.threads) == ("IN", 3)


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        (["inspect"], {"region", "map", "delimiter"}),
        (["campaign", "history"], {"state", "region"}),
        (["suppress", "add", "dnc", "a.csv"], {"state", "region"}),
        (["campaign", "mark", "summer", "a.csv"], {"state", "region"}),
        (["verify", "out"], {"state"}),
        (["mappings"], {"state"}),
    ],
    ids=lambda words: " ".join(sorted(words) if isinstance(words, set) else words),
)
def test_other_commands_take_what_concerns_them(command: list[str], taken: set[str], folder: Path) -> None:
    from leadsieve.cli import cli
    from leadsieve.cli.settings import settings_of

    (folder / "leadsieve.toml").write_text(
        'state = "kept.duckdb"\nregion = "IN"\ndelimiter = ";"\ncampaign = "summer"\nout = "o"\n[map]\nA = "name"\n'
    )
    found: Any = cli
    while isinstance(found, click.Group):
        name, *command = command
        found = found.commands[name]
    assert set(settings_of(found.make_context(name, command)).said) == taken
