"""What a column is, from all its values: type, role, missing values, range or categories."""

import math
import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import Column
from pipeline.run.errors import InputError
from pipeline.table.types import moments, text

CATEGORIES = 50  # a column with more distinct texts than this is text, not a category
CLASSES = 100  # a target with more distinct labels than this is not a classification
FEW = 20  # with fewer rows than this, distinct values do not mean an id
DATES = ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d"]
LAYOUTS = [None, *DATES, *(f"{date} {time}" for date in DATES for time in ("%H:%M", "%H:%M:%S"))]
DIGITS = {"%Y": r"\d{4}", "%d": r"\d\d?", "%m": r"\d\d?", "%H": r"\d\d?", "%M": r"\d\d?", "%S": r"\d\d?", ".": r"\."}
PATTERNS = [re.sub(r"%.|\.", lambda part: DIGITS[part[0]], layout) if layout else r"\d{4}" for layout in LAYOUTS]
ID_NAME = re.compile(r"(^|[_\s.-])(id|uuid|guid|key|index)$|^column_\d+$|^unnamed: \d+$", re.IGNORECASE)


def feature(name: str, values: pa.Array) -> Column:
    """A column as a feature, or as ignored if it cannot help."""
    present = values.drop_null()
    distinct = present.unique()
    missing = len(present) < len(values)
    if len(distinct) < 2:
        note = "always the same" if len(distinct) else "always empty"
        return Column(type="text", role="ignored", missing=missing, note=note)
    column = _numeric(distinct, missing) or _boolean(distinct, missing) or _datetime(distinct, missing)
    if column is None and len(distinct) <= min(CATEGORIES, max(2, len(present) // 2)):
        column = Column(type="category", role="feature", missing=missing, values=sorted(text(distinct)))
    column = column or Column(type="text", role="feature", missing=missing)
    if len(present) > FEW and _is_id(name, column, len(present), distinct):
        return Column(type=column.type, role="ignored", missing=missing, unique=True)
    return column


def _is_id(name: str, column: Column, rows: int, distinct: pa.Array) -> bool:
    """A text that never repeats, integers that number the rows, or nearly so with the name of an id."""
    if column.type not in ("integer", "text"):
        return False
    if ID_NAME.search(name) and len(distinct) > 0.9 * rows:
        return True
    if column.type == "text" or len(distinct) < rows:
        return len(distinct) == rows
    limits = pc.min_max(distinct.cast(pa.int64())).as_py()
    return bool(limits["max"] - limits["min"] + 1 == rows)


def _cast(values: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _numeric(distinct: pa.Array, missing: bool) -> Column | None:
    if pa.types.is_boolean(distinct.type) or pa.types.is_temporal(distinct.type):
        return None
    # Integers beyond 2**53 lose their last digits as floats, which makes no difference to a model
    numbers = (
        distinct.cast(pa.float64(), safe=False) if pa.types.is_integer(distinct.type) else _cast(distinct, pa.float64())
    )
    if numbers is None or not pc.all(pc.is_finite(numbers)).as_py():  # digits beyond the largest float
        return None
    limits = pc.min_max(numbers).as_py()
    edges: list[float | int] = _with_room(limits["min"], limits["max"])
    if _cast(distinct, pa.int64()) is None:
        return Column(type="number", role="feature", missing=missing, range=edges)
    return Column(type="integer", role="feature", missing=missing, range=[int(edge) for edge in edges])


def _with_room(low: float, high: float) -> list[float | int]:
    """A range three times as wide as seen, rounded to the precision of the spread; it never crosses zero by itself."""
    spread = high - low
    if spread == 0 or max(-(low - spread), high + spread) > 1e308:  # near the largest float
        return [low, high]
    digits = 5 - math.floor(math.log10(spread))
    below, above = round(low - spread, digits), round(high + spread, digits)
    return [min(low, 0.0 if low >= 0 > below else below), max(high, 0.0 if high <= 0 < above else above)]


def _boolean(distinct: pa.Array, missing: bool) -> Column | None:
    if pa.types.is_temporal(distinct.type):
        return None
    if len(distinct) < FEW and {str(value).lower() for value in distinct.to_pylist()} <= {"true", "false"}:
        return Column(type="boolean", role="feature", missing=missing)
    return None


def _datetime(distinct: pa.Array, missing: bool) -> Column | None:
    dates = pa.types.is_temporal(distinct.type)
    first = "" if dates else str(distinct[0].as_py())  # most columns are not dates, which a pattern sees at once
    for layout, pattern in zip(LAYOUTS, PATTERNS):
        if (dates or re.match(pattern, first)) and _has_layout(distinct, layout):
            return Column(type="datetime", role="feature", missing=missing, format=layout)
    return None


def _has_layout(distinct: pa.Array, layout: str | None) -> bool:
    return all(moments(part, layout).notna().all() for part in (distinct.slice(0, 100), distinct))


def target(name: str, values: pa.Array, task: str) -> Column:
    """The column to predict; raises InputError if it does not fit the task."""
    present = values.drop_null()
    missing = len(present) < len(values)
    if len(present) == 0:
        raise InputError(f"the target {name!r} has no values: choose another target.")
    if task == "regression":
        column = _numeric(present.unique(), missing)
        if column is None:
            example = text(present)[~pd.to_numeric(text(present), errors="coerce").abs().lt(float("inf"))].iloc[0]
            raise InputError(f"the target {name!r} has {example!r}, regression needs numbers: choose classification.")
        return column.model_copy(update={"role": "target"})
    labels = sorted(text(present).unique().tolist(), key=_natural)
    if len(labels) > CLASSES or (len(present) > FEW and len(labels) > len(present) / 2):
        raise InputError(f"the target {name!r} has {len(labels)} distinct values: choose regression or another target.")
    return Column(type="category", role="target", missing=missing, values=labels)


def _natural(label: str) -> tuple[float, str]:
    """Numbers in numeric order, then text in alphabetical order."""
    try:
        return float(label), label
    except ValueError:
        return float("inf"), label
