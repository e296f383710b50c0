"""The metrics, and how sure one can be of them.

All take weights, so that a bootstrap is the same metric under other weights, without copying or sorting rows again.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

Scores = dict[str, float]
MAIN = {"classification": "log_loss", "regression": "rmse"}
TINY = 1e-15  # the least probability that log_loss counts with


def scorer(predictions: pd.DataFrame, task: str) -> Callable[[np.ndarray], Scores]:
    """A function from row weights to metrics, for predictions as `pipeline.evaluate.predict` gives them."""
    return _regression(predictions) if task == "regression" else _classification(predictions)


def classes(predictions: pd.DataFrame) -> list[str]:
    """The class labels, in the order of the columns that hold their probabilities."""
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
    guessed = pd.Index(labels).get_indexer(predictions["predicted"])
    p = predictions[[f"p({label})" for label in labels]].to_numpy()
    loss = -np.log(np.clip(p[np.arange(len(p)), actual], TINY, 1))
    curves = [_auc(p[:, k], actual == k) for k in ([1] if size == 2 else range(size))]

    def score(w: np.ndarray) -> Scores:
        table = np.bincount(actual * size + guessed, weights=w, minlength=size * size).reshape(size, size)
        hits, real, said = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
        seen = real > 0
        areas = [area for area in (curve(w) for curve in curves) if area is not None]
        return {
            "accuracy": float(hits.sum() / w.sum()),
            "balanced_accuracy": float(np.mean(hits[seen] / real[seen])),
            "f1_macro": float(np.mean((2 * hits / np.maximum(real + said, 1e-300))[(real + said) > 0])),
            "log_loss": float(w @ loss / w.sum()),
        } | ({"roc_auc": float(np.mean(areas))} if areas else {})

    return score


def _auc(p: np.ndarray, positive: np.ndarray) -> Callable[[np.ndarray], float | None]:
    """The area under the ROC curve of one class against the rest: the Mann-Whitney statistic, ties counted half."""
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


def intervals(
    score: Callable[[np.ndarray], Scores], rows: int, draws: int, level: float, seed: int
) -> dict[str, Scores]:
    """For each metric its percentile bootstrap interval at `level`, from `draws` resamples of the rows."""
    rng = np.random.default_rng(seed)
    resampled = (np.bincount(rng.integers(0, rows, rows), minlength=rows).astype(float) for _ in range(draws))
    table = pd.DataFrame([score(weights) for weights in resampled])
    edges = table.quantile([(1 - level) / 2, (1 + level) / 2])
    return {name: {"low": float(edges[name].iloc[0]), "high": float(edges[name].iloc[1])} for name in table.columns}
