"""The table of reasons: whole, in its order, and refused where it is not."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from leadsieve_rules.reasons import GROUPS, REASONS, load_reasons, message, reason_of_fault

ORDER = [
    "malformed_row",
    "bad_encoding",
    "field_too_large",
    "repeated_header",
    "missing_phone",
    "lossy_phone",
    "multiple_phones",
    "invalid_phone",
    "country_not_allowed",
    "prefix_not_allowed",
    "number_type_not_allowed",
    "missing_value",
    "invalid_value",
    "check_failed",
    "missing_schedule",
    "invalid_schedule",
    "past_schedule",
    "suppressed",
    "duplicate_in_file",
    "duplicate_in_run",
    "duplicate_in_campaign",
    "repaired_phone",
    "extension_dropped",
    "trimmed_value",
    "invalid_email",
    "suspect_text",
    "blank_variable",
]

ENTRY = '[{code}]\nseverity = "{severity}"\ntitle = "T"\nmessage = "M"\nremedy = "R."\n{more}\n'


def entry(code: str = "a", severity: str = "reject", more: str = 'group = "suppressed"') -> str:
    return ENTRY.format(code=code, severity=severity, more=more)


def test_the_codes_stand_in_the_documented_order() -> None:
    assert list(REASONS) == ORDER
    assert [reason.order for reason in REASONS.values()] == list(range(len(ORDER)))


def test_every_rejecting_reason_has_a_group_and_every_group_a_reason() -> None:
    assert {reason.group for reason in REASONS.values() if reason.rejects} == set(GROUPS)
    assert all((reason.group is not None) == reason.rejects for reason in REASONS.values())


def test_bits_are_distinct_and_the_lowest_is_the_first_cause() -> None:
    bits = [reason.bit for reason in REASONS.values()]
    assert all(isinstance(bit, np.uint64) for bit in bits)
    assert bits == sorted(bits)
    mask = REASONS["suppressed"].bit | REASONS["invalid_phone"].bit
    assert int(mask) & -int(mask) == int(REASONS["invalid_phone"].bit)
    assert np.bitwise_or.reduce(bits) == np.uint64(2 ** len(ORDER) - 1)


def test_texts_are_sentences_without_line_breaks() -> None:
    for reason in REASONS.values():
        texts = [reason.title, reason.message, reason.remedy, *reason.details.values()]
        assert all(text and "\n" not in text for text in texts)
        assert reason.remedy.endswith(".")
        assert not reason.message.endswith(".")


@pytest.mark.parametrize(
    ("code", "detail", "said"),
    [
        ("missing_phone", None, "The phone number is empty"),
        ("invalid_phone", "too_long", "The phone number is too long for its country"),
        ("check_failed", "in_range", "The value fails the schema's check (in_range)"),
    ],
)
def test_message_says_code_and_detail(code: str, detail: str | None, said: str) -> None:
    assert message(code, detail) == said


def test_faults_lead_to_their_reason() -> None:
    assert reason_of_fault("unclosed_quote").code == "malformed_row"
    assert reason_of_fault("record_too_large").code == "field_too_large"
    with pytest.raises(KeyError):
        reason_of_fault("no_such_fault")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (entry(more='group = "other"'), "other"),
        (entry(severity="fatal"), "fatal"),
        (entry(severity="warn"), "suppressed"),
        (entry(more=""), "None"),
        (entry(more='group = "suppressed"\ncolour = "red"'), "colour"),
        ('[a]\nseverity = "warn"\ntitle = "T"\nmessage = "M"\n', "remedy"),
        (
            entry("a", more='group = "suppressed"\nfaults = ["f"]')
            + entry("b", more='group = "suppressed"\nfaults = ["f"]'),
            "'f' stands under both 'a' and 'b'",
        ),
        ("".join(entry(f"c{i}") for i in range(65)), "65"),
    ],
)
def test_a_broken_table_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load_reasons(text)


def test_reasons_pickle() -> None:
    assert pickle.loads(pickle.dumps(dict(REASONS))) == REASONS
