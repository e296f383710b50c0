"""Intervals of proportions and of their paired differences, which hold for any number of units."""

from collections.abc import Callable

import numpy as np
from scipy.special import betaincinv, ndtri

STEPS = 60  # of a bisection


def proportion(events: int, count: int, tail: float) -> tuple[float, float]:
    """The exact interval (Clopper and Pearson 1934)."""
    low = betaincinv(events, count - events + 1, tail) if events else 0.0
    high = betaincinv(events + 1, count - events, 1 - tail) if events < count else 1.0
    return float(low), float(high)


def unseen(count: int, tail: float) -> float:
    """The largest probability of an event that none of `count` units had."""
    return float(1 - tail ** (1 / count))


def paired_difference(gains: int, losses: int, count: int, tail: float) -> tuple[float, float]:
    """The score interval of the share of gains minus the share of losses (Tango 1998).

    With a continuity correction, which keeps the error of each side below `tail`.
    """
    bound = -ndtri(tail)

    def upper(up: int, down: int) -> float:
        return _root(lambda difference: -_score(up, down, count, difference) - bound, (up - down) / count)

    return -upper(losses, gains), upper(gains, losses)


def _score(gains: int, losses: int, count: int, difference: float) -> float:
    distance = gains - losses - count * difference
    linear = -gains - losses + (2 * count - gains + losses) * difference
    product = losses * difference * (1 - difference)
    share = (np.sqrt(max(linear**2 + 8 * count * product, 0)) - linear) / (4 * count)
    variance = count * (2 * share + difference * (1 - difference))
    return float(np.sign(distance) * max(abs(distance) - 1, 0) / np.sqrt(max(variance, 1e-300)))


def _root(function: Callable[[float], float], low: float) -> float:
    """Where a function that rises from `low` to 1 becomes positive; 1 if it does not."""
    high = 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    return high
