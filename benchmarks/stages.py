"""What each stage of a run costs: the engine's own run, on one thread, with a clock at each of its functions.

The clock counts processor time of all threads, and each moment for the innermost stage that it falls in, so that the
stages add up to the whole process. What is loaded once (imports, compiled code, tables) is paid by a run of a small
file beforehand, and told by itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

Item = TypeVar("Item")

LOADING = "loading code"
REST = "the rest"
#: The stages, in the order of a run.
STAGES = (
    *(LOADING, "reading", "judging", "loading the campaign", "duplicates and counts", "laying out", "writing"),
    *("proving", "committing", REST),
)


class Clock:
    """Counts processor time by stages, each moment for the innermost one."""

    def __init__(self) -> None:
        self._stages = [REST]
        self._since = time.process_time()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def enter(self, stage: str) -> None:
        """Begin a stage within the present one."""
        self._charge()
        self._stages.append(stage)

    def leave(self) -> None:
        """End the present stage."""
        self._charge()
        self._stages.pop()

    def stop(self) -> dict[str, float]:
        """Return the seconds of each stage so far."""
        self._charge()
        return dict(self._seconds)

    def calls(self, stage: str, function: Callable[..., Item]) -> Callable[..., Item]:
        """Return a function whose calls are a stage."""

        @wraps(function)
        def timed(*args: Any, **options: Any) -> Item:
            self.enter(stage)
            try:
                return function(*args, **options)
            finally:
                self.leave()

        return timed

    def pulls(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield items, of which each is waited for as a stage."""
        following = self.calls(stage, iter(items).__next__)
        while True:
            try:
                item = following()
            except StopIteration:
                return
            yield item

    def _charge(self) -> None:
        now = time.process_time()
        self._seconds[self._stages[-1]] += now - self._since
        self._since = now


class _TimedSink:
    """A sink whose `close` is part of writing; all else is the sink's own."""

    def __init__(self, sink: Any, clock: Clock) -> None:
        self._sink = sink
        self.close = clock.calls("writing", sink.close)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)


def put_clocks(clock: Clock) -> None:
    """Put a clock at each of the engine's functions that is a stage; for good, so only in a process of its own."""
    process: Any = import_module("leadsieve.process")
    from leadsieve import pipeline
    from leadsieve.duplicates import Contacts
    from leadsieve.publish.place import LocalPlace

    def run(
        chunks: Any,
        judge: Any,
        order: Any,
        lay_out: Any,
        write: Any,
        *,
        threads: int,  # noqa: ARG001 - it is always one
    ) -> None:
        """Do what `pipeline.run` does on one thread."""
        judged = map(clock.calls("judging", judge), clock.pulls("reading", chunks))
        for ordered in clock.pulls("duplicates and counts", order(judged)):
            laid = clock.calls("laying out", lay_out)(ordered)
            clock.calls("writing", write)(laid)

    open_sink = process.open_sink
    pipeline.run = run
    process.open_sink = lambda *args, **options: _TimedSink(open_sink(*args, **options), clock)
    process.prove = clock.calls("proving", process.prove)
    Contacts.load = clock.calls("loading the campaign", Contacts.load)  # type: ignore[method-assign]
    LocalPlace.commit = clock.calls("committing", LocalPlace.commit)  # type: ignore[method-assign]


def run_stages(warming: Path, source: Path, out: Path, options: dict[str, Any]) -> dict[str, float]:
    """Clean a file on one thread, in a process that has done nothing yet.

    Args:
        warming: A small file, cleaned first.
        source: The file.
        out: A folder for the outputs of both.
        options: What else `leadsieve.clean` is given for the file; of these, its schema for the small file too.

    Returns:
        Seconds of processor time by stage.
    """
    import leadsieve

    given: dict[str, Any] = {"profile": options["profile"], "region": "US", "progress": False}
    given |= {"schema": options.get("schema"), "tuning": {"threads": 1}, "overwrite": True}
    leadsieve.clean(warming, out=out / "warming", **given)
    loading = time.process_time()
    clock = Clock()
    put_clocks(clock)
    leadsieve.clean(source, out=out / "measured", **{**given, **options})
    return {LOADING: loading, **clock.stop()}


def main() -> None:
    """Measure once: what `python -m benchmarks.stages WARMING SOURCE OUT OPTIONS RESULT` does."""
    warming, source, out, options, result = sys.argv[1:]
    taken = run_stages(Path(warming), Path(source), Path(out), json.loads(options))
    Path(result).write_text(json.dumps(taken))


if __name__ == "__main__":
    main()
