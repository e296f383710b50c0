"""Predicts new rows with a stored model: `python -m pipeline.predict ROWS OUT --model PATH --contract PATH`.

Reads a CSV or Parquet table that has the contract's features, twice and in parts, so that it may have any length: all
rows are checked before the first is predicted. Writes one prediction per row, in the same order, as CSV or Parquet.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.pipeline import Pipeline

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.batch.stream import read_parts
from pipeline.contract import schema
from pipeline.contract.schema import Contract
from pipeline.run.errors import InputError, reading
from pipeline.run.threads import threads
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches

Record = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]  # typed rows and predictions -> what is written of them


def checked(rows: str, contract: Contract, where: str) -> Iterator[pd.DataFrame]:
    """The typed features of a table in parts; raises InputError if they break the contract, which is in `where`."""
    inputs, before = contract.model_copy(update={"columns": contract.features}), 0
    for table in read_parts(rows):
        data, unreadable = typed(table, inputs)
        broken = breaches(data, unreadable, inputs, before)
        if len(broken):
            first = broken.iloc[0]
            what = f"{first['column']}, {first['what']}, rows {first['rows']}, values {first['examples']}"
            raise InputError(f"{rows} breaks {where} ({what}): {first['what to do']}.")
        before += len(data)
        yield data
    if not before:
        raise InputError(f"{rows} has no rows: add the data below the header.")


def predict_table(rows: str, out: str, model: Pipeline, contract: Contract, where: str, record: Record) -> int:
    """Predict a table, all of it or nothing; returns its number of rows. `record` sees each part."""
    if Path(out).suffix not in (".csv", ".parquet"):
        raise InputError(f"{out} must end in .csv or .parquet.")
    count = sum(len(data) for data in checked(rows, contract, where))
    with threads(count), reading("the model", "run `dvc repro`, or `dvc pull`"):
        parts = (record(data, predict(model, data, contract)) for data in checked(rows, contract, where))
        write_parts(parts, out)
    return count


def write_parts(parts: Iterator[pd.DataFrame], out: str) -> None:
    """Write the parts of a table to a CSV file, numbers with six digits, or to a Parquet file; whole or not at all."""
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".predict-", dir=Path(out).parent) as folder:
        part = Path(folder, Path(out).name)
        if part.suffix == ".parquet":
            write_parquet(parts, part)
        else:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                for number, frame in enumerate(parts):
                    file.write(frame.to_csv(index=False, header=not number, lineterminator="\n", float_format="%.6g"))
        part.replace(out)


def write_parquet(parts: Iterator[pd.DataFrame], path: Path) -> None:
    """The same as Parquet."""
    writer: pq.ParquetWriter | None = None
    for frame in parts:
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="lz4")
        writer.write_table(table)
    if writer:
        writer.close()


def main(rows: str, out: str, model_path: str, contract_path: str) -> None:
    """Check the rows against the contract, and predict them; raises InputError if they break it."""
    contract = schema.load(contract_path)
    with reading(f"the model {model_path}", "run `dvc repro`, or `dvc pull`"):
        model = model_file.load(model_path)
    count = predict_table(rows, out, model, contract, contract_path, lambda _, predictions: predictions)
    print(f"predict: {count} rows, {out}")


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
