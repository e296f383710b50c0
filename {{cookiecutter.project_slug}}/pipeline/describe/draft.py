"""A first contract for a table, and the contract as YAML."""

import pyarrow as pa
import yaml

from pipeline.contract.patterns import SHORTEST, compress, runs
from pipeline.contract.schema import Column, Contract, check_contract
from pipeline.describe import columns
from pipeline.run.errors import InputError

HEADER = """\
# The data contract: what every column is. Written by `python -m pipeline.describe`, reviewed and edited by people.
# type: integer, number, boolean, category, text, datetime   role: feature, target, ignored   missing: may it be empty?
# range: lowest and highest allowed value (wider than seen)   values: all allowed values of a category
# unique: (nearly) every value is different, as in an id
# x{1..30} stands for the columns x1 to x30; a column of them that has its own entry is described by that
"""


def describe(data: pa.Table, target: str, task: str) -> Contract:
    """What each column of `data` is, from all its values; raises InputError if `target` does not fit `task`."""
    if target not in data.column_names:
        raise InputError(f"the table has no column {target!r}: choose the target among {', '.join(data.column_names)}.")
    described = {}
    for name, column in zip(data.column_names, data.columns):
        values = column.combine_chunks()
        described[name] = columns.target(name, values, task) if name == target else columns.feature(name, values)
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


def render(contract: Contract) -> str:
    """The contract as YAML, a few lines per column or run of equal columns."""
    plain = contract.model_dump(exclude_defaults=True)
    plain["columns"] = compress(plain["columns"])
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # four times as fast
    text = yaml.dump(plain, None, dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    return HEADER + str(text)
