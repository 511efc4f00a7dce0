"""Schemas derived from templates: constants, types by name, patterns of texts, and what may be null."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from leadsieve_rules.profiles import Profile, answer_schema, read_profile, render, resolve_settings
from leadsieve_rules.profiles.templates import ERROR_NAMES

HEAD = """
[profile]
name = "p"
title = "P"
source = "s"
[fields.phone_number]
[settings.needed]
type = "string"
required = true
[settings.wait]
type = "integers"
[settings.limit]
type = "integer"
default = 3
[settings.dry]
type = "boolean"
[settings.campaign_id]
type = "integer"
[answer.counts]
lost = ["rejected"]
[answer.errors]
groups = ["invalid_phone"]
cap = 2
item = { row = "{row}", line = "{line}", text = "{code} at {row}" }
more = { row = "{row}", line = "{line}", text = "{code}{more} more" }
"""


def profile_of(body: str) -> Profile:
    return read_profile(f"{HEAD}\n[answer.ok]\nstatus = 200\nbody = {body}\n", "p.toml")


def is_valid(body: str, value: Any) -> bool:
    schema = answer_schema(profile_of(f"[{body}]"), None)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid([value])


@pytest.mark.parametrize(
    ("template", "good", "bad"),
    [
        ("true", [True], [False, 1, "true"]),
        ("0", [0], [1, "0"]),
        ("1.5", [1.5], [1, None]),
        ('"a.b {{x}}"', ["a.b {x}"], ["a.b {{x}}", "acb {x}", "", None]),
        ('"{rows}"', [0, 7], [-1, "7", 1.5, None]),
        ('"{lost}"', [7], ["7"]),
        ('"{rows:str}"', ["7"], [7, "", "-7", "7 "]),
        ('"{rows} of {accepted} (a+b)."', ["7 of 12 (a+b)."], ["7 of 12 (aab).", "x7 of 12 (a+b).", "7 of (a+b).", 7]),
        ('"{needed}"', ["x", ""], [None, 1]),
        ('"for {needed}/{dry}"', ["for a\nll/true", "for x/"], ["to x/true"]),
        ('"{limit}"', [3], [None, "3"]),
        ('"{dry}"', [True, None], ["true", 1]),
        ('"{wait}"', [[1, 2], None], ["1,2", ["1"]]),
        ('"{campaign_id}"', [3, "the run's own"], [None, 1.5]),
        ('"{campaign}"', ["c", None], [1]),
        ('"{now}"', ["2026-01-01T00:00:00Z"], ["2026-01-01T00:00:00+00:00", "2026-01-01", None]),
        ('"{now_plain}"', ["2026-01-01 00:00:00"], ["2026-01-01T00:00:00Z"]),
        ('"{hash}"', ["0123456789abcdef01234567"], ["0123", "0123456789ABCDEF01234567"]),
        ('"{reasons}"', [{}, {"invalid_phone": 1}], [{"invalid_phone": "1"}, []]),
        ('"{grouped}"', [[], ["a", "b"]], [[1], "a", None]),
        ("{ a = 1, b = '{rows}' }", [{"a": 1, "b": 2}], [{"a": 1}, {"a": 1, "b": 2, "c": 3}, []]),
        ("[]", [[]], [[1], {}]),
        ("['{rows}', 1]", [[5, 1]], [[5], [5, 1, 1], [5, 2]]),
        (
            '"{errors}"',
            [
                [],
                [{"row": 1, "line": None, "text": "a at 1"}],
                [{"row": 1, "line": 2, "text": "a at 1"}] * 2 + [{"row": None, "line": None, "text": "5 more"}],
            ],
            [
                [{"row": 0, "line": None, "text": "a at 1"}],
                [{"row": None, "line": None, "text": "a at 1"}],
                [{"row": 1, "line": None}],
                [{"row": 1, "line": 2, "text": "a at 1"}] * 4,
            ],
        ),
    ],
)
def test_a_template_has_the_schema_of_what_it_gives(template: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert is_valid(template, value), value
    for value in bad:
        assert not is_valid(template, value), value


@pytest.mark.parametrize("listed", [0, 1, 2])
@pytest.mark.parametrize("rows", [0, 2, 30])
def test_a_capped_list_is_valid_however_many_there_are(
    rows: int, listed: int, names_of: Callable[..., dict[str, Any]]
) -> None:
    row = dict.fromkeys(ERROR_NAMES) | {"row": 4, "code": "invalid_phone"}
    profile = profile_of('"{errors}"')
    names = names_of(profile, {"needed": "x"}, invalid_phone=rows, errors=[row] * min(listed, rows))
    answer = render(profile, names)
    left = rows - min(listed, rows)
    assert answer.body[min(listed, rows) :] == ([{"row": None, "line": None, "text": f"{left} more"}] if left else [])
    jsonschema.Draft202012Validator(answer_schema(profile, None)).validate(answer.body)


def test_what_is_required_is_never_null(names_of: Callable[..., dict[str, Any]]) -> None:
    profile = profile_of('["{needed}", "{dry}"]')
    known = jsonschema.Draft202012Validator(answer_schema(profile, None))
    assert resolve_settings(profile, {}).missing == ("needed",)
    assert known.is_valid(render(profile, names_of(profile, {"needed": "x"})).body)
    assert not known.is_valid(render(profile, names_of(profile)).body)


def test_an_answer_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="at_once"):
        answer_schema(profile_of("1"), "at_once")
