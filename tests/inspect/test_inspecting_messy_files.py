"""Messy files, inspected: what is found is told, and the command that is printed runs as it is printed."""

import json
import shlex
import zipfile

import openpyxl
import pytest
from click.testing import CliRunner

import leadsieve as ls
from leadsieve.cli import cli

#: Numbers of many places in the country.
INDIAN = [f"{place}{n:07d}" for n, place in enumerate((981, 972, 963, 915, 886, 877, 798, 829, 701, 620) * 3, 4321001)]
AMERICAN = [f"{area}555{n:04d}" for n, area in enumerate((202, 415, 312, 713, 206, 617, 305, 512, 404, 702) * 3, 1101)]


def _csv(names, rows):
    return "\n".join([names, *rows, ""])


def _plain(folder):
    (folder / "leads.csv").write_text(_csv("phone,name", (f"+91{n},Asha" for n in INDIAN)))


def _bare_numbers(folder):
    (folder / "leads.csv").write_text(_csv("Mobile No.;Customer", (f"{n};Asha" for n in INDIAN)))


def _own_codes(folder):
    (folder / "leads.csv").write_text(_csv("mobile,name", (f"91{n},Asha" for n in INDIAN)))


def _decimals(folder):
    (folder / "leads.csv").write_text(_csv("mobile,name", (f"{n}.0,Asha" for n in INDIAN)))


def _no_header(folder):
    (folder / "leads.csv").write_text("\n".join(f"Ben {n},{p},b{n}@example.com" for n, p in enumerate(AMERICAN)))


def _title(folder):
    (folder / "leads.csv").write_text("Leads of June\nby Bob\n\n" + _csv("phone,name", (f"+91{n},A" for n in INDIAN)))


def _title_and_two_phones(folder):
    rows = (f"+91{n},+91{n},Asha" for n in INDIAN)
    (folder / "leads.csv").write_text("Leads of June\nby Bob\n\n" + _csv("mobile,office phone,name", rows))


def _two_phones(folder):
    rows = (f"Asha,{n},+1 {m}" for n, m in zip(INDIAN, AMERICAN, strict=True))
    (folder / "leads.csv").write_text(_csv("name,office phone,home phone", rows))


def _same_header_twice(folder):
    (folder / "leads.csv").write_text(_csv("phone,phone,name", (f"+91{n},,Asha" for n in INDIAN)))


def _countries(folder):
    both = [
        row for pair in zip(((n, "in") for n in INDIAN), ((n, "US") for n in AMERICAN), strict=True) for row in pair
    ]
    (folder / "leads.csv").write_text(_csv("phone,land code,state", (f"{n},{country},CA" for n, country in both)))


def _other_language(folder):
    text = _csv("Name;Telefon", (f"Jürgen Müller;+49 30 1234{n:03d}" for n in range(30)))
    (folder / "leads.csv").write_bytes(text.encode("cp1252"))


def _two_sheets(folder):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("It's July")):
        sheet.append(["phone", "name"])
        for number in INDIAN:
            sheet.append([f"+91{number}", "Asha"])
    book.active.title = "June"
    book.create_sheet("Notes").append(["by Bob"])
    book.save(folder / "leads.xlsx")


def _one_sheet_of_two(folder):
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["by Bob"])
    sheet = book.create_sheet("Leads")
    sheet.append(["phone", "name"])
    for number in INDIAN:
        sheet.append([int(f"91{number}"), "Asha"])
    book.save(folder / "leads.xlsx")


def _archive(folder):
    with zipfile.ZipFile(folder / "leads.zip", "w") as archive:
        for name in ("jan.csv", "feb leads.csv"):
            archive.writestr(name, _csv("phone,name", (f"+91{n},Asha" for n in INDIAN)))
        archive.writestr("logo.png", b"\x89PNG\r\n\x1a\n")
        archive.writestr("__MACOSX/._jan.csv", b"x")


def _two_arrays(folder):
    leads = [{"phone": f"+91{n}"} for n in INDIAN]
    (folder / "leads.json").write_text(json.dumps({"old": leads[:3], "new": {"leads": leads}, "tags": ["a"]}))


def _awkward_name(folder):
    (folder / "-my leads'.csv").write_text(_csv("phone,name", (f"+91{n},Asha" for n in INDIAN)))


CASES = {
    # files: (what makes them, what the commands are told, accepted rows of each, what is said)
    "plain": (_plain, [[]], [30], ["verdict on 30 rows: 30 accepted, 0 rejected"]),
    "bare numbers": (_bare_numbers, [["--region", "IN"]], [30], ["likely region, from 30 different numbers"]),
    "own codes": (_own_codes, [["--region", "IN"]], [30], ["IN, where 100% are valid"]),
    "decimals": (_decimals, [["--region", "IN"]], [30], ["mobile: 30 rows, first 1, 2, 3: The decimals"]),
    "no header": (
        _no_header,
        [["--region", "US", "--map", "column_2=phone_number"]],
        [30],
        ["problem: leads.csv: no phone column", "to confirm: --map column_2=phone_number"],
    ),
    "title": (_title, [["--skip-rows", "3"]], [30], ["to confirm: --skip-rows 3 (the header seems to stand lower)"]),
    "title, two phones": (
        _title_and_two_phones,
        [["--skip-rows", "3", "--map", "mobile=phone_number"]],
        [30],
        ["perhaps also: --map 'office phone=phone_number'"],
    ),
    "two phones": (
        _two_phones,
        [["--region", "IN", "--map", "office phone=phone_number"]],
        [30],
        ["several columns could hold the phone number", "perhaps also: --map 'home phone=phone_number'"],
    ),
    "same header twice": (
        _same_header_twice,
        [["--map", "phone=phone_number", "--map", "phone_2=phone_number"]],
        [30],
        ["problem: leads.csv:"],
    ),
    "countries": (
        _countries,
        [["--region-column", "land code"]],
        [60],
        ["the column 'land code' says it: 100% of 60 different numbers"],
    ),
    "other language": (_other_language, [[]], [30], ["cp1252"]),
    "two sheets": (
        _two_sheets,
        [["--sheet", "June"], ["--sheet", "It's July"]],
        [30, 30],
        ["sheets: 'June' 31 rows (this one), \"It's July\" 31 rows, 'Notes' 1 row"],
    ),
    "one sheet of two": (_one_sheet_of_two, [["--region", "IN"]], [30], ["sheets: 'Cover' 1 row, 'Leads' 31 rows (this one)"]),
    "archive": (_archive, [[], []], [30, 30], ["files of the archive: 'jan.csv'", "'feb leads.csv'", "(this one)"]),
    "two arrays": (
        _two_arrays,
        [["--records-path", "old"], ["--records-path", "new.leads"]],
        [3, 30],
        ["arrays of records: 'old' 3 records (this one), 'new.leads' 30 records"],
    ),
    "awkward name": (_awkward_name, [[]], [30], ["-my leads'.csv: csv"]),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _commands(printed):
    """Return the words of the commands as a shell takes them from what was printed."""
    found, lines = [], printed.split("\n")
    for at, line in enumerate(lines):
        if line.startswith("    leadsieve clean "):
            end = at
            while lines[end].endswith("\\"):
                end += 1
            found.append(shlex.split("\n".join(lines[at : end + 1]).replace("\\\n", "")))
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_printed_command_runs_as_it_is_printed(case, folder):
    make, told, accepted, said = CASES[case]
    make(folder)
    (source,) = (path.name for path in folder.iterdir())
    found = CliRunner().invoke(cli, ["inspect", f"./{source}" if source.startswith("-") else source])
    assert found.exit_code == 0, found.stderr
    unwrapped = " ".join(found.stdout.split())
    for words in said:
        assert words in unwrapped
    assert all(len(line) <= 80 for line in found.stdout.split("\n"))
    assert not any(number[-7:] in found.stdout for number in (*INDIAN, *AMERICAN))
    commands = _commands(found.stdout)
    assert [words[3:-2] for words in commands] == told
    assert [words[-1] for words in commands] == (["out"] if len(told) == 1 else ["out-1", "out-2"])
    for words, count in zip(commands, accepted, strict=True):
        ran = CliRunner().invoke(cli, words[1:])
        assert ran.exit_code == 0, ran.stderr
        assert json.loads((folder / words[-1] / "summary.json").read_text())["accepted"] == count


def test_what_only_the_user_can_say_is_named_and_nothing_else_is_missing(folder):
    # All of one beginning: they could be from many a country.
    (folder / "leads.csv").write_text(_csv("phone,name", (f"98{n:08d},A" for n in range(10))))
    found = CliRunner().invoke(cli, ["inspect", "leads.csv"])
    assert "next (with the numbers' country in place of COUNTRY):" in found.stdout
    assert "do not tell it clearly" in " ".join(found.stdout.split())
    (words,) = _commands(found.stdout)
    assert CliRunner().invoke(cli, words[1:]).exit_code == 2
    assert CliRunner().invoke(cli, [*words[1:-3], "IN", *words[-2:]]).exit_code == 0


def test_the_fuller_of_two_phone_columns_is_proposed(folder):
    mobiles = [number if i % 5 else f"12345{i:02d}" for i, number in enumerate(INDIAN)]
    fixed = [f"0{number}" if i < 14 else "" for i, number in enumerate(INDIAN)]
    rows = [",".join(pair) for pair in zip(mobiles, fixed, strict=True)]
    (folder / "leads.csv").write_text(_csv("Mobile,Telephone", rows))
    found = ls.inspect("leads.csv")[0]
    assert found.options[-2:] == ("--map", "Mobile=phone_number")


def test_a_region_that_most_rows_lack_is_in_the_command(folder):
    (folder / "leads.csv").write_text(_csv("phone", ["+918123456789", "0151 23456789", "0176 12345678"]))
    found = ls.inspect("leads.csv")[0]
    assert (found.sample["accepted"], found.perhaps) == (1, ())
    assert "--region COUNTRY" in found.command


def test_where_nothing_can_be_guessed_the_problem_stands(folder):
    (folder / "leads.csv").write_text("name,city,since\nAsha,Pune,2026-01-01\nBen,Delhi,2026-02-01\n")
    (seen,) = ls.inspect("leads.csv")
    assert (seen.sample, seen.guesses) == (None, ())
    assert "no phone column" in seen.problem
    assert "next (it would be refused: see the problem):" in repr(seen)


def test_sources_that_need_the_same_get_one_command_too(folder):
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(_csv("phone,name", (f"+91{n},Asha" for n in INDIAN)))
    found = CliRunner().invoke(cli, ["inspect", "."])
    assert found.stdout.endswith("next, all in one run:\n  leadsieve clean . --out out\n")
    assert CliRunner().invoke(cli, ["clean", "a.csv", "b.csv", "--out", "out"]).exit_code == 0
    (folder / "b.csv").write_text(_csv("phone,name", (f"{n},Asha" for n in INDIAN)))
    assert "all in one run" not in CliRunner().invoke(cli, ["inspect", "a.csv", "b.csv"]).stdout


def test_what_was_told_stands_in_the_command(folder):
    (folder / "leads.csv").write_text("x\n" + _csv("nummer|vorname", (f"0{n}|Asha" for n in INDIAN)))
    told = [
        "--region",
        "IN",
        "--encoding",
        "utf-8",
        "--delimiter",
        "|",
        "--columns",
        "number,first",
        "--skip-rows",
        "1",
    ]
    told += ["--profile", "voicegenie", "--header", "--map", "number=phone_number"]
    found = CliRunner().invoke(cli, ["inspect", "leads.csv", *told])
    (words,) = _commands(found.stdout)
    assert sorted(words[3:-2]) == sorted(told)
    assert CliRunner().invoke(cli, words[1:]).exit_code == 0


def test_columns_that_may_be_fields_are_proposed_beside_the_command(folder):
    (folder / "leads.csv").write_text(_csv("phone,Customer", (f"+91{n},Asha" for n in INDIAN)))
    (seen,) = ls.inspect("leads.csv")
    assert seen.perhaps == ("--map Customer=name",)
    assert "perhaps also: --map Customer=name" in repr(seen)


def test_json_says_the_same(folder):
    _two_sheets(folder)
    found = json.loads(CliRunner().invoke(cli, ["inspect", "leads.xlsx", "--json", "--show-values"]).stdout)
    assert found == [json.loads(json.dumps(each.to_dict())) for each in ls.inspect("leads.xlsx")]
    assert [content["size"] for content in found[0]["contents"]] == [31, 31, 1]


def test_frames_get_a_call_and_not_a_command():
    import pyarrow as pa

    frame = pa.table({"Mobile No": INDIAN, "name": ["Asha"] * 30})
    (seen,) = ls.inspect(frame)
    assert seen.command == "leadsieve.clean(frame, region='IN', out='out')"
    first, second = ls.inspect([frame, frame])
    assert (first.name, second.name) == ("frame", "frame-2")


def test_a_notebook_shows_it_escaped_and_masked(folder):
    rows = (f"+91{n},<b>Asha</b>" for n in INDIAN)
    (folder / "leads.csv").write_text(_csv("phone,<i>name</i>", rows))
    (seen,) = ls.inspect("leads.csv")
    shown = seen._repr_html_()
    assert "<i>" not in shown
    assert "&lt;i&gt;name" in shown
    assert INDIAN[0] not in shown + repr(seen)
    assert "next: leadsieve clean leads.csv --out out" in shown
