"""The forms of JSON that hold leads, told apart by what they say: columns, cells, lines and settings."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest

from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources
from leadsieve_connectors.sources.formats import find_format
from leadsieve_connectors.sources.json.columns import MAX_COLUMNS

CHUNK_SIZES = (1, 7, 4 << 20)
A, B = {"a": "1"}, {"a": "2"}


@pytest.mark.parametrize("chunk_bytes", CHUNK_SIZES)
@pytest.mark.parametrize(
    ("text", "form", "path", "lines"),
    [
        ('{"a":"1"}\n\n{"a":"2"}\n', "lines", None, [1, 3]),
        ('\n {"a":"1"} \r\n{"a":"2"}', "lines", None, [2, 3]),
        ('{"a":"1"}\r{"a":"2"}\r', "lines", None, [1, 2]),
        ('[{"a":"1"},{"a":"2"}]', "array", None, [1, 1]),
        ('[\n{"a":"1"}\n,{"a":"2"}\n]\n', "array", None, [2, 3]),
        ('[\n{"a":"1"}\n{"a":"2"},\n]', "array", None, [2, 3]),
        ('[\r\n  {\r\n    "a": "1"\r\n  },\r\n  {\r\n "a": "2" } ]', "array", None, [2, 5]),
        ('{"campaignName":"c","contacts":[{"a":"1"},\n{"a":"2"}]}', "object", "contacts", [1, 2]),
        ('{"contacts":[{"a":"1"},{"a":"2"}],"other":[{"b":1}]}', "object", "contacts", [1, 1]),
        ('{\n"x":1,\n"bulkData":{"map":["a"],"data":[["1"],\n["2"]]}}', "object", "bulkData.data", [3, 4]),
        ('{"bulkData":{"data":[["1"],["2"]],"map":["a"]}}', "object", "bulkData.data", [1, 1]),
        (
            '{\n"bulkData":"{\\"map\\":[\\"a\\"],\\n\\"data\\":[[\\"1\\"],\\n[\\"2\\"]]}"}',
            "object",
            "bulkData.data",
            [2, 2],
        ),
        ('{"map":["a"],"data":[["1"],["2"]]}', "object", "data", [1, 1]),
        ('{"map":[{"z":1}],"data":[{"a":"1"},{"a":"2"}],"map2":1}', None, None, None),
        ('{"ok":true,"tags":["x"],"data":{"items":[{"a":"1"},{"a":"2"}]}}', "object", "data.items", [1, 1]),
    ],
)
def test_forms(read, text, form, path, lines, chunk_bytes):
    if form is None:
        with pytest.raises(SourceError, match=r"map, data\); name the right one: --records-path map") as caught:
            read(text.encode(), "leads.json", chunk_bytes=chunk_bytes)
        assert caught.value.code == "ambiguous_records"
        return
    for name in ("leads.json", "leads.txt"):
        got = read(text.encode(), name, chunk_bytes=chunk_bytes)
        assert got.rows == {1: ("1",), 2: ("2",)}
        assert (got.headers, got.lines, got.bad, got.nbytes) == (("a",), lines, [], got.size)
        assert (got.dialect["form"], got.dialect["records_path"]) == (form, path)


@pytest.mark.parametrize(
    ("text", "name", "form"),
    [
        ('{"phone":"1","tags":[{"k":1}]}', "one.jsonl", "lines"),
        ('{"phone":"1","tags":["k"]}', "one.json", "object"),
        ('{"a":\n{"a":"1"}\n{"a":"2"}\n{"a":"3"}\n', "broken-first.json", "lines"),
        ('{"contacts":[\n{"a":"1"}\n]}', "contacts.jsonl", "object"),
        ('[1]\n{"a":"1"}', "x", "lines"),
    ],
)
def test_lines_or_document(read, text, name, form):
    assert read(text.encode(), name).dialect["form"] == form


def test_cells_are_the_text_of_the_values(read):
    record = """{"big":919876543210123456789,"f":1.0,"e":9.19E+11,"z":-0,"t":true,"n":null,"s":"","o":{"b":[1.50, "é\\u00e9"]},
        "l":[],"x":" ","long":0.10000000000000000001}"""
    got = read(f"[{record}]".encode(), "leads.json")
    cells = dict(zip(got.headers, got.rows[1], strict=True))
    assert cells == {
        "big": "919876543210123456789",
        "f": "1.0",
        "e": "9.19E+11",
        "z": "-0",
        "t": "true",
        "n": None,
        "s": None,
        "o": '{"b":[1.50,"éé"]}',
        "l": "[]",
        "x": " ",
        "long": "0.10000000000000000001",
    }


def test_columns_are_the_union_of_keys_and_what_is_flattened_keeps_its_place(read):
    records = [
        {"phone": 1, "custom_fields": {"city": "Pune", "phone": 2}},
        {"custom_data": {"city": "Goa", "n": {"a": 1.0}}, "city": "Agra"},
        {"phone": 3, "custom_fields": None, "custom_data": {}},
        {"custom_fields": "text", "": "nameless"},
    ]
    got = read("\n".join(map(json.dumps, records)).encode(), "leads.jsonl")
    assert got.headers == ("phone", "city", "phone", "city", "n", "city", "custom_fields", "")
    assert got.columns == ["phone", "city", "phone_2", "city_2", "n", "city_3", "custom_fields", "column_8"]
    assert list(got.rows.values()) == [
        ("1", "Pune", "2", None, None, None, None, None),
        (None, None, None, "Goa", '{"a":1.0}', "Agra", None, None),
        ("3", None, None, None, None, None, None, None),
        (None, None, None, None, None, None, "text", "nameless"),
    ]


def test_settings_without_secrets(tmp_path):
    body = {
        "apiKey": "S3",
        "API_KEY": "S3",
        "authToken": "S3",
        "Password": "S3",
        "campaignName": "c",
        "isScheduledCall": False,
        "redialConfig": {"maxAttempts": 3, "retryIntervals": [60, 1.5], "client_secret": "S3"},
        "schedule_time": None,
        "contacts": [A],
        "tags": ["x"],
        "long": {"x": "y" * 70_000},
    }
    path = tmp_path / "body.json"
    path.write_text(json.dumps(body))
    with open_sources([str(path)], ReadOptions()) as (source,):
        assert source.settings == {
            "campaignName": "c",
            "isScheduledCall": False,
            "schedule_time": None,
            "redialConfig": {"maxAttempts": 3, "retryIntervals": [60, 1.5]},
        }
        assert "S3" not in str(source.dialect) + str(source.headers)


@pytest.mark.parametrize("chunk_bytes", CHUNK_SIZES)
def test_lists_of_cells_fit_the_map(read, chunk_bytes):
    body = (
        '{"map":["p","n"],"data":[["1",2.0],["2"],["3","x",1],[null," "],[],{"p":1},["4",[1.0]],["5",NaN],["6","y"]]}'
    )
    got = read(body.encode(), "bulk.json", chunk_bytes=chunk_bytes)
    assert got.rows == {1: ("1", "2.0"), 5: ("4", "[1.0]"), 7: ("6", "y")}
    assert [(row, fault) for row, _, _, fault in got.bad] == [
        *((2, "too_few_fields"), (3, "too_many_fields"), (4, "not_a_record"), (6, "invalid_json"))
    ]
    assert got.blank == 2


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        *((b"{", "invalid_json"), (b'{"a":1,"a":2}', "invalid_json"), (b'{"a":{"b":1,"b":2}}', "invalid_json")),
        *((b'{"a":NaN}', "invalid_json"), (b'{"a":-Infinity}', "invalid_json"), (b'{"a":01}', "invalid_json")),
        *((b'{"a":1}}', "invalid_json"), (b'{"a":"\t"}', "invalid_json"), (b"{'a':1}", "invalid_json")),
        *((b"[1]", "not_a_record"), (b"5", "not_a_record"), (b"null", "not_a_record"), (b'"x"', "not_a_record")),
        *((b'{"a":"\\ud800"}', "undecodable_bytes"), (b'{"\\udfff":1}', "undecodable_bytes")),
        *((b'{"a":"\xff"}', "undecodable_bytes"), (b'{"a":["\\ud800\\ud800"]}', "undecodable_bytes")),
        (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "invalid_json"),
        (b'{"a":' + b"[" * 50_000 + b"}", "invalid_json"),
        (b'{"a":"' + b"x" * 200_000 + b'"}', "record_too_large"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [3, 4 << 20])
def test_a_bad_line_costs_itself(read, raw, fault, chunk_bytes):
    text = b'{"a":"1"}\n' + raw + b'\r\n{"a":"\\ud83d\\ude00"}\n'
    got = read(text, "leads.jsonl", chunk_bytes=chunk_bytes, encoding="utf-8", max_record_bytes=150_000)
    assert (got.rows, got.lines) == ({1: ("1",), 3: ("\U0001f600",)}, [1, 3])
    shown = raw.decode("utf-8", "backslashreplace")[:32767]
    assert got.bad == [(2, 2, shown, fault)]


@pytest.mark.parametrize("chunk_bytes", [5, 4 << 20])
@pytest.mark.parametrize(
    "large", ['{"a":"' + "é" * 40_000 + '"}', '{"a":[' + '{"k":"]"},' * 8_000 + "1]}", '"' + "x" * 80_000 + '"']
)
def test_a_record_that_is_too_large_is_passed_over(read, large, chunk_bytes):
    got = read(
        f'[{{"a":"1"}},\n{large}\n,{{"a":"2"}}]'.encode(), "a.json", chunk_bytes=chunk_bytes, max_record_bytes=200
    )
    assert (got.rows, got.lines) == ({1: ("1",), 3: ("2",)}, [1, 3])
    assert [(row, line, fault) for row, line, _, fault in got.bad] == [(2, 2, "record_too_large")]
    assert large.startswith(got.bad[0][2])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ['[{"é":"ü"}]', '{"é":"ü"}\n{"é":"x"}\n', '\n{"contacts":[{"é":"ü"}]}'])
@pytest.mark.parametrize("chunk_bytes", CHUNK_SIZES)
def test_encodings(read, encoding, text, chunk_bytes):
    told = encoding if encoding.endswith("e") else None
    got = read(text.encode(encoding), "leads", chunk_bytes=chunk_bytes, encoding=told)
    assert (got.headers, got.rows[1], got.bad) == (("é",), ("ü",), [])


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        *((b"", "empty_file", "is empty"), (b" \n", "empty_file", "is empty"), (b"[]", "empty_file", "no record")),
        *((b'{"contacts":[]}', "empty_file", "no record"), (b'{"a":null}\n{}\n', "empty_file", "no record")),
        *(
            (b"hello", "malformed_file", "line 1 is not JSON"),
            (b"[1,2]", "malformed_file", "no record is a JSON object"),
        ),
        *((b'[{"a":1}] x', "malformed_file", "behind the document"), (b'[{"a":1},', "malformed_file", "ends inside")),
        *((b'[{"a":1}][', "malformed_file", "behind the document"), (b'{"a":1,\n,}', "malformed_file", "line 2")),
        *((b'{"x":1,"x":2,"contacts":[{"a":1}]}', "malformed_file", "'x' stands twice"),),
        *((b'{"l":[{"a":1}],"m":[{"a":1}]}', "ambiguous_records", r"2 arrays of records are there \(l, m\)"),),
        *((b'{"campaignName":"\xff","contacts":[{"a":1}]}', "encoding_error", "campaignName"),),
        (b'{"contacts":[{"b":[{"k":1},{"k":2},\n{"a":3},{"a":4}]}', "malformed_file", "line 1"),
        (b"[" + b",".join(b'{"k%d":1}' % i for i in range(MAX_COLUMNS + 1)) + b"]", "resource_limit", "10,000"),
    ],
)
def test_what_cannot_be_read_is_said(read, text, code, words):
    with pytest.raises(SourceError, match=words) as caught:
        read(text, "leads.json", encoding="utf-8")
    assert caught.value.code == code
    assert "\n" not in caught.value.message


BODY = b'{"data":{"leads":[{"a":1}],"old":[{"a":2}],"b.c":{"x":[{"a":3}]},"pages":[{"r":[{"a":4}]}]},"deep":{"a":{"b":{"c":{"d":[{"a":5}]}}}}}'


@pytest.mark.parametrize(
    ("path", "cell"),
    [("data.leads", "1"), ("data.old", "2"), ("data.b.c.x", "3"), ("data.pages.0.r", "4"), ("deep.a.b.c.d", "5")],
)
def test_the_path_to_the_records_is_told(read, path, cell):
    got = read(BODY, "leads.json", records_path=path)
    assert (got.rows, got.dialect["records_path"]) == ({1: (cell,)}, path)


@pytest.mark.parametrize(
    ("text", "options", "code", "words"),
    [
        (BODY, {"records_path": "nope"}, "ambiguous_records", "--records-path data.leads"),
        (b'{"a":1,"b":{"c":[1]}}', {"records_path": "b.c"}, "ambiguous_records", "at b.c, nor is there any other"),
        (b'{"a":1}\n{"a":2}', {"records_path": "x"}, "invalid_option", "JSON Lines"),
        (b'[{"a":1,"b":2}]', {"columns": ("x",)}, "invalid_option", r"1 names were given for 2 columns \(a, b\)"),
        (b'[{"a":1}]', {"header": False}, "invalid_option", "--no-header"),
        (b'[{"a":1}]', {"skip_rows": 1}, "invalid_option", "--skip-rows"),
    ],
)
def test_options_that_do_not_fit(read, text, options, code, words):
    with pytest.raises(SourceError, match=words) as caught:
        read(text, "leads.json", **options)
    assert caught.value.code == code


def test_columns_are_renamed_by_position(read):
    got = read(b'[{"a":1,"b":2}]', "leads.json", columns=("phone", "phone"))
    assert (got.headers, got.columns, got.rows) == (("phone", "phone"), ["phone", "phone_2"], {1: ("1", "2")})


@pytest.mark.parametrize(
    "text", [b'[{"a":1},5,{},{"a":2},{"a":" "},{"a":3}]', b'{"a":1}\n5\n\n{"a":2}\n{"a":" "}\n{"a":3}']
)
@pytest.mark.parametrize(("limit", "rows", "blank"), [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 3, 1), (4, 4, 2), (9, 4, 2)])
@pytest.mark.parametrize("chunk_bytes", CHUNK_SIZES)
def test_max_rows_is_exact(read, text, limit, rows, blank, chunk_bytes):
    got = read(text, "leads.json", max_rows=limit, chunk_bytes=chunk_bytes)
    assert (len(got.rows) + len(got.bad), got.blank) == (rows, blank)


@pytest.mark.parametrize(
    "text", [b'[{"a":1},{"a":2}]', b'{"a":1}\n{"a":2}\n', b'{"contacts":[{"a":1},{"a":2}],"x":1}\n', b'{"a":1}']
)
def test_hash_and_change(tmp_path, text):
    path = tmp_path / "leads.json"
    path.write_bytes(text)
    with open_sources([str(path)], ReadOptions(chunk_bytes=2)) as (source,):
        list(source.chunks())
        assert source.sha256() == hashlib.sha256(text).hexdigest()
        chunks = source.chunks()
        next(chunks)
        path.write_bytes(text + b" ]")
        with pytest.raises(SourceChanged):
            list(chunks)


def test_sparse_records_are_cut_into_narrow_tables(tmp_path, monkeypatch):
    monkeypatch.setattr("leadsieve_connectors.sources.json.source._MAX_CELLS", 40)
    path = tmp_path / "leads.jsonl"
    path.write_text("".join(f'{{"k{number}":1}}\n' for number in range(10)))
    with open_sources([str(path)], ReadOptions()) as (source,):
        assert [chunk.table.num_rows for chunk in source.chunks()] == [4, 4, 2]


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    sizes: list[int] = []
    from leadsieve_connectors.sources.json.window import Window

    more = Window.more

    def watched(window: Window) -> bool:
        found = more(window)
        sizes.append(len(window.text))
        return found

    monkeypatch.setattr(Window, "more", watched)
    path = tmp_path / "leads.json"
    path.write_text("[" + ",".join(['{"phone":"+14155550100","name":"Ann"}'] * 30_000) + "]")
    with open_sources([str(path)], ReadOptions(chunk_bytes=1 << 12)) as (source,):
        assert sum(chunk.num_rows for chunk in source.chunks()) == 30_000
    assert max(sizes) < 1 << 17


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        *(
            (b'{"a":1}', "x", "json"),
            (b' \n[{"a"', "x", "json"),
            (b"{}", "x", "json"),
            (b"{\n", "x", "json"),
            (b"[[1,2]]", "x", "json"),
        ),
        *(
            (b'\xef\xbb\xbf{"a": 1}', "x", "json"),
            ('[{"a":1}]'.encode("utf-16"), "x", "json"),
            (b'{"a":1 "b"', "x", "json"),
        ),
        *(
            ('{"a":1}'.encode("utf-16-le"), "x", "json"),
            ('{"a":1}'.encode("utf-16-be"), "x", "json"),
            (b"[]", "x", "json"),
        ),
        *((b"phone,name", "leads.JSON", "json"), (b"", "leads.ndjson", "json"), (b'{"a":1}{"a":2}', "x", "json")),
        *((b"{name},phone\n", "x", "csv"), (b'{"name"},phone\n', "x", "csv"), (b"[id],[phone]\n1,2\n", "x", "csv")),
        *((b'["a"],["b"]\n1,2\n', "x", "csv"), (b'{"a":1},919811112222\n', "x", "csv"), (b'{"a":1}|9\n', "x", "csv")),
        *(
            (b"[[id]],phone\n", "x", "csv"),
            (b"[{id}],phone\n", "x", "csv"),
            (b"{},phone\n", "x", "csv"),
            (b"[1],2\n", "x", "csv"),
        ),
        *((b"[name]\nAnn\n", "x", "csv"), (b"{", "x", "json"), (b"", "x", "csv")),
    ],
)
def test_json_is_known_by_its_first_bytes_or_its_name(head: bytes, name: str, expected: Any):
    assert find_format(head, SimpleNamespace(name=name, inner_name=name)) == expected
