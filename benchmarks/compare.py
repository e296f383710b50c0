"""Compares two predictions of the same test rows: metrics, and a paired bootstrap of their difference."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

UNIT, ROW, WEIGHT = "__unit__", "__row__", "__weight__"  # as the project's pipeline/run/files.py has them
DRAWS = 1000
TINY = 1e-15
Metric = Callable[[np.ndarray], float]  # from row weights


def metrics(y: np.ndarray, p: pd.DataFrame, task: str) -> dict[str, Metric]:
    """Two metrics, the more important one first. `p`: a column a class, or one column."""
    if task == "regression":
        error = p.iloc[:, 0].to_numpy() - y
        return {"rmse": lambda w: float(np.sqrt(w @ error**2 / w.sum())), "mae": _mean(np.abs(error))}
    place = p.columns.get_indexer(y)
    values = np.where(place >= 0, p.to_numpy()[np.arange(len(p)), place], 0)
    log_loss = _mean(-np.log(np.clip(values, TINY, 1)))
    if p.shape[1] == 2:
        return {"roc_auc": _auc(p.iloc[:, 1].to_numpy(), place == 1), "log_loss": log_loss}
    return {"log_loss": log_loss, "accuracy": _mean((p.to_numpy().argmax(axis=1) == place).astype(float))}


def _mean(values: np.ndarray) -> Metric:
    return lambda w: float(w @ values / w.sum())


def _auc(p: np.ndarray, positive: np.ndarray) -> Metric:
    order = np.argsort(p, kind="stable")
    starts, positive = np.flatnonzero(np.diff(p[order], prepend=np.nan) != 0), positive[order]

    def area(w: np.ndarray) -> float:
        up, down = (np.add.reduceat(w[order] * side, starts) for side in (positive, ~positive))
        return float(up @ (np.cumsum(down) - down / 2) / (up.sum() * down.sum()))

    return area


def loss(y: pd.Series, p: pd.DataFrame, w: np.ndarray, task: str) -> float:
    """The first metric, the smaller the better; for classes that are missing among the known rows the log loss."""
    name, metric = next(iter(metrics(y.to_numpy(), p, task).items()))
    both = task == "regression" or name == "log_loss" or y.nunique() > 1
    return (-1 if name == "roc_auc" else 1) * metric(w) if both else 0.0


def compare(ours: pd.DataFrame, by_hand: pd.DataFrame, y: pd.Series, task: str) -> dict[str, Any]:
    """The metrics of both, their differences with 95 % intervals, and what follows; stops if the rows differ."""
    actual = ours["actual"].to_numpy()
    if task == "regression":
        same = np.allclose(actual, y.to_numpy(float), rtol=1e-9)
        p = ours[["predicted"]]
    else:
        same = (actual.astype(str) == y.str.strip().to_numpy(str)).all()
        p = ours.filter(regex=r"^p\(").rename(columns=lambda name: name[2:-1])
        by_hand = by_hand.rename(columns=str.strip).reindex(columns=p.columns, fill_value=0.0)
    if not same:
        raise SystemExit("the targets of the test rows differ: the rows were not matched.")
    pairs = {
        name: (one, metrics(actual, by_hand, task)[name]) for name, one in metrics(actual, p, task).items()
    }  # fmt: skip
    w = ours[WEIGHT].to_numpy() if WEIGHT in ours else np.ones(len(ours))
    units = pd.factorize(ours[UNIT if UNIT in ours else ROW])[0]
    results = {name: difference(one, other, w, units, name) for name, (one, other) in pairs.items()}
    return {"units": int(units.max() + 1), "metrics": results}


def difference(ours: Metric, by_hand: Metric, w: np.ndarray, units: np.ndarray, name: str) -> dict[str, Any]:
    """How much better ours is (negative: worse), and the interval of a bootstrap that draws whole units."""
    sign = 1 if name in ("roc_auc", "accuracy") else -1
    rng, count = np.random.default_rng(0), units.max() + 1
    drawn = []
    for _ in range(DRAWS):
        times = w * np.bincount(rng.integers(0, count, count), minlength=count)[units]
        drawn.append(sign * (ours(times) - by_hand(times)))
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    verdict = "worse" if high < 0 else "better" if low > 0 else "equal within noise"
    one, other = ours(w), by_hand(w)
    return {
        "ours": one, "by_hand": other, "better_by": sign * (one - other), "interval": [low, high], "verdict": verdict,
    }  # fmt: skip
