"""The metrics. Add one here, and to params.yaml, block gate, if reviews should compare it.

Every metric takes row weights, so that a bootstrap sample is the same metric with other weights.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.run.files import WEIGHT

Scores = dict[str, float]
TINY = 1e-15  # the smallest probability that log_loss uses


def scorer(predictions: pd.DataFrame, task: str) -> Callable[[np.ndarray], Scores]:
    """A function from row weights to metrics. `predictions`: actual, predicted and, for classes, `p(class)`.

    A column WEIGHT multiplies the row weights.
    """
    score = _regression(predictions) if task == "regression" else _classification(predictions)
    if WEIGHT not in predictions:
        return score
    own = predictions[WEIGHT].to_numpy()
    return lambda w: score(w * own)


def classes(predictions: pd.DataFrame) -> list[str]:
    """The class labels, in the order of their probability columns."""
    return [name.removeprefix("p(").removesuffix(")") for name in predictions.columns if name.startswith("p(")]


def _regression(predictions: pd.DataFrame) -> Callable[[np.ndarray], Scores]:
    y, error = predictions["actual"].to_numpy(), (predictions["predicted"] - predictions["actual"]).to_numpy()

    def score(w: np.ndarray) -> Scores:
        total = w.sum()
        squared, spread = w @ error**2, w @ (y - w @ y / total) ** 2
        scores = {"rmse": float(np.sqrt(squared / total)), "mae": float(w @ np.abs(error) / total)}
        return scores | ({"r2": float(1 - squared / spread)} if spread > 0 else {})

    return score


def _classification(predictions: pd.DataFrame) -> Callable[[np.ndarray], Scores]:
    labels = classes(predictions)
    size = len(labels)
    actual = pd.Index(labels).get_indexer(predictions["actual"])
    predicted = pd.Index(labels).get_indexer(predictions["predicted"])
    p = predictions[[f"p({label})" for label in labels]].to_numpy()
    loss = -np.log(np.clip(p[np.arange(len(p)), actual], TINY, 1))
    curves = [_areas(p[:, k], actual == k) for k in ([1] if size == 2 else range(size))]

    def score(w: np.ndarray) -> Scores:
        table = np.bincount(actual * size + predicted, weights=w, minlength=size * size).reshape(size, size)
        hits, actual_total, predicted_total = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
        total = actual_total + predicted_total
        recall = hits[actual_total > 0] / actual_total[actual_total > 0]
        return {
            "accuracy": float(hits.sum() / w.sum()),
            "balanced_accuracy": float(np.mean(recall)),
            "f1_macro": float(np.mean((2 * hits / np.maximum(total, 1e-300))[total > 0])),
            "log_loss": float(w @ loss / w.sum()),
        } | _means([curve(w) for curve in curves])

    return score


def _areas(p: np.ndarray, positive: np.ndarray) -> Callable[[np.ndarray], Scores]:
    """The areas of one class against the rest: under the ROC curve (Mann-Whitney statistic, ties count half), and under
    the steps of precision over recall (average precision: rows with equal probabilities are one step)."""
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=np.nan) != 0)
    positive = positive[order]

    def areas(w: np.ndarray) -> Scores:
        weights = w[order]
        up = np.add.reduceat(weights * positive, starts)
        down = np.add.reduceat(weights * ~positive, starts)
        pairs, found = up.sum() * down.sum(), np.cumsum(up[::-1])
        roc = {"roc_auc": float(up @ (np.cumsum(down) - down / 2) / pairs)} if pairs > 0 else {}
        if up.sum() == 0:
            return roc
        precision = found / np.maximum(found + np.cumsum(down[::-1]), 1e-300)
        return roc | {"average_precision": float(up[::-1] @ precision / up.sum())}

    return areas


def _means(areas: list[Scores]) -> Scores:
    """The mean of each area over the classes that have it."""
    names = dict.fromkeys(name for scores in areas for name in scores)
    return {name: float(np.mean([scores[name] for scores in areas if name in scores])) for name in names}
