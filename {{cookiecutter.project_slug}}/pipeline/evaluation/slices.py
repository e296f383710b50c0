"""The metrics of slices: the test rows of each value of a column with few values."""

import numpy as np
import pandas as pd

from pipeline.contract.schema import Column, Contract
from pipeline.metrics import scorer

FEW = 10  # columns, and values per column, at most
ROWS = 10  # test rows of a slice, at least


def slices(data: pd.DataFrame, predictions: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """One row per slice: column, value, rows, metrics."""
    rows = []
    small = [n for n, c in contract.features.items() if c.type in ("category", "boolean") and data[n].nunique() <= FEW]
    for name in small[:FEW]:
        column = contract.features[name]
        for value in sorted(data[name].dropna().unique()):
            part = predictions[(data[name] == value).to_numpy()]
            if len(part) >= ROWS:
                scores = scorer(part, contract.task)(np.ones(len(part)))
                rows.append({"column": name, "value": label(value, column), "rows": len(part), **scores})
    return pd.DataFrame(rows)


def label(value: object, column: Column) -> str:
    """The value of a slice as text: booleans, which are numbers for the model, as true and false."""
    return str(bool(value)).lower() if column.type == "boolean" else str(value)
