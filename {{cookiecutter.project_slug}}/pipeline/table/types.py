"""Converts a raw table to the types of the contract."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import TEXTS, Column, Contract
from pipeline.run.errors import InputError, reason
from pipeline.table.cells import EPOCH, MICROSECONDS, TRUTH
from pipeline.table.numbers import numbers

YEARS = pd.Timestamp("0001-01-01"), pd.Timestamp("9999-12-31 23:59:59")  # that a text can have


def typed(table: pa.Table, contract: Contract) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """The contract's columns with their types, and per column the texts that do not fit the type, by row from 0.

    Numbers and booleans become float64, dates datetime64, everything else text; unreadable and missing values are null.
    """
    columns = dict(zip(table.column_names, table.columns))  # a look-up in the table searches all names
    present = {name: columns[name].combine_chunks() for name in contract.columns if name in columns}
    with ThreadPoolExecutor() as pool:
        converted = pool.map(_convert, present.values(), (contract.columns[name] for name in present))
        data = pd.DataFrame(dict(zip(present, converted)))
    unreadable = {}
    for name, raw in present.items():
        column = contract.columns[name]
        if column.role == "ignored" or column.type in TEXTS:
            continue
        bad = data[name].isna().to_numpy() & raw.is_valid().to_numpy(zero_copy_only=False)
        if column.type == "integer":
            bad |= (data[name] % 1 > 0).to_numpy()
        if bad.any():
            unreadable[name] = text(raw)[bad]
    return data, unreadable


def _convert(values: pa.Array, column: Column) -> pd.Series:
    """One column with the type of its contract; what cannot be converted becomes null."""
    if column.role == "ignored":
        return text(values)
    if column.type in ("integer", "number"):
        try:
            layout = column.format if pa.types.is_string(values.type) else None
            found = (numbers(values, layout) if layout else values.cast(pa.float64())).to_pandas()
        except pa.ArrowException:
            found = pd.to_numeric(text(values), errors="coerce").astype("float64")
        return found.where(np.isfinite(found))  # digits beyond the largest float
    if column.type == "boolean":
        return text(values).str.lower().map(TRUTH).astype("float64")
    if column.type == "datetime":
        return moments(values, column.format)
    return text(values)


def moments(values: pa.Array, layout: str | None) -> pd.Series:
    """Dates and times without a time zone (UTC if there was one); null where a text does not have this `layout`."""
    temporal = pa.types.is_temporal(values.type)
    raw = values.to_pandas(date_as_object=False) if temporal else text(values)
    try:
        if layout and layout.startswith(EPOCH) and not temporal:
            parsed = _counted(raw, MICROSECONDS[layout.removeprefix(EPOCH)])
        else:
            parsed = pd.to_datetime(raw, format=layout or "ISO8601", errors="coerce", utc=True)
    except Exception as error:  # pandas and the parser of formats have many
        raise InputError(f"the contract's format {layout!r} is not a date format: {reason(error)}.") from None
    parsed = parsed.dt.tz_localize(None)
    return parsed.where(parsed.between(*YEARS)).astype("datetime64[us]")


def _counted(counts: pd.Series, unit: float) -> pd.Series:
    microseconds = (pd.to_numeric(counts, errors="coerce").astype("float64") * unit).round()
    whole = microseconds.where(microseconds.abs() < 2.6e17).astype("Int64")  # beyond the year 9999
    return pd.to_datetime(whole, unit="us", utc=True)


def text(values: pa.Array) -> pd.Series:
    """The values as text; whole floats without `.0`, as other programs write class labels."""
    if pa.types.is_floating(values.type) and pc.all(pc.equal(pc.floor(values), values)).as_py():
        with contextlib.suppress(pa.ArrowInvalid):  # beyond 64 bits
            values = values.cast(pa.int64())
    return values.cast(pa.string()).to_pandas().astype("str")
