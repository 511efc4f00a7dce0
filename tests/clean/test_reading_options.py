"""How sources are read can be said, is found where it is not said, and is told either way."""

from __future__ import annotations

import json

import pytest

import leadsieve as ls

ROWS = "+14155550100,Ann,Austin\n+14155550101,Bob,Boston\n"


@pytest.fixture
def clean(tmp_path):
    def run(text: str | bytes, name: str = "leads.csv", **options) -> ls.Run:
        source = tmp_path / name
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ls.clean(source, **options)

    return run


def cells(run: ls.Run, *columns: str) -> list[tuple]:
    table = run.accepted.to_arrow().select(list(columns))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def dialect(run: ls.Run) -> dict:
    return run.info["sources"][0]["dialect"]


def test_a_first_row_that_holds_a_phone_is_not_taken_for_a_header_in_silence(clean):
    with pytest.raises(ls.SourceError) as caught:
        clean(ROWS)
    assert caught.value.code == "missing_phone_column"
    for word in (
        "leads.csv",
        "the first row was not taken for a header",
        "--columns A,B,C",
        "--map 'column_1=phone_number'",
        "--header",
    ):
        assert word in caught.value.message


@pytest.mark.parametrize("header", [None, False])
def test_columns_can_be_named_where_no_header_is(clean, header):
    run = clean(ROWS, header=header, columns=["phone", "name", "city"])
    assert cells(run, "phone_number", "name", "city", "lead_row") == [
        ("+14155550100", "Ann", "Austin", 1),
        ("+14155550101", "Bob", "Boston", 2),
    ]
    assert dialect(run)["header"] is False


def test_columns_without_names_can_be_mapped(clean):
    run = clean(ROWS, header=False, map={"column_1": "phone_number"})
    assert cells(run, "phone_number", "column_2") == [("+14155550100", "Ann"), ("+14155550101", "Bob")]


def test_a_header_can_be_insisted_on(clean):
    run = clean(ROWS, header=True, map={"+14155550100": "phone_number"})
    assert cells(run, "phone_number", "Ann") == [("+14155550101", "Bob")]


def test_names_in_place_of_a_header(clean):
    run = clean("a,b,c\n" + ROWS, header=True, columns=("phone", "name", "city"))
    assert cells(run, "phone_number", "lead_row") == [("+14155550100", 1), ("+14155550101", 2)]


@pytest.mark.parametrize("columns", [["phone"], ["phone", "name", "city", "more"]])
def test_every_column_is_named_or_none(clean, columns):
    with pytest.raises(ls.UsageError, match=f"names {len(columns)}, but the records have 3"):
        clean(ROWS, columns=columns)


@pytest.mark.parametrize(
    "options", [{"columns": "phone"}, {"columns": [1]}, {"columns": []}, {"skip_rows": -1}, {"header": "no"}]
)
def test_options_that_cannot_be_are_named(clean, options):
    with pytest.raises(ls.UsageError, match=next(iter(options)).replace("_", "[-_]")):
        clean(ROWS, **options)


PREAMBLE = "Campaign export\nmade 2026-01-01, by the vendor\n\nphone,name,city\n"


def test_a_preamble_is_proposed_and_passed_over_when_told(clean):
    with pytest.raises(ls.SourceError, match="--skip-rows 3") as caught:
        clean(PREAMBLE + ROWS)
    assert caught.value.code == "missing_phone_column"
    run = clean(PREAMBLE + ROWS, skip_rows=3)
    assert cells(run, "phone_number", "lead_row") == [("+14155550100", 1), ("+14155550101", 2)]
    lines = clean(PREAMBLE + "x,Ann,\n", skip_rows=3).rejected.to_arrow()
    assert lines.column("lead_line").to_pylist() == [5]


def test_the_encoding_that_was_taken_is_told(clean):
    body = "phone,name\n" + "".join(f"+1415555{n:04},Zoë Müller-Lüdenscheid aus Köln\n" for n in range(100, 140))
    run = clean(body.encode("cp1252"))
    assert (dialect(run)["encoding"], dialect(run)["encoding_how"]) == ("cp1252", "proposed")
    assert cells(run, "name")[0] == ("Zoë Müller-Lüdenscheid aus Köln",)
    told = clean(body.encode("cp1252"), encoding="latin-1")
    assert (dialect(told)["encoding"], dialect(told)["encoding_how"]) == ("iso8859-1", "told")


def test_a_bad_byte_deep_in_the_file_costs_its_row(clean):
    rows = [f"+1415555{n:04},Zoë\n".encode() for n in range(100, 200)]
    rows[70] = b"+14155550170,Zo\xeb\n"
    run = clean(b"phone,name\n" + b"".join(rows))
    assert (run.ledger["rows"], run.ledger["accepted"], run.ledger["reasons"]) == (100, 99, {"bad_encoding": 1})
    assert run.rejected.to_arrow().column("lead_raw").to_pylist() == [r"+14155550170,Zo\xeb"]


BODY = {
    "campaign_name": "Spring",
    "script_id": "s-1",
    "api_key": "SECRET-KEY",
    "contacts": [
        {"phone_number": "+14155550100", "name": "Ann", "custom_fields": {"city": "Austin", "zip": "00123"}},
        {"phone_number": "+14155550101", "name": "Bob", "custom_fields": {"zip": 2134}},
        {"phone_number": "12", "name": "Eve"},
    ],
}


def test_a_request_body_brings_its_contacts_and_its_settings(clean):
    run = clean(json.dumps(BODY, indent=2), "body.json", profile="voicegenie")
    assert cells(run, "phone_number", "name", "city", "zip") == [
        ("+14155550100", "Ann", "Austin", "00123"),
        ("+14155550101", "Bob", None, "2134"),
    ]
    assert (run.info["settings"]["campaign_name"], run.info["settings"]["script_id"]) == ("Spring", "s-1")
    assert "SECRET-KEY" not in json.dumps(run.info)
    assert (run.ledger["rows"], run.ledger["rejected"]) == (3, 1)


def test_what_is_set_comes_before_what_the_body_says(clean):
    run = clean(json.dumps(BODY), "body.json", profile="voicegenie", settings={"campaign_name": "Autumn"})
    assert run.info["settings"]["campaign_name"] == "Autumn"


def test_bodies_that_disagree_are_not_mixed_in_silence(tmp_path):
    for name in ("Spring", "Autumn"):
        (tmp_path / f"{name}.json").write_text(json.dumps({**BODY, "campaign_name": name}))
    sources = [tmp_path / "Spring.json", tmp_path / "Autumn.json"]
    with pytest.raises(ls.UsageError, match=r"campaign_name='Spring'.*--set campaign_name=VALUE"):
        ls.clean(sources, profile="voicegenie", duplicates="none")
    run = ls.clean(sources, profile="voicegenie", settings={"campaign_name": "Both"})
    assert run.ledger["rows"] == 6


def test_json_lines_with_a_broken_line(clean):
    run = clean('{"phone": "+14155550100"}\n{"phone": "+1415\n{"phone": 14155550102}\n', "a.jsonl", region="US")
    assert run.ledger["reasons"] == {"malformed_row": 1}
    (bad,) = run.rejected.to_arrow().to_pylist()
    assert (bad["lead_row"], bad["lead_line"], bad["lead_raw"]) == (2, 2, '{"phone": "+1415')
    assert cells(run, "phone_number", "lead_row") == [("+14155550100", 1), ("+14155550102", 3)]


def test_where_the_records_stand_can_be_told(clean):
    text = json.dumps({"a": [{"phone": "+14155550100"}], "b": {"c": [{"phone": "+14155550101"}]}})
    with pytest.raises(ls.SourceError, match="--records-path") as caught:
        clean(text, "two.json")
    assert caught.value.code == "ambiguous_records"
    assert cells(clean(text, "two.json", records_path="b.c"), "phone_number") == [("+14155550101",)]


def test_inspect_proposes_what_clean_then_does(tmp_path):
    source = tmp_path / "leads.csv"
    source.write_text(PREAMBLE.replace("phone,name", "Moblie Number,Nmae of lead") + ROWS)
    (found,) = ls.inspect(source)
    assert found.command.endswith("--skip-rows 3 --out out")
    assert found.problem is not None
    (found,) = ls.inspect(source, skip_rows=3)
    assert found.problem is None
    assert (found.columns[0].field, found.columns[0].confidence) == ("phone_number", pytest.approx(0.9, abs=0.1))
    assert found.sample["accepted"] == 2
