"""What a notebook shows of a run: counts, reasons and places, and nothing that is a cell, a script or a colour."""

import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest

import leadsieve as ls

NAME, NUMBER = "Zaphod <script>alert(1)</script>", "+12025550147"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a <b>.csv").write_text(f"phone,name,email\n{NUMBER},{NAME},x@\n{NUMBER},{NAME},\n12,{NAME},\n")
    (tmp_path / "b.csv").write_text("phone,name\n13,x\n")
    return tmp_path


def _texts(markup):
    """Return the text of each element; fails where one is not closed."""
    found, open_ = [], []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert {name for name, _ in attrs} <= {"scope", "style"}
            open_.append(tag)
            assert tag in {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}

        def handle_endtag(self, tag):
            assert open_.pop() == tag

        def handle_data(self, data):
            found.append(data)

    parser = Parser()
    parser.feed(markup)
    parser.close()
    assert open_ == []
    return found


def test_the_run_shows_counts_reasons_and_places(folder):
    with ls.clean(["a <b>.csv", "b.csv"], region="US", out="out", profile="voicegenie") as run:
        markup = run._repr_html_()
    texts = _texts(markup)
    assert texts[0] == "4 rows: 1 accepted, 3 rejected"
    assert texts[4:7] == ["accepted", "1", "out/accepted.parquet"]
    invalid = texts.index("Invalid phone number")
    assert texts[invalid : invalid + 4] == [
        "Invalid phone number",
        "2",
        "a <b>.csv 3, b.csv 1",
        "Correct the number in the source.",
    ]
    assert "Invalid email address" in texts[texts.index("accepted with a warning") :]
    (answer,) = (text for text in texts if text.startswith("voicegenie would answer"))
    assert re.match(r"voicegenie would answer 200: success true, uploaded_count 1, failed_count \d$", answer)


def test_no_cell_and_nothing_but_plain_markup_is_in_it(folder):
    for profile in ("plain", "voicegenie", "dialnexa", "ozonetel", "campaign-import"):
        with ls.clean(["a <b>.csv", "b.csv"], profile=profile) as run:
            markup = run._repr_html_()
        assert "Zaphod" not in markup
        assert NUMBER[-4:] not in markup.replace(str(run._folder._path), "")
        # A theme's own colours are kept.
        assert not re.search(r"<script|color|background|#[0-9a-f]{3}\b|class=", markup)
        _texts(markup)


def test_what_a_campaign_would_get_is_shown(folder):
    run = ls.clean("b.csv", region="US", campaign="<i>summer</i>", out="out", state="s.duckdb")
    assert any(text.startswith("campaign '<i>summer</i>': ") for text in _texts(run._repr_html_()))


def test_rows_that_were_corrected_are_shown(folder):
    with ls.clean("a <b>.csv", out="first") as run:
        rejected = run.rejected.to_pandas()
    rejected.loc[rejected["lead_row"] == 3, "phone"] = "+12025550148"
    with ls.clean(rejected) as again:
        said = "2 rejected rows judged again: 2 corrected, 0 still rejected"
        assert said in {line.strip() for line in repr(again).split("\n")}
        assert said in _texts(again._repr_html_())


def test_a_part_shows_its_first_rows():
    rows = 30
    frame = pa.table(
        {"phone": [f"+1202555{1000 + n}" for n in range(rows)], "<x>": ["y" * 60, "a\x1b[2J\u202eb", *["z"] * 28]}
    )
    with ls.clean(frame) as run:
        texts = _texts(run.accepted._repr_html_())
        assert texts[0] == "accepted.parquet: 30 rows, of which the first 10 are shown"
        assert "<x>" in texts
        assert f"{'y' * 40}..." in texts
        assert r"a\x1b[2J\u202eb" in texts
        assert "+12025551009" in texts
        assert "+12025551010" not in texts
        assert _texts(run.rejected._repr_html_())[0] == "rejected.parquet: 0 rows"


def test_lines_stay_lines(folder):
    with ls.clean("b.csv", region="US") as run:
        assert repr(run).split("\n")[0] == "1 row: 0 accepted, 1 rejected"
        assert repr(run.accepted) == f"<accepted.parquet: 0 rows, {len(run.accepted.schema)} columns>"
