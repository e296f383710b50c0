"""Writes the data contract: `python -m pipeline.describe data/raw.csv data/schema.yaml`.

Reads the raw table; writes data/schema.yaml. Columns that the file already has stay as people edited them (`--update`
widens their ranges and adds new values, `--fresh` describes all of them again), new columns of the table are added,
columns that are gone are removed. Prints what changed, and what is used, ignored and doubtful.
"""

import argparse
import difflib
import sys
from pathlib import Path

from pipeline.contract.schema import check_contract, load
from pipeline.describe.comments import kept
from pipeline.describe.draft import describe, render
from pipeline.describe.split import fit_split
from pipeline.describe.summary import summary
from pipeline.describe.update import update
from pipeline.run.errors import InputError
from pipeline.run.files import write_text
from pipeline.table.read import read, told


def main(arguments: list[str]) -> None:
    """Describe the table that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.describe", description=__doc__)
    parser.add_argument("table")
    parser.add_argument("schema")
    parser.add_argument("--target", help="the column to predict (default: the schema's)")
    parser.add_argument("--task", choices=["classification", "regression"], help="(default: the schema's)")
    parser.add_argument("--update", action="store_true", help="widen ranges and add values that the table has")
    parser.add_argument("--fresh", action="store_true", help="describe all columns again; edits are lost")
    options = parser.parse_args(arguments)
    old = load(options.schema) if Path(options.schema).exists() else None
    target, task = options.target or (old and old.target), options.task or (old and old.task)
    if not (target and task):
        raise InputError(f"{options.schema} does not exist yet: add --target COLUMN --task TASK.")
    table = read(options.table)
    doubts: list[str] = []
    contract = describe(table, target, task)
    if old and not options.fresh and (old.target, old.task) == (target, task):
        if options.update:
            contract, doubts = update(old, contract, table)
        edited = {name: old.columns.get(name, column) for name, column in contract.columns.items()}
        contract = contract if options.update else contract.model_copy(update={"columns": edited})
    chosen = []
    own = Path("params.yaml").exists() and Path.cwd() in Path(options.schema).resolve().parents
    if own and (old is None or options.fresh):
        contract, why = fit_split(table, contract, "params.yaml")
        chosen = [f"split: {why}"]
    text = render(check_contract(contract, options.schema))
    written = Path(options.schema).read_text("utf-8") if old else text
    text = kept(written, text)
    before = written if options.update else text
    write_text(text, options.schema)
    diff = difflib.unified_diff(before.splitlines(), text.splitlines(), "before", "after", lineterm="", n=1)
    lines = [*told(table, "notes").splitlines(), *chosen, *summary(contract, table, options.schema, doubts)]
    print(*diff, *lines, sep="\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(f"describe: {error}")
    except OSError as error:
        sys.exit(f"describe: {error.filename or 'a file'} cannot be used ({error.strerror or error}).")
