"""Which variables a prompt has: `{{name}}`, white space inside as you like, `\\{{` as text."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_rules.exceptions import InvalidPrompt
from leadsieve_rules.prompts import Columns, Filling, Prompt, fill, find_variables, load_prompt


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", ()),
        ("no variable, {one brace} and }} alone", ()),
        ("{{name}}", ("name",)),
        ("{{ First Name }} {{\tFirst Name}}", ("First Name",)),
        ("{{b}}{{a}}{{b}}", ("b", "a")),
        (r"\{{name}} is text, {{name}} is not", ("name",)),
        ("{{Größe (cm)}}\n{{名前}}", ("Größe (cm)", "名前")),
    ],
)
def test_the_variables_of_a_text(text, variables):
    assert find_variables(text) == variables


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\nb {{name", "line 2: {{ is not followed"),
        ("{{na\nme}}", "line 1: {{ is not followed"),
        ("{{name} }", "line 1: {{ is not followed"),
        ("{{a{b}}", "line 1: {{ is not followed"),
        ("\n\n{{ }}", "line 3: {{}} has no name"),
    ],
)
def test_a_placeholder_that_is_none_is_named_with_its_line(text, says):
    with pytest.raises(InvalidPrompt, match=r"prompt 'p\.txt'") as caught:
        find_variables(text, "p.txt")
    assert says in caught.value.message
    assert caught.value.code == "invalid_option"


_NAMES = st.text(st.characters(exclude_characters="{}\r\n", exclude_categories=["Cs"]), min_size=1).filter(str.strip)
_PIECES = st.one_of(
    _NAMES.map(lambda name: ("{{" + name + "}}", name.strip())),
    st.text(st.characters(exclude_characters="{\\")).map(lambda text: (text, None)),
    st.just((r"\{{", None)),
)


@given(st.lists(_PIECES))
def test_any_text_has_the_variables_that_were_put_into_it(pieces):
    names = [name for _, name in pieces if name is not None]
    assert find_variables("".join(text for text, _ in pieces)) == tuple(dict.fromkeys(names))


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"\xff\xfe{", "not UTF-8 at byte 0"), (b"x" * ((1 << 20) + 1), "larger than 1 MB"), (None, "cannot be read")],
)
def test_a_file_that_is_no_prompt(tmp_path, data, says):
    path = tmp_path / "p.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InvalidPrompt, match=says):
        load_prompt(str(path))


def test_a_byte_order_mark_is_no_part_of_it(tmp_path):
    (tmp_path / "p.txt").write_bytes(b"\xef\xbb\xbf{{a}}")
    assert load_prompt(str(tmp_path / "p.txt")).variables == ("a",)


COLUMNS = Columns(
    source="a.csv",
    fields={"phone_number": ("Mobile",), "name": ("Name",), "email": ("Mail 1", "Mail 2")},
    custom={"City": "City", "lead_file_source": "lead_file", "Note": "Note", "Note_2": "Note_2"},
    headers={
        **{name: name for name in ("Mobile", "Mail 1", "Mail 2", "lead_file", "Note")},
        "Name": " Name ",
        "City": " City ",
        "Note_2": "Note",
    },
)


@pytest.mark.parametrize(
    ("variable", "filling"),
    [
        ("phone_number", Filling("phone_number", "phone_number", "Mobile")),
        ("name", Filling("name", "name", "Name")),
        ("email", Filling("email", "email", "email")),
        ("City", Filling("City", None, "City")),
        ("lead_file", Filling("lead_file", None, "lead_file")),
        ("lead_file_source", Filling("lead_file_source", None, "lead_file")),
        ("Note", Filling("Note", None, "Note")),
        ("Note_2", Filling("Note_2", None, "Note_2")),
    ],
)
def test_a_field_or_a_column_of_its_own_fills_a_variable(variable, filling):
    found = fill(Prompt("p", "0", (variable,)), COLUMNS)
    assert found == (filling,)
    assert pickle.loads(pickle.dumps(found)) == found


def test_what_nothing_fills_is_named_with_the_nearest_and_what_there_is():
    with pytest.raises(InvalidPrompt) as caught:
        fill(Prompt("p.txt", "0", ("name", "Citi", "Mobile", "zodiac")), COLUMNS)
    assert caught.value.message == (
        "prompt 'p.txt': no column of a.csv fills 'Citi' (did you mean 'City'?), 'Mobile' (that column fills "
        "phone_number: write it so), 'zodiac'; there are 'phone_number', 'name', 'email', 'City', 'lead_file_source', "
        "'Note', 'Note_2'; correct the prompt, or map a column with --map"
    )
