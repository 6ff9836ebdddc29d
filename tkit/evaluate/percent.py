"""Shares and their intervals as text: the one way in which tkit writes percentages."""

from __future__ import annotations

import math

from tkit.evaluate.rates import Estimate


def percent(share: float, digits: int | None = None) -> str:
    """Return a share as text: ``97.3%``; ``-`` for NaN.

    Without `digits` it has one decimal, two below 1% and where one would say 100%, and none if it is 0% or 100%.

    >>> percent(0.9734), percent(0.0012), percent(1.0), percent(float("nan")), percent(1.0, digits=1)
    ('97.3%', '0.12%', '100%', '-', '100.0%')
    """
    if math.isnan(share):
        return "-"
    if digits is not None:
        return f"{share:.{digits}%}"
    text = f"{share:.2%}" if abs(share) < 0.00995 or 0.9995 <= share < 1 else f"{share:.1%}"
    return f"{float(text[:-1]):.0f}%" if text in ("0.00%", "100.0%", "100.00%") else text


def percent_interval(low: float, high: float) -> str:
    """Return an interval of shares in percent, without the sign: ``95.1 to 98.2``."""
    return f"{percent(low)} to {percent(high)}".replace("%", "")


def percent_estimate(estimate: Estimate, digits: int | None = None) -> str:
    """Return a share with its interval as text: ``97.3% [95.1%, 98.2%]``."""
    value, low, high = estimate
    return f"{percent(value, digits)} [{percent(low, digits)}, {percent(high, digits)}]"
