"""A report in a real browser, without a network: it opens, says nothing on the console, and holds no element of the data."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_pages import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium, which .ci/run installs on Debian")
#: Nothing but the page, and no way out: every name is unknown.
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0"),
)


@pytest.fixture(scope="module")
def profile() -> Iterator[str]:
    # Its sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="leadsieve-", ignore_cleanup_errors=True) as folder:
        yield folder


def browse(page: Path, profile: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open a page; what the console says must be nothing."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True, env={**os.environ, "HOME": profile}
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    return done


def picture_of(path: Path) -> tuple[int, int, bytes, int]:
    """Read a PNG: its width, its height, the colour of its first pixel, and how many of its rows are unlike."""
    data, at, packed = path.read_bytes(), 8, b""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    assert (depth, interlaced) == (8, 0)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(packed), width * {2: 3, 6: 4}[kind] + 1
    # Behind the byte that names its filter, the first pixel of a picture stands as it is, whatever the filter.
    return width, height, raw[1:4], len({raw[row * stride : (row + 1) * stride] for row in range(height)})


def test_the_browser_sees_what_was_written(full: Path, profile: str) -> None:
    done = browse(full, profile, "--dump-dom")
    written, seen = Page(full.read_text()), Page(done.stdout)
    assert [tag for tag, _ in seen.tags] == [tag for tag, _ in written.tags]
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert seen.tables == written.tables
    assert seen.text.split() == written.text.split()


def test_the_policy_is_in_force(full: Path, profile: str) -> None:
    # The same page with what an attacker would want in it: the policy alone must stop that.
    spoilt = full.with_name("spoilt.html")
    attack = "<script>document.title='run'</script><p style='color:red' onclick='x()'>x</p>"
    spoilt.write_text(full.read_text().replace("<main>", f"<main>{attack}"))
    with pytest.raises(AssertionError, match="Content Security Policy"):
        browse(spoilt, profile, "--dump-dom")


@pytest.mark.parametrize(
    ("width", "flags", "background"),
    [
        (1280, (), b"\xff\xff\xff"),
        (500, (), b"\xff\xff\xff"),
        (1280, ("--blink-settings=preferredColorScheme=0",), b"\x14\x17\x1a"),
    ],
    ids=["wide", "narrow", "dark"],
)
def test_it_is_drawn(
    full: Path, profile: str, tmp_path: Path, width: int, flags: tuple[str, ...], background: bytes
) -> None:
    picture = tmp_path / "page.png"
    browse(full, profile, *flags, f"--window-size={width},900", f"--screenshot={picture}")
    seen, height, first, unlike = picture_of(picture)
    assert (seen, height, first) == (width, 900, background)
    assert unlike > 200  # a blank page has one row, and the same one below it


def test_it_is_printed_light_whatever_the_theme(full: Path, profile: str, tmp_path: Path) -> None:
    printed = tmp_path / "page.pdf"
    dark = "--blink-settings=preferredColorScheme=0"
    browse(full, profile, dark, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    data = printed.read_bytes()
    assert re.search(rb"/MediaBox \[0 0 59[45][.\d]* 84[12]", data)  # A4
    drawn = b""
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        with contextlib.suppress(zlib.error):  # fonts' own
            drawn += zlib.decompress(packed)
    colours = set(re.findall(rb"([.\d]+ [.\d]+ [.\d]+) rg", drawn))
    assert b".0431 .4196 .6902" in colours  # #0b6bb0, the accepted rows of the light theme
    assert not {b".0784 .0902 .102", b".3451 .651 .9098"} & colours  # the dark theme's page and accepted rows
