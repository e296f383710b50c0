"""A first contract for a table, and the contract as YAML."""

import json
import re

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from pipeline.contract.patterns import SHORTEST, compress, runs
from pipeline.contract.schema import Column, Contract, check_contract
from pipeline.describe import columns
from pipeline.run.errors import InputError
from pipeline.table.read import told

HEADER = """\
# The data contract: what every column is. Written by `python -m pipeline.describe`, reviewed and edited by people.
# type: integer, number, boolean, category, text, datetime   role: feature, target, weight, ignored
# missing: may it be empty?   format: of a date, or of a number that is not written plainly (1,234.50 or 1.234,50)
# range: lowest and highest allowed value (wider than seen)   values: all allowed values of a category
# ordered: values are listed from lowest to highest   unique: (nearly) every value is different, as in an id
# x{1..30} stands for the columns x1 to x30; a column of them that has its own entry is described by that
"""
WEIGHT_NAME = re.compile(  # a mere `weight` is usually a measure
    r"(sample|sampling|case|survey|person|final|design|freq|frequency|prob|probability|importance|analytic)[ _.-]?"
    r"(weights?|wt|wgt)|[fpai]weights?|fnlwgt|perwt|hhwt",
    re.IGNORECASE,
)


def describe(data: pa.Table, target: str, task: str) -> Contract:
    """What each column of `data` is, from all its values; raises InputError if `target` does not fit `task`."""
    if target not in data.column_names:
        raise InputError(f"the table has no column {target!r}: choose the target among {', '.join(data.column_names)}.")
    described, decimal = {}, told(data, "decimal")
    for name, column, field in zip(data.column_names, data.columns, data.schema):
        values = column.combine_chunks()
        if name == target:
            described[name] = columns.target(name, values, task, decimal)
        elif order := _order(field, values):
            missing = values.null_count > 0
            described[name] = Column(type="category", role="feature", missing=missing, values=order, ordered=True)
        else:
            described[name] = _weight(name, values, columns.feature(name, values, decimal))
    _keep_one_weight(described)
    return check_contract(Contract.model_validate({"task": task, "columns": alike(described)}), "the contract")


def alike(described: dict[str, Column]) -> dict[str, Column]:
    """The columns of a run that differ only in range or values get those of all, so that one entry describes them."""
    described = dict(described)
    for run in (run for run in runs(described) if len(run) >= SHORTEST):
        kinds: dict[str, list[str]] = {}
        for name in run:
            kinds.setdefault(repr(described[name].model_copy(update={"range": None, "values": None})), []).append(name)
        for names in (names for names in kinds.values() if len(names) >= SHORTEST):
            ranges = [edges for name in names if (edges := described[name].range)]
            values = sorted({value for name in names for value in described[name].values or []})
            shared: dict[str, object] = {}
            if len(ranges) == len(names):
                shared["range"] = [min(low for low, _ in ranges), max(high for _, high in ranges)]
            if 0 < len(values) <= columns.CATEGORIES and all(described[name].values for name in names):
                shared["values"] = values
            described |= {name: described[name].model_copy(update=shared) for name in names}
    return described


def _order(field: pa.Field, values: pa.Array) -> list[str] | None:
    """The order that the file itself gives to the values of a category, if there is more than one value."""
    order = (field.metadata or {}).get(b"ordered")
    return json.loads(order) if order and pc.count_distinct(values).as_py() > 1 else None


def _weight(name: str, values: pa.Array, column: Column) -> Column:
    """The column as the weight of its row, if its name says so and all its values are positive numbers."""
    if not WEIGHT_NAME.fullmatch(name) or column.type not in ("integer", "number") or column.missing or column.format:
        return column
    positive = pc.min(values.cast(pa.float64())).as_py() > 0
    return column.model_copy(update={"role": "weight", "unique": False}) if positive else column


def _keep_one_weight(described: dict[str, Column]) -> None:
    first, *others = [name for name, column in described.items() if column.role == "weight"] or [""]
    for name in others:
        note = f"a second weight beside {first}"
        described[name] = described[name].model_copy(update={"role": "ignored", "note": note})


def render(contract: Contract) -> str:
    """The contract as YAML, a few lines per column or run of equal columns."""
    plain = contract.model_dump(exclude_defaults=True)
    plain["columns"] = compress(plain["columns"])
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # four times as fast
    text = yaml.dump(plain, None, dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    return HEADER + str(text)
