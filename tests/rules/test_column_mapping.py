"""Headers to fields: exact names, then synonyms, what the user said above all, and no silent guess."""

from __future__ import annotations

import pickle
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadsieve_rules.columns import ColumnMap, common_synonyms, fold_header, map_columns
from leadsieve_rules.exceptions import ColumnError
from leadsieve_rules.profiles.model import FieldRule

FIELDS = {name: FieldRule(name) for name in ("phone_number", "name", "email", "company")}


def unique(headers: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        names.append(header if seen[header] == 1 else f"{header}_{seen[header]}")
    return names


def mapped(*headers: str, told: dict[str, str] | None = None, fields: dict[str, FieldRule] = FIELDS) -> ColumnMap:
    return map_columns(list(headers), unique(list(headers)), fields, told or {})


@pytest.mark.parametrize(
    "header",
    [
        "phone",
        "Phone",
        "PHONE NUMBER",
        "PhoneNumber",
        "phone-number",
        " Mobile No. ",
        "mobile_number",
        "Cell Phone",
        "Téléphone No",
        "\uff30\uff28\uff2f\uff2e\uff25",
        "Contact Number",
        "WhatsApp",
        "Tel.",
        "E.164",
        "telephone",
    ],
)
def test_phone_synonyms_in_any_spelling(header: str) -> None:
    found = mapped("id", header)
    assert found.columns["phone_number"] == (header,)
    assert found.how["phone_number"] == "synonym"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Full Name", "name"),
        ("contact_name", "name"),
        ("E-Mail", "email"),
        ("Email Address", "email"),
        ("Organisation", "company"),
        ("organization", "company"),
        ("NAME", "name"),
    ],
)
def test_other_fields(header: str, field: str) -> None:
    assert mapped("phone_number", header).columns[field] == (header,)


def test_names_in_parts_are_not_merged() -> None:
    assert "name" not in mapped("phone", "First Name", "Last Name").columns


def test_the_exact_name_wins_over_synonyms() -> None:
    found = mapped("Mobile", "phone_number", "Phone", "mail", "email")
    assert found.columns == {"phone_number": ("phone_number",), "email": ("email",)}
    assert found.how == {"phone_number": "header", "email": "header"}


def test_one_synonym_of_another_field_is_taken_by_order_of_synonyms() -> None:
    for headers in permutations(["phone", "mail", "e-mail address"]):
        assert mapped(*headers).columns["email"] == ("e-mail address",)


def test_a_profiles_own_field_and_synonyms_come_before_the_common_ones() -> None:
    fields = {**FIELDS, "mobile": FieldRule("mobile"), "city": FieldRule("city", synonyms=("Town", "Org"))}
    found = mapped("Phone", "Mobile", "org", fields=fields)
    assert found.columns == {"phone_number": ("Phone",), "mobile": ("Mobile",), "city": ("org",)}


def test_two_phone_columns_are_ambiguous_and_the_message_shows_what_to_type() -> None:
    with pytest.raises(ColumnError, match=r"--map 'Mobile=phone_number'") as caught:
        mapped("name", "Mobile", "Phone Number")
    assert caught.value.code == "ambiguous_phone_column"
    assert "'Phone Number'" in caught.value.message


@pytest.mark.parametrize("headers", [("Mobile", "Mobile"), ("phone_number", "phone_number"), ("Mobile ", "Mobile")])
def test_a_repeated_phone_header_is_refused(headers: tuple[str, ...]) -> None:
    with pytest.raises(ColumnError) as caught:
        mapped(*headers)
    assert caught.value.code == "duplicate_header"


def test_a_repeated_header_of_another_field_is_refused_and_one_of_no_field_is_not() -> None:
    with pytest.raises(ColumnError, match="email") as caught:
        mapped("phone", "Email", "Email")
    assert caught.value.code == "duplicate_header"
    assert mapped("phone", "note", "note").columns == {"phone_number": ("phone",)}


def test_the_user_resolves_a_repeated_header_by_the_unique_names() -> None:
    assert mapped("Mobile", "Mobile", told={"Mobile_2": "phone_number"}).columns["phone_number"] == ("Mobile_2",)
    both = mapped("Mobile", "Mobile", told={"Mobile_2": "phone_number", "Mobile": "phone_number"})
    assert both.columns["phone_number"] == ("Mobile_2", "Mobile")
    with pytest.raises(ColumnError) as caught:
        mapped("Mobile", "Mobile", told={"Mobile": "phone_number"})
    assert caught.value.code == "duplicate_header"


def test_headers_that_differ_by_outer_space_can_be_told_apart() -> None:
    for name in ("Mobile", "Mobile "):
        assert mapped("Mobile ", "Mobile", told={name: "phone_number"}).columns["phone_number"] == (name,)


def test_a_repeated_header_of_which_the_others_are_told_is_free() -> None:
    found = mapped("Mobile", "Mobile", told={"Mobile_2": "company"})
    assert found.columns == {"phone_number": ("Mobile",), "company": ("Mobile_2",)}


def test_told_columns_keep_their_order_and_suppress_guesses() -> None:
    found = mapped("Phone", "Work", "Home", told={"Work": "phone_number", "Home": "phone_number"})
    assert found.columns == {"phone_number": ("Work", "Home")}
    assert found.how == {"phone_number": "map"}


def test_a_told_column_is_no_candidate_for_another_field() -> None:
    found = mapped("Mobile", "Phone", told={"Phone": "company"})
    assert found.columns == {"phone_number": ("Mobile",), "company": ("Phone",)}


@pytest.mark.parametrize(
    ("headers", "told", "code", "said"),
    [
        (["a", "b"], {}, "missing_phone_column", r"'a', 'b'.*--map 'a=phone_number'"),
        (["id", "Phnoe"], {}, "missing_phone_column", r"close: 'Phnoe'.*--map 'Phnoe=phone_number'"),
        ([], {}, "missing_phone_column", "no columns"),
        (["Mobile"], {"Mobil": "phone_number"}, "missing_phone_column", r"did you mean 'Mobile'"),
        (
            ["Mobile"],
            {"Mobile": "phone"},
            "invalid_option",
            r"did you mean 'phone_number'.*name, email, company",
        ),
        (["Mobile"], {"Mobile": "phone_number", "mobile": "name"}, "invalid_option", "mapped already"),
        (["it's\nme"], {}, "missing_phone_column", r"--map 'it'\"'\"'s\\nme=phone_number'"),
    ],
)
def test_failures_name_the_code_and_the_remedy(headers: list[str], told: dict[str, str], code: str, said: str) -> None:
    with pytest.raises(ColumnError, match=said) as caught:
        mapped(*headers, told=told)
    assert caught.value.code == code
    assert "\n" not in caught.value.message


def test_errors_pickle_with_their_code() -> None:
    with pytest.raises(ColumnError) as caught:
        mapped("Mobile", "Phone")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.message) == (caught.value.code, caught.value.message)


def test_long_lists_of_headers_are_cut() -> None:
    with pytest.raises(ColumnError, match="and 988 more"):
        mapped(*(f"c{i}" for i in range(1000)))


def test_no_common_synonym_stands_under_two_fields_or_twice() -> None:
    folded = [fold_header(name) for field, names in common_synonyms().items() for name in (field, *names)]
    assert len(folded) == len(set(folded))
    assert all(folded)


def test_vowel_signs_of_other_scripts_are_kept() -> None:
    assert fold_header("मोबाइल") != fold_header("मबइल")
    assert fold_header("###") == ""


@given(st.text())
def test_folding_ignores_outer_space_and_ascii_punctuation(text: str) -> None:
    assert fold_header(f"  {text}\t") == fold_header(text)
    assert all(c.isalnum() or not c.isascii() for c in fold_header(text))


@given(
    st.lists(
        st.sampled_from(["Mobile", "Phone", "email", "Mail", "name", "note", "phone_number", "Company"]),
        max_size=6,
    )
)
def test_a_column_serves_one_field_at_most(headers: list[str]) -> None:
    try:
        found = mapped(*headers)
    except ColumnError:
        assume(False)
    used = [name for names in found.columns.values() for name in names]
    assert len(used) == len(set(used))
    assert "phone_number" in found.columns
    assert found.columns.keys() == found.how.keys()
    assert pickle.loads(pickle.dumps(found)) == found
