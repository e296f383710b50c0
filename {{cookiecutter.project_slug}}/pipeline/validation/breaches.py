"""The rows of a table that break the contract, one entry per column and kind of breach."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from pipeline.contract.schema import Column, Contract

ADVICE = {
    "missing": "fill the values, or set missing: true in the contract",
    "range": "correct the values, or widen range in the contract",
    "values": "correct the values, or add them to values in the contract",
    "type": "correct the values, or change type in the contract",
    "absent": "restore the column, or run `python -m pipeline.describe` on the new table",
    "unknown": "drop the column, or run `python -m pipeline.describe` to add it to the contract",
}
HEADINGS = ["column", "what", "how many", "rows", "examples", "what to do"]


def breaches(data: pd.DataFrame, unreadable: dict[str, pd.Series], contract: Contract) -> pd.DataFrame:
    """One row per column and kind of breach; row numbers count from 1. `unreadable`: as `typed` returns it."""
    rows = [_breach(name, "type", bad.index.to_numpy(), bad.tolist()) for name, bad in unreadable.items()]
    rows += [_breach(name, "absent", np.array([]), []) for name in contract.columns if name not in data]
    present = {name: column for name, column in contract.columns.items() if name in data and column.role != "ignored"}
    schema = pa.DataFrameSchema({name: _checks(column) for name, column in present.items()})
    try:
        schema.validate(data, lazy=True)
    except SchemaErrors as errors:
        rows += _failures(errors.failure_cases, unreadable)
    return pd.DataFrame(rows, columns=HEADINGS)


def unknown_columns(names: list[str], contract: Contract) -> pd.DataFrame:
    """A breach for each column that the contract does not have."""
    unknown = [_breach(name, "unknown", np.array([]), []) for name in names if name not in contract.columns]
    return pd.DataFrame(unknown, columns=HEADINGS)


def _checks(column: Column) -> pa.Column:
    """pandera's checks of one column; its type was checked when it was converted."""
    checks = []
    if column.range:
        low, high = column.range
        checks.append(pa.Check(lambda s: s.between(low, high), name="range", error="range"))
    if column.values:
        checks.append(pa.Check(lambda s: s.isin(column.values), name="values", error="values"))
    return pa.Column(checks=checks, nullable=column.missing)


def _failures(cases: pd.DataFrame, unreadable: dict[str, pd.Series]) -> list[dict[str, object]]:
    """pandera's failed cases as breaches; a value that could not be read is not reported again as missing."""
    rows = []
    cases = cases.assign(what=cases["check"].map(lambda check: "missing" if check == "not_nullable" else check))
    for (name, what), group in cases.groupby(["column", "what"], sort=False):
        numbers = group["index"].to_numpy(dtype=int)
        if what == "missing" and name in unreadable:
            numbers = np.setdiff1d(numbers, unreadable[name].index)
        if len(numbers):
            rows.append(_breach(name, what, numbers, [] if what == "missing" else group["failure_case"].tolist()))
    return rows


def _breach(name: str, what: str, rows: np.ndarray, values: list[object]) -> dict[str, object]:
    examples = ", ".join(dict.fromkeys(str(value) for value in values[:200]))
    shown = ", ".join(str(row + 1) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    return dict(zip(HEADINGS, [name, what, len(rows), shown, examples[:60], ADVICE[what]]))
