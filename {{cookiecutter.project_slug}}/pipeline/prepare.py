"""Splits the validated table into rows to learn from and rows to be judged by.

Reads data/raw.csv and data/schema.yaml; writes data/train.parquet, data/test.parquet and data/profile.json, the profile
of the training rows that monitoring compares with.
"""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from pipeline import contract as contracts
from pipeline import table
from pipeline.contract import Contract
from pipeline.files import write_json, write_table
from pipeline.profile import profile
from pipeline.stage import ROW, Block, Refused, params, run


class Prepare(Block):
    """`split_on`: the columns whose values keep rows together (a customer, say); empty: all but target and ids."""

    split: Literal["hash", "stratified"]
    split_on: list[str]
    test_share: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0, lt=2**32)


def prepare(data: pd.DataFrame, contract: Contract, settings: Prepare) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The training and the test rows of `data` that have a target, each with its ROW hash; refuses an empty side."""
    unknown = [name for name in settings.split_on if name not in data]
    if unknown:
        raise Refused(f"params.yaml, prepare.split_on: no column {unknown[0]!r}; the table has {', '.join(data)}.")
    data = data[data[contract.target].notna()]
    # Without target and ids: rows that look the same stay together, and a corrected label moves no row
    rows = row_hash(data[settings.split_on or contract.content])
    if settings.split == "hash":
        test = rows < settings.test_share * 2.0**64
    else:
        test = stratified(rows, data[contract.target], settings.test_share, settings.seed)
    for side, chosen in (("training", ~test), ("test", test)):
        if not chosen.any():
            other = "" if settings.split == "stratified" else ", or set prepare.split to stratified"
            raise Refused(f"the {side} side is empty: change prepare.test_share{other}.")
    kept = data[[*contract.features, contract.target]].assign(**{ROW: rows})
    return kept[~test].reset_index(drop=True), kept[test].reset_index(drop=True)


def row_hash(data: pd.DataFrame) -> np.ndarray:
    """A 64-bit hash of each row's content (uint64), whatever the order of columns and the other rows."""
    combined = pd.util.hash_pandas_object(data[sorted(data.columns)], index=False)
    return pd.util.hash_array(combined.to_numpy())


def stratified(rows: np.ndarray, target: pd.Series, share: float, seed: int) -> np.ndarray:
    """A mask of test rows: the same share of every class (or of every stretch of a number), copies kept together."""
    groups, codes = np.unique(rows, return_inverse=True)
    first = np.unique(codes, return_index=True)[1]
    order = np.lexsort((np.random.default_rng(seed).random(len(groups)), pd.factorize(target, sort=True)[0][first]))
    place = np.arange(len(groups))
    test = np.empty(len(groups), dtype=bool)
    test[order] = np.floor((place + 1) * share + 0.5) > np.floor(place * share + 0.5)
    return test[codes]


def one_sided(train: pd.DataFrame, test: pd.DataFrame, target: str) -> list[str]:
    """A warning for each class that the split put wholly on one side."""
    sides = {"training": {*train[target].unique()}, "test": {*test[target].unique()}}
    lone = {"training": sides["training"] - sides["test"], "test": sides["test"] - sides["training"]}
    return [f"all rows of class {name!r} are on the {side} side" for side in lone for name in sorted(lone[side])]


def main(table_path: str, contract_path: str, train_path: str, test_path: str, profile_path: str) -> None:
    """Split the table and describe the training rows."""
    settings = params("prepare", Prepare)
    contract = contracts.load(contract_path)
    data, _ = contracts.typed(table.read(table_path), contract)
    train, test = prepare(data, contract, settings)
    warned = one_sided(train, test, contract.target) if contract.task == "classification" else []
    dropped = len(data) - len(train) - len(test)
    write_table(train, train_path)
    write_table(test, test_path)
    write_json(profile(train, contract) | {"rows_without_target": dropped, "warnings": warned}, profile_path)
    print(f"prepare: {len(train)} training and {len(test)} test rows; dropped {dropped} without a target")
    for warning in warned:
        print(f"prepare: warning: {warning}")


if __name__ == "__main__":
    run("prepare", main)
