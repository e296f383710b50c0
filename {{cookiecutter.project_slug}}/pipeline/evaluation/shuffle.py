"""Shuffled copies of the test rows.

Rows are drawn in whole units (groups, or blocks of time). A column that is the same in all rows of each unit keeps this
and is shuffled between units; any other column is shuffled between all rows, of time series too, since the model
predicts each row by itself (Winkler et al. 2015, Multi-level block permutation, NeuroImage 123).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.run.files import UNIT

Order = Callable[[list[str]], np.ndarray]


def whole_units(data: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The rows in random order, those of a unit one after the other."""
    if UNIT not in data:
        return rng.permutation(len(data))
    codes, units = pd.factorize(data[UNIT])
    return np.argsort(rng.permutation(len(units))[codes], kind="stable")


def orders(frame: pd.DataFrame, data: pd.DataFrame, rng: np.random.Generator) -> Order:
    """The function that shuffles some columns together: it returns the row that each row gets its values from."""
    codes, units = pd.factorize(data[UNIT]) if UNIT in data else (np.arange(len(data)), data.index)
    first = np.unique(codes, return_index=True)[1]
    values = {name: pd.factorize(frame[name], use_na_sentinel=True)[0] for name in frame.columns if UNIT in data}

    def order(names: list[str]) -> np.ndarray:
        if UNIT in data and all((values[name] == values[name][first][codes]).all() for name in names):
            return first[rng.permutation(len(units))][codes]
        return rng.permutation(len(data))

    return order


def shuffled(frame: pd.DataFrame, copies: list[list[str]], order: Order) -> pd.DataFrame:
    """A copy of the frame for each list of columns, one below the other, with these columns shuffled together."""
    rows = [order(names) for names in copies]
    kinds: dict[str, list[str]] = {}  # one array for each type, since wide tables have many columns
    for name, kind in frame.dtypes.items():
        kinds.setdefault(str(kind), []).append(str(name))
    parts = []
    for columns in kinds.values():
        once, index = frame[columns].to_numpy(), pd.Index(columns)
        values = np.tile(once, (len(copies), 1))
        for i, names in enumerate(copies):
            place = index.get_indexer([name for name in names if name in index])
            values[i * len(frame) : (i + 1) * len(frame), place] = once[rows[i]][:, place]
        parts.append(pd.DataFrame(values, columns=columns))
    return parts[0] if len(parts) == 1 else pd.concat(parts, axis=1)[list(frame.columns)]
