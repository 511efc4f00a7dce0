"""The pipeline: everything once and in order, whatever the threads; an error anywhere ends it all."""

import threading
import time

import pytest

from leadsieve import pipeline


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_item_is_judged_once_and_kept_in_order(threads: int) -> None:
    ordered: list[int] = []
    written: list[int] = []

    def judge(item: int) -> int:
        time.sleep(0.002 if item % 3 == 0 else 0)  # late ones must not be overtaken
        return item * 10

    def order(item: int) -> int:
        ordered.append(item)
        return item + 1

    pipeline.run(range(40), judge, lambda stream: map(order, stream), lambda i: i, written.append, threads=threads)
    assert ordered == [i * 10 for i in range(40)]
    assert written == [i * 10 + 1 for i in range(40)]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("part", ["read", "judge", "order", "lay_out", "write"])
def test_an_error_in_any_part_is_raised_and_no_thread_is_left(threads: int, part: str) -> None:
    def fail_at(name: str, item: int) -> int:
        if name == part and item == 7:
            raise ArithmeticError(name)
        return item

    chunks = (fail_at("read", i) for i in range(1000))
    with pytest.raises(ArithmeticError, match=part):
        pipeline.run(
            chunks,
            lambda i: fail_at("judge", i),
            lambda stream: (fail_at("order", i) for i in stream),
            lambda i: fail_at("lay_out", i),
            lambda i: fail_at("write", i) and None,
            threads=threads,
        )
    assert not [t for t in threading.enumerate() if t.name.startswith("leadsieve")]


def test_few_chunks_are_alive_at_a_time() -> None:
    read = 0
    most = 0
    written = 0
    release = threading.Event()

    def chunks():
        nonlocal read
        for i in range(40):
            read += 1
            yield i

    def write(item: int) -> None:
        nonlocal written, most
        release.wait(0.05)
        written += 1
        most = max(most, read - written)

    pipeline.run(chunks(), lambda i: i, iter, lambda i: i, write, threads=2)
    assert written == 40
    assert most <= 2 + 1 + 1 + 6 + 2


@pytest.mark.parametrize("threads", [1, 3])
def test_order_may_read_ahead_of_what_it_gives(threads: int) -> None:
    written: list[int] = []

    def order(stream):
        ahead = [next(stream) for _ in range(25)]
        yield from ahead
        yield from stream

    pipeline.run(range(40), lambda i: i * 10, order, lambda i: i, written.append, threads=threads)
    assert written == [i * 10 for i in range(40)]


@pytest.mark.parametrize("threads", [1, 3])
def test_chunks_can_be_judged_alone_and_given_up(threads: int) -> None:
    assert list(pipeline.judged(range(40), lambda i: i * 10, threads=threads)) == [i * 10 for i in range(40)]
    stream = pipeline.judged(range(1000), lambda i: i, threads=threads)
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    stream.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("leadsieve")]


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_read_ahead_comes_whole_and_in_order_and_little_of_it(threads: int) -> None:
    read = []
    with pipeline.ahead((read.append(i) or i for i in range(9)), threads=threads) as items:
        assert next(items) == 0
        rest = [(item, len(read)) for item in items]
    assert [item for item, _ in rest] == list(range(1, 9))
    assert all(seen <= item + 4 for item, seen in rest)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_fails_ahead_is_raised_and_no_thread_is_left(threads: int) -> None:
    items = (1 // (3 - i) for i in range(9))
    with pytest.raises(ZeroDivisionError), pipeline.ahead(items, threads=threads) as given:
        list(given)
    assert not [t for t in threading.enumerate() if t.name.startswith("leadsieve")]


@pytest.mark.parametrize("threads", [1, 2, 9])
def test_something_is_done_to_each_item_once(threads: int) -> None:
    done: list[int] = []
    pipeline.each(done.append, range(20), threads=threads)
    assert sorted(done) == list(range(20))


@pytest.mark.parametrize("threads", [1, 3])
def test_what_fails_for_one_item_is_raised_and_no_thread_is_left(threads: int) -> None:
    done: list[int] = []

    def fail(item: int) -> None:
        if item in (1, 2):
            raise ArithmeticError(str(item))
        done.append(item)

    with pytest.raises(ArithmeticError, match="1"):
        pipeline.each(fail, range(4), threads=threads)
    assert done == [0] if threads == 1 else sorted(done) == [0, 3]
    assert not [thread for thread in threading.enumerate() if "leadsieve-each" in thread.name]


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_done_beside_a_block_gives_its_result_there(threads: int) -> None:
    done: list[int] = []
    before = threading.active_count()
    with pipeline.beside(lambda: done.append(threading.get_ident()) or len(done), threads=threads) as result:
        assert result() == 1
    assert (done == [threading.get_ident()]) is (threads == 1)
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 2])
def test_what_fails_beside_a_block_is_raised_in_it(threads: int) -> None:
    def fail() -> None:
        raise ValueError("beside")

    before = threading.active_count()
    with pytest.raises(ValueError, match="beside"), pipeline.beside(fail, threads=threads) as result:
        result()
    with pytest.raises(KeyError), pipeline.beside(fail, threads=threads):
        raise KeyError("the block itself")
    assert threading.active_count() == before
