"""Golden predictions: a few test rows with what the model predicted; another answer means another model.

The rows are kept as JSON, so that a promotion, a batch and a service can ask the same question.
"""

import math
from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract.schema import NUMBERS, Contract
from pipeline.run.errors import reading
from pipeline.run.files import AGAIN, ROW

ROWS = 10


def golden_rows(data: pd.DataFrame, predictions: pd.DataFrame, contract: Contract) -> list[dict[str, Any]]:
    """The features of a few rows, the same each time; first one row for each predicted class."""
    names = list(contract.features)
    numbers = data[[n for n, c in contract.features.items() if c.type in NUMBERS]].fillna(0)
    ordered = data[np.isfinite(numbers).all(axis=1)].sort_values(ROW, kind="stable")
    predicted = predictions.loc[ordered.index, "predicted"]
    first = predicted.drop_duplicates() if contract.task == "classification" else predicted.head(0)
    chosen = [*first.index, *ordered.index.difference(first.index, sort=False)][:ROWS]
    return [dict(zip(names, map(_plain, row))) for row in ordered.loc[chosen, names].itertuples(index=False, name=None)]


def typed_rows(rows: list[dict[str, Any]], contract: Contract) -> pd.DataFrame:
    """Rows from JSON as a table with the types of the contract."""
    with reading("the golden rows", AGAIN):
        return pd.DataFrame(
            {name: _column([row.get(name) for row in rows], column.type) for name, column in contract.features.items()}
        )


def contradictions(recorded: list[dict[str, Any]], now: list[dict[str, Any]], tolerance: float) -> list[str]:
    """A sentence for each value that is not predicted as it was recorded."""
    if len(recorded) != len(now):
        return [f"{len(now)} rows are predicted, {len(recorded)} were recorded"]
    return [
        f"row {i}, {name}: recorded {old.get(name)}, now {new.get(name)}"
        for i, (old, new) in enumerate(zip(recorded, now))
        for name in {**old, **new}
        if not _same(old.get(name), new.get(name), tolerance)
    ]


def _same(old: Any, new: Any, tolerance: float) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=tolerance, abs_tol=tolerance)
    return bool(old == new)


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else float(value) if isinstance(value, float) else value


def _column(values: list[Any], kind: str) -> Any:
    if kind in NUMBERS:
        return np.array(values, dtype="float64")
    if kind == "datetime":
        return pd.to_datetime(pd.Series(values, dtype=object), format="ISO8601").astype("datetime64[us]")
    return pd.Series(values, dtype=object).astype("str")
