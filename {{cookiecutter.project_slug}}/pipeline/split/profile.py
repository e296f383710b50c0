"""The profile of a table: missing values, and the distribution of numbers and categories."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract.schema import Contract

LEVELS = 100  # most frequent categories that are listed


def profile(data: pd.DataFrame, contract: Contract) -> dict[str, Any]:
    """The number of rows, and for every feature and the target its share of missing values and its distribution."""
    columns = {name: distribution(data[name]) for name in [*contract.features, contract.target]}
    return {"rows": len(data), "columns": columns}


def distribution(values: pd.Series) -> dict[str, Any]:
    """Numbers and dates: mean and deciles; text: the share of each of the most frequent values."""
    present = values.dropna()
    entry: dict[str, Any] = {"missing": float(values.isna().mean())}
    if pd.api.types.is_datetime64_any_dtype(values):
        deciles = present.quantile(np.linspace(0, 1, 11)) if len(present) else present
        return entry | {"deciles": [moment.isoformat() for moment in deciles]}
    if pd.api.types.is_numeric_dtype(values):
        deciles = present.quantile(np.linspace(0, 1, 11), interpolation="nearest").tolist() if len(present) else []
        with np.errstate(over="ignore", invalid="ignore"):  # numbers near the largest float
            mean = float(np.mean(present)) if len(present) else None
        return entry | {"mean": mean if mean is not None and np.isfinite(mean) else None, "deciles": deciles}
    counts = present.value_counts(normalize=True).rename_axis("value").reset_index(name="share")
    counts = counts.sort_values(["share", "value"], ascending=[False, True]).head(LEVELS)
    return entry | {"distinct": int(present.nunique()), "shares": dict(zip(counts["value"], counts["share"].tolist()))}
