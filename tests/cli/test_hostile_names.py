"""Names, cells and paths cannot command the terminal, forge a line, or lie about what stands there."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve.cli import cli
from leadsieve.wording import printable, printable_json

#: Clears the screen; C1's control sequence; turns the writing around; shows nothing, three times; ends a line.
ATTACKS = ("\x1b[2J", "\x9b31m", "\u202e", "\u200b", "\u3164", "\ufe0f", "\u2028", "\x7f")
EVIL = "x" + "".join(ATTACKS) + "y"
#: A file's name may hold a line end too, and forge a line by it.
FILE = f"a{EVIL}\nleadsieve forged this line.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEADSIEVE_STATE", raising=False)
    header = f'Mobile {EVIL},name,"{EVIL}\nleadsieve forged this column"\n'
    (tmp_path / FILE).write_text(header + f"+12025550123,{EVIL},{EVIL}\n12,{EVIL},{EVIL}\n+12025550123,,\n")
    (tmp_path / f"b{EVIL}.csv").write_text("phone\n+12025550124\n")
    (tmp_path / f"list{EVIL}.csv").write_text("phone,status\n+12025550129,completed\n")
    (tmp_path / f"p{EVIL}.txt").write_text(f"{{{{{EVIL.replace(chr(0x2028), '')}}}}}")
    (tmp_path / f"profile{EVIL}.toml").write_text(ls.profile_template("plain") + "# \u202e\u200b\n")
    return tmp_path


def _commands():
    column, list_ = f"Mobile {EVIL}=phone_number", f"list{EVIL}.csv"
    told = [FILE, "--map", column, "--header", "--delimiter", ",", "--region", "US"]
    return [
        ["clean", *told, "--campaign", "c", "--state", f"s{EVIL}.duckdb", "--out", f"out{EVIL}"],
        ["clean", *told, f"b{EVIL}.csv", "--dry-run"],
        ["clean", *told, "--dry-run", "--fail-over", "0", "--fail-over", f"{EVIL}=1"],
        ["clean", *told, "--dry-run", "--fail-over", "0"],
        ["clean", FILE, "--header", "--delimiter", ",", "--out", "out"],
        ["clean", f"missing{EVIL}.csv"],
        ["clean", *told, "--dry-run", "--json"],
        ["clean", *told, "--dry-run", "--prompt", f"p{EVIL}.txt"],
        ["clean", *told, "--dry-run", "--profile", EVIL],
        ["clean", *told, "--dry-run", "--set", f"{EVIL}=1"],
        ["clean", *told, "--dry-run", "--suppress", list_],
        ["clean", *told, "--campaign", EVIL, "--out", "out"],
        ["inspect", *told],
        ["inspect", *told, "--show-values"],
        ["inspect", *told, "--show-values", "--json"],
        ["mappings", "--state", f"s{EVIL}.duckdb"],
        ["mappings", "--state", f"s{EVIL}.duckdb", "--json"],
        ["mappings", "--forget", EVIL, "--state", f"s{EVIL}.duckdb"],
        ["profiles", EVIL],
        ["campaign", "list", "--state", f"s{EVIL}.duckdb"],
        ["campaign", "show", "c", "--state", f"s{EVIL}.duckdb"],
        ["campaign", "show", EVIL, "--state", f"s{EVIL}.duckdb"],
        ["campaign", "mark", "c", list_, "--state", f"s{EVIL}.duckdb"],
        ["campaign", "mark", "c", list_, "--status", EVIL, "--state", f"s{EVIL}.duckdb"],
        ["campaign", "history", "c", "--state", f"s{EVIL}.duckdb"],
        ["campaign", "history", "--number", EVIL, "--state", f"s{EVIL}.duckdb"],
        ["campaign", "export", "c", "--to", f"contacts{EVIL}.csv", "--state", f"s{EVIL}.duckdb"],
        ["campaign", "check", "--state", f"s{EVIL}.duckdb"],
        ["suppress", "add", "dnc", list_, "--campaign", "d", "--state", f"s{EVIL}.duckdb"],
        ["suppress", "list", "--state", f"s{EVIL}.duckdb"],
        ["suppress", "remove", EVIL, "--state", f"s{EVIL}.duckdb"],
        ["verify", f"out{EVIL}", "--state", f"s{EVIL}.duckdb"],
        ["verify", EVIL],
        ["campaign", "forget", "+12025550123", "--state", f"s{EVIL}.duckdb"],
        ["verify", f"out{EVIL}", "--state", f"s{EVIL}.duckdb"],
        ["campaign", "undo", EVIL, "--state", f"s{EVIL}.duckdb"],
    ]


def test_no_command_prints_what_commands_a_terminal_or_forges_a_line(folder):
    escaped, codes = 0, []
    for command in _commands():
        found = CliRunner().invoke(cli, command)
        codes.append(found.exit_code)
        for line in (found.stdout + found.stderr).split("\n"):
            assert line.isprintable(), (command, line)
            assert not set(ATTACKS) & set(line), (command, line)
            assert not line.startswith("leadsieve forged"), (command, line)
        escaped += r"\u202e" in found.stdout + found.stderr
    # It was shown, escaped, and not left out.
    assert escaped > 20
    assert set(codes) == {0, 1, 2, 3, 4}


def test_json_is_the_same_value(folder):
    found = CliRunner().invoke(cli, ["inspect", FILE, "--header", "--delimiter", ",", "--json", "--show-values"])
    (told,) = ls.inspect(FILE, header=True, delimiter=",")
    assert json.loads(found.stdout) == [json.loads(json.dumps(told.to_dict()))]
    assert EVIL in told.columns[1].examples


def test_a_profile_goes_into_a_file_as_it_is(folder):
    found = CliRunner().invoke(cli, ["profiles", f"profile{EVIL}.toml"])
    assert found.stdout == (folder / f"profile{EVIL}.toml").read_text()


def test_a_run_in_a_notebook_is_shown_escaped_too(folder):
    (folder / FILE).write_text("phone\n+1202\n")
    with ls.clean([FILE, f"b{EVIL}.csv"]) as run:
        lines = repr(run).split("\n")
    assert r"first ...ged this line.csv 1" in lines[1]
    assert all(line.isprintable() for line in lines)


@given(st.text(st.characters()))
def test_what_is_printed_can_be_printed_and_names_stay_apart(text):
    shown = printable(text)
    assert shown.isprintable()
    assert not set(ATTACKS) & set(shown)
    if text.isascii() and text.isprintable():
        assert shown == text


@given(
    st.recursive(
        st.none() | st.text(st.characters()) | st.integers(),
        lambda each: st.lists(each) | st.dictionaries(st.text(st.characters()), each),
    )
)
def test_printed_json_is_the_same_value(value):
    shown = printable_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(shown) == value
    assert all(line.isprintable() and not set(ATTACKS) & set(line) for line in shown.split("\n"))
