"""What stands behind the names of answers: rows by kind, the rest of a capped list, lists of numbers, ids, secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leadsieve_rules.profiles import Listed, campaign_id, load_profile, read_profile, render, resolve_settings
from leadsieve_rules.profiles.placeholders import fill
from leadsieve_rules.profiles.templates import ERROR_NAMES, setting_values

PROFILE = read_profile(
    """
    [profile]
    name = "p"
    title = "P"
    source = "s"
    [fields.phone_number]
    [settings."redial.waits"]
    type = "integers"
    [settings."api.key"]
    type = "string"
    secret = true
    [answer]
    campaign_id = "x{{{hash}}}"
    [answer.grouped]
    cap = 3
    item = "{title} ({rows})"
    more = " +{more}"
    [answer.grouped.titles]
    B = ["invalid_phone"]
    A = ["malformed_row"]
    [answer.errors]
    groups = ["invalid_phone", "missing_phone"]
    cap = 2
    item = "{row}: {value}"
    more = ["{row}", "{more}"]
    [answer.ok]
    status = 200
    body = { kinds = "{grouped}", rows = "{errors}", list = "{redial.waits}", text = "{redial.waits:str}; {redial.waits}" }
    """,
    "p.toml",
)


@pytest.mark.parametrize(
    ("grouped", "said"),
    [
        ({}, []),
        ({"A": Listed(0, [])}, []),
        ({"A": Listed(1, [(None, 7)]), "B": Listed(2, [(None, 1), (None, 30)])}, ["B (1, 30)", "A (7)"]),
        ({"A": Listed(10, [(None, 1), (None, 2), (None, 3)])}, ["A (1, 2, 3 +7)"]),
        ({"A": Listed(3, [("x", 1), ("y", 2), ("y", 3)])}, ["A (1) (x)", "A (2, 3) (y)"]),
        # The others may be in any later file, so they are not told as the last one's.
        ({"A": Listed(9, [("x", 1), ("y", 2), ("y", 3)])}, ["A (1) (x)", "A (2, 3) (y) +6"]),
        ({"A": Listed(1, [("{title} {x}", 1)])}, ["A (1) ({title} {x})"]),
    ],
)
def test_rows_by_kind(grouped: dict[str, Listed], said: list[str], names_of: Callable[..., dict[str, Any]]) -> None:
    assert render(PROFILE, names_of(PROFILE, grouped=grouped)).body["kinds"] == said


@pytest.mark.parametrize(
    ("counts", "listed", "said"),
    [
        ({}, [], []),
        ({"invalid_phone": 2}, [3, 4], ["3: ", "4: "]),
        ({"invalid_phone": 2, "missing_phone": 5, "malformed_row": 100}, [3, 4], ["3: ", "4: ", [None, 5]]),
        ({"missing_phone": 1}, [], [[None, 1]]),
    ],
)
def test_a_capped_list_says_how_many_more_there_are(
    counts: dict[str, int], listed: list[int], said: list[Any], names_of: Callable[..., dict[str, Any]]
) -> None:
    errors = [dict.fromkeys(ERROR_NAMES) | {"row": row} for row in listed]
    assert render(PROFILE, names_of(PROFILE, errors=errors, **counts)).body["rows"] == said


def test_the_last_item_of_voicegenie_has_the_keys_of_the_others(names_of: Callable[..., dict[str, Any]]) -> None:
    profile = load_profile("voicegenie")
    row = dict.fromkeys(ERROR_NAMES) | {"row": 4}
    names = names_of(profile, {"campaign_name": "n"}, errors=[row], invalid_phone=120)
    first, last = render(profile, names).body["data"]["errors"]
    assert list(first) == list(last)
    message = "Further rows that are not listed here: 119"
    expected = {"row": None, "field": None, "code": "more_rows", "message": message, "phone_number": None}
    assert last == expected


@pytest.mark.parametrize(
    ("given", "whole", "text"),
    [("60,-5", [60, -5], "60,-5; 60,-5"), ("60", [60], "60; 60"), ([1, 2], [1, 2], "1,2; 1,2"), (None, None, "; ")],
)
def test_a_list_of_numbers_is_one_in_a_template(
    given: Any, whole: Any, text: str, names_of: Callable[..., dict[str, Any]]
) -> None:
    body = render(PROFILE, names_of(PROFILE, {} if given is None else {"redial.waits": given})).body
    assert (body["list"], body["text"]) == (whole, text)


def test_a_secret_is_its_name_in_capitals() -> None:
    values = resolve_settings(PROFILE, {"redial.waits": "1,2"}).values
    assert values == {"redial.waits": "1,2"}
    assert setting_values(PROFILE, values) == {"redial.waits": [1, 2], "api.key": "${API_KEY}"}
    assert setting_values(load_profile("ozonetel"), {})["apiKey"] == "${APIKEY}"


@pytest.mark.parametrize(
    ("name", "id_"),
    [("voicegenie", "ab"), ("voicegenie-run", "CAMP-ab"), ("campaign-import", "ab"), ("dialnexa", "cmp_ab")],
)
def test_the_id_of_a_campaign(name: str, id_: str) -> None:
    assert campaign_id(load_profile(name), "ab") == id_
    assert campaign_id(PROFILE, "ab") == "x{ab}"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ({"a": "{none}", "b": "{one}", "c": None, "d": ["{none}"]}, {"b": 1, "d": [None]}),
        ({"a": "{none:str}", "b": "{none}x"}, {"a": "", "b": "x"}),
        ({"a": {"b": "{none}", "c": {"d": "{none}"}}, "e": {"f": "{none}", "g": 0}}, {"e": {"g": 0}}),
        ({"a": {}, "b": "{empty}", "c": "{false}"}, {"a": {}, "b": [], "c": False}),
        ([{"a": "{none}"}, {"a": 1}], [{}, {"a": 1}]),
        ({"a": "{none}"}, {}),
    ],
)
def test_members_without_a_value_are_left_out(template: Any, filled: Any) -> None:
    values = {"none": None, "one": 1, "empty": [], "false": False}
    assert fill(template, values, without_none=True) == filled


def test_a_table_that_is_a_value_stays() -> None:
    assert fill({"a": "{t}"}, {"t": {}}, without_none=True) == {"a": {}}
    assert fill({"a": "{t}"}, {"t": {"b": None}}, without_none=True) == {"a": {"b": None}}
