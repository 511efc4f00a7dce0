"""What --map said is kept with the run that it was said to, done again for the same headers, shown, and forgotten."""

from __future__ import annotations

import json

import pytest

import leadsieve as ls

HEADERS = "Kontakt A,Kontakt B,Ort\n"
LEADS = HEADERS + "+14155550100,+14155550101,Austin\n,+14155550102,Boston\n"
MORE = HEADERS + "+14155550103,+14155550104,Miami\n"
MAP = {"Kontakt B": "phone_number", "Kontakt A": "phone_number"}


@pytest.fixture
def run(tmp_path):
    def clean(text: str, out: str, **options) -> ls.Run:
        source = tmp_path / f"{out.partition('-')[0]}.csv"
        source.write_text(text)
        return ls.clean(source, state=tmp_path / "s.duckdb", out=tmp_path / out, **options)

    return clean


def numbers(run: ls.Run) -> list[str]:
    return run.accepted.to_arrow().column("phone_number").to_pylist()


def how(run: ls.Run) -> dict[str, object]:
    return run.info["sources"][0]["mapping"]["phone_number"]


def test_the_same_headers_are_mapped_as_they_were_mapped_last(run, tmp_path):
    first = run(LEADS, "a", campaign="c", map=MAP)
    assert numbers(first) == ["+14155550101", "+14155550102"]
    second = run(MORE, "b", campaign="c")
    assert how(second) == {"columns": ["Kontakt B", "Kontakt A"], "how": "kept", "confidence": 1.0}
    assert numbers(second) == ["+14155550104"]
    (kept,) = ls.mappings(state=tmp_path / "s.duckdb")
    assert (kept.headers, dict(kept.mapping)) == (("Kontakt A", "Kontakt B", "Ort"), MAP)


def test_what_is_said_now_comes_before_what_is_kept_and_replaces_it(run, tmp_path):
    run(LEADS, "a", campaign="c", map=MAP)
    assert numbers(run(MORE, "b", campaign="c", map={"Kontakt A": "phone_number"})) == ["+14155550103"]
    (kept,) = ls.mappings(state=tmp_path / "s.duckdb")
    assert dict(kept.mapping) == {"Kontakt A": "phone_number"}


@pytest.mark.parametrize("options", [{"campaign": "c", "dry_run": True}, {}])
def test_without_a_commit_nothing_is_kept(run, tmp_path, options):
    run(LEADS, "a", campaign="c", map=MAP)
    run(MORE, "b", map={"Kontakt A": "phone_number"}, **options)
    (kept,) = ls.mappings(state=tmp_path / "s.duckdb")
    assert dict(kept.mapping) == MAP


def test_without_a_campaign_the_state_is_not_looked_at(run):
    run(LEADS, "a", campaign="c", map=MAP)
    with pytest.raises(ls.LeadsieveError) as caught:
        run(MORE, "b")
    assert caught.value.code in ("missing_phone_column", "ambiguous_phone_column")


def test_a_run_that_failed_keeps_nothing(run, tmp_path):
    run("Mobile\n+14155550100\n", "a", campaign="c")
    with pytest.raises(ls.TooManyRejected):
        run(LEADS + "1,2,x\n", "b", campaign="c", map=MAP, fail_over=0.1)
    assert ls.mappings(state=tmp_path / "s.duckdb") == []


def test_a_run_published_again_is_mapped_as_it_was_then(run, tmp_path):
    run(LEADS, "a", campaign="c", map=MAP)
    second = run(MORE, "b", campaign="c")
    (kept,) = ls.mappings(state=tmp_path / "s.duckdb")
    assert ls.forget_mapping(kept.digest[:8], state=tmp_path / "s.duckdb") == kept
    again = run(MORE, "b-again", campaign="c")
    assert again.repeated
    assert json.dumps(again.summary) == json.dumps(second.summary)
    files = ("accepted.parquet", "rejected.parquet", "errors.parquet")
    assert [(tmp_path / "b" / f).read_bytes() for f in files] == [
        (tmp_path / "b-again" / f).read_bytes() for f in files
    ]


def test_columns_without_names_are_not_kept(run, tmp_path):
    text = LEADS.removeprefix(HEADERS)
    run(text, "a", campaign="c", header=False, map={"column_2": "phone_number"})
    assert ls.mappings(state=tmp_path / "s.duckdb") == []


def test_forgetting_what_is_not_there_names_what_is(run, tmp_path):
    run(LEADS, "a", campaign="c", map=MAP)
    (kept,) = ls.mappings(state=tmp_path / "s.duckdb")
    with pytest.raises(ls.UsageError, match=kept.digest[:12]):
        ls.forget_mapping("zzz", state=tmp_path / "s.duckdb")
