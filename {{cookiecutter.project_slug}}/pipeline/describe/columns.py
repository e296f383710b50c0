"""What a column is, from all its values: type, role, missing values, range or categories."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import TEXTS, Column
from pipeline.describe import calendar, dates, numbers
from pipeline.describe.ordered import ordered
from pipeline.describe.words import is_free_text
from pipeline.run.errors import InputError
from pipeline.table.types import text

CATEGORIES = 50  # a column with more distinct texts than this is a category without a list of its values, or free text
CLASSES = 100  # a target with more distinct labels than this is not a classification
FEW = 20  # with fewer rows than this, distinct values do not mean an id
ID_NAME = re.compile(
    r"(?i:(^|[_\s.-])(id|uuid|guid|key|index)([_\s.-]?(str|no|nr|num|number|code))?$|^column_\d+$|^unnamed: \d+$"
    r"|^row[_\s.-]?(names?|num|number|id)$)|[A-Za-z](ID|Id)$"
)


def feature(name: str, values: pa.Array, decimal: str = "") -> Column:
    """A column as a feature, or as ignored if it cannot help; `decimal`: the likely mark in numbers."""
    present = values.drop_null()
    distinct = present.unique()
    missing = len(present) < len(values)
    if len(distinct) < 2:
        note = "always the same" if len(distinct) else "always empty"
        return Column(type="category", role="ignored", missing=missing, note=note)
    column = _recognised(name, distinct, missing, decimal)
    if column is None and len(distinct) <= min(CATEGORIES, max(2, len(present) // 2)):
        column = Column(type="category", role="feature", missing=missing, values=sorted(text(distinct)))
    if column is None:
        free = is_free_text(text(distinct), len(present))
        column = Column(type="text" if free else "category", role="feature", missing=missing)
    if len(present) > FEW and not column.format and _is_id(name, column, len(present), distinct):
        return Column(type=column.type, role="ignored", missing=missing, unique=True)
    if column.type in TEXTS and not column.ordered and (doubt := numbers.nearly(distinct)):
        return column.model_copy(update={"note": doubt})
    return column


def _recognised(name: str, distinct: pa.Array, missing: bool, decimal: str) -> Column | None:
    """A number, a truth value, a date, or a category whose values are known, such as the months."""
    found = numbers.plain(distinct)
    if found is not None:
        kept = dates.counted(name, distinct, found, missing) or calendar.natural(name, found, missing)
        return kept or numbers.number(distinct, found, missing)
    column = _boolean(distinct, missing) or dates.datetime(distinct, missing)
    column = column or numbers.written(distinct, missing, decimal) or calendar.named(distinct, missing)
    return column or (ordered(text(distinct).tolist(), missing) if len(distinct) <= CATEGORIES else None)


def _is_id(name: str, column: Column, rows: int, distinct: pa.Array) -> bool:
    """A code that never repeats, integers that number the rows, or nearly so with the name of an id."""
    if column.type not in ("integer", "category"):
        return False
    if ID_NAME.search(name) and len(distinct) > 0.9 * rows:
        return True
    if column.type == "category" or len(distinct) < rows:
        return len(distinct) == rows
    limits = pc.min_max(distinct.cast(pa.int64())).as_py()
    return bool(limits["max"] - limits["min"] + 1 == rows)


def _boolean(distinct: pa.Array, missing: bool) -> Column | None:
    if pa.types.is_temporal(distinct.type):
        return None
    if len(distinct) < FEW and {str(value).lower() for value in distinct.to_pylist()} <= {"true", "false"}:
        return Column(type="boolean", role="feature", missing=missing)
    return None


def target(name: str, values: pa.Array, task: str, decimal: str = "") -> Column:
    """The column to predict; raises InputError if it does not fit the task."""
    present = values.drop_null()
    missing = len(present) < len(values)
    if len(present) == 0:
        raise InputError(f"the target {name!r} has no values: choose another target.")
    if task == "regression":
        distinct = present.unique()
        found = numbers.plain(distinct)
        plain = numbers.number(distinct, found, missing) if found is not None else None
        column = plain or numbers.written(distinct, missing, decimal)
        if column is None:
            example = text(present)[~pd.to_numeric(text(present), errors="coerce").abs().lt(float("inf"))].iloc[0]
            raise InputError(f"the target {name!r} has {example!r}, regression needs numbers: choose classification.")
        return column.model_copy(update={"role": "target"})
    labels = sorted(text(present).unique().tolist(), key=natural)
    if len(labels) > CLASSES or (len(present) > FEW and len(labels) > len(present) / 2):
        raise InputError(f"the target {name!r} has {len(labels)} distinct values: choose regression or another target.")
    return Column(type="category", role="target", missing=missing, values=labels)


def natural(label: str) -> tuple[float, str]:
    """Numbers in numeric order, then text in alphabetical order."""
    try:
        return float(label), label
    except ValueError:
        return float("inf"), label
