"""What all tests share: no test of this suite depends on how fast the machine is."""

import gc
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

# At the end of the path: `forked.py`, the helper of all tests that kill, shadows nothing.
sys.path.append(str(Path(__file__).parent))

settings.register_profile("leadsieve", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadsieve")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what is marked `long` only where `-m` asks for it."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(autouse=True)
def own_garbage() -> Iterator[None]:
    """Collect what a test makes alone: a command that fails collects, and what a whole suite holds takes a while."""
    gc.freeze()
    yield
    gc.collect()
    gc.unfreeze()


class Said(NamedTuple):
    """What a command printed, and what it exited with."""

    code: int
    out: str
    err: str


@pytest.fixture
def leadsieve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process, as the installed one does: a new process costs half a second."""
    from leadsieve.cli import main

    def run(*words: object, folder: Path | None = None) -> Said:
        capsys.readouterr()
        code = 0
        with monkeypatch.context() as here:
            here.setattr(sys, "argv", ["leadsieve", *map(str, words)])
            if folder is not None:
                here.chdir(folder)
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt this process and its children, which a shell that runs tests in the background does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
