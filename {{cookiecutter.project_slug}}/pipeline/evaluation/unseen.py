"""What the rows of a class can hide if all of them have the same outcome: their metrics do not vary, but might.

An event that none of n units had is possible with a probability of up to 1 - tail^(1/n) (Clopper and Pearson 1934). So
an interval reaches at least that share of the way to the metrics that the models would have if it happened to all of
these rows. A class without rows may have any outcome.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.evaluation.jackknife import Jackknife
from pipeline.evaluation.proportions import unseen
from pipeline.metrics import Scores, classes

RAREST = 10  # classes; those with more rows hide less
SAME = 1e-9


def reaches(
    sample: Jackknife, strata: np.ndarray, tail: float, extremes: Callable[[np.ndarray], list[Scores]]
) -> dict[str, tuple[float, float]]:
    """The values that the interval of each metric must include; `strata`: the code of each row's class."""
    found = {name: (value, value) for name, value in sample.value.items()}
    rarest = np.argsort(np.bincount(strata), kind="stable")[:RAREST]
    everything = np.ones(len(sample.units), dtype=bool), np.ones(len(strata), dtype=bool)
    for chosen, rows in [*((sample.stratum == label, strata == label) for label in rarest), everything]:
        names = [name for name, parts in sample.parts.items() if _constant(parts[chosen])]
        if names:
            share = unseen(int(sample.units[chosen].sum()), tail)
            reach(found, sample.value, dict.fromkeys(names, share), extremes(rows))
    return found


def reach(
    found: dict[str, tuple[float, float]], value: Scores, shares: dict[str, float], extremes: list[Scores]
) -> None:
    """Move the edges in `found` a share of the way to the extremes, if that is further out."""
    for scores in extremes:
        for name, share in shares.items():
            edge = value[name] + share * (scores.get(name, value[name]) - value[name])
            low, high = found[name]
            found[name] = min(low, edge), max(high, edge)


def absent(predictions: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    """Each class without a row, and the row that the model holds for the most likely one of it."""
    missing = [label for label in classes(predictions) if label not in {*predictions["actual"]}][:RAREST]
    return [(label, np.arange(len(predictions)) == predictions[f"p({label})"].argmax()) for label in missing]


def flipped(predictions: pd.DataFrame, rows: np.ndarray, right: bool) -> pd.DataFrame:
    """The predictions, had the model been right, or wrong, on all of these rows: two probabilities change places."""
    labels = classes(predictions)
    names, every = [f"p({label})" for label in labels], np.arange(len(predictions))
    p = predictions[names].to_numpy(copy=True)
    actual = pd.Index(labels).get_indexer(predictions["actual"])
    others = p.copy()
    others[every, actual] = -1
    other = others.argmax(axis=1)
    own, best = p[every, actual], p[every, other]
    swap = rows & ((own < best) if right else (own > best))
    p[every[swap], actual[swap]], p[every[swap], other[swap]] = best[swap], own[swap]
    answers = np.array(labels, dtype=object)[actual if right else other]
    predicted = predictions["predicted"].astype(object).where(~rows, answers)
    return predictions.assign(predicted=predicted, **dict(zip(names, p.T)))


def _constant(parts: np.ndarray) -> bool:
    return len(parts) > 0 and (bool(np.isnan(parts).any()) or float(np.ptp(parts)) < SAME / len(parts))
