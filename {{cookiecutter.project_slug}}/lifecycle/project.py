"""The one door to pipeline/: no other file of lifecycle/ imports it.

Every function raises LifecycleError where the pipeline raises its own error. What needs pandas (0.4 s) or scikit-learn
(1.2 s) is imported when it is called, so that a verb that refuses at once answers at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lifecycle.errors import LifecycleError
from pipeline.contract.schema import Column, Contract
from pipeline.run import inputs, settings
from pipeline.run.errors import InputError
from pipeline.run.settings import Block
from pipeline.run.threads import threads

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["Block", "Contract", "threads"]
ROW = "__row__"  # the column with the hash of each row's content
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
def check(kind: type[Settings], values: object, where: str) -> Settings:
    return settings.check(kind, values, where)


def read_table(path: Path) -> "pd.DataFrame":
    from pipeline.run.files import read_table

    return read_table(str(path))


def scorer(predictions: "pd.DataFrame", task: str) -> "Callable[[np.ndarray], dict[str, float]]":
    """The project's metrics of these predictions, as a function of row weights."""
    from pipeline.metrics import scorer

    return scorer(predictions, task)


def slice_label(value: object, column: Column | None) -> str:
    """The value of a slice as the model card writes it."""
    from pipeline.evaluation.slices import label

    return label(value, column) if column else str(value)


@_translated()
def predict_rows(model: Path, rows: list[dict[str, Any]], contract: Contract) -> list[dict[str, Any]]:
    from pipeline.archive import model_file
    from pipeline.evaluation.golden import typed_rows
    from pipeline.evaluation.predictions import predict

    loaded = model_file.load(str(model))
    with threads(len(rows)):
        return predict(loaded, typed_rows(rows, contract), contract).to_dict("records") if rows else []


def contradictions(recorded: list[dict[str, Any]], now: list[dict[str, Any]], tolerance: float) -> list[str]:
    from pipeline.evaluation.golden import contradictions

    return contradictions(recorded, now, tolerance)
