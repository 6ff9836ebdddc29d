"""Real and simulated time, and what is to happen when.

Everything in the lab asks a clock for the time and waits by it. With a simulated clock, waiting takes no time: months pass
in seconds, by the same code.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

HOUR = 3600.0
DAY = 24 * HOUR
"""Seconds."""


class Clock(Protocol):
    """What tells the time, in seconds since 1970 UTC."""

    def now(self) -> float:
        """Return the present time."""

    def wait_until(self, moment: float) -> None:
        """Return when the moment has come; at once if it is past."""


class RealClock:
    """The computer's clock."""

    def now(self) -> float:
        """Return the present time."""
        return time.time()

    def wait_until(self, moment: float) -> None:
        """Sleep until the moment."""
        time.sleep(max(0.0, moment - time.time()))


class SimulatedClock:
    """A clock that stands still until somebody waits by it, and then is at the moment waited for.

    Parameters
    ----------
    start : float
        Its first time.
    """

    def __init__(self, start: float) -> None:
        self._now = start

    def now(self) -> float:
        """Return the simulated time."""
        return self._now

    def wait_until(self, moment: float) -> None:
        """Set the clock forward to the moment; it never goes back."""
        self._now = max(self._now, moment)


class Schedule:
    """What is to happen, in the order of time; what is planned for the same moment happens in the order of planning.

    Parameters
    ----------
    clock : Clock
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Plan an action; one that is planned for the past happens next."""
        heapq.heappush(self._planned, (moment, next(self._number), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Plan an action for a time from now."""
        self.at(self.clock.now() + seconds, action)

    def run(self, until: float, watch: Callable[[], None] | None = None) -> None:
        """Wait for each action and do it, also those that actions plan.

        Parameters
        ----------
        until : float
            What is planned for a later moment is dropped.
        watch : callable, optional
            Called after each action.
        """
        while self._planned:
            moment, _, action = heapq.heappop(self._planned)
            if moment > until:
                self._planned.clear()
                break
            self.clock.wait_until(moment)
            action()
            if watch:
                watch()
        self.clock.wait_until(until)
