"""`run.json`: it fits its published schema, its files are what it says, and it holds no secret."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest

import leadsieve as ls

SCHEMA = json.loads(files("leadsieve").joinpath("run.schema.json").read_text())


@pytest.mark.parametrize("campaign", [None, "summer"])
@pytest.mark.parametrize("profile", [None, "voicegenie"])
def test_a_run_fits_the_schema_and_its_files(tmp_path: Path, campaign, profile) -> None:
    source = Path(__file__).parents[1] / "data" / "leads.csv"
    out = tmp_path / "out"
    run = ls.clean(source, region="IN", campaign=campaign, profile=profile, state=tmp_path / "s.duckdb", out=out)
    written = json.loads((out / "run.json").read_text())
    assert written == run.info
    jsonschema.Draft202012Validator(SCHEMA).validate(written)
    assert {entry["name"] for entry in written["files"]} == {p.name for p in out.iterdir()} - {"run.json"}
    for entry in written["files"]:
        data = (out / entry["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
        if entry["name"].endswith(".parquet"):
            assert pq.read_metadata(out / entry["name"]).num_rows == entry["rows"]
    source_entry = written["sources"][0]
    assert source_entry["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert source_entry["mapping"]["phone_number"] == {
        "columns": ["Mobile No"],
        "how": "synonym",
        "confidence": 1.0,
    }
    assert json.loads((out / "summary.json").read_text()) == run.summary == written["answers"]["raw"]["body"]


def test_counts_add_up_to_the_answer(tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "data" / "leads.csv"
    with ls.clean(source, region="IN", profile="voicegenie") as run:
        ledger, data = run.ledger, run.summary["data"]
        assert ledger["rows"] == ledger["accepted"] + ledger["rejected"]
        assert ledger["rejected"] == sum(ledger["reasons"].values()) == sum(ledger["groups"].values())
        assert data["uploaded_count"] == ledger["accepted"] == len(run.accepted)
        skipped = ledger["groups"]["duplicate_in_file"] + ledger["groups"]["duplicate_in_campaign"]
        assert data["failed_count"] == ledger["rejected"] - skipped == len(data["errors"])
        assert run.info["missing_settings"] == ["campaign_name"]
        rejected = {r["lead_row"]: r["reject_reason"] for r in run.rejected.to_arrow().to_pylist()}
        assert all(rejected[error["row"]] == error["code"] for error in data["errors"])


def test_nothing_accepted_is_the_400(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("phone\n12\n13\n")
    with ls.clean(source, region="US", profile="voicegenie") as run:
        assert run.info["answers"]["raw"]["status"] == 400
        assert run.summary["error"] == "BAD_REQUEST"


def test_the_plain_answer_counts_each_reason_as_the_ledger_does(tmp_path: Path) -> None:
    """Also where a group of reasons has the name of one of them."""
    cells = ["+12025550123", "9.19E+11", "1 / 2025550124", "12", "13", "", "+12025550123", '"never closed']
    (tmp_path / "leads.csv").write_text("phone\n" + "\n".join(cells) + "\n")
    with ls.clean(tmp_path / "leads.csv", region="US") as run:
        reasons = run.summary["reasons"]
        assert reasons == run.ledger["reasons"]
    assert sum(reasons.values()) == run.summary["rejected"] == run.summary["rows"] - run.summary["accepted"]
    assert {"lossy_phone", "invalid_phone", "duplicate_in_file"} <= reasons.keys()
