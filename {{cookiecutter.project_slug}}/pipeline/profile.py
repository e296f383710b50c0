"""The profile of a table: missing values, and the distribution of numbers and categories."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract.schema import Contract
from pipeline.run.files import WEIGHT

LEVELS = 100  # most frequent categories that are listed


def profile(data: pd.DataFrame, contract: Contract) -> dict[str, Any]:
    """The number of rows, and for every feature and the target its share of missing values and its distribution.

    The target's mean or shares, which the baseline predicts, are weighted where rows have weights. Of free text, only
    lengths are kept, since the profile is in Git and texts are about people.
    """
    columns = {
        name: lengths(data[name]) if column.type == "text" else distribution(data[name])
        for name, column in contract.features.items()
    }
    columns[contract.target] = distribution(data[contract.target], data.get(WEIGHT))
    return {"rows": len(data), "columns": columns}


def lengths(values: pd.Series) -> dict[str, Any]:
    """Free text: the mean and deciles of its number of characters."""
    found = distribution(values.str.len().astype("float64"))
    return {"missing": found["missing"], "length": {"mean": found["mean"], "deciles": found["deciles"]}}


def distribution(values: pd.Series, weights: pd.Series | None = None) -> dict[str, Any]:
    """Numbers and dates: mean and deciles; text: the share of each of the most frequent values."""
    present = values.dropna()
    entry: dict[str, Any] = {"missing": float(values.isna().mean())}
    if pd.api.types.is_datetime64_any_dtype(values):
        deciles = present.quantile(np.linspace(0, 1, 11)) if len(present) else present
        return entry | {"deciles": [moment.isoformat() for moment in deciles]}
    if pd.api.types.is_numeric_dtype(values):
        numbers = present.to_numpy()
        # Of numpy, ten times as fast as pandas' on the many columns of a wide table
        deciles = np.percentile(numbers, np.linspace(0, 1, 11) * 100, method="nearest").tolist() if len(numbers) else []
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest float
            w = None if weights is None else weights[values.notna()]
            mean = float(np.average(numbers, weights=w)) if len(numbers) else None
        return entry | {"mean": mean if mean is not None and np.isfinite(mean) else None, "deciles": deciles}
    counts = present.value_counts() if weights is None else pd.Series(weights, values.index).groupby(values).sum()
    shares = sorted((counts / counts.sum()).items(), key=lambda share: (-share[1], share[0]))
    return entry | {"distinct": len(shares), "shares": dict(shares[:LEVELS])}
