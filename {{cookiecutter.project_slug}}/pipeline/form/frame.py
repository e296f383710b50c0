"""The columns of pipeline/features.py as inputs of the form, and a check that features.py was not changed."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract.schema import NUMBERS, TEXTS, Contract
from pipeline.features import features
from pipeline.form.inputs import PARTS, Input, Row, reader


def frame_inputs(contract: Contract) -> dict[str, Input]:
    """How the form reads each column of the frame."""
    columns: dict[str, Input] = {}
    dates: dict[str, Input] = {}
    for name, column in contract.features.items():
        if column.type == "datetime":
            dates |= {f"{name} ({part})": Input(kind="date", column=name, part=part) for part in PARTS}
        elif column.ordered and column.values:
            codes: list[float | None] = [*map(float, range(len(column.values))), None, None]
            columns[name] = Input(kind="codes", column=name, values=column.values, codes=codes)
        elif column.type in TEXTS:
            columns[name] = Input(kind="text", column=name)
        else:
            columns[name] = Input(kind="number", column=name)
    return dates | columns


def cells(data: pd.DataFrame, contract: Contract) -> list[Row]:
    """Typed rows as the service gives them."""
    plain: dict[str, list[Any]] = {}
    for name, column in contract.features.items():
        values = data[name]
        read = [value.to_pydatetime() for value in values] if column.type == "datetime" else values.tolist()
        plain[name] = [None if gap else value for gap, value in zip(values.isna(), read)]
    return [dict(zip(plain, row)) for row in zip(*plain.values())]


def table(rows: list[Row], contract: Contract) -> pd.DataFrame:
    """The opposite of `cells`."""
    kinds = dict.fromkeys(NUMBERS, "float64") | {"datetime": "datetime64[us]"}
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in rows], dtype=object).astype(kinds.get(column.type, "str"))
            for name, column in contract.features.items()
        }
    )


def changed(data: pd.DataFrame, rows: list[Row], contract: Contract) -> str | None:
    """A column that features.py computes in another way than the form; None if there is none."""
    made, known = features(contract.inputs(data), contract), frame_inputs(contract)
    if different := sorted({*made} ^ {*known}):
        return str(different[0])
    for name, given in known.items():
        if given.kind == "text":
            same = [row[given.column] for row in rows] == made[name].astype(object).where(
                made[name].notna(), None
            ).tolist()
        else:
            same = np.array_equal(np.array(reader(given)(rows), float), made[name].to_numpy(float), equal_nan=True)
        if not same:
            return name
    return None
