"""Text that was decoded wrongly: found in every encoding that UTF-8 is mistaken for, and never in real words."""

# ruff: noqa: RUF001
from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.geodata import GEOCODE_DATA

from leadsieve_rules.fields.mojibake import unmistaken
from leadsieve_rules.fields.suspects import suspect_findings

#: Words by language; more are place names from libphonenumber.
WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
PLACES = sorted({name for names in GEOCODE_DATA.values() for name in names.values() if not name.isascii()})


def found(*cells: str | None) -> list[tuple[int, str | None, str | None]]:
    return sorted(
        (row, finding.detail, finding.perhaps[i].as_py() if finding.perhaps else None)
        for finding in suspect_findings(pa.array(cells, pa.string()), "c")
        for i, row in enumerate(finding.index.tolist())
    )


def framed(word: str) -> list[str]:
    """Return a word as it stands in cells: capitals, quotation marks, after another."""
    capitals = word.upper()
    return [
        word,
        capitals,
        word.title(),
        f"«{word}»",
        f"„{capitals}“",
        f"“{capitals}”",
        f"{capitals}…",
        f"{word} – {capitals}",
    ]


@pytest.mark.parametrize("language", WORDS)
def test_real_words_are_not_suspect(language: str) -> None:
    cells = [form for word in [*WORDS[language].split(), WORDS[language]] for form in framed(word)]
    assert [(cells[row], perhaps) for row, _, perhaps in found(*cells)] == []


def test_place_names_of_many_languages_are_not_suspect() -> None:
    cells = [form for place in PLACES for form in (place, place.upper(), f"«{place.upper()}»")]
    assert len(PLACES) > 10_000
    assert [(cells[row], perhaps) for row, _, perhaps in found(*cells)] == []


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("MÃ¼ller", "Müller"),
        ("JosÃ©", "José"),
        ("SÃ£o Paulo", "São Paulo"),
        ("AlmagiÃ\xa0", "Almagià"),
        ("KÃ–LN", "KÖLN"),
        ("StraÃŸe", "Straße"),
        ("Stra\xc3\x9fe", "Straße"),
        ("donâ€™t", "don’t"),
        ("â‚¬ 5", "€ 5"),
        ("20Â°C", "20°C"),
        ("Ð¡Ð°ÑˆÐ°", "Саша"),
        ("РњР°СЂРёСЏ", "Мария"),
        ("MГјller", "Müller"),
        ("Å\x81Ã³dÅº", "Łódź"),
        ("Gdaĺ„sk".replace("ĺ„", "Ĺ„"), "Gdańsk"),
        ("YÄ±lmaz", "Yılmaz"),
        ("Î‘Î¸Î®Î½Î±", "Αθήνα"),
        ("Nguyá»…n", "Nguyễn"),
        ("Ù…Ø\xadÙ…Ø¯", "محمد"),
        ("à¤¦à¤¿à¤²à¥\x8dà¤²à¥€", "दिल्ली"),
        ("åŒ—äº¬", "北京"),
        ("ðŸ˜€", "😀"),
        ("M√ºller", "Müller"),
        ("donâ‚¬t â€“ MÃ¼ller", "don€t – Müller"),
        ("M├╝ller", "Müller"),
        ("MÃƒÂ¼ller", "Müller"),
        ("MÃƒÆ’Ã‚Â¼ller", "Müller"),
        ("Müller und SÃ¶hne", "Müller und Söhne"),
    ],
)
def test_mojibake_and_what_it_was(cell: str, meant: str) -> None:
    assert found("plain", cell, None, "Müller", cell) == [(1, "mojibake", meant), (4, "mojibake", meant)]


@pytest.mark.parametrize(
    ("cell", "detail"),
    [
        ("M\ufffdller", "lost_character"),
        ("Mï¿½ller", "lost_character"),
        ("锟斤拷", "lost_character"),
        ("it\x92s", "control_character"),
        ("a\x85b", "control_character"),
    ],
)
def test_what_nothing_can_be_said_of(cell: str, detail: str) -> None:
    assert found(cell, "plain") == [(0, detail, None)]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251", "mac_roman", "cp437", "cp850"])
def test_nearly_all_damage_is_found(encoding: str) -> None:
    drawn = random.Random(1).sample(PLACES, 1500)
    damaged = []
    for place in drawn:
        try:
            damaged.append((place, place.encode().decode(encoding)))
        except UnicodeDecodeError:
            continue
    rows = found(*(cell for _, cell in damaged))
    right = sum(damaged[row][0] == perhaps for row, _, perhaps in rows)
    assert len(damaged) > 300
    assert len(rows) > 0.93 * len(damaged)
    assert right > 0.9 * len(rows)


@given(st.text(max_size=30))
@settings(max_examples=300)
def test_the_cheap_pass_leaves_nothing_out(text: str) -> None:
    for cell in (text, text.encode().decode("latin-1"), text.encode().decode("cp437")):
        meant = unmistaken(cell)
        rows = found("a", cell)
        assert (meant is None) <= (not rows or rows[0][1] != "mojibake")
        assert (meant is not None) <= bool(rows)


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_ascii_is_never_suspect(text: str) -> None:
    assert found(text) == []


def test_slices_and_empty_columns() -> None:
    cells = pa.array(["MÃ¼ller", "x", None, "JosÃ©", "", "ü"], pa.string())
    (finding,) = suspect_findings(cells.slice(2, 4), "c")
    assert (finding.index.tolist(), finding.values.to_pylist(), finding.column) == ([1], ["JosÃ©"], "c")
    assert suspect_findings(cells.slice(0, 0), "c") == []
    assert suspect_findings(pa.nulls(3, pa.string()), "c") == []
