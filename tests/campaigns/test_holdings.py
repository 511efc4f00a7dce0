"""A forgotten number is found in whatever a publication holds: requests too, in any spelling and wherever a piece ends."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve import holdings

NATIONAL = "2025550123"
_ARABIC = NATIONAL.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})


def _published(folder: Path, files: dict[str, str]) -> list[tuple[str, int | None, str | None]]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    entries = [{"name": name, "rows": None, "bytes": 0, "sha256": ""} for name in files]
    (folder / "run.json").write_text(json.dumps({"run_id": "r", "files": entries}))
    found = holdings.find_holdings([("r", str(folder))], NATIONAL).to_pylist()
    return [(Path(row["path"]).relative_to(folder).as_posix(), row["rows"], row["first_rows"]) for row in found]


def test_requests_are_looked_into(tmp_path: Path) -> None:
    contacts = [{"phone_number": "+12025550123", "note": "x"}, {"phone_number": "+12025550124", "note": "202-555-0123"}]
    found = _published(
        tmp_path,
        {
            "summary.json": json.dumps({"errors": [{"row": 4, "phone_number": f"({_ARABIC})"}]}, ensure_ascii=False),
            "requests/000001.json": json.dumps({"contacts": contacts}),
            "requests/000002.json": json.dumps({"contacts": [{"phone_number": "+12025550199"}]}),
            "requests/000001.csv": 'phone_number,note\r\n2025550124,"a, b"\r\n2025550123,\r\n',
            "requests/000002.csv": "phone_number,note\r\n2025550124,b\r\n",
        },
    )
    assert found == [("summary.json", 1, None), ("requests/000001.json", 2, None), ("requests/000001.csv", 1, "row 2")]


def test_the_answers_that_run_json_holds_are_looked_into(tmp_path: Path) -> None:
    assert _published(tmp_path, {}) == []
    (tmp_path / "run.json").write_text(json.dumps({"run_id": "r", "files": [], "answers": [["+1 202 555 0123"]]}))
    (found,) = holdings.find_holdings([("r", str(tmp_path))], NATIONAL).to_pylist()
    assert (Path(found["path"]).name, found["rows"]) == ("run.json", 1)


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    _published(tmp_path, {"requests/000001.json": "{}", "requests/000001.csv": "a\r\n"})
    for name in ("000001.json", "000001.csv"):
        (tmp_path / "requests" / name).unlink()
    told = holdings.find_holdings([("r", str(tmp_path))], NATIONAL).to_pylist()
    assert [row["rows"] for row in told] == [None, None]
    assert all("No such file" in row["note"] for row in told)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("+12025550123", 1),
        (2025550123, 1),
        (12025550123.0, 1),
        ('202"555\\"0123', 1),
        ("202\\", 0),
        ("a202\n555\x01 0123", 1),
        (_ARABIC, 1),
        (["202", "5550123"], 0),
        ({"202555": "0123"}, 0),
        ({"2025550123": None}, 1),
        (["2025550123", "2025550123 and 2025550123"], 3),
        ("20255501230", 1),
        ("2025550x12", 0),
    ],
)
def test_a_place_is_a_string_or_a_number(tmp_path: Path, value: object, count: int) -> None:
    found = _published(tmp_path, {"requests/000001.json": json.dumps({"x": value, "y": 0}, ensure_ascii=False)})
    assert found == ([("requests/000001.json", count, None)] if count else [])


_TEXT = st.text(st.sampled_from(["2", "0", "5", "٢", '"', "\\", "u", "-", "é", "\x02", " "]), max_size=14)
_VALUES = st.recursive(_TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=2))


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return [text for part in parts for text in _texts(part)]


@settings(max_examples=150)
@given(
    values=st.lists(_VALUES, max_size=6), digits=st.sampled_from(["2", "20", "202", "2225"]), piece=st.integers(1, 9)
)
def test_pieces_change_nothing(tmp_path_factory: pytest.TempPathFactory, values, digits, piece) -> None:
    path = tmp_path_factory.getbasetemp() / "a.json"
    path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holdings, "_PIECE", piece)
        count, _ = holdings._places_with(path, digits)
    plain = ["".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal()) for text in _texts(values)]
    assert count == sum(len(re.findall(digits, text)) for text in plain)
