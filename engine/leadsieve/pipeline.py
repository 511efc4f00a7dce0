"""The pipeline: chunks through the kernel on threads, back in order, laid out on threads, and written in order.

Reading, judging, laying out and writing overlap; at no time are more than a few chunks alive. An exception or an
interrupt anywhere ends every part before it is raised.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
Judged = TypeVar("Judged")
Ordered = TypeVar("Ordered")
Laid = TypeVar("Laid")

#: How many chunks may wait for the writer, which writes as many at once as make a row group.
_WAITING = 6
#: How many items are read before they are asked for.
_AHEAD = 2


class _Writer(Generic[Laid]):
    """One thread that writes what futures give, in the order in which they are put."""

    def __init__(self, write: Callable[[Laid], None]) -> None:
        self._write = write
        self._queue: queue.Queue[Future[Laid] | None] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="leadsieve-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, item: Future[Laid] | None) -> None:
        """Hand over an item; waits while the queue is full, raises what the writer met."""
        while True:
            self._raise()
            try:
                # A time limit, so that a writer that died while the queue was full is noticed.
                self._queue.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def finish(self) -> None:
        """Wait until everything is written."""
        self.put(None)
        self._thread.join()
        self._raise()

    def stop(self) -> None:
        """End the thread without writing what still waits; an interrupt meanwhile waits for the end too."""
        self._stopped.set()
        try:
            self._join()
        finally:
            self._join()

    def _join(self) -> None:
        while self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put_nowait(None)
            with suppress(queue.Empty):
                if self._queue.full():
                    self._queue.get_nowait()
            self._thread.join(0.02)

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while (item := self._queue.get()) is not None and not self._stopped.is_set():
                self._write(item.result())
        except BaseException as exc:  # whatever it is, it is raised again in the thread that reads
            self._error = exc


@contextmanager
def ahead(items: Iterable[Item], *, threads: int) -> Iterator[Iterator[Item]]:
    """Read items, none of which is None, in a thread of its own, a few before they are asked for, for a block.

    Args:
        items: Read in that thread.
        threads: With 1 they are read where they are asked for.

    Yields:
        The items; it raises what reading them raises.
    """
    stream = iter(items)
    if threads == 1:
        yield stream
        return
    with ThreadPoolExecutor(1, thread_name_prefix="leadsieve-ahead") as pool:
        yield _fetched(pool, stream)


def _fetched(pool: ThreadPoolExecutor, stream: Iterator[Item]) -> Iterator[Item]:
    pending = deque(pool.submit(next, stream, None) for _ in range(_AHEAD))
    while (item := pending.popleft().result()) is not None:
        pending.append(pool.submit(next, stream, None))
        yield item


@contextmanager
def beside(do: Callable[[], Laid], *, threads: int) -> Iterator[Callable[[], Laid]]:
    """Do something in a thread of its own for the length of a block.

    Args:
        do: Called once at the most.
        threads: With 1 it is called where its result is asked for.

    Yields:
        What waits for the result, and raises what was raised; to be called once, in the block.
    """
    if threads == 1:
        yield do
        return
    with ThreadPoolExecutor(1, thread_name_prefix="leadsieve-beside") as pool:
        yield pool.submit(do).result


def each(do: Callable[[Item], None], items: Iterable[Item], *, threads: int) -> None:
    """Do something to each item, to as many at once as there are threads.

    Args:
        do: Called once for each item; with several threads, in any order.
        items: What it is done to.
        threads: With 1 it is done in the calling thread, to one item after the other.

    Raises:
        BaseException: What `do` raised for the first item of which it raised anything, when all is done.
    """
    if threads == 1:
        for item in items:
            do(item)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="leadsieve-each") as pool:
        for future in [pool.submit(do, item) for item in items]:
            future.result()


def judged(chunks: Iterable[Item], judge: Callable[[Item], Judged], *, threads: int) -> Generator[Judged, None, None]:
    """Drive every chunk through `judge` and nothing else; for the arguments see `run`.

    Yields:
        What `judge` gave, in the order of the chunks; to be closed if it is not read to its end.
    """
    if threads == 1:
        yield from map(judge, chunks)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="leadsieve-kernel") as pool:
        yield from _judged(pool, chunks, judge, threads)


def _judged(
    pool: ThreadPoolExecutor, chunks: Iterable[Item], judge: Callable[[Item], Judged], threads: int
) -> Generator[Judged, None, None]:
    """Keep the pool busy with a few chunks ahead, and yield what comes of them in order."""
    pending: deque[Future[Judged]] = deque()
    try:
        for chunk in chunks:
            pending.append(pool.submit(judge, chunk))
            while len(pending) > threads + 1:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def run(
    chunks: Iterable[Item],
    judge: Callable[[Item], Judged],
    order: Callable[[Iterator[Judged]], Iterable[Ordered]],
    lay_out: Callable[[Ordered], Laid],
    write: Callable[[Laid], None],
    *,
    threads: int,
) -> None:
    """Drive every chunk through `judge`, `order`, `lay_out` and `write`.

    Args:
        chunks: Read in the calling thread.
        judge: Pure; called on worker threads, several at once, in any order.
        order: Given what `judge` gave, in the order of the chunks, as an iterator, and gives what goes on; it runs in
            the calling thread, and may read ahead.
        lay_out: Pure; called like `judge`.
        write: Called on one writer thread, in the order of the chunks.
        threads: Worker threads; with 1 everything happens in the calling thread.

    Raises:
        BaseException: The first that any part raised; by then every thread has ended.
    """
    if threads == 1:
        for ordered in order(map(judge, chunks)):
            write(lay_out(ordered))
        return
    writer = _Writer(write)
    with ThreadPoolExecutor(threads, thread_name_prefix="leadsieve-kernel") as pool:
        stream = _judged(pool, chunks, judge, threads)
        try:
            writer.start()
            for ordered in order(stream):
                writer.put(pool.submit(lay_out, ordered))
            writer.finish()
        except BaseException:
            stream.close()
            writer.stop()
            raise
