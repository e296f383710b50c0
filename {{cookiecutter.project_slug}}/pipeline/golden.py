"""A few test rows with what the model said of them: a stored model that says otherwise is not the one that was judged.

The rows are taken as JSON gives them back, so that a service, a batch and a promotion can all ask the same question.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract import Contract
from pipeline.stage import ROW

ROWS = 10
NUMBERS = ("number", "integer", "boolean")


def golden(data: pd.DataFrame, predictions: pd.DataFrame, contract: Contract) -> list[dict[str, Any]]:
    """The features of the same few of all rows each time, with a row of each class that is predicted first of all."""
    finite = np.isfinite(data[[n for n, c in contract.features.items() if c.type in NUMBERS]].fillna(0)).all(axis=1)
    ordered = data[finite].sort_values(ROW, kind="stable")
    said = predictions.loc[ordered.index, "predicted"]
    first = said.drop_duplicates() if contract.task == "classification" else said.head(0)
    chosen = [*first.index, *ordered.index.difference(first.index, sort=False)][:ROWS]
    return [{name: _plain(ordered.at[row, name]) for name in contract.features} for row in chosen]


def typed(rows: list[dict[str, Any]], contract: Contract) -> pd.DataFrame:
    """The rows as a table with the types that the model was fitted to."""
    given = pd.DataFrame(rows, columns=list(contract.features), dtype=object)
    return pd.DataFrame({name: _column(given[name], column.type) for name, column in contract.features.items()})


def contradictions(said: list[dict[str, Any]], now: list[dict[str, Any]], tolerance: float) -> list[str]:
    """A sentence for each row that is predicted otherwise than it was."""
    if len(said) != len(now):
        return [f"{len(now)} rows are predicted, not {len(said)}"]
    return [
        f"row {i}, {name}: it said {value}, and says {new.get(name)}"
        for i, (old, new) in enumerate(zip(said, now))
        for name, value in old.items()
        if not _same(value, new.get(name), tolerance)
    ]


def _same(old: Any, new: Any, tolerance: float) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=tolerance, abs_tol=tolerance)
    return bool(old == new)


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else float(value) if isinstance(value, float) else value


def _column(values: pd.Series, kind: str) -> pd.Series:
    if kind in NUMBERS:
        return values.astype("float64")
    if kind == "datetime":
        return pd.to_datetime(values, format="ISO8601").astype("datetime64[us]")
    return values.astype("str")
