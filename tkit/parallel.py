"""Work on batches of mails in several processes, results in the order of the input."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from tkit.errors import TkitError

Item = TypeVar("Item")
Result = TypeVar("Result")

_shared: list[Callable[[Any], Any]] = []
"""In a worker process, the function that it was started with."""


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of ``size``; the last list may be shorter.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def ordered_map(function: Callable[[list[Item]], Result], items: Iterable[Item], size: int, workers: int) -> Iterator[Result]:
    """Apply a function to batches of items and yield the results in the order of the batches.

    Parameters
    ----------
    function : callable
        Defined at module level, or a `partial` of such a function, so that another process can import it. It is sent to
        each process once; put what all batches read into the `partial`, not into the items.
    items : iterable
        Read as the work proceeds; at most ``2 * workers`` batches are in memory.
    size : int
        Number of items per batch.
    workers : int
        Number of processes; 1 works in the calling process.

    Yields
    ------
    Result
        One per batch. An exception of the function is raised here and ends the work.

    Raises
    ------
    TkitError
        If the system kills one of the processes.
    """
    if workers <= 1:
        yield from map(function, batches(items, size))
        return
    # Each worker gets a fresh interpreter, because a fork of a process that runs Arrow's threads can deadlock.
    with ProcessPoolExecutor(workers, get_context("spawn"), _share, (function,)) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for batch in batches(items, size):
                waiting.append(pool.submit(_apply, batch))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise TkitError(
                f"one of the {workers} processes was killed, probably because the system ran out of memory: use fewer processes"
            ) from None
        finally:
            for future in waiting:
                future.cancel()


def _share(function: Callable[[Any], Any]) -> None:
    _shared.append(function)


def _apply(batch: list[Any]) -> Any:
    return _shared[0](batch)
