"""The rows of a table that break the contract, one entry per column and kind of breach."""

import numpy as np
import pandas as pd

from pipeline.contract.schema import Column, Contract

ADVICE = {
    "missing": "fill the values, or set missing: true in the contract",
    "range": "correct the values, or widen range in the contract",
    "weight": "a weight must be a positive number: correct the values, or set role: ignored",
    "values": "correct the values, or add them to values in the contract",
    "type": "correct the values, or change type in the contract",
    "absent": "restore the column, or run `python -m pipeline.describe` on the new table",
    "unknown": "drop the column, or run `python -m pipeline.describe` to add it to the contract",
}
HEADINGS = ["column", "what", "how many", "rows", "examples", "what to do"]


def breaches(data: pd.DataFrame, unreadable: dict[str, pd.Series], contract: Contract, before: int = 0) -> pd.DataFrame:
    """One row per column and kind of breach; row numbers count from 1. `unreadable`: as `typed` returns it.

    `before`: the number of rows before these in their table.
    """
    rows = [_breach(name, "type", bad.index.to_numpy() + before, bad.tolist()) for name, bad in unreadable.items()]
    rows += [_breach(name, "absent", np.array([]), []) for name in contract.columns if name not in data]
    for name, column in contract.columns.items():
        if name in data and column.role != "ignored":
            rows += _broken(name, data[name], column, unreadable.get(name), before)
    return pd.DataFrame(rows, columns=HEADINGS)


def unknown_columns(names: list[str], contract: Contract) -> pd.DataFrame:
    """A breach for each column that the contract does not have."""
    unknown = [_breach(name, "unknown", np.array([]), []) for name in names if name not in contract.columns]
    return pd.DataFrame(unknown, columns=HEADINGS)


def _broken(
    name: str, values: pd.Series, column: Column, unreadable: pd.Series | None, before: int
) -> list[dict[str, object]]:
    """What the cells of one column break; a cell that could not be read is not reported again as missing."""
    missing = values.isna().to_numpy()
    wrong = {}
    if column.range:
        numbers, (low, high) = values.to_numpy(), map(float, column.range)
        wrong["range"] = (numbers < low) | (numbers > high)
    if column.role == "weight":
        wrong["weight"] = (values <= 0).to_numpy()
    if column.values:
        wrong["values"] = ~values.isin(column.values).to_numpy() & ~missing
    rows = [
        _breach(name, what, np.flatnonzero(bad) + before, values[bad].tolist())
        for what, bad in wrong.items()
        if bad.any()
    ]
    if not column.missing:
        absent = np.flatnonzero(missing)
        absent = absent if unreadable is None else np.setdiff1d(absent, unreadable.index)
        rows = ([_breach(name, "missing", absent + before, [])] if len(absent) else []) + rows
    return rows


def _breach(name: str, what: str, rows: np.ndarray, values: list[object]) -> dict[str, object]:
    examples = ", ".join(dict.fromkeys(str(value) for value in values[:200]))
    shown = ", ".join(str(row + 1) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    return dict(zip(HEADINGS, [name, what, len(rows), shown, examples[:60], ADVICE[what]]))
