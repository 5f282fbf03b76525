"""The ordered map in threads: results in order, bounded memory, no thread left."""

import threading
import time

import pytest

from vaecli.parallel import ahead

THREADS = [1, 2, 4]


@pytest.mark.parametrize("threads", THREADS)
def test_in_order(threads):
    """Results come in the order of the items, though the first takes longest; no items give no results."""

    def work(number):
        time.sleep(0.02 if number == 0 else 0)
        return number * 10

    assert list(ahead(work, range(50), threads=threads)) == list(range(0, 500, 10))
    assert list(ahead(work, [], threads=threads)) == []


@pytest.mark.parametrize("threads", THREADS)
def test_few_items_are_taken_in_advance(threads):
    """Beyond the results that the caller has, at most one item for each thread is taken."""
    taken = []

    def endless_items():
        while True:
            taken.append(None)
            yield len(taken)

    results = ahead(lambda number: number, endless_items(), threads=threads)
    for received in range(1, 100):
        next(results)
        assert len(taken) - received <= (threads if threads > 1 else 0)
    results.close()


def test_threads_work_at_once():
    """Two items in two threads: each waits for the other."""
    barrier = threading.Barrier(2, timeout=600)
    assert sorted(ahead(lambda _: barrier.wait(), range(2), threads=2)) == [0, 1]


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("broken", ["work", "items"])
def test_an_error_ends_it(threads, broken):
    """An error of the work or of the items is raised; no thread is left, and no work starts after it."""
    done = []

    def items():
        yield from range(10)
        if broken == "items":
            raise ValueError("of the items")

    def work(number):
        if broken == "work" and number == 5:
            raise ValueError("of the work")
        done.append(number)

    with pytest.raises(ValueError, match=f"of the {broken}"):
        list(ahead(work, items(), threads=threads))
    assert not [thread for thread in threading.enumerate() if "vaecli-ahead" in thread.name]
    before = len(done)
    time.sleep(0.01)
    assert len(done) == before >= 5
