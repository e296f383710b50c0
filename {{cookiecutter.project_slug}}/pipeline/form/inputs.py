"""From rows to the numbers that the estimator sees: the same as pipeline/features.py and the fitted encoders."""

from collections.abc import Callable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Literal

import numpy as np

from pipeline.run.settings import Block

Cell = str | float | bool | datetime | None
Row = dict[str, Cell]
SINCE, DAY, SECOND = datetime(1970, 1, 1), timedelta(days=1), timedelta(seconds=1)
PARTS: dict[str, Callable[[datetime], float]] = {
    **{part: attrgetter(part) for part in ("year", "month", "day", "hour")},
    "day_of_week": datetime.weekday,
    "days": lambda moment: (moment - SINCE) // SECOND / 86400,
}


class Input(Block):
    """One number of a row. `codes`: the number of each of the `values`, then of a missing, then of any other value.

    `part`: of a date. null: a missing number. `text` is a category before it has codes, or free text.
    """

    kind: Literal["number", "date", "codes", "text"]
    column: str
    part: str | None = None
    values: list[str] = []
    codes: list[float | None] = []


class Words(Block):
    """Numbers that come from a free text: `count` of them, from the parts `name`.*.npy."""

    column: str
    name: str
    count: int


def reader(given: Input) -> Callable[[list[Row]], list[float | None]]:
    """The function that reads this number of each row."""
    column = given.column
    if given.kind == "number":
        return lambda rows: [row.get(column) for row in rows]  # type: ignore[misc]
    if given.kind == "date":
        part = PARTS[given.part or ""]
        return lambda rows: [None if (cell := row.get(column)) is None else part(cell) for row in rows]  # type: ignore
    if len(given.codes) != len(given.values) + 2:
        raise ValueError(f"the codes of {column!r} do not fit its values")
    table: dict[Cell, float | None] = dict(zip([*given.values, None], given.codes))
    other = given.codes[-1]
    return lambda rows: [table.get(row.get(column), other) for row in rows]


def matrix(columns: list[list[float | None]], rows: int) -> np.ndarray:
    """The numbers as a table with NaN for missing ones, a line per row."""
    return np.array(columns, dtype=np.float64).reshape(len(columns), rows).T
