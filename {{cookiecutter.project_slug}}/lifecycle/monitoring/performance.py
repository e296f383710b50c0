"""The metrics of a window whose labels have come, beside those of the reference.

The labels may be looked at every day: the j-th look has the error rate alpha * 6 / (pi * j)**2, and all looks together
at most alpha (an infinite sum of such rates is alpha).
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.errors import LifecycleError
from lifecycle.project import ROW, Contract, intervals
from lifecycle.review.limits import Gate

FEW = 10  # rows with labels, below which nothing is computed


def labels(path: Path, contract: Contract) -> dict[str, Any]:
    """The label of each prediction id: a CSV or Parquet file with the columns id and the target."""
    read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
    try:
        table = read(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"id": "str"})
    except Exception as error:
        raise LifecycleError(f"the labels {path} cannot be read ({' '.join(str(error).split())[:200]}).") from None
    needed = ["id", contract.target]
    if lacking := [name for name in needed if name not in table]:
        raise LifecycleError(f"{path} has no column {lacking[0]}: the labels need the columns {' and '.join(needed)}.")
    found = table[needed].dropna()
    if (twice := found["id"].duplicated(keep=False)).any():
        raise LifecycleError(f"{path} has the prediction {found['id'][twice].iloc[0]} more than once.")
    values = found[contract.target]
    if contract.task == "classification":
        if pd.api.types.is_float_dtype(values) and (values % 1 == 0).all():
            values = values.astype("int64")
        values = values.astype(str)
        known = contract.columns[contract.target].values or []
        if len(strange := values[~values.isin(known)]):
            raise LifecycleError(f"{path}: {strange.iloc[0]!r} is not a value of {contract.target}.")
    else:
        values = pd.to_numeric(values, errors="coerce")
        if values.isna().any():
            raise LifecycleError(f"{path}: {contract.target} has values that are not numbers.")
    return dict(zip(found["id"].astype(str), values))


def performance(
    entries: list[dict[str, Any]], known: dict[str, Any], reference: pd.DataFrame, contract: Contract, gate: Gate,
    alpha: float, look: int,
) -> dict[str, Any]:  # fmt: skip
    """Rows, and for each metric its value and interval in the window and in the reference, and whether it is worse by
    more than the allowed drop: the whole interval of the window lies beyond that of the reference."""
    rate = alpha * 6 / (math.pi * look) ** 2
    result: dict[str, Any] = {"rows": len(entries), "look": look, "error_rate": rate, "metrics": []}
    if len(entries) < FEW:
        return result
    actual = pd.Series([known[entry["id"]] for entry in entries])
    now = pd.DataFrame([entry["prediction"] for entry in entries]).assign(actual=actual)
    now[ROW] = np.arange(len(now), dtype="uint64")
    both = [intervals([table], contract.task, gate.draws, 1 - rate, gate.seed) for table in (reference, now)]
    for name, new in both[1].items():
        old, metric = both[0].get(name), gate.metrics.get(name)
        if old is None or metric is None:
            continue
        drop = metric.allowed_drop(old.value)
        worse = old.low - new.high if metric.better == "higher" else new.low - old.high
        result["metrics"].append({
            "name": name, "better": metric.better, "value": new.value, "low": new.low, "high": new.high,
            "reference": old.value, "reference_low": old.low, "reference_high": old.high, "allowed_drop": drop,
            "alarm": drop is not None and worse > drop,
        })  # fmt: skip
    return result
