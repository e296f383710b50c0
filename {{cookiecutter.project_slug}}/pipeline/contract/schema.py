"""The data contract as typed objects. validate, features, monitoring and the service read this one file.

Reads data/schema.yaml, which `python -m pipeline.describe` writes and people review and edit.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pipeline.run.errors import InputError
from pipeline.run.settings import Block, check, load_yaml

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("number", "integer", "boolean")  # types that a model sees as float64
TEXTS = ("category", "text")


class Column(Block):
    """One column. `values`: of a category; `range`: [lowest, highest] of a number; `format`: of a date.

    A `unique` column, such as an id, distinguishes copies of a row, so the split does not use it.
    """

    type: Literal["integer", "number", "boolean", "category", "text", "datetime"]
    role: Literal["feature", "target", "ignored"]
    missing: bool
    unique: bool = False
    range: list[float | int] | None = Field(default=None, min_length=2, max_length=2)
    values: list[str] | None = Field(default=None, min_length=1)
    format: str | None = None
    note: str | None = None


class Contract(Block):
    """The task and every column of the raw table, in the table's order."""

    task: Literal["classification", "regression"]
    columns: dict[str, Column]

    @property
    def target(self) -> str:
        """The name of the column to predict."""
        return next(name for name, column in self.columns.items() if column.role == "target")

    @property
    def content(self) -> list[str]:
        """The columns that identify a row: all but the target and ids, or all columns if no others are left."""
        kept = [n for n, column in self.columns.items() if column.role != "target" and not column.unique]
        return kept or list(self.columns)

    @property
    def features(self) -> dict[str, Column]:
        """The columns that a model may use."""
        return {name: column for name, column in self.columns.items() if column.role == "feature"}

    def inputs(self, data: "pd.DataFrame") -> "pd.DataFrame":
        """The columns of typed rows that `features` gets: never the target, an ignored column or the row hash."""
        return data[list(self.features)]


def load(path: str) -> Contract:
    """The contract in a file; raises InputError as `check_contract` does, or if the file is not valid."""
    return check_contract(check(Contract, load_yaml(path), f"{path}"), path)


def check_contract(contract: Contract, path: str) -> Contract:
    """The same contract; raises InputError unless it has a target that fits the task, and at least one feature."""
    targets = [column for column in contract.columns.values() if column.role == "target"]
    allowed = ["category"] if contract.task == "classification" else ["number", "integer"]
    if len(targets) != 1:
        raise InputError(f"{path} needs exactly one column with role: target, it has {len(targets)}.")
    if targets[0].type not in allowed:
        raise InputError(f"{path}: the target of a {contract.task} needs type: {' or '.join(allowed)}.")
    if contract.task == "classification" and not targets[0].values:
        raise InputError(f"{path}: the target of a classification needs values: the list of its classes.")
    for name, column in contract.columns.items():
        if column.range and (column.type not in ("number", "integer") or not column.range[0] <= column.range[1]):
            raise InputError(f"{path}: range of {name!r} must be [lowest, highest] of a number: correct or remove it.")
    if not contract.features:
        raise InputError(f"{path} has no column with role: feature, so there is nothing to learn from.")
    return contract
