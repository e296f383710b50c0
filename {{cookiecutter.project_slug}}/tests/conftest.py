"""Fixtures: a small table generated from the project's contract, a model fitted to it, and the stored model."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from pipeline.archive import model_file
from pipeline.contract import schema
from pipeline.contract.schema import FORMATS, Column, Contract
from pipeline.model import Train
from pipeline.run.files import read_json, read_table
from pipeline.run.inputs import digest, inputs
from pipeline.run.settings import load_yaml, params
from pipeline.split.settings import Prepare
from pipeline.split.split import split
from pipeline.table.cells import EPOCH, MICROSECONDS
from pipeline.table.types import typed
from pipeline.train import train

os.chdir(Path(__file__).parents[1])
ROWS = 120


class Case(NamedTuple):
    """A fitted model, its contract, and typed rows that the model has not seen."""

    model: Pipeline
    contract: Contract
    test: pd.DataFrame


def column(kind: Column, signal: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """Text values that the contract allows for a column; they increase with `signal`, between 0 and 1."""
    low, high = kind.range or (0, 100)
    if kind.type == "datetime":
        days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.round(signal * 300), unit="D")
        values = pd.Series(days.strftime(kind.format or "%Y-%m-%d"))
        if kind.format and kind.format.startswith(EPOCH):
            seconds = days.astype("datetime64[us]").astype("int64") / MICROSECONDS[kind.format.removeprefix(EPOCH)]
            values = pd.Series(np.round(seconds).astype("int64")).astype(str)
    elif kind.type in ("number", "integer"):
        numbers = low * (1 - signal) + high * signal  # which cannot overflow
        values = pd.Series(np.round(numbers).astype(int) if kind.type == "integer" else numbers).astype(str)
        values = values.str.replace(".", ",") if kind.format == FORMATS[1] else values
    else:
        labels = ["false", "true"] if kind.type == "boolean" else kind.values or [f"word {i}" for i in range(5)]
        values = pd.Series(np.array(labels, dtype=object)[(signal * len(labels)).astype(int)])
    if kind.role == "weight":
        values = pd.Series((1 + signal).astype(str))
    if kind.unique:
        values = pd.Series([f"{value} {i}" if kind.type == "text" else str(i) for i, value in enumerate(values)])
    gaps = kind.missing and kind.role == "feature"
    return values.mask(pd.Series(rng.random(len(values)) < 0.1), None) if gaps else values


def small_table(contract: Contract, rows: int = ROWS) -> pa.Table:
    """A table as a CSV file gives it; the target depends on the first feature."""
    rng = np.random.default_rng(0)
    signal = rng.permutation(rows) / rows
    lead = next(iter(contract.features))
    columns = {
        name: column(kind, signal if name in (lead, contract.target) else rng.permutation(rows) / rows, rng)
        for name, kind in contract.columns.items()
    }
    return pa.Table.from_pandas(pd.DataFrame(columns).astype(object), preserve_index=False)


def artifact_path() -> str:
    """The path of the model file."""
    return str(next(iter(load_yaml("dvc.yaml")["artifacts"].values()))["path"])


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The project's contract."""
    return schema.load("data/schema.yaml")


@pytest.fixture(scope="session")
def table(contract: Contract) -> pa.Table:
    """The small table."""
    return small_table(contract)


@pytest.fixture(scope="session")
def rows(table: pa.Table, contract: Contract) -> pd.DataFrame:
    """The small table with the contract's types."""
    return typed(table, contract)[0]


Sides = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="session")
def sides(table: pa.Table, rows: pd.DataFrame, contract: Contract, prepare_settings: Prepare) -> Sides:
    """The training and test rows of the small table."""
    return split(table, rows, contract, prepare_settings)


@pytest.fixture(scope="session")
def prepare_settings() -> Prepare:
    """The project's settings of prepare, with a split that suits a small table."""
    plain: dict[str, object] = {"row_key": [], "split_on": []}
    plain |= {"split": "hash", "copies": "together", "time": None, "test_share": 0.25}
    return params("prepare", Prepare).model_copy(update=plain)


@pytest.fixture(scope="session")
def train_settings() -> Train:
    """The project's settings of train."""
    return params("train", Train)


@pytest.fixture(scope="session", params=["small", "stored"])
def case(
    request: pytest.FixtureRequest,
    contract: Contract,
    sides: Sides,
    train_settings: Train,
) -> Case:
    """A model fitted to the small table, and the stored model with the stored test rows."""
    if request.param == "small":
        return Case(train(sides[0], contract, train_settings), contract, sides[1])
    if not (Path(artifact_path()).exists() and Path("data/test.parquet").exists()):
        pytest.skip("no stored model here: run `dvc repro` or `dvc pull`")
    recorded_inputs = read_json("models/manifest.json")["inputs"]
    if any(digest(path) != recorded_inputs.get(path) for path in inputs("train")):
        pytest.skip("the stored model is older than its code or data: run `dvc repro`")
    return Case(model_file.load(artifact_path()), contract, read_table("data/test.parquet").head(2000))
