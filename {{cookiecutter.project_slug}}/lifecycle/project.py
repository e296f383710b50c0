"""The one door to pipeline/: no other file of lifecycle/ imports it.

Every function raises LifecycleError where the pipeline raises its own error. What needs pandas (0.4 s) or scikit-learn
(1.2 s) is imported when it is called, so that a verb that refuses at once answers at once.
"""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lifecycle.errors import LifecycleError, reading
from pipeline.contract.schema import NUMBERS, Column, Contract, parse
from pipeline.run import inputs, settings
from pipeline.run.errors import InputError
from pipeline.run.settings import Block
from pipeline.run.threads import threads

if TYPE_CHECKING:
    from zipfile import ZipFile

    import numpy as np
    import pandas as pd

    from pipeline.evaluation.intervals import Interval

__all__ = ["Block", "Contract", "threads"]
ROW = "__row__"  # the column with the hash of each row's content
UNIT, WEIGHT = "__unit__", "__weight__"  # optional: what is resampled as a whole, and how much a row counts
OWN = ROW, UNIT, WEIGHT
Settings = TypeVar("Settings", bound=Block)
digest = inputs.digest


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise LifecycleError(str(error)) from None


@_translated()
def parse_yaml(text: str | None, name: str) -> dict[str, Any]:
    """The mapping in a YAML text, empty for no text."""
    return settings.parse_yaml(text, name) if text and text.strip() else {}


@_translated()
def load_yaml(path: str) -> dict[str, Any]:
    """The mapping in a YAML file of the project."""
    return settings.load_yaml(path)


@_translated()
def write_params(block: str, values: dict[str, Any]) -> None:
    """Set values of a block of params.yaml."""
    from pipeline.describe.params_file import write_block

    write_block(block, values, "params.yaml")


def trials(blocks: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, float]]:
    """A function from changed settings of train to the metrics of a cross-validation; `blocks`: of params.yaml."""
    from pipeline.cross_validation import CrossValidation, cross_validate
    from pipeline.model import Train
    from pipeline.run.files import read_table
    from pipeline.train import train

    paths = {Path(path).name: path for path in inputs.inputs("train")}
    held_out = check(CrossValidation, blocks.get("cross_validation"), "params.yaml, block cross_validation,")
    with _translated():
        known = contract(Path(paths["schema.yaml"]).read_text("utf-8"), paths["schema.yaml"])
        data = read_table(paths["train.parquet"])

    @_translated()
    def trial(changes: dict[str, Any]) -> dict[str, float]:
        chosen = check(Train, blocks["train"] | changes, "params.yaml, block train,")
        with threads(len(data)):
            return cross_validate(
                lambda rows: train(rows, known, chosen), data, known, held_out, blocks["prepare"]["split"]
            )

    return trial


@_translated()
def check(kind: type[Settings], values: object, where: str) -> Settings:
    return settings.check(kind, values, where)


@_translated()
def contract(text: str, where: str) -> Contract:
    return parse(parse_yaml(text, where), where)


@_translated()
def read_table(source: "Path | io.BytesIO", name: str = "") -> "pd.DataFrame":
    """The rows of a Parquet file, `name` for messages; raises LifecycleError."""
    from pipeline.run.files import read_table

    return read_table(source, name=name)


def stored_table(source: "Path | io.BytesIO", contract: Contract, where: str) -> "pd.DataFrame":
    """Stored predictions or test rows; raises LifecycleError if they lack the columns and types of theirs."""
    from pipeline.metrics import classes

    with reading(where):
        table = read_table(source, where)
        table.nunique()  # raises for cells that are lists
        numbers, texts = [n for n, c in contract.features.items() if c.type in NUMBERS], []
        if "predicted" in table:
            numbers, texts = ["predicted", "actual"], ["predicted", "actual"]
            numbers = numbers if contract.task == "regression" else [f"p({label})" for label in classes(table)]
            finite = table[numbers].abs().max().max() < float("inf")
            known = contract.task == "regression" or table[texts].isin(classes(table)).all(axis=None)
            if not (len(table) and finite and known and table[numbers].notna().all(axis=None)):
                raise ValueError("there are no predictions, or infinite ones, or of unknown classes")
        elif missing := {*contract.features, contract.target} - {*table}:
            raise KeyError(*missing)
        whole, numbers = [ROW, *({UNIT} & {*table})], [*numbers, *({WEIGHT} & {*table})]
        if any(table[n].dtype != "uint64" for n in whole) or any(table[n].dtype.kind != "f" for n in numbers):
            raise TypeError(f"{ROW} and {UNIT} must be uint64, and numbers floats")
        if WEIGHT in table and not table[WEIGHT].between(0, float("inf"), inclusive="neither").all():
            raise ValueError("weights must be positive numbers")
    return table


def scorer(predictions: "pd.DataFrame", task: str) -> "Callable[[np.ndarray], dict[str, float]]":
    """The project's metrics of these predictions, as a function of row weights."""
    from pipeline.metrics import scorer

    return scorer(predictions, task)


def intervals(
    predictions: "list[pd.DataFrame]", task: str, draws: int, level: float, seed: int
) -> "dict[str, Interval]":
    """The interval of each metric of a model, or of the difference of two models."""
    from pipeline.evaluation.intervals import intervals

    return intervals(predictions, task, draws, level, seed)


def unit_codes(predictions: "pd.DataFrame") -> "np.ndarray":
    """The code of each row's unit: its group, its block of time, or the row with its copies."""
    from pipeline.evaluation.intervals import unit_codes

    return unit_codes(predictions)


def slice_label(value: object, column: Column | None) -> str:
    """The value of a slice as the model card writes it."""
    from pipeline.evaluation.slices import label

    return label(value, column) if column else str(value)


class Golden(Block):
    """golden.json: rows, and what the model predicted for each."""

    rows: list[dict[str, str | float | bool | None]]
    predictions: list[dict[str, str | float]]


def unpacked(path: Path) -> "ZipFile":
    """The opened archive of a model."""
    from pipeline.archive.canonical import unpacked

    return unpacked(path)


@_translated()
def golden(content: bytes, where: str) -> Golden:
    with reading(where):
        return check(Golden, json.loads(content), where)


def as_written(golden: Golden, contract: Contract) -> Golden:
    """Golden predictions with their rows in the contract's formats, as a request has them."""
    from pipeline.table.cells import as_written

    with reading("golden.json"):
        return golden.model_copy(update={"rows": [as_written(row, contract) for row in golden.rows]})


@_translated()
def typed_rows(rows: list[dict[str, Any]], contract: Contract) -> "pd.DataFrame":
    """Rows from JSON with the types of the contract."""
    from pipeline.evaluation.golden import typed_rows

    with reading("golden.json"):
        return typed_rows(rows, contract)


def questions(rows: "pd.DataFrame", contract: Contract) -> "pd.DataFrame":
    """Typed rows as a table that anybody may ask `pipeline.predict` about: the features, and nothing else."""
    chosen = rows[list(contract.features)]
    truth = {name: chosen[name].astype("boolean") for name, column in contract.features.items()
             if column.type == "boolean"}  # fmt: skip
    return chosen.assign(**truth)


def baseline(profile: dict[str, Any], predictions: "pd.DataFrame", contract: Contract) -> "pd.DataFrame":
    """The predictions of a model without features."""
    from pipeline.evaluation.intervals import baseline

    with reading("profile.json"):
        return baseline(profile, predictions, contract)


def contradictions(recorded: list[dict[str, Any]], now: list[dict[str, Any]], tolerance: float) -> list[str]:
    from pipeline.evaluation.golden import contradictions

    return contradictions(recorded, now, tolerance)


@_translated()
def predict_table(
    rows: Path, out: Path, model: Path, contract: Contract, golden: Path, version: str | None, logs: Path
) -> dict[str, Any]:
    """Predict a table and log it; what was done."""
    from pipeline.batch.score import predict_and_log

    known = check(Golden, json.loads(golden.read_bytes()), str(golden))
    return predict_and_log(str(rows), str(out), str(model), contract, known.model_dump(), version, logs)


@_translated()
def logged_rows(rows: list[dict[str, Any]], contract: Contract) -> "pd.DataFrame":
    """The features of rows of a prediction log, with the types of the contract."""
    from pipeline.batch.logged import logged_rows

    return logged_rows(rows, contract)
