"""Reads the raw table, a CSV (any usual delimiter, UTF-8) or a Parquet file, as an Arrow table.

CSV values are read as text: the contract decides what a column means, it is never guessed from the rows.
"""

import csv
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipeline.run.errors import InputError
from pipeline.run.files import ROW

EMPTY = ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "#N/A", "<NA>", "NaT", "?"]
INFINITE = ["inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"]
MISSING = pa.array(EMPTY + INFINITE)
BLOCK = 8 * 2**20  # bytes read at a time, and so the longest possible row
DECIMAL_COMMA = r"^(-?\d+),(\d+)$"  # numbers in files that use ; between columns


def read(path: str) -> pa.Table:
    """The table in a file, with unique, non-empty column names; raises InputError if it cannot be read."""
    table = _read_parquet(path) if Path(path).suffix == ".parquet" else _read_csv(path)
    names = [name.strip() or f"column_{i}" for i, name in enumerate(table.column_names, start=1)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"{path} has more than one column called {repeated[0]!r}: give each column its own name.")
    if ROW in names:
        raise InputError(f"{path} has a column called {ROW}, a name that the pipeline uses itself: rename it.")
    if table.num_rows == 0:
        raise InputError(f"{path} has no rows: add the data below the header.")
    with ThreadPoolExecutor() as pool:
        return pa.table(list(pool.map(_plain, table.columns, names)), names=names)


def _read_csv(path: str) -> pa.Table:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = re.sub(r'"[^"]*"', "", file.readline())
            delimiter = max(",;\t|", key=first.count)
            file.seek(0)
            header = next(csv.reader(file, delimiter=delimiter), [])
        table = pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(block_size=BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        )
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text: save it as 'CSV UTF-8' and try again.") from None
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} cannot be read as a CSV table: {' '.join(str(error).split())}.") from None
    if delimiter == ";":
        columns = [pc.replace_substring_regex(column, DECIMAL_COMMA, r"\1.\2") for column in table.columns]
        table = pa.table(columns, names=table.column_names)
    return table


def _read_parquet(path: str) -> pa.Table:
    try:
        return pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} cannot be read as a Parquet file: {' '.join(str(error).split())}.") from None


def _plain(column: pa.ChunkedArray | pa.Array, name: str) -> pa.Array:
    """Numbers, booleans, dates or trimmed text in one piece; missing values are null."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode(), name)
    if pa.types.is_float16(kind):
        return _plain(values.cast(pa.float32()), name)
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(values), values, None)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return values
    if pa.types.is_decimal(kind):
        return values.cast(pa.float64())
    try:
        text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(f"the column {name!r} has values of type {kind}: a cell must be one plain value.") from None
    return pc.if_else(pc.is_in(text, MISSING), None, text)
