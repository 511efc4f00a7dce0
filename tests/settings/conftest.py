"""A folder without settings above it, and ways to ask what a command line makes of what is said there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from leadsieve.cli import cli, main
from leadsieve.cli.settings import Settings, settings_of


@dataclass(frozen=True)
class Shown:
    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("LEADSIEVE_") and name != "LEADSIEVE_CACHE_DIR":
            monkeypatch.delenv(name)
    inner = tmp_path / "project"
    inner.mkdir()
    monkeypatch.chdir(inner)
    return inner


@pytest.fixture
def parse(folder: Path) -> Callable[..., tuple[click.Context, Settings]]:
    """Parse a command line as a run does, and give what it makes of it and of the settings."""

    def run(name: str, *words: str) -> tuple[click.Context, Settings]:
        context = cli.commands[name].make_context(name, list(words))
        return context, settings_of(context)

    return run


@pytest.fixture
def leadsieve(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Shown]:
    """Run the command in this process."""

    def run(*words: str) -> Shown:
        monkeypatch.setattr(sys, "argv", ["leadsieve", *words])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as exc:
            code = int(exc.code or 0)
        shown = capsys.readouterr()
        return Shown(code, shown.out, shown.err)

    return run
