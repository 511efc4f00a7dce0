"""The reference is the code's own tables, whole; and the site is built with no warning, and needs nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click

import leadsieve
from leadsieve.cli import cli
from leadsieve.config import Tuning, variable
from leadsieve_rules.profiles import load_profile, profile_names
from leadsieve_rules.reasons import REASONS

_DOCS = Path(__file__).parents[2] / "docs"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", _DOCS / "reference" / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


reference = _load()


def test_every_code_column_and_variable_is_described_and_no_other() -> None:
    from reference.codes import error_codes
    from reference.markdown import DESCRIPTIONS
    from reference.outputs import output_schemas

    from leadsieve.cli.settings import _OTHER_VARIABLES

    assert set(DESCRIPTIONS["errors"]) == set(error_codes())
    assert set(DESCRIPTIONS["columns"]) == {name for schema in output_schemas().values() for name in schema.names}
    assert set(DESCRIPTIONS["variables"]) == _OTHER_VARIABLES


def test_every_command_and_option_is_there() -> None:
    text = reference.commands()

    def look(command: click.Command, *names: str) -> None:
        assert f" {' '.join(('leadsieve', *names))}\n" in text
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in ("help", "version"):
                assert f"`{parameter.opts[0]}" in text
        for name, inner in getattr(command, "commands", {}).items():
            look(inner, *names, name)

    look(cli)


def test_every_reason_profile_setting_and_public_name_is_there() -> None:
    reasons, settings, api = reference.reasons(), reference.settings(), reference.api()
    for code, reason in REASONS.items():
        assert f"### {code}\n" in reasons
        assert all(f"`{detail}`" in reasons for detail in reason.details)
    assert all(f"`{variable(name)}`" in settings for name in Tuning.__dataclass_fields__)
    assert all(re.search(rf"^::: [\w.]+\.{name}$", api, re.MULTILINE) for name in leadsieve.__all__)
    profiles = reference.profiles()
    for name in profile_names():
        profile = load_profile(name)
        assert f"## {name}\n" in profiles
        assert all(f"`{key}`" in profiles for key in (*profile.fields, *profile.settings, *profile.assumed))
        assert all(f"`{error.code}`" in profiles for error in profile.answers.errors)


def test_every_system_has_a_page_and_a_row_of_the_index() -> None:
    pages = _DOCS / "pages" / "systems"
    index = (pages / "index.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| \[`([\w-]+)`\]\(\1\.md\) \|", index, re.MULTILINE))
    assert rows == {page.stem for page in pages.glob("*.md")} - {"index"} == {*profile_names()} - {"plain"}


def test_every_section_and_key_of_a_profile_is_told() -> None:
    text = reference.profile_file()
    keys = {key for name in profile_names() for key in _keys(name)}
    assert keys
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def _keys(name: str) -> set[str]:
    """Return the keys of the sections that are no template and no list of names."""
    import tomllib

    from leadsieve_rules.profiles import profile_text

    data = tomllib.loads(profile_text(name))
    plain = {
        *data["phone"],
        *data.get("limits", {}),
        *data.get("destination", {}),
        *data.get("duplicates", {}),
        *data.get("custom", {}),
    }
    fields = {key for field in data["fields"].values() for key in field}
    rules = {key for field in data["fields"].values() for key in field.get("rule", {})}
    settings = {key for setting in data.get("settings", {}).values() for key in setting}
    answers = {key for error in data["answer"].get("error", {}).values() for key in error}
    return {*plain, *fields, *rules, *settings, *answers, *data.get("request", {})}


def test_the_site_is_built_without_a_warning_finds_things_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "docs/mkdocs.yml", "-d", tmp_path],
        cwd=_DOCS.parent,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Documentation built" in done.stderr  # quiet, it would be strict about nothing
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\">\s]+)", text)
        assert fetched == [], page
        assert "{ #" not in re.sub(r"<(code|pre)\b.*?</\1>", "", text, flags=re.DOTALL), page
    index = (tmp_path / "search" / "search_index.js").read_text(encoding="utf-8")
    for word in ("9.19E+11", "lossy_phone", "LEADSIEVE_MEMORY", "checkDuplicate", "normalize_phones", "source_changed"):
        assert word in index
