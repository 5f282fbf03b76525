"""`map` in threads: the results in their order, the next ones in the making while one is used."""

import collections
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, threads: int) -> Iterator[Result]:
    """`work` of each item, in the items' order; at most `threads` + 1 are in the making or wait to be taken.

    So memory is flat, however many items come. One thread is the caller's own: nothing is made ahead. The first
    error of `items` or `work` is raised here, once no other thread works on.
    """
    if threads <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="vaecli-ahead") as pool:
        coming: collections.deque[Future[Result]] = collections.deque()
        try:
            for item in items:
                coming.append(pool.submit(work, item))
                if len(coming) > threads:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:  # whoever stops early does not wait for what nobody wants
            for result in coming:
                result.cancel()
