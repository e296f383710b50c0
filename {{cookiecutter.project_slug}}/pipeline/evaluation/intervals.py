"""Confidence intervals of one model's metrics, or of the difference of two models, whose error stays below the stated
one with few rows too; and the metrics of a baseline without features.

The standard error is the jackknife's (jackknife.py), or the bootstrap's if that is larger; Student's t is corrected for
skewness (skewness.py). Proportions, such as accuracy, have intervals of their own (proportions.py), and a class whose
rows all have one outcome may hide others (unseen.py). `make coverage` of the template measures how often this errs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.contract.schema import Contract
from pipeline.evaluation.jackknife import Jackknife, jackknife
from pipeline.evaluation.proportions import paired_difference, proportion
from pipeline.evaluation.skewness import quantile
from pipeline.evaluation.unseen import absent, flipped, reach, reaches
from pipeline.metrics import Scores, classes, scorer
from pipeline.run.files import ROW, UNIT

SAME = 1e-9  # differences below this are rounding


@dataclass(frozen=True)
class Interval:
    """The interval of a metric's value, and the value's standard error."""

    name: str
    value: float
    low: float
    high: float
    error: float


def intervals(frames: list[pd.DataFrame], task: str, draws: int, level: float, seed: int) -> dict[str, Interval]:
    """The interval at `level` of each metric of one model's predictions, or of the second minus the first of two models
    for the same rows; `draws`: how often the metrics are computed. Rows of one unit count as one observation."""
    unit, strata = unit_codes(frames[-1]), np.zeros(len(frames[-1]), dtype=int)
    if task == "classification":
        strata = pd.factorize(frames[-1]["actual"])[0]
    sample = jackknife(statistic(frames, task), unit, strata, draws, seed)
    tail = (1 - level) / 2
    edges = {name: _interval(sample, name, tail, len(frames) == 2) for name in sample.parts}
    if task == "regression":
        return edges
    hidden = reaches(sample, strata, tail, lambda rows: _extremes(frames, task, rows))
    for label, row in absent(frames[-1]):
        with_label = [frame.assign(actual=frame["actual"].where(~row, label)) for frame in frames]
        reach(hidden, sample.value, dict.fromkeys(sample.value, 1.0), _extremes(with_label, task, row))
    possible = _extremes(frames, task, np.ones(len(unit), dtype=bool)) if sample.units.max() == 1 else []
    return {name: _within(edge, *hidden[name], possible, -float(ndtri(tail))) for name, edge in edges.items()}


def unit_codes(predictions: pd.DataFrame) -> np.ndarray:
    """A code of each row's unit, which is its group or block of time, or the row with its copies."""
    return pd.factorize(predictions[UNIT if UNIT in predictions else ROW])[0]


def statistic(frames: list[pd.DataFrame], task: str) -> Callable[[np.ndarray], Scores]:
    """The metrics of one model, or their differences, as a function of row weights."""
    score = scorer(frames[-1], task)
    if len(frames) == 1:
        return score
    before = scorer(frames[0], task)

    def difference(weights: np.ndarray) -> Scores:
        old, new = before(weights), score(weights)
        return {name: new[name] - old[name] for name in new if name in old}

    return difference


def _extremes(frames: list[pd.DataFrame], task: str, rows: np.ndarray) -> list[Scores]:
    """The metrics if the last model were right on these rows, and the one before wrong; and the reverse."""
    last, ones = len(frames) - 1, np.ones(len(rows))
    sides = [[flipped(f, rows, right == (i == last)) for i, f in enumerate(frames)] for right in (True, False)]
    return [statistic(side, task)(ones) for side in sides]


def _within(edge: Interval, low: float, high: float, possible: list[Scores], normal: float) -> Interval:
    """The interval with what classes can hide, and without what is not possible."""
    low, high = min(low, edge.low), max(high, edge.high)
    ends = sorted(scores[edge.name] for scores in possible if edge.name in scores)
    if len(ends) == 2 and ends[0] < ends[1]:
        low, high = max(low, min(ends[0], edge.value)), min(high, max(ends[1], edge.value))
    return Interval(edge.name, edge.value, low, high, edge.error or (high - low) / 2 / normal)


def _interval(sample: Jackknife, name: str, tail: float, paired: bool) -> Interval:
    value, parts, count = sample.value[name], sample.parts[name], len(sample.units)
    parts = np.where(np.isnan(parts), 0.0, parts)  # undefined without this unit: see unseen.py
    jackknifed = np.sqrt(parts @ parts * count / max(count - 1, 1))
    error = float(np.nanmax([jackknifed, sample.spread.get(name, np.nan)]))
    counts = np.rint(value + parts * count)  # Tukey's pseudo-values: what each unit contributes to a mean
    whole = bool((sample.units == 1).all() and np.abs(value + parts * count - counts).max() < SAME * count)
    events = [int((counts == step).sum()) for step in (1, -1, 0)]
    if whole and sum(events) == count and max(events) < count and (paired or not events[1]):
        gains, losses, _ = events
        edges = paired_difference(gains, losses, count, tail) if paired else proportion(gains, count, tail)
        return Interval(name, value, *edges, error)
    below, above = (quantile(side * parts, tail) * error for side in (-1, 1))
    return Interval(name, value, value - below, value + above, error)


def baseline(profile: dict[str, Any], predictions: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """What a model without features predicts: the mean of the training rows, or the share of each class."""
    target = profile["columns"][contract.target]
    if contract.task == "regression":
        return predictions.assign(predicted=target["mean"])
    shares = {label: target["shares"].get(label, 0.0) for label in classes(predictions)}
    majority = max(shares, key=shares.__getitem__)
    return predictions.assign(predicted=majority, **{f"p({label})": share for label, share in shares.items()})
