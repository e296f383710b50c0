"""The one door to pipeline/: no other file of lifecycle/ imports it.

Every function raises LifecycleError where the pipeline raises its own error. What needs pandas (0.4 s) or scikit-learn
(1.2 s) is imported when it is called, so that a verb that refuses at once answers at once.
"""

import io
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


def read_table(source: "Path | io.BytesIO", name: str = "") -> "pd.DataFrame":
    """The rows of a Parquet file, `name` for messages; raises LifecycleError."""
    from pipeline.run.files import read_table

    try:
        return read_table(source)
    except (OSError, ValueError, ArithmeticError) as error:  # Arrow's own errors are ValueErrors
        why = " ".join(str(error).split())[:200]
        raise LifecycleError(f"{name or source} cannot be read as a Parquet table ({why}).") from None


def scorer(predictions: "pd.DataFrame", task: str) -> "Callable[[np.ndarray], dict[str, float]]":
    """The project's metrics of these predictions, as a function of row weights."""
    from pipeline.metrics import scorer

    return scorer(predictions, task)


def slice_label(value: object, column: Column | None) -> str:
    """The value of a slice as the model card writes it."""
    from pipeline.evaluation.slices import label

    return label(value, column) if column else str(value)


def typed_rows(rows: list[dict[str, Any]], contract: Contract) -> "pd.DataFrame":
    """Rows from JSON with the types of the contract."""
    from pipeline.evaluation.golden import typed_rows

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

    return baseline(profile, predictions, contract)


def contradictions(recorded: list[dict[str, Any]], now: list[dict[str, Any]], tolerance: float) -> list[str]:
    from pipeline.evaluation.golden import contradictions

    return contradictions(recorded, now, tolerance)
