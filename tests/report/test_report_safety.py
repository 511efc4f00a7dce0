"""A report loads nothing and runs nothing, whatever the data hold, and shows cells masked unless it is told not to."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from report_pages import HOSTILE, TURNED, Page

from leadsieve.reporting.svg import inline

TAGS = frozenset(
    (
        *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "article", "nav"),
        *("h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "div", "span", "strong", "code", "bdi", "a"),
        *("figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
        *("svg", "g", "path", "line", "rect", "text", "desc"),
    )
)
ATTRIBUTES = frozenset(
    (
        *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "role", "scope", "tabindex"),
        *("aria-label", "aria-labelledby", "aria-hidden", "width", "height", "viewbox", "preserveaspectratio"),
        *("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "text-anchor", "font-size", "font-weight"),
    )
)


@pytest.fixture(scope="module", params=[False, True], ids=["masked", "in full"])
def written(request: pytest.FixtureRequest, masked: Path, full: Path) -> tuple[bool, str]:
    return request.param, (full if request.param else masked).read_text()


def test_nothing_in_the_data_is_markup(written: tuple[bool, str]) -> None:
    page = Page(written[1])
    assert {tag for tag, _ in page.tags} <= TAGS
    for _, attributes in page.tags:
        assert attributes.keys() <= ATTRIBUTES
        assert attributes.get("href", "#").startswith("#")
    assert "<script>alert(1)</script>" in page.text
    assert "<img src=x onerror=alert(1)>.csv" in page.text
    assert "<b onclick=alert(1)>" in page.text


def test_nothing_is_loaded(written: tuple[bool, str]) -> None:
    page = Page(written[1])
    (policy,) = (one["content"] for tag, one in page.tags if one.get("http-equiv") == "Content-Security-Policy")
    (style,) = re.findall("<style>(.*?)</style>", written[1], re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert all("style" not in attributes for _, attributes in page.tags)


def test_what_hides_is_made_visible(written: tuple[bool, str]) -> None:
    assert TURNED not in written[1]
    assert all(character.isprintable() for character in written[1] if character != "\n")


def test_cells_are_masked_unless_they_are_asked_for(written: tuple[bool, str]) -> None:
    show_values, page = written
    text = Page(page).text
    # What stands in names is there anyway.
    cells = [cell for cell in HOSTILE if "script>alert" not in cell and "<img" not in cell]
    shown = [cell for cell in cells if sum(map(str.isalpha, cell)) > 4 and cell in text]
    assert bool(shown) is show_values
    assert ("9876543210" in text) is show_values
    assert ("they may be personal data" in text) is show_values


def test_each_chart_has_a_title_a_description_and_a_table(written: tuple[bool, str]) -> None:
    page = Page(written[1])
    charts = [one for tag, one in page.tags if tag == "svg" and "chart" in (one["class"] or "")]
    assert len(charts) == 8
    ids = [one["id"] for _, one in page.tags if "id" in one]
    assert len(ids) == len(set(ids))
    for chart in charts:
        assert chart["role"] == "img"
        assert set((chart["aria-labelledby"] or "").split()) <= set(ids)
    links = {one["href"] for tag, one in page.tags if tag == "a"}
    assert {link[1:] for link in links if link} <= set(ids)


def test_a_drawing_keeps_shapes_and_text_only() -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x()" width="9">'
        '<script>x()</script><style>*{}</style><a xlink:href="javascript:x()"><text>a</text></a>'
        '<g onclick="x()" style="x"><text fill="#010101" aria-label="b">&lt;b></text></g><foreignObject/><image/></svg>'
    )
    page = inline(drawn, colours={"#010101": "ink"}, title="<t>", description="&", id="one", name="chart")
    assert page == (
        '<svg width="9" class="chart" role="img" aria-labelledby="one-title one-description">'
        '<title id="one-title">&lt;t&gt;</title><desc id="one-description">&amp;</desc>'
        '<g><text class="fill-ink">&lt;b&gt;</text></g></svg>'
    )
