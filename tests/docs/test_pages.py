"""Every block of code in the documentation is run, and what a page shows is what is printed."""

from __future__ import annotations

import importlib.util
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

_DOCS = Path(__file__).parents[2] / "docs"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", _DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


blocks = _load("blocks")
PAGES = {str(page.relative_to(blocks.PAGES)): page for page in sorted(blocks.PAGES.rglob("*.md"))}


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_shows_is_what_is_printed(name: str) -> None:
    # A folder of a short name: where a line is wrapped depends on it.
    with tempfile.TemporaryDirectory() as folder:
        for block, printed in blocks.Session(Path(folder)).play(blocks.blocks(PAGES[name])):
            told = blocks.difference(block, printed)
            assert not told, f"{told}\n(python docs/blocks.py docs/pages/{name} writes it)"


def test_every_command_shows_what_it_prints() -> None:
    """A page that runs something without showing what comes of it says nothing; `--quiet` runs are there for the next."""
    silent = []
    for page in PAGES.values():
        found = blocks.blocks(page)
        for block, after in zip(found, [*found, None][1:], strict=True):
            runs = block.language == "sh" and block.title is None and "leadsieve" in block.text
            if runs and "--quiet" not in block.text and not re.search(r" > |install", block.text):
                silent += [str(block)] if after is None or not after.shows else []
    assert silent == []


def _page(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setattr(blocks, "PAGES", folder)
    (folder / "page.md").write_text(text)
    return blocks.blocks(folder / "page.md")


_LEADS = '```csv title="a.csv"\nphone\n+12025550123\n```\n\n'
_CLEAN = "```sh\nleadsieve clean a.csv --out out\n```\n\n"
_TOLD = "```text\na.csv: csv, utf-8, delimiter ','\n...\n1 row: {} accepted, 0 rejected\n...\n```\n"


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        (_LEADS + _CLEAN + _TOLD.format(1), False),
        (_LEADS + _CLEAN + _TOLD.format(2), True),
        ("```python\n1 + 1\n```\n\n```text\n2\n```\n", False),
        ("```python\n1 + 1\n```\n\n```text\n3\n```\n", True),
        ('```sh\necho x > a.txt\n```\n\n```text title="a.txt"\nx\n```\n', False),
        ('```sh\necho x > a.txt\n```\n\n```text title="a.txt"\ny\n```\n', True),
        (
            "```sh\necho 2026-01-02 03:04:05 c0ffee123456\n```\n\n```text\n2020-05-06 07:08:09 abcdef012345\n```\n",
            False,
        ),
        ("```sh\necho 918123456789\n```\n\n```text\n918123456780\n```\n", True),
    ],
)
def test_a_wrong_page_is_told_from_a_right_one(text: str, differs: bool, tmp_path: Path, monkeypatch) -> None:
    found = _page(tmp_path, text, monkeypatch)
    (tmp_path / "run").mkdir()
    told = [blocks.difference(*shown) for shown in blocks.Session(tmp_path / "run").play(found)]
    assert bool(told and told[-1]) is differs
    assert told


@pytest.mark.parametrize(
    "text",
    [
        "```toml\na = 1\n```\n",  # neither file nor output
        "```sh\nfalse\n```\n",
        "```python\nraise ValueError\n```\n",
        "```sh\npip install 'leadsieve[nothing]'\n```\n",
        "```sh\ntrue\n",  # never closed
    ],
)
def test_what_cannot_be_run_is_a_fault(text: str, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(blocks.Fault):
        list(blocks.Session(tmp_path).play(_page(tmp_path, text, monkeypatch)))


def test_a_page_is_rewritten_as_it_is_printed(tmp_path: Path, monkeypatch) -> None:
    _page(tmp_path, "```sh\necho one; echo two\n```\n\n```text\nthree\n```\n\nEnd.\n", monkeypatch)
    assert blocks.rewrite(tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == "```sh\necho one; echo two\n```\n\n```text\none\ntwo\n```\n\nEnd.\n"
    assert not blocks.rewrite(tmp_path / "page.md")
