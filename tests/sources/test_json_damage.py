"""Random JSON documents with random damage: what is sound comes out exact, what is broken is shown, nothing else happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_SIZES = (1, 2, 3, 7, 16, 61, 4 << 20)
FORMS = ("lines", "array", "lines of an array", "pretty", "contacts", "contacts last", "items")

TEXTS = st.one_of(
    st.sampled_from(
        ["Ann", "", " ", "a,b", "},{", '"', "\\", "é\U0001f600", "]", '{"p":"1"}', "\n", "\u2028", "null", "x:y"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
NUMBERS = st.sampled_from(["0", "-0", "1.0", "919876543210123456789", "9.19E+11", "1e5", "-12.50"])
SCALARS = st.one_of(TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)), TEXTS.map(json.dumps), NUMBERS)
VALUES = st.one_of(
    SCALARS, SCALARS, st.sampled_from(["true", "false", "null", "[]", "{}", '[1,{"k":2.0}]', '{"z":"y"}'])
)
KEYS = st.sampled_from(["name", "city", "é", "a b", 'q"q', "age"])


@st.composite
def records(draw: st.DrawFn) -> list[str]:
    """Return the members of a record as texts; its first says that it is one."""
    members = {"phone": draw(st.integers(1, 10**9).map(lambda number: f'"{number}"'))}
    members |= draw(st.dictionaries(KEYS, VALUES, max_size=3))
    return [f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in members.items()]


def compact(members: list[str]) -> str:
    return "{" + ", ".join(members) + "}"


# What breaks a record's text, in a way that leaves the others as they are. A quote that goes missing is that of
# plain text, for what stood between quotes may look like anything.
def drop_quote(text: str, place: int) -> str:
    quotes = [at for at, char in enumerate(text[: text.index(",") if "," in text else len(text) - 1]) if char == '"']
    at = quotes[place % len(quotes)]
    return text[:at] + text[at + 1 :]


DAMAGES = {
    "cut": lambda text, place: text[: 1 + place % (len(text.split(",")[0]) - 1)],
    "quote": drop_quote,
    "byte": lambda text, _: text.replace('"phone": "', '"phone": "\udcff', 1),
    "byte outside": lambda text, _: text[:1] + "\udcfe" + text[1:],
    "comma": lambda text, _: text[:-1] + ",}",
    "NaN": lambda text, _: text[:-1] + ', "n": NaN}',
    "word": lambda text, _: text[:-1] + ', "n": bob}',
    "nested": lambda text, _: text[:-1] + ', "n": ' + "[" * 101 + "]" * 101 + "}",
    "deep": lambda text, _: text[:-1] + ', "n": ' + "[" * 3000 + "]" * 3000 + "}",
    "twice": lambda text, _: text[:-1] + ', "phone": 1}',
    "surrogate": lambda text, _: text[:-1] + ', "n": "\\ud800"}',
    "brace": lambda text, _: text[:-1],
    "colon": lambda text, _: text.replace(":", "", 1),
    "list": lambda text, _: f"[{text}]",
    "scalar": lambda _text, place: str(place),
    "null": lambda _text, _: "null",
}
LISTED = st.lists(
    st.tuples(records(), st.one_of(st.none(), st.none(), st.sampled_from(sorted(DAMAGES))), st.integers(0, 1000)),
    min_size=1,
    max_size=8,
)


def write(texts: list[str], sound: list[bool], form: str, newline: str) -> tuple[str, list[int]]:
    """Return a document and the line on which each record starts."""
    if form == "pretty":
        texts = [
            json.dumps(json.loads(text), indent=2, ensure_ascii=False) if fine and not number_matters(text) else text
            for text, fine in zip(texts, sound, strict=True)
        ]
        texts = [text.replace("\n", newline) for text in texts]
    before, between, after = {
        "lines": ("", newline, newline),
        "array": ("[", ",", "]"),
        "lines of an array": (f"[{newline}", f"{newline}, ", f"{newline}]{newline}"),
        "pretty": (f"[{newline}  ", f",{newline}  ", f"{newline}]"),
        "contacts": ('{"contacts": [', ", ", '], "campaignName": "Sum]mer", "redialConfig": {"enabled": true}}'),
        "contacts last": (f'{{"campaignName": "Sum]mer",{newline}"contacts": [', f",{newline}", "]}"),
        "items": ('{"data": {"tags": ["[", 1], "items": [', ",", ']}, "ok": true}'),
    }[form]
    document, lines = before, []
    for number, text in enumerate(texts):
        document += between if number else ""
        lines.append(1 + document.count(newline))
        document += text
    return document + after, lines


def number_matters(text: str) -> bool:
    """Tell whether Python's numbers would write the record otherwise."""
    return bool(set("0123456789") & set(text.replace('"phone": "', "", 1).split('"', 1)[1]))


def cells(text: str) -> dict[str, str | None]:
    """Return a sound record's cells by Python's `json`."""

    class Literal(float):
        """A number that keeps its text."""

    def shown(value: Any) -> str:
        if isinstance(value, Literal):
            return str(value.text)  # type: ignore[attr-defined]
        if isinstance(value, list):
            return "[" + ",".join(map(shown, value)) + "]"
        if isinstance(value, dict):
            return "{" + ",".join(f"{shown(key)}:{shown(item)}" for key, item in value.items()) + "}"
        return json.dumps(value, ensure_ascii=False)

    def literal(number: str) -> Literal:
        made = Literal(0)
        made.text = number  # type: ignore[attr-defined]
        return made

    record = json.loads(text, parse_int=literal, parse_float=literal)
    return {
        key: (value if isinstance(value, str) else shown(value)) or None if value is not None else None
        for key, value in record.items()
    }


def read(
    path: Path, **options: Any
) -> tuple[dict[int, tuple[int, dict[str, str]]], dict[int, tuple[int, str, str]], int, Any]:
    good: dict[int, tuple[int, dict[str, str]]] = {}
    bad: dict[int, tuple[int, str, str]] = {}
    blank, nbytes = 0, 0
    with open_sources([str(path)], ReadOptions(**options)) as sources:
        (source,) = sources
        for chunk in source.chunks():
            numbers = sorted(chunk.rows.to_pylist() + chunk.bad["row"].to_pylist())
            assert numbers == list(range(len(good) + len(bad) + 1, len(good) + len(bad) + 1 + chunk.num_rows))
            records = [dict(zip(source.headers, row.values(), strict=True)) for row in chunk.table.to_pylist()]
            for row, line, record in zip(chunk.rows.to_pylist(), chunk.lines.to_pylist(), records, strict=True):
                good[row] = line, {key: value for key, value in record.items() if value is not None}
            for record in chunk.bad.to_pylist():
                bad[record["row"]] = record["line"], record["raw"], record["fault"]
            blank += chunk.blank_records
            nbytes += chunk.nbytes
        assert nbytes == source.size
        return good, bad, blank, source.settings


@settings(max_examples=220, deadline=None)
@given(
    listed=LISTED,
    form=st.sampled_from(FORMS),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    chunk_bytes=st.sampled_from(CHUNK_SIZES),
)
def test_damage_costs_its_own_record_only(tmp_path_factory, listed, form, newline, chunk_bytes):
    first = '{"phone": "0", "name": "first"}'
    texts, sound = [first], [True]
    for members, damage, place in listed:
        text = compact(members)
        texts.append(DAMAGES[damage](text, place) if damage else text)
        sound.append(damage is None)
        # It cannot be seen where the broken record's own text looks like the border of two.
        assume(not damage or form == "lines" or not any("},{" in member for member in members))
        if damage and form != "lines":
            # Where one broken record ends and the next begins cannot always be seen in a document.
            texts.append(first)
            sound.append(True)
    if form == "lines":
        # A file of which no line but the first can be read is refused: its encoding is another.
        texts.append(first)
        sound.append(True)
    document, lines = write(texts, sound, form, newline)
    path = tmp_path_factory.getbasetemp() / ("damaged.jsonl" if form == "lines" else "damaged.json")
    path.write_bytes(document.encode("utf-8", "surrogateescape"))
    good, bad, blank, found = read(path, chunk_bytes=chunk_bytes, encoding="utf-8")
    assert blank == 0
    assert set(good) | set(bad) == set(range(1, len(texts) + 1))
    for row, (text, fine, line) in enumerate(zip(texts, sound, lines, strict=True), 1):
        if fine:
            expected = {key: value for key, value in cells(text).items() if value is not None}
            assert good[row] == (line, expected)
        else:
            shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            assert (bad[row][0], bad[row][1].rstrip()) == (line, shown[:32767].rstrip())
    if form == "contacts":
        assert found == {"campaignName": "Sum]mer", "redialConfig": {"enabled": True}}


PIECES = st.lists(
    st.sampled_from(
        [
            *(b'{"a":1}', b'{"a":"x","b":[{"k":1},{"k":2}]}', b"[", b"]", b"{", b"}", b",", b'"', b":", b"\n", b"\r\n"),
            *(
                b'"contacts":',
                b'"map":["x","y"],"data":',
                b'["1","2"]',
                b"\xff",
                b"NaN",
                b"\\",
                b'"a"',
                b"1",
                b" ",
                b"\r",
            ),
            *(b'{"a":"' + b"x" * 60 + b'"}', b'{"c":', b"null", b'{"a":{"b":'),
        ]
    ),
    max_size=25,
).map(b"".join)


@settings(max_examples=120, deadline=None)
@given(
    before=st.sampled_from([b"", b"[", b'{"contacts":[', b'{"bulkData":{"map":["x","y"],"data":[', b'{"a":1}\n']),
    body=PIECES,
    after=st.sampled_from([b"", b"]", b"]}", b"]}}"]),
    max_record_bytes=st.sampled_from([8, 50, 1 << 20]),
)
def test_results_do_not_depend_on_the_chunk_size(tmp_path_factory, before, body, after, max_record_bytes):
    path = tmp_path_factory.getbasetemp() / "nasty.json"
    path.write_bytes(before + body + after)

    def outcome(chunk_bytes: int) -> object:
        try:
            return read(path, chunk_bytes=chunk_bytes, max_record_bytes=max_record_bytes, encoding="utf-8")
        except SourceError as error:
            return error.code, error.message

    results = [outcome(size) for size in CHUNK_SIZES]
    assert all(result == results[0] for result in results[1:])


@pytest.mark.parametrize("chunk_bytes", CHUNK_SIZES)
def test_a_cut_document_is_never_short_in_silence(tmp_path, chunk_bytes):
    document = b'{"campaignName":"c","contacts":[\n{"a":"1"},\n{"a":"2","b":{"c":[1,2]}}\n],"x":"y"}\n'
    for stop in range(2, len(document) - 2):
        path = tmp_path / "cut.json"
        path.write_bytes(document[:stop])
        with pytest.raises(SourceError) as caught:
            open_sources([str(path)], ReadOptions(chunk_bytes=chunk_bytes))
        assert caught.value.code == "malformed_file"
        assert "\n" not in caught.value.message
