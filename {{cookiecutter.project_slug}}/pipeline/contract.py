"""The data contract: what each column is. validate, features, serving and monitoring read this one file.

Reads data/schema.yaml, which `python -m pipeline.describe` writes and people review and edit.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipeline.stage import Block, Refused, checked, load_yaml

TRUTH = {"true": 1.0, "false": 0.0}


class Column(Block):
    """What one column is; `values` are a category's, `range` a number's [lowest, highest], `format` a date's.

    A `unique` column, such as an id, tells copies of a row apart and therefore has no say in the split.
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
        """The columns that make a row what it is: all but the target and ids, or all if nothing else is left."""
        kept = [n for n, column in self.columns.items() if column.role != "target" and not column.unique]
        return kept or list(self.columns)

    @property
    def features(self) -> dict[str, Column]:
        """The columns that a model may look at."""
        return {name: column for name, column in self.columns.items() if column.role == "feature"}


def load(path: str) -> Contract:
    """The contract in `path`; raises Refused unless it is well formed with one target and at least one feature."""
    return whole(checked(Contract, load_yaml(path), path), path)


def whole(contract: Contract, path: str) -> Contract:
    """The same contract; raises Refused unless it has one target that fits the task and at least one feature."""
    targets = [column for column in contract.columns.values() if column.role == "target"]
    wanted = ["category"] if contract.task == "classification" else ["number", "integer"]
    if len(targets) != 1:
        raise Refused(f"{path} needs exactly one column with role: target, it has {len(targets)}.")
    if targets[0].type not in wanted:
        raise Refused(f"{path}: the target of a {contract.task} needs type: {' or '.join(wanted)}.")
    if contract.task == "classification" and not targets[0].values:
        raise Refused(f"{path}: the target of a classification needs values: the list of its classes.")
    for name, column in contract.columns.items():
        if column.range and (column.type not in ("number", "integer") or column.range[0] > column.range[1]):
            raise Refused(f"{path}: range of {name!r} must be [lowest, highest] of a number: correct or remove it.")
    if not contract.features:
        raise Refused(f"{path} has no column with role: feature, so there is nothing to learn from.")
    return contract


def typed(table: pa.Table, contract: Contract) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """The contract's columns with their types, and for each column the texts that could not be read so, by row from 0.

    Numbers and booleans come as float64, dates as datetime64, all else as text; unreadable and missing values are null.
    """
    present = {name: table[name].combine_chunks() for name in contract.columns if name in table.column_names}
    with ThreadPoolExecutor() as pool:
        converted = pool.map(_convert, present.values(), (contract.columns[name] for name in present))
        data = pd.DataFrame(dict(zip(present, converted)))
    unreadable = {}
    for name, given in present.items():
        bad = data[name].isna().to_numpy() & given.is_valid().to_numpy(zero_copy_only=False)
        if contract.columns[name].type == "integer" and contract.columns[name].role != "ignored":
            bad |= (data[name] % 1 > 0).to_numpy()
        if bad.any():
            unreadable[name] = text(given)[bad]
    return data, unreadable


def _convert(values: pa.Array, column: Column) -> pd.Series:
    """One column as its contract says; what cannot be converted becomes null."""
    if column.role == "ignored":
        return text(values)
    if column.type in ("integer", "number"):
        try:
            return values.cast(pa.float64()).to_pandas()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return pd.to_numeric(text(values), errors="coerce").astype("float64")
    if column.type == "boolean":
        return text(values).str.lower().map(TRUTH).astype("float64")
    if column.type == "datetime":
        return moments(values, column.format)
    return text(values)


def moments(values: pa.Array, layout: str | None) -> pd.Series:
    """Dates and times without a zone (zones are taken to UTC); null where the text is no date of that `layout`."""
    given = values.to_pandas(date_as_object=False) if pa.types.is_temporal(values.type) else text(values)
    try:
        found = pd.to_datetime(given, format=layout or "ISO8601", errors="coerce", utc=True)
    except ValueError as wrong:
        raise Refused(f"the contract's format {layout!r} describes no date: {wrong}.") from None
    return found.dt.tz_localize(None).astype("datetime64[us]")


def text(values: pa.Array) -> pd.Series:
    """The values as text; whole floats without their `.0`, as other programs write class labels."""
    if pa.types.is_floating(values.type) and pc.all(pc.equal(pc.floor(values), values)).as_py():
        values = values.cast(pa.int64())
    return values.cast(pa.string()).to_pandas().astype("str")
