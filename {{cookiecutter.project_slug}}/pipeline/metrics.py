"""The metrics. Add one here, and to params.yaml, block gate, if reviews should compare it.

Every metric takes row weights, so that a bootstrap sample is the same metric with other weights.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

Scores = dict[str, float]
TINY = 1e-15  # the smallest probability that log_loss uses


def scorer(predictions: pd.DataFrame, task: str) -> Callable[[np.ndarray], Scores]:
    """A function from row weights to metrics. `predictions`: actual, predicted and, for classes, `p(class)`."""
    return _regression(predictions) if task == "regression" else _classification(predictions)


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
    curves = [_auc(p[:, k], actual == k) for k in ([1] if size == 2 else range(size))]

    def score(w: np.ndarray) -> Scores:
        table = np.bincount(actual * size + predicted, weights=w, minlength=size * size).reshape(size, size)
        hits, actual_total, predicted_total = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
        total = actual_total + predicted_total
        recall = hits[actual_total > 0] / actual_total[actual_total > 0]
        areas = [area for area in (curve(w) for curve in curves) if area is not None]
        return {
            "accuracy": float(hits.sum() / w.sum()),
            "balanced_accuracy": float(np.mean(recall)),
            "f1_macro": float(np.mean((2 * hits / np.maximum(total, 1e-300))[total > 0])),
            "log_loss": float(w @ loss / w.sum()),
        } | ({"roc_auc": float(np.mean(areas))} if areas else {})

    return score


def _auc(p: np.ndarray, positive: np.ndarray) -> Callable[[np.ndarray], float | None]:
    """The area under the ROC curve of one class against the rest (Mann-Whitney statistic, ties count half)."""
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=np.nan) != 0)
    positive = positive[order]

    def area(w: np.ndarray) -> float | None:
        weights = w[order]
        up = np.add.reduceat(weights * positive, starts)
        down = np.add.reduceat(weights * ~positive, starts)
        pairs = up.sum() * down.sum()
        return float(up @ (np.cumsum(down) - down / 2) / pairs) if pairs > 0 else None

    return area
