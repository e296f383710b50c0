"""The split into training and test rows."""

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.contract.schema import Contract
from pipeline.run.errors import InputError
from pipeline.run.files import ROW, UNIT, WEIGHT
from pipeline.split.keys import cells, key
from pipeline.split.settings import Prepare
from pipeline.split.time import blocks, moments

Sides = tuple[pd.DataFrame, pd.DataFrame]


def split(table: pa.Table, data: pd.DataFrame, contract: Contract, settings: Prepare) -> Sides:
    """The training and test rows that have a target; raises InputError if one side is empty.

    `table`: as it was read, since the sides depend on what its cells say alone; `data`: the same rows with their types.
    Both sides get ROW, and UNIT where rows are grouped or dated.
    """
    check_columns(table, settings)
    known = data[contract.target].notna().to_numpy()
    table, data = table.filter(pa.array(known)), data[known].reset_index(drop=True)
    rows = row_keys(table, contract, settings)
    groups = key(table, settings.split_on) if settings.split_on else rows
    left_out = np.zeros(len(data), dtype=bool)
    if settings.split == "time" and settings.time:
        moment = moments(table, settings.time.column, settings.time.format)
        test = (moment >= settings.time.start).to_numpy()
        # A customer of the training rows must not be a test row
        left_out = test & pd.Series(groups).isin(groups[~test]).to_numpy() if settings.split_on else left_out
    elif settings.split == "hash":
        test = groups < settings.test_share * 2.0**64
    else:
        test = stratified(groups, data[contract.target], settings.test_share, settings.seed)
    kept = data[[*contract.features, contract.target]].assign(**{ROW: rows})
    if settings.split_on:
        kept[UNIT] = groups
    elif settings.split == "time" and settings.time:
        kept[UNIT] = blocks(moment, settings.time.block)
    if weight := contract.weight:
        kept[WEIGHT] = data[weight]
    sides = kept[~test].reset_index(drop=True), kept[test & ~left_out].reset_index(drop=True)
    for side, name in zip(sides, ("training", "test")):
        if not len(side):
            raise InputError(f"there are no {name} rows: change prepare.{settings.remedy} in params.yaml.")
    return sides


def check_columns(table: pa.Table, settings: Prepare) -> None:
    """Raise InputError for a column that the settings name and the table lacks."""
    for name, columns in settings.columns.items():
        if unknown := [column for column in columns if column not in table.column_names]:
            raise InputError(
                f"params.yaml, prepare.{name}: no column {unknown[0]!r}; there are {', '.join(table.column_names)}. "
                "If it was renamed, write its new name in the same place: no row changes sides."
            )


def row_keys(table: pa.Table, contract: Contract, settings: Prepare) -> np.ndarray:
    """The ROW hash of each row; copies have the same, unless they are `apart`."""
    rows = key(table, settings.row_key or contract.content)
    if settings.copies == "apart":
        labels = cells(table[contract.target])  # counted by label, so that the order of copies does not matter
        place = pd.DataFrame({"row": rows, "label": labels}).groupby(["row", "label"], sort=False).cumcount()
        rows = pd.util.hash_array(rows ^ pd.util.hash_array(labels + place.to_numpy().astype("uint64")))
    return rows


def stratified(rows: np.ndarray, target: pd.Series, share: float, seed: int) -> np.ndarray:
    """A mask of test rows: the same share of every class (or of every range of a number), groups kept together."""
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
