"""File formats between the stages; the same content always gives the same bytes."""

import json
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.run.errors import InputError, reading

AGAIN = "run `uv run dvc repro`, or `uv run dvc pull` for stored data"
ROW = "__row__"  # the column with the hash of each row's content; it pairs the predictions of two versions
UNIT = "__unit__"  # what a bootstrap resamples as a whole: the hash of the row's group, or its block of time
WEIGHT = "__weight__"  # how much the row counts, where the contract has a column with role: weight
OWN = ROW, UNIT, WEIGHT  # names that the pipeline uses itself


def write_text(text: str, path: str) -> None:
    """A UTF-8 text file with line feeds on every system."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, "utf-8", newline="\n")


def write_json(content: Any, path: str) -> None:
    """JSON, a value per line; raises InputError for NaN and infinity, which JSON does not have."""
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise InputError(f"{path} would contain an infinite number: a column's values are too large.") from None
    write_text(text + "\n", path)


def read_json(path: str) -> Any:
    """The content of a JSON file."""
    with reading(path, AGAIN):
        return json.loads(Path(path).read_text("utf-8"))


def write_table(frame: pd.DataFrame, path: str) -> None:
    """A Parquet file without pandas' own metadata, so that the content alone decides the bytes."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    repeated = [field.name for field in table.schema if not pa.types.is_floating(field.type) and field.name != ROW]
    pq.write_table(table, path, compression="lz4", use_dictionary=repeated)


def read_table(path: str | Path | BinaryIO, columns: list[str] | None = None, name: str = "") -> pd.DataFrame:
    """The rows of a Parquet file, `name` for messages."""
    with reading(name or str(path), AGAIN):
        return pq.read_table(path, columns=columns).to_pandas()


def write_csv(frame: pd.DataFrame, path: str) -> None:
    """A CSV file with six significant digits."""
    write_text(frame.to_csv(index=False, lineterminator="\n", float_format="%.6g"), path)
