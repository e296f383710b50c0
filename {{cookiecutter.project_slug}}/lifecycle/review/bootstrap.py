"""How much each metric changed between two versions, with a confidence interval of the paired difference.

Both versions are scored on the test rows that both have, so that easy and hard rows cancel out. The method is that of
the model card, pipeline/evaluation/intervals.py. Rows of one unit (copies, a customer, a block of time) stay together.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.project import ROW, UNIT, WEIGHT
from lifecycle.review.limits import POWER

MINIMUM = 10  # shared units
KNOWN = ROW, UNIT, WEIGHT, "actual", "predicted"  # columns of predictions, beside the probabilities
SAME = 1e-9  # differences below this are rounding


@dataclass(frozen=True)
class Change:
    """Old and new value on the shared rows; interval and standard error of new - old; minimum detectable change."""

    old: float
    new: float
    low: float
    high: float
    detectable: float
    error: float


@dataclass(frozen=True)
class Pair:
    """Predictions of two versions for the same rows, in the same order."""

    old: pd.DataFrame
    new: pd.DataFrame
    relabelled: int = 0

    def part(self, rows: np.ndarray) -> "Pair":
        return Pair(self.old[rows], self.new[rows])


def pair(old: pd.DataFrame, new: pd.DataFrame) -> Pair:
    """The rows that both versions predicted; where a label was corrected, both are scored with the new label."""
    counts = pd.DataFrame({"old": old[ROW].value_counts(), "new": new[ROW].value_counts()})
    shared = counts.index[counts["old"] == counts["new"]]
    old, new = (
        frame[frame[ROW].isin(shared)].sort_values(ROW, kind="stable").reset_index(drop=True) for frame in (old, new)
    )
    labels = new.groupby(ROW)["actual"].agg(["first", "nunique"])
    unique = labels.loc[labels["nunique"] == 1, "first"]
    corrected = old[ROW].map(unique).where(old[ROW].isin(unique.index), old["actual"])
    relabelled = int((corrected != old["actual"]).sum())
    for name in sorted({*new.columns, *old.columns}):  # a class that one version does not have
        for frame in (old, new):
            if name not in frame and name.startswith("p("):
                frame[name] = 0.0
    same = {name: new[name] for name in (UNIT, WEIGHT) if name in new}
    old = old.assign(actual=corrected, **same)
    both = [name for name in new.columns if name in old and (name in KNOWN or name.startswith("p("))]
    return Pair(old[both], new[both], relabelled)


def units(both: Pair) -> int:
    """The number of units in both versions."""
    return int(project.unit_codes(both.new).max(initial=-1)) + 1


def enough(both: Pair) -> bool:
    return units(both) >= MINIMUM


def changes(both: Pair, task: str, draws: int, level: float, seed: int) -> dict[str, Change]:
    """The change of every metric that both versions have."""
    with project.threads(len(both.new)):
        found = project.intervals([both.old, both.new], task, draws, level, seed)
        old, new = (project.scorer(frame, task)(np.ones(len(frame))) for frame in (both.old, both.new))
    same, result = identical(both), {}
    for name, edge in found.items():
        low, high = (0.0, 0.0) if same else (edge.low, edge.high)
        least = 0.0 if same else detectable(edge.value, low, high, edge.error)
        result[name] = Change(old[name], new[name], low, high, least, edge.error)
    return result


def identical(both: Pair) -> bool:
    """Whether the versions predict the same, apart from rounding: then no other test row is a reason for doubt."""
    numbers = both.new.select_dtypes("float").columns
    texts = both.new.columns.difference(numbers)
    return bool(
        both.old[texts].equals(both.new[texts])
        and np.abs(both.old[numbers].to_numpy() - both.new[numbers].to_numpy()).max(initial=0) < SAME
    )


def detectable(value: float, low: float, high: float, error: float) -> float:
    """The minimum detectable change: what the interval's longer side leaves undecided, and the room for POWER."""
    return max(value - low, high - value) + NormalDist().inv_cdf(POWER) * error
