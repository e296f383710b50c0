"""The data contract as typed objects. validate, features, monitoring and the service read this one file.

Reads data/schema.yaml, which `python -m pipeline.describe` writes and people review and edit.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pipeline.contract.patterns import expand
from pipeline.run.errors import InputError
from pipeline.run.settings import Block, check, load_yaml

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("number", "integer", "boolean")  # types that a model sees as float64
TEXTS = ("category", "text")
FORMATS = ("1,234.50", "1.234,50")  # of numbers that are not written plainly


class Column(Block):
    """One column. `values`: of a category, all values if there are none; `range`: [lowest, highest] of a number.

    `text` is free text, whose words count. An `ordered` category lists its values from lowest to highest. `format`: of
    a date, or how a number is written (`1,234.50` or `1.234,50`). A `unique` column, such as an id, tells copies apart.
    A `weight` says how much a row counts.
    """

    type: Literal["integer", "number", "boolean", "category", "text", "datetime"]
    role: Literal["feature", "target", "weight", "ignored"]
    missing: bool
    unique: bool = False
    ordered: bool = False
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
    def weight(self) -> str | None:
        """The name of the column that says how much a row counts."""
        return next((name for name, column in self.columns.items() if column.role == "weight"), None)

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
    return parse(load_yaml(path), path)


def parse(values: object, where: str) -> Contract:
    """The contract that is written as `values`, with one entry for each column; raises InputError as `load` does."""
    written = check(Contract, values, where)
    return check_contract(written.model_copy(update={"columns": expand(written.columns, where)}), where)


def check_contract(contract: Contract, path: str) -> Contract:
    """The same contract; raises InputError unless it has a fitting target, a feature, and at most one weight."""
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
        if column.type in ("number", "integer") and column.format not in (None, *FORMATS):
            raise InputError(f"{path}: format of the number {name!r} must be {' or '.join(FORMATS)}: correct it.")
        if column.role == "weight" and column.type not in ("number", "integer"):
            raise InputError(f"{path}: the weight {name!r} needs type: number or integer.")
    if len(weights := [name for name, column in contract.columns.items() if column.role == "weight"]) > 1:
        raise InputError(f"{path} has more than one column with role: weight ({', '.join(weights)}): keep one.")
    if not contract.features:
        raise InputError(f"{path} has no column with role: feature, so there is nothing to learn from.")
    return contract
