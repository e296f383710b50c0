"""Reads tables whose cells are objects of Python: JSON records, and the first sheet of Excel."""

import io
import json
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from pipeline.run.errors import InputError
from pipeline.table.packed import check_size

CELLS, SPARSE = 10**7, 20  # cells that any file may have, and how many per character of its text


def read_json(file: BinaryIO, path: Path) -> pa.Table:
    """The records of a JSON file; a name that a record lacks is a missing value."""
    text = file.read().decode("utf-8-sig")
    if text.lstrip().startswith("["):
        rows = json.loads(text)
    else:
        rows = [json.loads(line) for line in io.StringIO(text) if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise InputError(f'{path} must have records, {{"column": value, ...}}, one a line or in a list: write it so.')
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) * len(rows) > max(CELLS, SPARSE * len(text)):
        raise InputError(f"{path} has {len(names):,} columns, of which each record has few: name the columns alike.")
    return pa.table([column(name, [row.get(name) for row in rows]) for name in names], names=names)


def read_excel(file: BinaryIO, path: Path) -> tuple[pa.Table, dict[str, str]]:
    """The first sheet, with its first row as the header; what it computes is read as Excel stored it."""
    from openpyxl import load_workbook  # which takes 0.2 s

    content = io.BytesIO(file.read())
    check_size(path, content)
    with warnings.catch_warnings(action="ignore"):  # styles that it does not know
        book = load_workbook(content, read_only=True, data_only=True)
        first, *others = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        first.reset_dimensions()  # which programs write wrong
        rows = filter(None, map(_shortened, first.iter_rows(values_only=True)))
        names = ["" if name is None else _text(name) for name in next(rows, [])]
        columns = list(_columns(rows, len(names), path))
    table = pa.table([column(name, values) for name, values in zip(names, columns)], names=names)
    left = ", ".join(repr(sheet.title) for sheet in others[:5])
    note = f"{path}: the first sheet {first.title!r} is read, not {left}; move the right one to the front."
    return table, {"notes": note} if left else {}


def _shortened(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row without the empty cells at its end."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _columns(rows: Iterator[tuple[Any, ...]], width: int, path: Path) -> list[list[Any]]:
    kept = []
    for number, row in enumerate(rows, start=1):
        if len(row) > width:
            raise InputError(
                f"{path} has {len(row)} cells in row {number} below the header, which has {width}: correct it."
            )
        kept.append(row + (None,) * (width - len(row)))
    return [list(values) for values in zip(*kept)] if kept else [[] for _ in range(width)]


def column(name: str, values: list[Any]) -> pa.Array:
    """Numbers, truth values or dates if all are, else text; raises InputError for lists and mappings."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds & {list, dict}:
        raise InputError(f"the column {name!r} has lists or mappings in it: a cell must be one plain value.")
    if kinds <= {int, float} or (len(kinds) == 1 and kinds <= {bool, datetime, date}):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError):  # integers beyond 64 bits
            pass
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
