"""Tiny tables of both tasks, and the models under test: fitted to a tiny table, and the stored one if it is here."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

from pipeline import contract, model_file
from pipeline.contract import Contract, typed
from pipeline.describe import describe
from pipeline.files import read_table
from pipeline.model import Train
from pipeline.prepare import Prepare, prepare
from pipeline.train import train

PREPARE = Prepare(split="hash", split_on=[], test_share=0.25, seed=0)
TRAIN = Train(
    model="boosting",
    learning_rate=0.1,
    max_iter=20,
    max_leaf_nodes=7,
    min_samples_leaf=5,
    l2_regularization=1.0,
    seed=0,
)


def tiny(task: str, rows: int = 120) -> pa.Table:
    """Text as a CSV gives it: numbers, gaps, dates, an id, a constant, and a target that follows from two columns."""
    rng = np.random.default_rng(0)
    size, kind = rng.normal(10, 3, rows).round(2), rng.choice(["a", "b", "c"], rows)
    value = size + 5 * (kind == "a")
    frame = pd.DataFrame(
        {
            "id": [f"row {i}" for i in range(rows)],
            "size": pd.Series(size.astype(str)).mask(rng.random(rows) < 0.1, None),
            "kind": kind,
            "made on": pd.date_range("2024-01-01", periods=rows).strftime("%Y-%m-%d"),
            "always": "x",
            "target": np.where(value > 11, "high", "low") if task == "classification" else value.round(3).astype(str),
        }
    )
    return pa.Table.from_pandas(frame.astype(object), preserve_index=False)


class Case(NamedTuple):
    """A fitted model, its contract, and typed rows that it has not seen."""

    model: Pipeline
    contract: Contract
    test: pd.DataFrame


def fitted(task: str) -> Case:
    """A model for the tiny table."""
    table = tiny(task)
    described = describe(table, "target", task)
    seen, unseen = prepare(typed(table, described)[0], described, PREPARE)
    return Case(train(seen, described, TRAIN), described, unseen)


@pytest.fixture(scope="session", params=["classification", "regression", "stored"])
def case(request: pytest.FixtureRequest) -> Case:
    """The tiny models, and the stored model with the stored test rows."""
    if request.param != "stored":
        return fitted(request.param)
    if not (Path("models/model.skops").exists() and Path("data/test.parquet").exists()):
        pytest.skip("no stored model here: run `dvc repro` or `dvc pull`")
    model, schema = model_file.load("models/model.skops"), contract.load("data/schema.yaml")
    return Case(model, schema, read_table("data/test.parquet").head(2000))
