"""How much each metric changed between two versions, with a confidence interval: a paired bootstrap.

Both versions are scored on the same resamples of the test rows that both have (Efron and Tibshirani 1993, chapter 16),
so that easy and hard rows cancel out. Rows with the same ROW hash (copies, or one customer's rows) stay together.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.project import ROW

MINIMUM = 10  # shared groups of rows; a bootstrap needs at least so many
POWER = 0.8  # the probability with which the minimum detectable change would be detected


@dataclass(frozen=True)
class Change:
    """Old and new value on the shared rows, the interval of new - old, and the minimum detectable change."""

    old: float
    new: float
    low: float
    high: float
    detectable: float


@dataclass(frozen=True)
class Pair:
    """Predictions of two versions for the same rows, and the group of each row (integer codes of its ROW hash)."""

    old: pd.DataFrame
    new: pd.DataFrame
    old_group: np.ndarray
    new_group: np.ndarray
    relabelled: int = 0

    def part(self, rows: np.ndarray) -> "Pair":
        kept = np.unique(self.new_group[rows])
        old, new = np.isin(self.old_group, kept), np.isin(self.new_group, kept)
        return Pair(
            self.old[old],
            self.new[new],
            np.searchsorted(kept, self.old_group[old]),
            np.searchsorted(kept, self.new_group[new]),
        )


def pair(old: pd.DataFrame, new: pd.DataFrame) -> Pair:
    """The rows that both versions predicted; where a label was corrected, both are scored with the new label."""
    counts = pd.DataFrame({"old": old[ROW].value_counts(), "new": new[ROW].value_counts()})
    shared = counts.index[counts["old"] == counts["new"]].sort_values()
    old, new = (frame[frame[ROW].isin(shared)].reset_index(drop=True) for frame in (old, new))
    labels = new.groupby(ROW)["actual"].agg(["first", "nunique"])
    unique = labels.loc[labels["nunique"] == 1, "first"]
    corrected = old[ROW].map(unique).where(old[ROW].isin(unique.index), old["actual"])
    relabelled = int((corrected != old["actual"]).sum())
    for name in sorted({*new.columns, *old.columns}):  # a class that one version does not have
        for frame in (old, new):
            if name not in frame:
                frame[name] = 0.0
    old = old.assign(actual=corrected)[list(new.columns)]
    return Pair(old, new, shared.get_indexer(old[ROW]), shared.get_indexer(new[ROW]), relabelled)


def shared(both: Pair) -> int:
    """The number of groups of rows in both versions."""
    return int(both.new[ROW].nunique())


def enough(both: Pair) -> bool:
    return shared(both) >= MINIMUM


def changes(both: Pair, task: str, draws: int, level: float, seed: int, normal: bool = False) -> dict[str, Change]:
    """The change of every metric that both versions have; `normal`: intervals from the standard deviation alone."""
    groups = int(both.new_group.max()) + 1
    rng = np.random.default_rng(seed)
    with project.threads(len(both.new)):
        score_old, score_new = project.scorer(both.old, task), project.scorer(both.new, task)
        old, new = score_old(np.ones(len(both.old))), score_new(np.ones(len(both.new)))
        samples = []
        for _ in range(draws):
            weights = np.bincount(rng.integers(0, groups, groups), minlength=groups).astype(float)
            before, after = score_old(weights[both.old_group]), score_new(weights[both.new_group])
            samples.append({name: after[name] - before[name] for name in before.keys() & after.keys()})
    table = pd.DataFrame(samples)
    names = [name for name in new if name in old and name in table]
    return {name: _change(old[name], new[name], table[name], level, normal) for name in names}


def _change(old: float, new: float, sample: pd.Series, level: float, normal: bool) -> Change:
    tail, spread = NormalDist().inv_cdf((1 + level) / 2), float(sample.std())
    low, high = (float(edge) for edge in sample.quantile([(1 - level) / 2, (1 + level) / 2]))
    if normal:
        low, high = new - old - tail * spread, new - old + tail * spread
    return Change(old, new, low, high, (tail + NormalDist().inv_cdf(POWER)) * spread)
