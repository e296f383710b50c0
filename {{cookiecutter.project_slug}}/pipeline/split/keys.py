"""Hashes of what cells say, not of how they are written or described.

39, 39.0 and "39.00" are the same, as are True and TRUE, or a date with and without the time 00:00. So a row keeps its
side of the split when the contract changes, or when another program writes the table.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import FORMATS
from pipeline.table.numbers import numbers

START = 11  # of the combined hash; any number would do
EXACT = 1e12  # whole numbers below this have at most 12 digits, so a float holds them with digits to spare
DIGITS = 12  # significant digits that count; programs differ in the 15th to 17th
NULL, NUMBER, MOMENT, TEXT = (np.uint64(salt) for salt in (1, 2, 3, 4))
ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"


def key(table: pa.Table, columns: list[str]) -> np.ndarray:
    """A 64-bit hash of each row's values (uint64) in these columns, in the order of their list."""
    combined = np.full(table.num_rows, START, dtype="uint64")
    for name in columns:
        combined = pd.util.hash_array(combined * np.uint64(31) + cells(table[name]))
    return combined


def cells(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """A hash of each value (uint64); equal values have equal hashes in every type that can hold them."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = values.type
    missing = values.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_float32(kind):  # 0.1 as a text has it, not 0.10000000149
        values = values.cast(pa.string()).cast(pa.float64())
    if pa.types.is_string(kind) and (plain := _plain(values)) is not None:
        values = plain
    if pa.types.is_integer(kind):
        hashes = _integers(values.cast(pa.int64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False))
    elif pa.types.is_floating(values.type):
        hashes = _numbers(values.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False))
    elif pa.types.is_temporal(kind):
        hashes = _moments(pd.Series(values.to_pandas(date_as_object=False)))
    else:
        encoded = values.cast(pa.string()).dictionary_encode()
        distinct = _texts(encoded.dictionary.to_pandas().astype(str))
        codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        hashes = distinct[codes] if len(distinct) else np.zeros(len(codes), dtype="uint64")
    return np.where(missing, NULL, hashes)


def _plain(values: pa.Array) -> pa.Array | None:
    """Texts as numbers, if all are numbers that a float holds exactly enough; much faster than one by one."""
    try:
        numbers = values.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    return numbers if pc.all(pc.less(pc.abs(numbers), EXACT)).as_py() else None


def _numbers(values: np.ndarray) -> np.ndarray:
    """Hashes of float64 numbers by their first significant digits."""
    size = np.abs(values)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        power = np.clip(DIGITS - 1 - np.floor(np.log10(size)), -300, 300)
        digits = np.rint(values * 10.0**power)
    carried = np.abs(digits) >= 10**DIGITS  # 0.9999999999999 is 1
    digits, power = np.where(carried, np.rint(digits / 10), digits), np.where(carried, power - 1, power)
    power = np.where(size == 0, 0, power)
    long = (size >= EXACT) & (size < 2**53) & (np.floor(size) == size)
    hashes = _salted(
        np.nan_to_num(digits).astype("int64").view("uint64") * np.uint64(1009) + power.astype("int64").view("uint64"),
        NUMBER,
    )
    return np.where(long, _salted(np.where(long, values, 0).astype("int64").view("uint64"), NUMBER), hashes)


def _integers(values: np.ndarray) -> np.ndarray:
    """The same for int64, whose last digits count however long they are."""
    long = np.abs(values.astype("float64")) >= EXACT
    return np.where(long, _salted(values.view("uint64"), NUMBER), _numbers(values.astype("float64")))


def _moments(values: pd.Series) -> np.ndarray:
    parsed = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601").dt.tz_localize(None)
    return _salted(parsed.astype("datetime64[us]").astype("int64").to_numpy().view("uint64"), MOMENT)


def _texts(values: pd.Series) -> np.ndarray:
    """Hashes of distinct texts: of the number or moment that a text is, else of the text itself."""
    hashes = _salted(pd.util.hash_array(values.str.lower().where(_truth(values), values).to_numpy(dtype=object)), TEXT)
    numeric = pd.to_numeric(values.where(values.str.fullmatch(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?")), errors="coerce")
    numeric = numeric.astype("float64")
    short = values[values.str.contains(r"\d") & ~values.str.contains("[A-Za-z]{4}") & numeric.isna()]
    for layout in FORMATS if len(short) else ():
        written = pd.Series(numbers(pa.array(short, pa.string()), layout).to_numpy(zero_copy_only=False), short.index)
        numeric = numeric.fillna(written)
    hashes = np.where(np.isfinite(numeric), _numbers(np.nan_to_num(numeric.to_numpy())), hashes)
    long = values[values.str.fullmatch(r"-?\d{13,19}")].astype(object).map(int)
    long = long[[abs(value) < 2**63 for value in long]]
    hashes[long.index] = _integers(long.to_numpy(dtype="int64"))
    dated = values.str.fullmatch(ISO).to_numpy(dtype=bool)
    if dated.any():
        hashes[dated] = _moments(values[dated])
    return hashes


def _truth(values: pd.Series) -> pd.Series:
    return values.str.lower().isin(["true", "false"])


def _salted(values: np.ndarray, salt: np.uint64) -> np.ndarray:
    return pd.util.hash_array(values.astype("uint64") ^ (salt << np.uint64(60)))
