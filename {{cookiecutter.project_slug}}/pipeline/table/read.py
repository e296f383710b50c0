"""Reads the raw table, a CSV (any usual delimiter, UTF-8) or a Parquet file, as an Arrow table.

CSV values are read as text: the contract decides what a column means, it is never guessed from the rows.
"""

import csv
import io
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipeline.run.errors import InputError, reading
from pipeline.run.files import ROW

EMPTY = ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "#N/A", "<NA>", "NaT", "?"]
INFINITE = ["inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"]
MISSING = pa.array(EMPTY + INFINITE)
BLOCK = 8 * 2**20  # bytes read at a time, and so the longest possible row
LONGEST = 1000  # characters of a column's name
DECIMAL_COMMA = r"^(-?\d+),(\d+)$"  # numbers in files that use ; between columns


def read(path: str) -> pa.Table:
    """The table in a file, with unique, non-empty column names; raises InputError if it cannot be read."""
    parquet = Path(path).suffix == ".parquet"
    with reading(path, f"it must be a {'Parquet file' if parquet else 'CSV table in UTF-8'}; write it again"):
        table = pq.ParquetFile(path).read() if parquet else _read_csv(path)
        names = [name.strip() or f"column_{i}" for i, name in enumerate(table.column_names, start=1)]
        _check_names(path, names)
        if table.num_rows == 0:
            raise InputError(f"{path} has no rows: add the data below the header.")
        with ThreadPoolExecutor() as pool:
            return pa.table(list(pool.map(_plain, table.columns, names)), names=names)


def _check_names(path: str, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"{path} has more than one column called {repeated[0]!r}: give each column its own name.")
    if ROW in names:
        raise InputError(f"{path} has a column called {ROW}, a name that the pipeline uses itself: rename it.")
    for name in names:
        if len(name) > LONGEST or "\0" in name:
            what = "contains NUL bytes" if "\0" in name else f"has {len(name):,} characters: is a quote never closed?"
            raise InputError(f"{path} has a column whose name {what}: correct its first line ({name[:30]!r} ...).")


def _read_csv(path: str) -> pa.Table:
    delimiter, header = _header(path)
    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(block_size=BLOCK),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )
    if delimiter == ";":
        columns = [pc.replace_substring_regex(column, DECIMAL_COMMA, r"\1.\2") for column in table.columns]
        table = pa.table(columns, names=table.column_names)
    return table


def _header(path: str) -> tuple[str, list[str]]:
    """The delimiter and the column names, from the first BLOCK at most; raises InputError if they have no end."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        start = file.read(BLOCK)
    lines = io.StringIO(start, newline="").readlines()
    first = re.sub(r'"[^"]*"', "", lines[0] if lines else "")
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(BLOCK)
    rows = csv.reader(lines, delimiter=delimiter)
    header = next(rows, [])
    read = "".join(lines[: rows.line_num])
    if read.count('"') % 2 and len(read) == len(start):
        raise InputError(f"{path} has a quote in its first line that is never closed: close or remove it.")
    if len(start) == BLOCK == len(read):
        raise InputError(f"{path} has a first line of more than {BLOCK:,} characters: is it a table with line breaks?")
    return delimiter, header


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
        if pa.types.is_nested(kind):
            raise pa.ArrowInvalid
        text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    except pa.ArrowException:
        raise InputError(f"the column {name!r} has values of type {kind}: a cell must be one plain value.") from None
    return pc.if_else(pc.is_in(text, MISSING), None, text)
