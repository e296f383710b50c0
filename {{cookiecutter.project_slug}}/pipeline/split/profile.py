"""The profile of a table: missing values, and the distribution of numbers and categories."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract.schema import Contract
from pipeline.run.files import WEIGHT

LEVELS = 100  # most frequent categories that are listed


def profile(data: pd.DataFrame, contract: Contract) -> dict[str, Any]:
    """The number of rows, and for every feature and the target its share of missing values and its distribution.

    The target's mean or shares, which the baseline predicts, are weighted where rows have weights.
    """
    columns = {name: distribution(data[name]) for name in contract.features}
    columns[contract.target] = distribution(data[contract.target], data.get(WEIGHT))
    return {"rows": len(data), "columns": columns}


def distribution(values: pd.Series, weights: pd.Series | None = None) -> dict[str, Any]:
    """Numbers and dates: mean and deciles; text: the share of each of the most frequent values."""
    present = values.dropna()
    entry: dict[str, Any] = {"missing": float(values.isna().mean())}
    if pd.api.types.is_datetime64_any_dtype(values):
        deciles = present.quantile(np.linspace(0, 1, 11)) if len(present) else present
        return entry | {"deciles": [moment.isoformat() for moment in deciles]}
    if pd.api.types.is_numeric_dtype(values):
        deciles = present.quantile(np.linspace(0, 1, 11), interpolation="nearest").tolist() if len(present) else []
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest float
            w = None if weights is None else weights[values.notna()]
            mean = float(np.average(present, weights=w)) if len(present) else None
        return entry | {"mean": mean if mean is not None and np.isfinite(mean) else None, "deciles": deciles}
    counts = pd.Series(1.0 if weights is None else weights, values.index).groupby(values).sum()
    counts = (counts / counts.sum()).rename_axis("value").reset_index(name="share")
    counts = counts.sort_values(["share", "value"], ascending=[False, True]).head(LEVELS)
    return entry | {"distinct": int(present.nunique()), "shares": dict(zip(counts["value"], counts["share"].tolist()))}
