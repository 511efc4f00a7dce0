"""What a sample of a text shows: delimiter, quotes, preamble and header, whatever a few bad rows hold."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadsieve_connectors.sources.text.dialect import Dialect
from leadsieve_connectors.sources.text.records import RecordReader
from leadsieve_connectors.sources.text.sniffer import Sniffed, sniff

LIMIT = 1 << 20
DELIMITERS = [",", ";", "\t", "|", ":", "^", "~", "\x01", "\x1f", "§", "¦", "¬"]


def look(text: str, **told: object) -> Sniffed:
    options = {"whole": True, "delimiter": None, "header": None, "skip_rows": 0, "limit": LIMIT} | told
    return sniff(text.encode(), **options)


def cells(text: str, dialect: Dialect) -> list[list[bytes] | None]:
    data = text.encode()
    return [record.cells for record in RecordReader(dialect, limit=LIMIT).records(data, 0, len(data), last=True)]


LEADS = "phone{d}name{d}city\n" + "".join(
    f"+1 (415) 555-{i:04d}{{d}}Doe, John{{d}}{city}\n" for i, city in enumerate(["Austin", "San José", "", "Ulm"] * 10)
)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [d for d in DELIMITERS if d != ","])
def test_a_delimiter_is_found_beside_commas_in_the_cells(delimiter, line_end):
    found = look(LEADS.format(d=delimiter).replace("\n", line_end))
    assert (found.dialect, found.header, found.ambiguous) == (Dialect(delimiter), True, ())


TABLE = "name;amount;when\n" + "Ann;1,5;10:30:05\nBob|x;2,5;2024-01-01 11:45:00\n" * 20


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        pytest.param("a,b\n1,2\n3;4;5;6\n", ",", id="one row of another shape"),
        pytest.param("a;b\n1,5;2,5\n1,5;2,5\n", ";", id="decimal commas"),
        pytest.param("last, first;phone;city\nx;1;2\nx;1;2\n", ";", id="comma in the header"),
        pytest.param("a\tb\n1,000\t2\n", "\t", id="grouped digits"),
        pytest.param('"a;b",c\n1,2\n', ",", id="quoted semicolon"),
        pytest.param('a,b\n"unclosed,1\n' + "1,2\n" * 50, ",", id="unclosed quote"),
        pytest.param("\n\na|b\n1|2", "|", id="blank lines first"),
        pytest.param("a,b,c\n1\n2\n", ",", id="rows too short"),
        pytest.param("a,b;c\nx,y;z\n", ",", id="two that fit equally"),
        pytest.param(TABLE, ";", id="commas, pipes, dates and times in cells"),
        pytest.param(TABLE + "junk\n" * 8, ";", id="junk lines"),
        pytest.param(TABLE + '"open;1;2\n' * 8, ";", id="unclosed quotes"),
        pytest.param(TABLE + "a,b,c,d,e,f\n" * 8, ";", id="rows of another delimiter"),
        pytest.param("Report for March, 2024\n\n" + TABLE, ";", id="title above"),
        pytest.param('a;b\n1;"x\ny, z"\n' + '2;"p\nq, r"\n' * 9, ";", id="line ends in cells"),
        pytest.param("name,address\n" + 'Ann,"1 Main St, Austin; TX"\n' * 9, ",", id="quoted addresses"),
        pytest.param("name;address\n" + "Ann;1 Main St, Austin, TX\n" * 9, ";", id="addresses not quoted"),
        pytest.param("phone,emails\n" + "1,a@x.org;b@x.org\n" * 9, ",", id="lists in cells"),
        pytest.param("id|note\n" + '7|{"a": 1, "b": [2, 3]}\n' * 9, "|", id="JSON in cells"),
        pytest.param("url,n\n" + "https://x.org/?a=1;b=2,3\n" * 9, ",", id="links"),
        pytest.param("id name price\n" + "17 Ann 9.50\n18 Bob 12.00\n" * 9, " ", id="numbers between spaces"),
        pytest.param("a,b\n" + "1,2\n" * 81 + "x;y;z;w,v\n", ",", id="one row in 83"),
    ],
)
def test_what_separates_is_not_turned_by_what_stands_in_the_cells(text, delimiter):
    assert look(text).dialect.delimiter == delimiter


@pytest.mark.parametrize(
    "lines",
    [
        ["phone", *(f"+1 415 555 {i:04d}" for i in range(30))],
        [f"+1 415-555-{i:04d}" for i in range(30)],
        [f"(415) 555 {i:04d}" for i in range(30)],
        ["phone", *(f"{4155550000 + i}" for i in range(30))],
        ["phone", *(f"{4155550000 + i};{4155560000 + i}" for i in range(30))],
        ["phone", *(f"{4155550000 + i}, {4155560000 + i}" for i in range(30))],
        ["name", *(f"John {i}. Smith" for i in range(30))],
        ["created", *(f"2024-01-31 10:30:{i:02d}" for i in range(30))],
        ["email", *(f"a{i}@example.org" for i in range(30))],
        ["address", *(f'"{i} Main St, Austin"' for i in range(30))],
        ["phone", "1", "", "2", "junk, line", *map(str, range(30))],
        ["phone"],
    ],
)
def test_one_column_stays_one(lines):
    text = "\n".join(lines) + "\n"
    found = look(text)
    rows = [row for row in cells(text, found.dialect) if row != [b""]]
    assert [len(row) for row in rows].count(1) >= len(rows) - 1
    assert (found.preamble, found.ambiguous) == (0, ())


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        (r'a,b\n"say \"hi\", now",2\n"x",3\n', Dialect(",", '"', "\\")),
        (r'a,b\n"C:\\dir\\",2\n"D:\\",3\n', Dialect(",")),
        (r'a,b\n"C:\dir\",2\n"D:\",3\n', Dialect(",")),
        (r'a,b\n"say ""hi"", now",2\n', Dialect(",")),
        ("a,b\n'1, 2','x'\n'3','y'\n'5','z'\n", Dialect(",", "'")),
        ("phone,name\n'+1415,O'Neil\n'+1416,'Ali\n'+1417,x\n", Dialect(",")),
        ("name,n\n'tis,1\nO'Neil,2\n'quoted',3\nx,4\ny,5\nz,6\n", Dialect(",")),
        ('size\tn\n"5 inch\t1\n"6 inch\t2\n"7 inch\t3\n"8 inch\t4\n', Dialect("\t", None)),
        ('size\tn\n5" pipe\t1\n6" pipe\t2\n', Dialect("\t")),
        ('a,b\n"x,1\n"y",2\n"z",3\n', Dialect(",")),
        ('a,b\n"x,1\n"y,2\n"z",3\n"v",4\n', Dialect(",")),
    ],
)
def test_quotes(text, dialect):
    assert look(text.replace(r"\n", "\n")).dialect == dialect


def test_what_is_told_wins():
    assert look("a;b,c\n1;2,3\n", delimiter=";").dialect == Dialect(";")
    assert look("sep=;\na;b,c\n1;2,3\n", delimiter=",").dialect == Dialect(",")
    assert look("1,2\n3,4\n", header=True).header is True
    assert look("a,b\n3,4\n", header=False).header is False
    assert look("a,b\n3,4\n", header=False).header_why == ""
    assert look("title\n\na;b\n1;2\n3;4\n", skip_rows=2) == Sniffed(
        Dialect(";"), True, "its cells are words, those below them are not", 2, False, 0, ()
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_that_names_the_delimiter_takes_effect_and_is_no_row(line, line_end):
    found = look(line_end.join([line, "a,b;c", "1,2;3", ""]))
    assert (found.dialect, found.directive, found.skipped_lines, found.preamble) == (Dialect(";"), True, 1, 0)


@pytest.mark.parametrize(
    "text", ["sep=\na,b\n1,2\n", "sep=ab\na,b\n1,2\n", "sep,b\n1,2\n", "separator=;\n", "x\nsep=;\n"]
)
def test_other_lines_name_none(text):
    assert (look(text).directive, look(text).skipped_lines) == (False, 0)


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("Leads of March\n", 1),
        ("Leads of March\n\n", 2),
        ("Leads of March\r\nExported by: Ann\r\n\r\n", 3),
        ('"Leads,\nof March"\n', 2),
        ("Leads of March;;;\n;;;\n", 2),
        ("sep=;\nLeads of March\n", 2),
        ("# made by X\n# 2024-01-31\n", 2),
    ],
)
def test_what_stands_above_the_header_is_proposed_to_be_passed_over(above, lines):
    table = "name;phone;city;email\n" + "Ann;4155550001;Ulm;a@x.org\nBob;4155550002;;b@x.org\n" * 5
    found = look(above + table)
    assert (found.dialect.delimiter, found.preamble, found.header) == (";", lines, True)
    assert found.skipped_lines == above.startswith("sep")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("#FILE,a\n#MADE,b\n" + "t,x,y,z\n" + "1,2,3,4\n" * 30, 2, id="names and values"),
        pytest.param("Meetings,,,\nwho,when,whom,why\n" + "Ann,Oct,Bob,x\n,,Eve,\n,,Max,\n" * 9, 1, id="merged cells"),
    ],
)
def test_what_stands_above_is_told_from_rows_that_are_as_narrow(text, lines):
    assert look(text).preamble == lines


@pytest.mark.parametrize("cell", ["+14155550100", "ann@example.org"])
def test_a_lead_of_one_cell_is_nothing_to_pass_over(cell):
    found = look(f"{cell},,,\n" + "+14155550101,Ann,Ulm,x\n" * 9)
    assert (found.preamble, found.header) == (0, False)


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,3\n4\n5,6,7\n",
        "\n\na,b\n1,2\n",
        "a,b,c\n1,,\n2,,\n3,,\n",
        "name,phone\nAnn\nBob,1\n",
        "name\nAnn\nBob\n",
        "a,b\n1,2,\n3,4,\n",
        "",
    ],
)
def test_nothing_is_proposed_where_the_first_record_is_the_header(text):
    assert look(text).preamble == 0


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("phone,name\n4155550001,Ann\n4155550002,Bob\n", True),
        ("4155550001,Ann\n4155550002,Bob\n", False),
        ("+1 (415) 555-0001\n+1 (415) 555-0002\n", False),
        ("Ann,9.19E+11\nBob,9.19E+11\n", False),
        ("Ann,9.19876E+11\nPhone,n/a\n", False),
        ("Ann,ann@x.org\nBob,bob@x.org\n", False),
        ("Name,Email\nBob,bob@x.org\n", True),
        ("name,city\nAnn,Ulm\nBob,Bonn\n", True),
        ("Ann,yes,Ulm\nBob,yes,Ulm\nEve,yes,Ulm\n", False),
        ("1,2\n3,4\n", False),
        ("id,2023,2024\na,5,6\nb,7,8\n", False),
        ("phone\n", True),
        ("4155550001\n", False),
        ("Mobile No.,Phone 1,Phone 2,24h\nAnn,1,2,3\n", True),
        ("mobile,2024-01-31\n4155550001,x\n4155550002,y\n", True),
        ("", True),
        ("only,\none,row\n", True),
    ],
)
def test_a_header_is_one_by_what_stands_below_it(text, header):
    found = look(text)
    assert found.header is header
    assert found.header or found.header_why


def test_another_dialect_that_fits_as_well_is_named():
    found = look("a,b;c\nx,y;z\n")
    assert (found.dialect, found.ambiguous) == (Dialect(","), (Dialect(";"),))


def test_beside_one_column_what_fits_nearly_as_well_is_named():
    comments = "".join(f"# {word} is one\n" for word in "abcdefgh")
    found = look(comments + "name|phone|city\n" + "Ann|1|Ulm\n" * 4)
    assert (found.dialect, found.ambiguous) == (Dialect(","), (Dialect("|"),))


def test_only_the_beginning_of_a_large_sample_is_looked_at():
    row = "+14155550001;Ann;Austin, TX\n"
    assert look("phone;name;city\n" + row * 30_000 + "a,b,c,d,e\n" * 3000).dialect == Dialect(";")


@pytest.mark.parametrize("whole", [True, False])
def test_a_sample_may_end_anywhere(whole):
    text = 'phone;name;city\n+14155550001;"Ann; ""x""\ny";Zoë, TX\r\n' * 3
    for stop in range(70, len(text.encode())):
        found = sniff(text.encode()[:stop], whole=whole, delimiter=None, header=None, skip_rows=0, limit=LIMIT)
        assert found.dialect == Dialect(";")


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200) | st.text(alphabet="a1 ,;\t|\"'\\\n\r:#é§", max_size=200).map(str.encode), st.integers(0, 3)
)
def test_anything_gives_a_dialect(sample, skip_rows):
    found = sniff(sample, whole=True, delimiter=None, header=None, skip_rows=skip_rows, limit=50)
    assert found == sniff(sample, whole=True, delimiter=None, header=None, skip_rows=skip_rows, limit=50)
    assert len(found.dialect.delimiter) == 1
    assert found.preamble == 0 or found.preamble > skip_rows


WORDS = ["Ann", "Bob Lee", "Zoë", "O'Neil", "San José", "Main St", "Müller-Lüdenscheidt", "new", "hot lead", "東京"]
COLUMNS = {
    "phone": lambda pick: f"+{pick.randrange(10**10, 10**12)}",
    "Mobile No.": lambda pick: f"({pick.randrange(200, 999)}) 555-{pick.randrange(10**4):04d}",
    "name": lambda pick: pick.choice(WORDS),
    "last, first": lambda pick: f"{pick.choice(WORDS)}, {pick.choice(WORDS)}",
    "address": lambda pick: f"{pick.randrange(99)} {pick.choice(WORDS)}, {pick.choice(WORDS)}; TX",
    "email": lambda pick: f"a{pick.randrange(99)}@example.org",
    "amount": lambda pick: f"{pick.randrange(99)},{pick.randrange(99)}",
    "created": lambda pick: f"2024-01-{pick.randrange(10, 28)} 10:{pick.randrange(10, 59)}:00",
    "notes": lambda pick: pick.choice(["", 'said "no"', "line\nline", "a|b", "x", "call: later", ""]),
}


def write(rows: list[list[str]], dialect: Dialect, *, every: bool) -> list[str]:
    """Return the records as text; quoted where they must be, or every cell."""
    quote = dialect.quote
    doubled = (dialect.escape or quote) + quote

    def cell(value: str) -> str:
        if not every and not any(char in value for char in (dialect.delimiter, quote, "\n", "\r")):
            return value
        if dialect.escape:
            value = value.replace(dialect.escape, 2 * dialect.escape)
        return quote + value.replace(quote, doubled) + quote

    return [dialect.delimiter.join(map(cell, row)) + "\n" for row in rows]


TABLES = st.builds(
    lambda seed, names, count: (random.Random(seed), names, count),
    st.integers(0, 1 << 32),
    st.lists(st.sampled_from(sorted(COLUMNS)), min_size=2, max_size=7, unique=True),
    st.integers(20, 40),
)
DIALECTS = st.one_of(
    st.tuples(st.sampled_from(DELIMITERS), st.just('"'), st.just(None), st.booleans()),
    st.tuples(st.sampled_from(",;\t|"), st.just("'"), st.just(None), st.just(True)),
    st.tuples(st.sampled_from(",;\t|"), st.just('"'), st.just("\\"), st.just(True)),
)


def table_of(made: tuple[random.Random, list[str], int], dialect: Dialect, *, every: bool) -> list[str]:
    pick, names, count = made
    return write([names, *([COLUMNS[name](pick) for name in names] for _ in range(count))], dialect, every=every)


@settings(max_examples=120, deadline=None)
@given(TABLES, DIALECTS)
def test_a_table_is_read_as_it_was_written_or_is_told_to_be_ambiguous(made, drawn):
    *parts, every = drawn
    dialect = Dialect(*parts)
    # With a comma in every cell of them, text between colons is text between commas to anybody.
    assume(dialect.delimiter != ":" or not {"address", "last, first"} & set(made[1]))
    text = "".join(table_of(made, dialect, every=every))
    found = look(text)
    assert found.ambiguous or cells(text, found.dialect) == cells(text, dialect)


@settings(max_examples=120, deadline=None)
@given(
    TABLES,
    DIALECTS,
    st.lists(st.sampled_from(["junk", '"open', "a,b;c|d\te", "{d}{d}{d}{d}{d}{d}{d}{d}{d}", "x{d}", "----"])),
)
def test_damage_to_one_row_in_twenty_turns_nothing(made, drawn, damage):
    *parts, every = drawn
    dialect = Dialect(*parts)
    lines = table_of(made, dialect, every=every)
    clean = look("".join(lines))
    for number, bad in enumerate(damage[: max(1, made[2] // 20)]):
        lines.insert(2 + 17 * number, bad.format(d=dialect.delimiter) + "\n")
    found = look("".join(lines))
    assert found.ambiguous or found.dialect == clean.dialect
