"""An ordered `map` in threads, in bounded memory: the next results are computed while one is used."""

import collections
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> Iterator[Result]:
    """Yield `work(item)` in the order of the items, computed in `threads` threads.

    At most `threads` + 1 results are being computed or waiting, so memory is bounded for any number of items. With
    one thread, `work` runs in the caller's thread, when its result is needed. The first error of `items` or `work`
    is raised here, after the other threads have stopped.
    """
    if threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="vaecli-ahead") as pool:
        pending: collections.deque[Future[Result]] = collections.deque()
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:  # on an error, or when the caller stops early: do not start what nobody needs
            for future in pending:
                future.cancel()
