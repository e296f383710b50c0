"""Writes the data contract: `python -m pipeline.describe data/raw.csv data/schema.yaml`.

Reads the raw table; writes data/schema.yaml. Columns that the file already has stay as people edited them (`--fresh`
describes all of them again), new columns of the table are added, columns that are gone are removed.
"""

import argparse
import sys
from pathlib import Path

from pipeline.contract.schema import check_contract, load
from pipeline.describe.draft import describe, render
from pipeline.run.errors import InputError
from pipeline.run.files import write_text
from pipeline.table.read import read


def main(arguments: list[str]) -> None:
    """Describe the table that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.describe", description=__doc__)
    parser.add_argument("table")
    parser.add_argument("schema")
    parser.add_argument("--target", help="the column to predict (default: the schema's)")
    parser.add_argument("--task", choices=["classification", "regression"], help="(default: the schema's)")
    parser.add_argument("--fresh", action="store_true", help="describe all columns again; edits are lost")
    options = parser.parse_args(arguments)
    old = load(options.schema) if Path(options.schema).exists() else None
    target, task = options.target or (old and old.target), options.task or (old and old.task)
    if not (target and task):
        raise InputError(f"{options.schema} does not exist yet: add --target COLUMN --task TASK.")
    contract = describe(read(options.table), target, task)
    if old and not options.fresh and (old.target, old.task) == (target, task):
        kept = {name: old.columns.get(name, column) for name, column in contract.columns.items()}
        contract = check_contract(contract.model_copy(update={"columns": kept}), options.schema)
    write_text(render(contract), options.schema)
    roles = [column.role for column in contract.columns.values()]
    print(f"{options.schema}: {roles.count('feature')} features, {roles.count('ignored')} ignored, target {target!r}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"describe: {error}")
    except OSError as error:
        sys.exit(f"describe: {error.filename or 'a file'} cannot be used ({error.strerror or error}).")
