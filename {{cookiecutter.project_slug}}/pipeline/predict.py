"""Predicts new rows with a stored model: `python -m pipeline.predict ROWS OUT --model PATH --contract PATH`.

Reads a CSV or Parquet table that has the contract's features; writes one prediction per row, in the same order,
as CSV or Parquet.
"""

import argparse
import sys
from pathlib import Path

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract import schema
from pipeline.run.errors import InputError, reading
from pipeline.run.files import write_csv, write_table
from pipeline.run.threads import threads
from pipeline.table.read import read
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches


def main(rows: str, out: str, model_path: str, contract_path: str) -> None:
    """Check the rows against the contract, and predict them; raises InputError if they break it."""
    if Path(out).suffix not in (".csv", ".parquet"):
        raise InputError(f"{out} must end in .csv or .parquet.")
    contract = schema.load(contract_path)
    inputs = contract.model_copy(update={"columns": contract.features})
    table = read(rows)
    data, unreadable = typed(table, inputs)
    broken = breaches(data, unreadable, inputs)
    if len(broken):
        first = broken.iloc[0]
        where = f"{first['column']}, {first['what']}, rows {first['rows']}, values {first['examples']}"
        raise InputError(f"{rows} breaks {contract_path} ({where}): {first['what to do']}.")
    with threads(len(data)), reading(f"the model {model_path}", "run `dvc repro`, or `dvc pull`"):
        predictions = predict(model_file.load(model_path), data, contract)
    (write_table if Path(out).suffix == ".parquet" else write_csv)(predictions, out)
    print(f"predict: {len(predictions)} rows, {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m pipeline.predict", description=__doc__)
    parser.add_argument("rows", help="a CSV or Parquet table with the contract's features")
    parser.add_argument("out", help="where the predictions go: .csv or .parquet")
    parser.add_argument("--model", required=True, help="the model file, such as models/model.skops")
    parser.add_argument("--contract", default="data/schema.yaml", help="the data contract (default: %(default)s)")
    options = parser.parse_args()
    try:
        main(options.rows, options.out, options.model, options.contract)
    except InputError as error:
        sys.exit(f"predict: {error}")
    except FileNotFoundError as error:
        sys.exit(f"predict: {error.filename} does not exist.")
    except OSError as error:
        sys.exit(f"predict: {error.filename or 'a file'} cannot be used ({error.strerror or error}).")
