"""The code blocks of the pages: which there are, how each is run, and how the pages get the output that they show.

What a fenced block is:

- with `title="leads.csv"`: a file. It is written where no such file is there yet; where it is there, because a command
  above has written it, the block shows it, and must be what it holds.
- `sh`: commands, run in order; those of the README, which `.ci/run` runs, and `pip install` are only checked.
  `python`: a program; all of a page share their names, and the value of a last expression is shown, as in a notebook.
- `text` or `json` without a title, directly behind one of these two: what it prints.

The blocks of a page are run in order in one empty folder. Anything else is a fault of the page.

`python docs/blocks.py [PAGE...]` writes what is really printed into the pages; look at the difference before you keep
it.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "pages"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)(?: +(?P<attributes>[^\n]*))?$")
_TITLE = re.compile(r'title="([^"]+)"')
_SHOWN = ("text", "json")
_LEFT_OUT = "..."
#: What differs from run to run, wherever a page shows it: ids and hashes (with a letter in them, so that a telephone
#: number is none), moments and ages, how many bytes a state has, and how wide the columns of a table are.
_VARYING = (
    re.compile(r"(?<![0-9a-zA-Z])(?=[0-9]*[a-f])[0-9a-f]{12,64}(?![0-9a-zA-Z])"),
    re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"),
    re.compile(r"\d{1,3}(,\d{3})+ bytes"),
    re.compile(r"\d+ days? old"),
    re.compile(r"(?<=\S) {2,}"),
)
_LIKE = (
    "[0-9a-f]+",
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?",
    r"[\d,]+ bytes",
    r"\d+ days? old",
    " {2,}",
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page.

    Attributes:
        page: The page, from the folder of the pages.
        line: The line of its opening fence, from 1.
        language: The word behind the fence.
        title: The file that it is; None where it is none.
        text: What stands between the fences, without their indentation.
        indent: How far the fences are indented.
        shows: Whether it is what the block above prints.
    """

    page: str
    line: int
    language: str
    title: str | None
    text: str
    indent: int
    shows: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


class Fault(Exception):
    """A block that is not what it says, or that nobody can run."""


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order.

    Raises:
        Fault: A fence is not closed.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    at, last_end = 0, -2
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            at += 1
            continue
        indent, start = opening["indent"], at
        at += 1
        while at < len(lines) and lines[at] != f"{indent}```":
            at += 1
        if at == len(lines):
            raise Fault(f"{page.name}:{start + 1}: the fence is never closed")
        title = _TITLE.search(opening["attributes"] or "")
        body = "".join(f"{line[len(indent) :]}\n" for line in lines[start + 1 : at])
        block = Block(
            str(page.relative_to(PAGES)), start + 1, opening["language"], title and title[1], body, len(indent)
        )
        follows = bool(found) and not any(line.strip() for line in lines[last_end + 1 : start])
        if follows and block.title is None and block.language in _SHOWN and found[-1].language in ("sh", "python"):
            block = replace(block, shows=not found[-1].title)
        found.append(block)
        last_end, at = at, at + 1
    return found


@dataclass(slots=True)
class Session:
    """One page as it is read from its top: a folder, which it shows as `home`, and the names of its Python blocks."""

    folder: Path
    home: str = "/data/leads"
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__page__"})

    def play(self, page: list[Block]) -> Iterator[tuple[Block, str]]:
        """Run the blocks in order, and give each that shows something with what it should show.

        Raises:
            Fault: A block can be neither run nor compared.
        """
        printed = ""
        for block in page:
            if block.shows:
                yield block, printed.replace(str(self.folder), self.home)
            elif block.title is not None:
                path = self.folder / block.title
                if path.exists():
                    yield block, path.read_text(encoding="utf-8")
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(block.text, encoding="utf-8")
            elif block.language == "sh":
                printed = "".join(self._command(block, line) for line in _commands(block.text))
            elif block.language == "python":
                printed = self._program(block)
            else:
                raise Fault(f"{block}: a {block.language or 'bare'} block that is no file, no command and no output")

    def _command(self, block: Block, line: str) -> str:
        words = shlex.split(line, comments=True)
        if not words:
            return ""
        if words[0] == "leadsieve" and not set(words) & {"|", "<", ">", ">>", "&&", "||"}:
            return self._leadsieve(words[1:])
        if words[:2] == ["pip", "install"]:
            _require_extra(block, words[2:])
            return ""
        if set(line.strip().split(" && ")) <= _run_by_the_check():
            return ""
        done = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.folder,
            env=_environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Fault(f"{block}: {line!r} exits with {done.returncode}: {done.stdout}")
        return done.stdout

    def _leadsieve(self, arguments: list[str]) -> str:
        """Run the command in this process, as the installed one does, and return what it prints."""
        from leadsieve.cli import main

        with self._here() as printed, mock.patch.object(sys, "argv", ["leadsieve", *arguments]):
            with contextlib.suppress(SystemExit):
                main()
            return printed.getvalue()

    def _program(self, block: Block) -> str:
        tree = ast.parse(block.text, str(block))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with self._here() as printed:
            try:
                exec(compile(tree, str(block), "exec"), self.names)  # noqa: S102 - a page's own code
                if isinstance(last, ast.Expr):
                    value = eval(compile(ast.Expression(last.value), str(block), "eval"), self.names)  # noqa: S307
                    if value is not None:
                        printed.write(f"{value!r}\n")
            except Exception as exc:
                raise Fault(f"{block}: {type(exc).__name__}: {exc}") from exc
            return printed.getvalue()

    @contextlib.contextmanager
    def _here(self) -> Iterator[io.StringIO]:
        """Work in the page's folder, with nobody's settings, and keep what is printed."""
        printed, before = io.StringIO(), Path.cwd()
        os.chdir(self.folder)
        try:
            with (
                mock.patch.dict(os.environ, _environment(), clear=True),
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
            ):
                yield printed
        finally:
            os.chdir(before)


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LEADSIEVE_")}
    return kept | {"NO_COLOR": "1", "COLUMNS": "80", "TZ": "UTC"}


def _commands(text: str) -> list[str]:
    """Return the lines of a block of commands, with those joined that a backslash continues."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def _run_by_the_check() -> set[str]:
    """Return the commands of the README that the check of a checkout runs itself, in an environment of its own."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = re.findall(r"<!-- command:\w+ -->\n```sh\n(.*?)```", text, re.DOTALL)
    return {part for command in marked for part in command.strip().split(" && ")}


def _require_extra(block: Block, requirements: list[str]) -> None:
    """Check an installation without doing it: it names leadsieve, with extras that it has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for requirement in requirements:
        match = re.fullmatch(r"leadsieve(?:\[([\w,-]+)\])?", requirement)
        unknown = set(filter(None, (match[1] or "").split(","))) - set(extras) if match else {requirement}
        if unknown:
            raise Fault(f"{block}: pip install {requirement}: there is no {', '.join(sorted(unknown))}")


def difference(block: Block, printed: str) -> str:
    """Say how what a block shows differs from what was printed; empty where it does not.

    Where the block shows what varies from run to run, anything of its kind will do. A line of `...` stands for any
    number of lines.
    """
    shown = "".join(f"{line.rstrip()}\n" for line in block.text.splitlines())
    real = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    if re.fullmatch(_pattern(shown), real):
        return ""
    return "".join(difflib.unified_diff(shown.splitlines(True), real.splitlines(True), str(block), "printed"))


def _pattern(shown: str) -> str:
    pieces = []
    for line in shown.splitlines():
        if line.strip() == "...":
            pieces.append(r"(?:.*\n)*?")
            continue
        spans = sorted((m.span(), like) for one, like in zip(_VARYING, _LIKE, strict=True) for m in one.finditer(line))
        at, piece = 0, ""
        for (start, end), like in spans:
            if start >= at:
                piece += re.escape(line[at:start]) + like
                at = end
        pieces.append(piece + re.escape(line[at:]) + "\n")
    return "".join(pieces)


def rewrite(page: Path) -> list[str]:
    """Write what is really printed into a page, where it differs; return the differences."""
    found, lines = blocks(page), page.read_text(encoding="utf-8").splitlines()
    told, edits = [], []
    with tempfile.TemporaryDirectory() as folder:
        for block, printed in Session(Path(folder)).play(found):
            if change := difference(block, printed):
                told.append(change)
                if _LEFT_OUT not in block.text.splitlines():  # what is left out is for the writer to choose
                    edits.append((block, printed))
    for block, printed in reversed(edits):
        body = [f"{' ' * block.indent}{line.rstrip()}".rstrip() for line in printed.splitlines()]
        lines[block.line : block.line + len(block.text.splitlines())] = body
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return told


if __name__ == "__main__":
    for name in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(PAGES.rglob("*.md")):
        sys.stdout.writelines(rewrite(name.resolve()))
