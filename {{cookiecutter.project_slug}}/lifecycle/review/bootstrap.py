"""How much each metric changed between two versions, and how sure one can be: a paired bootstrap over shared test rows.

Both versions are judged on the same resamples of the rows that both have (Efron and Tibshirani 1993, chapter 16), so
what is easy or hard about a row cancels out. Rows of one ROW hash, such as copies or one customer's, stay together.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from pipeline import metrics
from pipeline.stage import ROW
from pipeline.threads import threads

FEWEST = 10  # shared groups of rows below which a bootstrap tells nothing
POWER = 0.8  # the chance with which the smallest visible change would be seen


@dataclass(frozen=True)
class Change:
    """Old and new value on the shared rows, the interval of new - old, and the smallest change that could be seen."""

    old: float
    new: float
    low: float
    high: float
    smallest: float


@dataclass(frozen=True)
class Pair:
    """Predictions of two versions for the same rows, and each row's group (int codes of its ROW hash)."""

    old: pd.DataFrame
    new: pd.DataFrame
    old_group: np.ndarray
    new_group: np.ndarray
    relabelled: int = 0

    def part(self, rows: np.ndarray) -> "Pair":
        """The groups that the masked new rows belong to."""
        kept = np.unique(self.new_group[rows])
        old, new = np.isin(self.old_group, kept), np.isin(self.new_group, kept)
        return Pair(
            self.old[old],
            self.new[new],
            np.searchsorted(kept, self.old_group[old]),
            np.searchsorted(kept, self.new_group[new]),
        )


def pair(old: pd.DataFrame, new: pd.DataFrame) -> Pair:
    """The rows that both versions predicted, those whose label was corrected judged by the new label in both."""
    counts = pd.DataFrame({"old": old[ROW].value_counts(), "new": new[ROW].value_counts()})
    shared = counts.index[counts["old"] == counts["new"]].sort_values()
    old, new = (frame[frame[ROW].isin(shared)].reset_index(drop=True) for frame in (old, new))
    labels = new.groupby(ROW)["actual"].agg(["first", "nunique"])
    single = labels.loc[labels["nunique"] == 1, "first"]
    corrected = old[ROW].map(single).where(old[ROW].isin(single.index), old["actual"])
    relabelled = int((corrected != old["actual"]).sum())
    for name in sorted({*new.columns, *old.columns}):  # a class that one version does not know
        for frame in (old, new):
            if name not in frame:
                frame[name] = 0.0
    old = old.assign(actual=corrected)[list(new.columns)]
    return Pair(old, new, shared.get_indexer(old[ROW]), shared.get_indexer(new[ROW]), relabelled)


def changes(both: Pair, task: str, draws: int, level: float, seed: int, normal: bool = False) -> dict[str, Change]:
    """The change of every metric that both versions have; `normal`: intervals by the bootstrap's deviation alone."""
    groups = int(both.new_group.max()) + 1
    rng = np.random.default_rng(seed)
    tail = NormalDist().inv_cdf((1 + level) / 2)
    with threads(len(both.new)):
        before, after = metrics.scorer(both.old, task), metrics.scorer(both.new, task)
        old, new = before(np.ones(len(both.old))), after(np.ones(len(both.new)))
        drawn = []
        for _ in range(draws):
            weights = np.bincount(rng.integers(0, groups, groups), minlength=groups).astype(float)
            one, other = before(weights[both.old_group]), after(weights[both.new_group])
            drawn.append({name: other[name] - one[name] for name in one.keys() & other.keys()})
    table = pd.DataFrame(drawn)
    found = {}
    for name in (name for name in new if name in old and name in table):
        spread = float(table[name].std())
        low, high = (float(edge) for edge in table[name].quantile([(1 - level) / 2, (1 + level) / 2]))
        if normal:
            low, high = new[name] - old[name] - tail * spread, new[name] - old[name] + tail * spread
        found[name] = Change(old[name], new[name], low, high, (tail + NormalDist().inv_cdf(POWER)) * spread)
    return found
