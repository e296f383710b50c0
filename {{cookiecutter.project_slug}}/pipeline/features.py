"""What the model sees of a row. Change or add features here; training, evaluation and serving all come through it."""

import numpy as np
import pandas as pd

from pipeline.contract import Contract

PARTS = ("year", "month", "day", "day_of_week", "hour")  # what a date is taken apart into


def features(data: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The feature columns of typed rows: numbers as float64, text as objects, NaN where a value is missing."""
    columns: dict[str, pd.Series] = {}
    parts: dict[str, pd.Series] = {}
    for name, column in contract.features.items():
        if column.type == "datetime":
            parts |= {f"{name} ({part})": getattr(data[name].dt, part).astype("float64") for part in PARTS}
            parts[f"{name} (days)"] = (
                data[name].astype("datetime64[s]").astype("int64").where(data[name].notna()) / 86400
            )
        elif column.type in ("category", "text"):
            columns[name] = data[name].astype(object).where(data[name].notna(), np.nan)
        else:
            columns[name] = data[name]
    return pd.DataFrame(parts | columns)


def categorical(contract: Contract) -> list[str]:
    """The names of the features that are text; all others are numbers."""
    return [name for name, column in contract.features.items() if column.type in ("category", "text")]
