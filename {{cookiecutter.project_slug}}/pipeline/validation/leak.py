"""How much of the target one column explains."""

import numpy as np
import pandas as pd

BINS = 256


def explained(feature: pd.Series, target: np.ndarray, task: str, most: int = BINS) -> float:
    """The share of the target that one column explains out of sample, from 0 to 1; `target`: numbers, or class codes.

    The column is cut into at most `most` bins; the mean (or most frequent class) of the odd rows in each bin predicts
    the even rows, which are in random order. The share is R squared, or the share of the majority class's errors that
    disappear.
    """
    if len(target) < 2:
        return 0.0
    fit = np.arange(len(target)) % 2 == 1
    bins = _binned(feature, fit, most)
    known, count, seen, asked = bins[fit], int(bins.max()) + 1, target[fit], target[~fit]
    rows = np.bincount(known, minlength=count)
    if task == "regression":
        sums = np.bincount(known, seen, minlength=count)
        guess = np.where(rows > 0, sums / np.maximum(rows, 1), seen.mean())[bins[~fit]]
        errors, baseline = ((asked - guess) ** 2).sum(), ((asked - seen.mean()) ** 2).sum()
    else:
        classes, majority = int(target.max()) + 1, np.bincount(seen).argmax()
        pairs = np.bincount(known * classes + seen, minlength=count * classes).reshape(count, classes)
        guess = np.where(rows > 0, pairs.argmax(axis=1), majority)[bins[~fit]]
        errors, baseline = (asked != guess).sum(), (asked != majority).sum()
    return float(1 - errors / baseline) if baseline > 0 else 0.0


def _binned(feature: pd.Series, fit: np.ndarray, most: int) -> np.ndarray:
    """The bin of each row: quantiles of the rows in `fit` for numbers and dates, the value itself for text."""
    values = feature.to_numpy()
    if values.dtype.kind not in "fM":
        return np.asarray(pd.factorize(feature)[0] + 1)
    numbers = values.astype("int64") if values.dtype.kind == "M" else values
    present = feature.notna().to_numpy()
    known = np.sort(numbers[fit & present])
    edges = np.unique(known[np.linspace(0, len(known) - 1, most + 1).astype(int)]) if len(known) else [0]
    return np.where(present, np.maximum(np.searchsorted(edges, numbers, side="right"), 1), 0)
