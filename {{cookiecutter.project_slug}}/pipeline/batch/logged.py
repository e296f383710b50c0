"""The rows of a prediction log as a table with the types of the contract."""

import math
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.contract.schema import NUMBERS, Contract
from pipeline.table.types import typed


def logged_rows(rows: list[dict[str, Any]], contract: Contract) -> pd.DataFrame:
    """The features of rows that were logged; null where a value is absent or does not fit its type.

    The service logs values as they were sent. A batch logs them as they were read: numbers, and dates as ISO 8601.
    """
    columns = {name: [row.get(name) for row in rows] for name in contract.features}
    texts = {name: pa.array(map(_text, values), pa.string()) for name, values in columns.items()}
    data, unreadable = typed(pa.table(texts), contract)
    for name, values in columns.items():
        kind = contract.columns[name].type
        if kind in NUMBERS or kind == "boolean":
            data[name] = data[name].fillna(pd.Series(map(_number, values), dtype="float64"))
        elif name in unreadable and kind == "datetime":
            moments = pd.to_datetime(unreadable[name], format="ISO8601", errors="coerce")
            data.loc[moments.index, name] = moments
    return data


def _number(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
    except OverflowError:  # of an integer
        return None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.encode("utf-8", "replace").decode()  # JSON may have halves of characters
