"""Writes the data contract that the stages keep to: `python -m pipeline.describe data/raw.csv data/schema.yaml`.

Reads the raw table; writes data/schema.yaml. Columns that the file already holds stay as people left them (`--fresh`
describes all anew), columns that are new in the table are added and those that are gone are removed.
"""

import argparse
import sys
from pathlib import Path

import pyarrow as pa
import yaml

from pipeline import columns, table
from pipeline.contract import Contract, load, whole
from pipeline.stage import Refused

HEADER = """\
# The data contract: what every column is. Written by `python -m pipeline.describe`, reviewed and edited by people.
# type: integer, number, boolean, category, text, datetime   role: feature, target, ignored   missing: may it be empty?
# range: lowest and highest value allowed (as seen, with room to grow)   values: all that a category may be
# unique: (nearly) every value is different, an id
"""


def describe(data: pa.Table, target: str, task: str) -> Contract:
    """What each column of `data` is, judged by all its values; raises Refused if `target` does not fit `task`."""
    if target not in data.column_names:
        raise Refused(f"the table has no column {target!r}: choose the target among {', '.join(data.column_names)}.")
    found = {}
    for name in data.column_names:
        values = data[name].combine_chunks()
        found[name] = columns.target(name, values, task) if name == target else columns.feature(name, values)
    return whole(Contract.model_validate({"task": task, "columns": found}), "the contract")


def render(contract: Contract) -> str:
    """The contract as YAML, a few lines a column."""
    plain = contract.model_dump(exclude_defaults=True)
    return HEADER + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def main(arguments: list[str]) -> None:
    """Describe the table named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.describe", description=__doc__)
    parser.add_argument("table")
    parser.add_argument("schema")
    parser.add_argument("--target", help="the column to predict (default: the schema's)")
    parser.add_argument("--task", choices=["classification", "regression"], help="(default: the schema's)")
    parser.add_argument("--fresh", action="store_true", help="describe all columns anew, losing edits")
    options = parser.parse_args(arguments)
    old = load(options.schema) if Path(options.schema).exists() else None
    target, task = options.target or (old and old.target), options.task or (old and old.task)
    if not (target and task):
        raise Refused(f"{options.schema} does not exist yet: say --target COLUMN --task TASK.")
    contract = describe(table.read(options.table), target, task)
    if old and not options.fresh and (old.target, old.task) == (target, task):
        kept = {name: old.columns.get(name, column) for name, column in contract.columns.items()}
        contract = whole(contract.model_copy(update={"columns": kept}), options.schema)
    Path(options.schema).write_text(render(contract), "utf-8", newline="\n")
    roles = [column.role for column in contract.columns.values()]
    print(f"{options.schema}: {roles.count('feature')} features, {roles.count('ignored')} ignored, target {target!r}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as sentence:
        sys.exit(f"describe: {sentence}")
