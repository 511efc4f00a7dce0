"""A folder without settings above it, and ways to ask what a command line makes of what is said there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from leadsieve.cli import cli
from leadsieve.cli.settings import Settings, settings_of


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
