"""How much of the target one column explains."""

import numpy as np
import pandas as pd

BINS = 256


def explained(feature: pd.Series, target: pd.Series, task: str) -> float:
    """The share of the target that one column explains out of sample, from 0 to 1.

    The column is cut into at most BINS bins; the mean (or most frequent class) of the odd rows in each bin predicts the
    even rows. The share is R squared, or the share of the majority class's errors that disappear.
    """
    fit = np.arange(len(target)) % 2 == 1
    bins = _binned(feature, fit)
    if task == "regression":
        guess = bins[~fit].map(target[fit].groupby(bins[fit]).mean()).fillna(target[fit].mean())
        errors, baseline = ((target[~fit] - guess) ** 2).sum(), ((target[~fit] - target[fit].mean()) ** 2).sum()
    else:
        codes = pd.Series(pd.factorize(target, sort=True)[0], index=target.index)
        majority = int(codes[fit].mode().iloc[0])
        pairs = pd.DataFrame({"bin": bins[fit], "code": codes[fit]}).value_counts().reset_index()
        best = pairs.drop_duplicates("bin").set_index("bin")["code"]
        guess = bins[~fit].map(best).fillna(majority)
        errors, baseline = (codes[~fit] != guess).sum(), (codes[~fit] != majority).sum()
    return float(1 - errors / baseline) if baseline > 0 else 0.0


def _binned(feature: pd.Series, fit: np.ndarray) -> pd.Series:
    """The bin of each row: quantiles of the rows in `fit` for numbers and dates, the value itself for text."""
    dates = pd.api.types.is_datetime64_any_dtype(feature)
    if not (dates or pd.api.types.is_numeric_dtype(feature)):
        return pd.Series(pd.factorize(feature)[0], index=feature.index)
    numbers = feature.astype("int64") if dates else feature
    known = numbers[fit].notna().any()
    edges = np.unique(np.nanquantile(numbers[fit], np.linspace(0, 1, BINS + 1))) if known else [0]
    return pd.Series(np.searchsorted(edges, numbers, side="right"), index=feature.index)
