"""Compares the values of two mappings, tables or arrays: numbers may differ by a tolerance."""

import math
from typing import Any

import numpy as np
import pandas as pd

SHOWN = 5  # differences of one file that are listed


def different_mappings(
    old: dict[str, Any], new: dict[str, Any], tolerance: float, renamed: dict[str, str]
) -> list[str]:
    """The values of two flat mappings that differ."""

    def same(before: Any, after: Any) -> bool:
        if isinstance(before, float | int) and isinstance(after, float | int):
            return math.isclose(before, after, rel_tol=tolerance, abs_tol=tolerance)
        return bool((renamed.get(before, before) if isinstance(before, str) else before) == after)

    keys = {**old, **new}
    return [f"{k}: recorded {old.get(k)!r}, now {new.get(k)!r}" for k in keys if not same(old.get(k), new.get(k))]


def differences_of_tables(old: pd.DataFrame, new: pd.DataFrame, tolerance: float) -> list[str]:
    """The cells of two tables that differ."""
    if list(old) != list(new) or len(old) != len(new):
        return [f"recorded {len(old)} rows of {', '.join(old)}; now {len(new)} rows of {', '.join(new)}"]
    return [
        line for name in old for line in different_columns(name, old[name].to_numpy(), new[name].to_numpy(), tolerance)
    ]


def different_columns(name: str, before: np.ndarray, after: np.ndarray, tolerance: float) -> list[str]:
    """The first values of two arrays of one shape that differ."""
    if before.dtype.kind == after.dtype.kind == "f":
        differs = ~np.isclose(before, after, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        differs = np.asarray((before != after) & ~(pd.isna(before) & pd.isna(after)))
    where = np.flatnonzero(differs)[: SHOWN + 1]
    return [f"row {i}, {name}: recorded {before[i]!r}, now {after[i]!r}" for i in where]
