"""The split into training and test rows."""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from pipeline.contract.schema import Contract
from pipeline.run.errors import InputError
from pipeline.run.files import ROW
from pipeline.run.settings import Block


class Prepare(Block):
    """`split_on`: columns whose values keep rows together, such as a customer; empty: all but target and ids."""

    split: Literal["hash", "stratified"]
    split_on: list[str]
    test_share: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0, lt=2**32)


def split(data: pd.DataFrame, contract: Contract, settings: Prepare) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The training and test rows of `data` that have a target, each with its ROW hash; raises InputError if one side
    is empty."""
    unknown = [name for name in settings.split_on if name not in data]
    if unknown:
        raise InputError(f"params.yaml, prepare.split_on: no column {unknown[0]!r}; the table has {', '.join(data)}.")
    data = data[data[contract.target].notna()]
    # Without target and ids: equal rows stay together, and a corrected label moves no row
    rows = row_hash(data[settings.split_on or contract.content])
    if settings.split == "hash":
        test = rows < settings.test_share * 2.0**64
    else:
        test = stratified(rows, data[contract.target], settings.test_share, settings.seed)
    for side, chosen in (("training", ~test), ("test", test)):
        if not chosen.any():
            advice = "" if settings.split == "stratified" else ", or set prepare.split to stratified"
            raise InputError(f"there are no {side} rows: change prepare.test_share{advice}.")
    kept = data[[*contract.features, contract.target]].assign(**{ROW: rows})
    return kept[~test].reset_index(drop=True), kept[test].reset_index(drop=True)


def row_hash(data: pd.DataFrame) -> np.ndarray:
    """A 64-bit hash of each row's content (uint64), independent of the order of columns and of the other rows."""
    combined = pd.util.hash_pandas_object(data[sorted(data.columns)], index=False)
    return pd.util.hash_array(combined.to_numpy())


def stratified(rows: np.ndarray, target: pd.Series, share: float, seed: int) -> np.ndarray:
    """A mask of test rows: the same share of every class (or of every range of a number), copies kept together."""
    groups, codes = np.unique(rows, return_inverse=True)
    first = np.unique(codes, return_index=True)[1]
    order = np.lexsort((np.random.default_rng(seed).random(len(groups)), pd.factorize(target, sort=True)[0][first]))
    place = np.arange(len(groups))
    test = np.empty(len(groups), dtype=bool)
    test[order] = np.floor((place + 1) * share + 0.5) > np.floor(place * share + 0.5)
    return test[codes]


def one_sided_classes(train: pd.DataFrame, test: pd.DataFrame, target: str) -> list[str]:
    """A warning for each class that is on one side only."""
    classes = {"training": {*train[target].unique()}, "test": {*test[target].unique()}}
    lone = {"training": classes["training"] - classes["test"], "test": classes["test"] - classes["training"]}
    return [f"all rows of class {name!r} are {side} rows" for side in lone for name in sorted(lone[side])]
