"""What a shell is given to complete: options, profiles, settings, regions, campaigns; quickly, and never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

import leadsieve as ls
from leadsieve.cli import cli


def _completed(*words: str) -> list[str]:
    shell = ShellComplete(cli, {}, "leadsieve", "_LEADSIEVE_COMPLETE")
    return [
        item.value if item.type == "plain" else f"<{item.type}>"
        for item in shell.get_completions([*words[:-1]], words[-1])
    ]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("PROFILE", "STATE"):
        monkeypatch.delenv(f"LEADSIEVE_{name}", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cl"], ["clean"]),
        (["clean", "--dup"], ["--duplicates", "--duplicate-statuses", "--duplicate-age"]),
        (["clean", "--duplicates", "c"], ["campaign"]),
        (["clean", "--profile", "voice"], ["voicegenie", "voicegenie-run"]),
        (["clean", "--profile", "./mi"], ["<file>"]),
        (["clean", "--region", "I"], ["ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT"]),
        (["clean", "--region", "us"], ["us"]),
        (["clean", "--profile", "campaign-import", "--set", ""], ["campaign_id="]),
        (["clean", "--set", ""], []),
        (["clean", "lea"], ["<file>"]),
        (["clean", "--out", "o"], ["<dir>"]),
        (["verify", "o"], ["<dir>"]),
        (["campaign", "h"], ["history"]),
        (["campaign", "show", ""], []),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
    ids=" ".join,
)
def test_words(words: list[str], expected: list[str]) -> None:
    assert _completed(*words) == expected


def test_no_secret_setting_is_offered() -> None:
    assert "script_id=" in _completed("clean", "--profile", "voicegenie", "--set", "")
    assert _completed("clean", "--profile", "voicegenie", "--set", "api") == []


def test_settings_of_the_profile_that_the_environment_or_the_file_names(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "leadsieve.toml").write_text('profile = "campaign-import"\n')
    assert _completed("clean", "--set", "c") == ["campaign_id="]
    monkeypatch.setenv("LEADSIEVE_PROFILE", "dialnexa")
    assert _completed("clean", "--set", "e") == ["enabled_countries="]
    assert _completed("clean", "--profile", "no-such", "--set", "e") == []


def test_campaigns_of_the_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.csv").write_text("phone\n+12025550123\n")
    for name in ("summer", "winter"):
        ls.clean("a.csv", campaign=name, state="kept.duckdb", out=f"out-{name}")
    assert _completed("clean", "--campaign", "") == []
    assert _completed("clean", "--state", "kept.duckdb", "--campaign", "s") == ["summer"]
    monkeypatch.setenv("LEADSIEVE_STATE", "kept.duckdb")
    assert _completed("campaign", "show", "") == ["summer", "winter"]
    monkeypatch.delenv("LEADSIEVE_STATE")
    (folder / "leadsieve.toml").write_text('state = "kept.duckdb"\n')
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")
    assert _completed("campaign", "undo", "") == []
    assert _completed("campaign", "export", "w") == ["winter"]
    before = sorted(path.name for path in folder.rglob("*"))
    (folder / "kept.duckdb").write_bytes(b"damaged")
    assert _completed("campaign", "show", "") == []
    (folder / "leadsieve.toml").write_text("nonsense")
    assert _completed("campaign", "show", "") == []
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_completing_names_loads_nothing_heavy(folder: Path) -> None:
    (folder / "leadsieve.toml").write_text("nonsense")
    code = (
        "import sys\nsys.argv = ['leadsieve']\nfrom leadsieve.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    for words, answer in {
        "leadsieve clean --reg": "plain,--region",
        "leadsieve clean --profile oz": "plain,ozonetel",
    }.items():
        said = {"_LEADSIEVE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **said}
        )
        *lines, loaded = found.stdout.splitlines()
        assert answer in lines
        assert found.stderr == ""
        heavy = {
            "pyarrow",
            "numpy",
            "pandas",
            "polars",
            "pandera",
            "duckdb",
            "phonenumbers",
            "rich",
            "leadsieve_rules.phone",
        }
        assert heavy.isdisjoint(loaded.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    command = [sys.executable, "-m", "leadsieve", "completion", shell]
    script = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"_LEADSIEVE_COMPLETE={shell}_complete" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
