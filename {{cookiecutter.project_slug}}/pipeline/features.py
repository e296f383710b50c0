"""What the model sees of a row. Change or add features here: training, evaluation and service all use this function.

`data` has the contract's features alone, so that no feature can be made from the target.
"""

import numpy as np
import pandas as pd

from pipeline.contract.schema import TEXTS, Contract

PARTS = ("year", "month", "day", "day_of_week", "hour")  # what a date is split into


def features(data: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The features of typed rows: numbers as float64, text as objects, NaN where a value is missing.

    An ordered category is the number of its place in the contract's values.
    """
    dates: dict[str, pd.Series] = {}
    ordered: dict[str, pd.Series] = {}
    texts, others = [], []  # each kind at once, since wide tables have many columns
    for name, column in contract.features.items():
        if column.type == "datetime":
            dates |= {f"{name} ({part})": getattr(data[name].dt, part).astype("float64") for part in PARTS}
            seconds = data[name].astype("datetime64[s]").astype("int64").where(data[name].notna())
            dates[f"{name} (days)"] = seconds / 86400
        elif column.ordered and column.values:
            places = {value: float(place) for place, value in enumerate(column.values)}
            ordered[name] = data[name].map(places).astype("float64")
        elif column.type in TEXTS:
            texts.append(name)
        else:
            others.append(name)
    words = data[texts].astype(object)
    parts = {name: values for name, values in dates.items() if name not in contract.features}
    columns = pd.concat([pd.DataFrame(ordered, data.index), words.where(words.notna(), np.nan), data[others]], axis=1)
    frame = pd.DataFrame(parts, data.index).join(columns[[n for n in contract.features if n in columns]])
    return frame  # noqa: RET504 - the place to add columns
