"""A rejected file with the rows of several files: each is a source of its own again, with its own columns' meaning."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import leadsieve as ls
from leadsieve_connectors.sources import ReadOptions, open_sources

A = "phone,name,city\n+12025550123,Ann,x\n12,Bob,\n13,Cid,\n"
B = "Mobile,Full Name,zip\n+12025550124,Dee,y\n14,Eve,1\n15,Fay,2\n"


def _clean(tmp_path: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    sources = [tmp_path / f"{name}.csv" for name in texts]
    with ls.clean(sources, region="US", format="csv", out=tmp_path / "one"):
        return tmp_path / "one" / "rejected.csv"


def _places(part: ls.Part) -> list[tuple[str, int]]:
    return [(Path(row["lead_file"]).name, row["lead_row"]) for row in part.to_arrow().to_pylist()]


@pytest.mark.parametrize("chunk_bytes", [512, 1 << 20])
def test_files_of_different_headers(tmp_path: Path, again: SimpleNamespace, chunk_bytes: int) -> None:
    path = _clean(tmp_path, a=A, b=B)
    with ls.clean(path, region="US", format="csv", out=tmp_path / "two", tuning={"chunk_bytes": chunk_bytes}) as run:
        assert (tmp_path / "two" / "rejected.csv").read_bytes() == path.read_bytes()
        mapped = [source["mapping"]["phone_number"]["columns"] for source in run.info["sources"]]
        assert mapped == [["phone"], ["Mobile"]]
        assert [source["mapping"]["name"]["columns"] for source in run.info["sources"]] == [["name"], ["Full Name"]]
        names = run.accepted.schema.names
    with ls.clean([tmp_path / "a.csv", tmp_path / "b.csv"], region="US") as first:
        assert names == first.accepted.schema.names
    rows = again.read(path)
    mixed = [rows[3], rows[0], rows[2], rows[1]]
    for row in mixed:
        row["phone" if row["phone"] else "Mobile"] = "+1202555012" + row["lead_row"]
    with ls.clean(again.write(tmp_path / "mixed.csv", mixed), region="US", duplicates="none") as run:
        assert _places(run.accepted) == [("b.csv", 2), ("b.csv", 3), ("a.csv", 2), ("a.csv", 3)]
        assert [r["name"] for r in again.values(run.accepted)] == ["Eve", "Fay", "Bob", "Cid"]
        assert [(f["rows"], f["accepted"]) for f in run.ledger["files"]] == [(2, 2), (2, 2)]


def test_files_of_one_header_of_which_each_fills_a_part(tmp_path: Path) -> None:
    header = "phone,name,note\n"
    path = _clean(tmp_path, a=header + ",Ann,\n,Bob,\n", b=header + "12,,n\n13,,m\n", c=header + ",,x\n")
    options = {"region": "US", "map": {"note": "name"}, "format": "csv"}
    with ls.clean(path, out=tmp_path / "two", **options) as run:
        assert (tmp_path / "two" / "rejected.csv").read_bytes() == path.read_bytes()
        assert run.ledger["reasons"] == {"missing_phone": 3, "invalid_phone": 2}
    with ls.clean(path, region="US", region_column="note", duplicates="none") as run:
        assert run.ledger["rows"] == 5


def test_rows_that_interleave_keep_the_order_of_first_sight(tmp_path: Path, again: SimpleNamespace) -> None:
    header = "phone,name\n"
    rows = again.read(_clean(tmp_path, a=header + "12,a\n" * 40, b=header + "13,b\n" * 40))
    mixed = [row for pair in zip(rows[40:], rows[:40], strict=True) for row in pair]
    path = again.write(tmp_path / "mixed.csv", mixed)
    expected = [("b.csv", at) for at in range(1, 41)] + [("a.csv", at) for at in range(1, 41)]
    for chunk_bytes in (512, 1 << 20):
        with ls.clean(path, region="US", tuning={"chunk_bytes": chunk_bytes}) as run:
            assert _places(run.rejected) == expected


def test_a_rejected_file_and_another_file(tmp_path: Path) -> None:
    path = _clean(tmp_path, a=A)
    (tmp_path / "b.csv").write_text("phone,name\n12,x\n+12025550123,y\n+12025550123,z\n")
    with ls.clean([tmp_path / "b.csv", path], region="US") as run:
        assert _places(run.rejected) == [("b.csv", 1), ("b.csv", 3), ("a.csv", 2), ("a.csv", 3)]
        assert (run.ledger["judged_again"], run.ledger["corrected"], run.ledger["accepted"]) == (2, 0, 1)
        assert "2 rejected rows judged again: 0 corrected, 2 still rejected" in repr(run)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["a.csv", "one/rejected.csv"],
            "a.csv is given, and rejected rows of it in .*one/rejected.csv: .* give the rejected",
        ),
        (
            ["one/rejected.csv", "a.csv"],
            "a.csv is given, and rejected rows of it in .*one/rejected.csv: .* give the rejected",
        ),
        (
            ["one/rejected.csv", "copy.csv"],
            "rejected rows of .*a.csv stand in .*rejected.csv and .*copy.csv: .* into one",
        ),
        (
            ["one/rejected.csv", "one/rejected.csv"],
            "rejected rows of .*a.csv stand in .*rejected.csv and .*rejected.csv",
        ),
    ],
)
def test_a_row_is_judged_once(tmp_path: Path, given: list[str], message: str) -> None:
    path = _clean(tmp_path, a=A)
    (tmp_path / "copy.csv").write_bytes(path.read_bytes())
    with pytest.raises(ls.UsageError, match=message):
        ls.clean([tmp_path / name for name in given], region="US", out=tmp_path / "two")
    assert not (tmp_path / "two").exists()


def test_duplicates_are_named_by_their_own_rows(tmp_path: Path, again: SimpleNamespace) -> None:
    path = _clean(tmp_path, a=A, b=B)
    rows = again.read(path)
    for row in rows:
        row["phone" if row["phone"] else "Mobile"] = "+12025550177"
    edited = again.write(tmp_path / "edited.csv", rows)
    for tuning in ({}, {"memory": 64}, {"chunk_bytes": 64}):
        with ls.clean(edited, region="US", tuning=tuning) as run:
            found = [(r["lead_row"], r["code"], r["collides_with"]) for r in again.values(run.errors)]
            first = f"{tmp_path / 'a.csv'}, row 2"
            assert found == [
                (3, "duplicate_in_file", first),
                (2, "duplicate_in_run", first),
                (3, "duplicate_in_run", first),
            ]


def test_blank_records_are_counted_once(tmp_path: Path) -> None:
    path = _clean(tmp_path, a=A, b=B)
    text = path.read_text()
    path.write_text(text + "\n,,,,,,,,,,,\n\n")
    with ls.clean(path, region="US") as run:
        assert run.ledger["blank_records"] == 3
    with open_sources([str(path)], ReadOptions(chunk_bytes=64)) as sources:
        assert [sum(c.blank_records for c in source.chunks()) for source in sources] == [3, 0]
