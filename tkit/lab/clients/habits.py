"""When people read a mail: the truth that a sender does not see."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from tkit.lab.clock import DAY, HOUR


@dataclass(frozen=True)
class Habits:
    """When a mail is read. No source was found that measures reading itself, so that every parameter is an assumption.

    Parameters
    ----------
    read_share : float
        Share of the recipients who read the mail at all.
    median_hours, spread : float
        Time until the first reading: log-normal, with this median and this standard deviation of its logarithm.
    again : float
        Mean number of later readings (geometric distribution).
    days : float
        How long anybody looks. Later readings are evenly distributed from the first one to this; a first one that would be
        later does not happen.
    """

    read_share: float = 0.5
    median_hours: float = 6.0
    spread: float = 1.5
    again: float = 0.8
    days: float = 90.0

    def moments(self, random: Random, delivered: float) -> list[float]:
        """Draw the times at which one recipient reads the mail, in order; empty for one who never does.

        Parameters
        ----------
        random : Random
            The recipient's.
        delivered : float
            When the mail arrived, in seconds since 1970 UTC.
        """
        reads, first = random.random() < self.read_share, delivered + HOUR * self._delay(random)
        last = delivered + self.days * DAY
        if not reads or first >= last:
            return []
        later = 0
        while random.random() < self.again / (1 + self.again):
            later += 1
        return sorted([first, *(random.uniform(first, last) for _ in range(later))])

    def _delay(self, random: Random) -> float:
        return random.lognormvariate(math.log(self.median_hours), self.spread)
