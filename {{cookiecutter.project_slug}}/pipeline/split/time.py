"""Moments of dated rows, and the blocks of time that are resampled as a whole."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.split.settings import Unit
from pipeline.table import types

PERIODS = {"hour": "h", "day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
SIGN = np.uint64(2**63)  # makes the order of uint64 that of int64


def moments(table: pa.Table, columns: str | list[str], layout: str | None) -> pd.Series:
    """When each row was, as datetime64 or, for `number`, as float64; missing where it cannot be read.

    `columns`: one column, or several such as year, month and day.
    """
    if isinstance(columns, list):
        parts = pd.DataFrame({words(name): _numbers(table[name].combine_chunks()) for name in columns})
        return pd.to_datetime(parts.assign(**{n: 1 for n in ("month", "day") if n not in parts}), errors="coerce")
    values = table[columns].combine_chunks()
    return _numbers(values) if layout == "number" else types.moments(values, layout)


def _numbers(values: pa.Array) -> pd.Series:
    try:
        return values.cast(pa.float64()).to_pandas()
    except pa.ArrowInvalid:
        return pd.to_numeric(types.text(values), errors="coerce").astype("float64")


def words(name: str) -> str:
    """A name in snake case: `customerId` is customer_id."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\s.-]+", "_", name).lower()


def blocks(moment: pd.Series, unit: Unit) -> np.ndarray:
    """The block of each row (uint64) in the order of time; a missing moment is a block of its own, the first."""
    if pd.api.types.is_float_dtype(moment):
        return pd.factorize(moment, sort=True)[0].astype("int64").view("uint64") + SIGN
    if unit == "moment":
        place = moment.astype("datetime64[us]").astype("int64").to_numpy()
    else:
        place = pd.PeriodIndex(moment, freq=PERIODS[unit]).asi8
    return np.where(moment.notna(), place, -(2**62)).astype("int64").view("uint64") + SIGN


def choose_block(moment: pd.Series, least: int) -> Unit:
    """The longest calendar unit of which these moments have at least `least`."""
    for unit in ("year", "quarter", "month", "week", "day", "hour"):
        if len(np.unique(blocks(moment, unit))) >= least:
            return unit
    return "moment"
