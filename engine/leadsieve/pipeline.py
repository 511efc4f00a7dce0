"""The pipeline: chunks through the kernel on threads, back in order, and on to the outputs, with bounded queues.

Reading, judging, the ordered part and writing overlap; at no time are more than a few chunks alive. An exception or
an interrupt anywhere ends every part before it is raised.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Judged = TypeVar("Judged")
Ordered = TypeVar("Ordered")

#: How many finished chunks may wait for the writer.
_WAITING = 3


class _Writer(Generic[Ordered]):
    """One thread that writes items in the order in which they are put."""

    def __init__(self, write: Callable[[Ordered], None]) -> None:
        self._write = write
        self._queue: queue.Queue[Ordered | None] = queue.Queue(_WAITING)
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="leadsieve-writer", daemon=True)
        self._thread.start()

    def put(self, item: Ordered) -> None:
        """Hand over an item; waits while the queue is full, raises what the writer met."""
        self._offer(item)

    def finish(self) -> None:
        """Wait until everything is written."""
        self._offer(None)
        self._thread.join()
        self._raise()

    def stop(self) -> None:
        """End the thread without writing what still waits."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._queue.put(None, timeout=0.05)
            except queue.Full:
                self._drain()
            self._thread.join(0.05)

    def _offer(self, item: Ordered | None) -> None:
        while True:
            self._raise()
            try:
                # A time limit, so that a writer that died while the queue was full is noticed.
                self._queue.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def _drain(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while (item := self._queue.get()) is not None and not self._stopped.is_set():
                self._write(item)
        except BaseException as exc:  # whatever it is, it is raised again in the thread that reads
            self._error = exc


def run(
    chunks: Iterable[Item],
    judge: Callable[[Item], Judged],
    order: Callable[[Judged], Ordered],
    write: Callable[[Ordered], None],
    *,
    threads: int,
) -> None:
    """Drive every chunk through `judge`, `order` and `write`.

    Args:
        chunks: Read in the calling thread.
        judge: Pure; called on worker threads, several at once, in any order.
        order: Called in the calling thread, in the order of the chunks.
        write: Called on one writer thread, in the order of the chunks.
        threads: Worker threads; with 1 everything happens in the calling thread.

    Raises:
        BaseException: The first that any part raised; by then every thread has ended.
    """
    if threads == 1:
        for chunk in chunks:
            write(order(judge(chunk)))
        return
    writer = _Writer(write)
    pending: deque[Future[Judged]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="leadsieve-kernel") as pool:
        try:
            for chunk in chunks:
                pending.append(pool.submit(judge, chunk))
                while len(pending) > threads + 1:
                    writer.put(order(pending.popleft().result()))
            while pending:
                writer.put(order(pending.popleft().result()))
            writer.finish()
        except BaseException:
            for future in pending:
                future.cancel()
            writer.stop()
            raise
