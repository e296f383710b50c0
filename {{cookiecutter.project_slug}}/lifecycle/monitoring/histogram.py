"""The distribution of a column in the reference and in the window, in shares."""

from typing import Any

import numpy as np
import pandas as pd

BARS, LEVELS = 20, 12  # of numbers; categories that have a bar of their own
OTHER, MISSING = "other values", "missing"


def histogram(name: str, reference: pd.Series, window: pd.Series) -> dict[str, Any]:
    """`bars`: labels with the share of each table; numbers beyond the outermost percentiles are in the outer bars."""
    both = pd.concat([reference, window], ignore_index=True)
    if pd.api.types.is_numeric_dtype(both):
        present = both.dropna().to_numpy(dtype="float64")
        low, high = np.percentile(present, [0.5, 99.5]) if len(present) else (0.0, 1.0)
        edges = np.linspace(low, high if high > low else low + 1, BARS + 1)
        labels = [f"{edge:.4g}" for edge in edges[:-1]]

        def place(values: pd.Series) -> pd.Series:
            codes = np.clip(np.searchsorted(edges, values.fillna(0), side="right") - 1, 0, BARS - 1)
            return pd.Series(np.array(labels, dtype=object)[codes]).where(values.notna().to_numpy(), MISSING)
    else:
        labels = [str(level) for level in both.dropna().astype(str).value_counts().head(LEVELS).index]

        def place(values: pd.Series) -> pd.Series:
            text = values.astype(object).where(values.notna(), MISSING).astype(str)
            return text.where(text.isin([*labels, MISSING]), OTHER)

    shares = [place(values).value_counts(normalize=True) for values in (reference, window)]
    more = [label for label in (OTHER, MISSING) if any(label in share for share in shares)]
    bars = [
        {"label": label, "reference": float(shares[0].get(label, 0)), "window": float(shares[1].get(label, 0))}
        for label in dict.fromkeys([*labels, *more])
    ]
    return {"column": name, "numeric": bool(pd.api.types.is_numeric_dtype(both)), "bars": bars}
