"""Reads the raw table, of any format that formats.py knows, as an Arrow table."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.run.errors import InputError, reading
from pipeline.run.files import OWN
from pipeline.table.cells import EMPTY, INFINITE
from pipeline.table.formats import load

MISSING = pa.array(EMPTY + INFINITE)
LONGEST = 1000  # characters of a column's name


def read(path: str) -> pa.Table:
    """The table in a file or folder, with unique, non-empty column names; raises InputError if it cannot be read.

    Its metadata has `notes`, a line each, and `decimal` where numbers have a comma; the one of a column with an order
    has `ordered`, its values from lowest to highest.
    """
    with reading(path, f"is it a {Path(path).suffix or 'CSV'} table, written to its end? Write it again"):
        return plain(*load(Path(path)), path)


def plain(table: pa.Table, told: dict[str, str], path: str) -> pa.Table:
    """The columns of a table as plain values, under their names."""
    names = [name.strip() or f"column_{i}" for i, name in enumerate(table.column_names, start=1)]
    _check_names(path, names)
    if table.num_rows == 0:
        raise InputError(f"{path} has no rows: add the data below the header.")
    with ThreadPoolExecutor() as pool:
        arrays = list(pool.map(_plain, table.columns, names))
    orders = map(_order, table.columns)
    fields = [pa.field(name, a.type, metadata=order) for name, a, order in zip(names, arrays, orders)]
    return pa.table(arrays, schema=pa.schema(fields, metadata=told))


def told(table: pa.Table, key: str) -> str:
    """What `read` tells of a table, empty if nothing."""
    return (table.schema.metadata or {}).get(key.encode(), b"").decode()


def _check_names(path: str, names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"{path} has more than one column called {repeated[0]!r}: give each column its own name.")
    if own := {*OWN} & {*names}:
        raise InputError(f"{path} has a column called {min(own)}, a name that the pipeline uses itself: rename it.")
    for name in names:
        if len(name) > LONGEST or "\0" in name:
            what = "contains NUL bytes" if "\0" in name else f"has {len(name):,} characters: is a quote never closed?"
            raise InputError(f"{path} has a column whose name {what}: correct its first line ({name[:30]!r} ...).")


def _order(column: pa.ChunkedArray) -> dict[str, str] | None:
    if not (pa.types.is_dictionary(column.type) and column.type.ordered and column.num_chunks):
        return None
    values = column.unify_dictionaries().chunk(0).dictionary
    return {"ordered": json.dumps(values.cast(pa.string()).to_pylist())}


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
