"""A first contract for a table, and the contract as YAML."""

import pyarrow as pa
import yaml

from pipeline.contract.schema import Contract, check_contract
from pipeline.describe import columns
from pipeline.run.errors import InputError

HEADER = """\
# The data contract: what every column is. Written by `python -m pipeline.describe`, reviewed and edited by people.
# type: integer, number, boolean, category, text, datetime   role: feature, target, ignored   missing: may it be empty?
# range: lowest and highest allowed value (wider than seen)   values: all allowed values of a category
# unique: (nearly) every value is different, as in an id
"""


def describe(data: pa.Table, target: str, task: str) -> Contract:
    """What each column of `data` is, from all its values; raises InputError if `target` does not fit `task`."""
    if target not in data.column_names:
        raise InputError(f"the table has no column {target!r}: choose the target among {', '.join(data.column_names)}.")
    described = {}
    for name, column in zip(data.column_names, data.columns):
        values = column.combine_chunks()
        described[name] = columns.target(name, values, task) if name == target else columns.feature(name, values)
    return check_contract(Contract.model_validate({"task": task, "columns": described}), "the contract")


def render(contract: Contract) -> str:
    """The contract as YAML, a few lines per column."""
    plain = contract.model_dump(exclude_defaults=True)
    return HEADER + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
