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
"""In a worker, the one function that it was started with."""


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut a stream into lists of ``size`` items, the last one shorter.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch


def ordered_map(function: Callable[[list[Item]], Result], items: Iterable[Item], size: int, workers: int) -> Iterator[Result]:
    """Apply a function to batches of items and give the results in the order of the batches.

    Parameters
    ----------
    function : callable
        At module level, or a `partial` of such, so that another process can find it. It goes to each process once:
        what all batches read belongs into the `partial`, not into the items.
    items : iterable
        Read as the work proceeds: at most ``2 * workers`` batches are held.
    size : int
        Items a batch.
    workers : int
        Number of processes; 1 works in this one.

    Yields
    ------
    Result
        One a batch. An exception of the function is raised here, and ends the work.

    Raises
    ------
    TkitError
        Where the system ends one of the processes.
    """
    if workers <= 1:
        yield from map(function, batches(items, size))
        return
    # A fresh interpreter for each worker: forking a process that runs Arrow's threads can lock up.
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
                f"one of the {workers} processes was ended from outside, as a system does that runs out of memory:"
                " take fewer of them"
            ) from None
        finally:
            for future in waiting:
                future.cancel()


def _share(function: Callable[[Any], Any]) -> None:
    _shared.append(function)


def _apply(batch: list[Any]) -> Any:
    return _shared[0](batch)
