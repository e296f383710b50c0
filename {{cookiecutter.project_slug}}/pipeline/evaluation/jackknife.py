"""How much each unit, or group of units, moves a metric: what a confidence interval is made from.

The delete-a-group jackknife (Quenouille 1956; Tukey 1958; Kott 2001) needs a metric as a function of row weights and
nothing else. How often the metrics are computed does not grow with the number of units.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.metrics import Scores

BOOTSTRAP = 5  # one of so many evaluations is a bootstrap sample, which metrics with jumps, such as a median, need


@dataclass(frozen=True)
class Jackknife:
    """The metrics; the share of the estimate's error that comes from each group; the spread of bootstrap samples."""

    value: Scores
    parts: dict[str, np.ndarray]
    spread: dict[str, float]
    units: np.ndarray  # in each group
    stratum: np.ndarray  # the class of each group's first unit


def jackknife(
    statistic: Callable[[np.ndarray], Scores], units: np.ndarray, strata: np.ndarray, draws: int, seed: int
) -> Jackknife:
    """From `draws` evaluations at most; `units`, `strata`: the codes of each row's unit and class."""
    rng = np.random.default_rng(seed)
    stratum = np.zeros(units.max() + 1, dtype=int)
    stratum[units[::-1]] = strata[::-1]  # the class of a unit is that of its first row
    resamples = draws // BOOTSTRAP
    group = groups(stratum, draws - resamples, rng)
    sizes, count = np.bincount(group), len(stratum)
    value, by_row = statistic(np.ones(len(units))), group[units]
    without = pd.DataFrame([statistic((by_row != code).astype(float)) for code in range(len(sizes))])
    share = 1 - sizes / count
    parts = {name: (value[name] - without[name].to_numpy()) * share for name in value if name in without}
    resampled = (np.bincount(rng.integers(0, count, count), minlength=count).astype(float) for _ in range(resamples))
    spread = pd.DataFrame([statistic(weights[units]) for weights in resampled]).std()
    return Jackknife(value, parts, spread.to_dict(), sizes, stratum[np.unique(group, return_index=True)[1]])


def groups(stratum: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """A group for each unit, `count` at most: units of rare classes stay alone, the others are joined at random."""
    sizes = np.bincount(stratum)
    if len(stratum) <= count:
        return np.arange(len(stratum))
    rare = sizes <= count // (2 * len(sizes))
    alone, rest = np.flatnonzero(rare[stratum]), rng.permutation(np.flatnonzero(~rare[stratum]))
    code = np.empty(len(stratum), dtype=int)
    code[alone] = np.arange(len(alone))
    code[rest] = len(alone) + np.arange(len(rest)) * (count - len(alone)) // len(rest)
    return code
