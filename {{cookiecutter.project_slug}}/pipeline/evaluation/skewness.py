"""How far an interval must reach when errors are skewed, as losses are, and there are few units.

Student's t with Hall's transformation (1992, "On the removal of skewness by transformation"). The skewness of few units
is uncertain and mostly too low, so it is taken BAND standard errors further to the side that widens the interval.
"""

import numpy as np
from scipy.special import stdtrit

BAND = 2.5
STEPS = 50
SAME = 1e-9


def quantile(parts: np.ndarray, tail: float) -> float:
    """How many standard errors an interval reaches to the side on which the error's distribution has its long tail."""
    count, squared = len(parts), parts @ parts
    if squared < 1e-300 or count < 3:
        return float(stdtrit(max(count - 1, 1), 1 - tail))
    skewness = (parts**3).sum() / squared**1.5 * np.sqrt(count)
    kurtosis = (parts**4).sum() / squared**2 * count
    effective = min(count, 3 * count / kurtosis)  # units that matter: all of them for normal errors
    tails = (kurtosis - skewness**2 - 1) / kurtosis  # 0 for two values, as of a proportion; 2/3 for normal errors
    skewness *= np.sqrt(count * (count - 1)) / (count - 2)
    band = BAND * np.clip(1.5 * tails, 0, 1) * np.sqrt(6 / effective) * (1 + abs(skewness) / 2)
    t, most = stdtrit(max(effective - 1, 1), 1 - tail), max((skewness + band) / np.sqrt(count), SAME)
    steps = np.linspace(most / STEPS, most, STEPS)  # the largest quantile for any skewness of the mean up to this one
    return float(max(t, (3 / steps * (1 - np.cbrt(1 - steps * (t + steps / 6)))).max()))
