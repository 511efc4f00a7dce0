"""What is explained of a row is what its run decided, whatever it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from explain_runs import number_of, require_agreement, said_of_rows, told

import leadsieve as ls
from leadsieve_rules.reasons import REASONS

LEADS = Path(__file__).parents[1] / "data" / "leads.csv"


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.long)])
def test_every_row_of_the_example_is_explained_as_it_was_decided(tmp_path: Path, every: int) -> None:
    shutil.copyfile(LEADS, tmp_path / "leads.csv")
    given = {"encoding": "utf-8", "delimiter": ",", "header": True}  # nothing left to find, 304 times
    run = ls.clean(tmp_path / "leads.csv", region="IN", out=tmp_path / "out", **given)
    codes = require_agreement(run, tmp_path / "out", every=every)
    assert {"invalid_phone", "missing_phone", "trimmed_value"} <= codes


def test_every_reason_is_explained_as_it_was_decided(messy: tuple[ls.Run, Path]) -> None:
    run, folder = messy
    codes = require_agreement(run, folder / "out", profile=folder / "mine.toml", schema=folder / "rules.py")
    assert codes == set(REASONS)


def test_steps_of_every_row_are_plain_values_within_eighty_columns(messy: tuple[ls.Run, Path]) -> None:
    run, folder = messy
    for file, row in [key for key in said_of_rows(run) if key[1] % 3 == 0]:
        found = ls.explain(folder / "out", row, file, profile=folder / "mine.toml", schema=folder / "rules.py")
        assert max(map(len, found.lines())) <= 80
        assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
        assert all(line.isprintable() for line in found.lines())


def _explain(folder: Path, row: int, file: str = "messy.csv") -> ls.Explanation:
    return ls.explain(folder / "out", row, file, profile=folder / "mine.toml", schema=folder / "rules.py")


def test_a_parse_is_told_step_by_step(messy: tuple[ls.Run, Path]) -> None:
    found = _explain(messy[1], 6)
    steps = {step.label: (step.value, step.told) for step in found.steps}
    assert steps["parse"][0] == "+91 81234 56706 x5"
    assert steps["country code"][1].startswith("91, it stands behind the plus")
    assert steps["national number"] == ("8123456706", "10 digits")
    assert steps["extension"][0] == "5"
    assert steps["valid"][1] == "yes: MOBILE of IN"
    assert steps["E.164"][0] == number_of(found) == "+918123456706"


def test_damage_is_told_from_what_to_what(messy: tuple[ls.Run, Path]) -> None:
    changed = {row: _explain(messy[1], row) for row in (3, 4, 5)}
    damage = {r: [(s.value, s.after) for s in e.steps if s.label == "damage"] for r, e in changed.items()}
    assert damage == {
        3: [("8123456703.0", "8123456703")],
        4: [("'8123456704", "8123456704")],
        5: [("9.18123456705E+11", "918123456705")],
    }
    parts = [(s.value, s.after) for s in _explain(messy[1], 11).steps if s.label.startswith("part ")]
    assert parts == [("8123456708", "+918123456708"), ("8123456709", "+918123456709")]


def test_columns_of_numbers_are_told_in_their_order(messy: tuple[ls.Run, Path]) -> None:
    found = _explain(messy[1], 7)
    assert told(found, "taken") == ["Phone 2, the first that is good"]
    assert told(found, "Phone 1")[1].startswith("choice 1 of 2")
    assert told(_explain(messy[1], 8), "taken") == ["Phone 1, the first that is not empty: none is good"]
    assert told(_explain(messy[1], 9), "taken") == ["none: all are empty"]
    assert told(_explain(messy[1], 1), "Phone 2")[1] == "choice 2 of 2: empty, so there is no number"


def test_what_a_row_collided_with_is_named(messy: tuple[ls.Run, Path]) -> None:
    run, folder = messy
    assert told(_explain(folder, 26), "duplicate") == [
        f"yes: it collides with {folder}/messy.csv, row 1, which came first"
    ]
    in_run = told(_explain(folder, 1, "second.csv"), "duplicate")
    assert in_run == [f"yes: it collides with {folder}/messy.csv, row 33, which came first"]
    (in_campaign,) = told(_explain(folder, 27), "duplicate")
    assert in_campaign.startswith("yes: it collides with campaign summer, run ")
    (suppressed,) = told(_explain(folder, 28), "suppressed")
    assert "list.csv" in suppressed
    assert told(_explain(folder, 1), "duplicate") == [
        "no: it is the first with this number in the run, and not in the campaign"
    ]
    (held,) = told(_explain(folder, 1), "held against")
    assert held.endswith("(in status pending, completed, for less than 30 days)")
    assert run.ledger["reasons"]["duplicate_in_run"] == 1


def test_rules_of_fields_and_of_a_schema_are_told_one_by_one(messy: tuple[ls.Run, Path]) -> None:
    found = {step.label: step.told for step in _explain(messy[1], 18).steps}
    assert found["age, rule"].endswith(": rejects the row")
    assert found["plan, rule"] == "it must be one of gold, silver (in any case): holds"
    assert found["at, required"] == "it must not be empty: holds"
    assert found["email, rule"] == "it must be an email address: not asked of an empty cell"
    checks = {
        s.label: s.told for one in _explain(messy[1], 24).sections if one.title == "Your schema" for s in one.steps
    }
    assert (
        checks["City, no_address"]
        == "The value fails the schema's check (no_address): a city is not a web address: rejects the row"
    )
    assert checks["City, notin"] == checks["age, read as Int64"] == "holds"


def test_a_record_that_cannot_be_split_is_shown_as_it_stands(messy: tuple[ls.Run, Path]) -> None:
    found = _explain(messy[1], 29)
    assert [step.value for step in found.steps if step.label == "record"] == ["8123456721,too,few"]
    assert found.lead_line == 30
    assert not any(section.title == "Phone number" for section in found.sections)


def test_destinations_name_what_is_enabled(messy: tuple[ls.Run, Path]) -> None:
    (country,) = told(_explain(messy[1], 12), "country")
    assert country == "The number's country is not enabled for this campaign: rejects the row (enabled: IN, US, GB)"
    assert told(_explain(messy[1], 13), "country") == ["it is enabled, as one of IN, US, GB"]
