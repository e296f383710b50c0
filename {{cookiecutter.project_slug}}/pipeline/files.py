"""The formats of the files between stages; the same content always gives the same bytes."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.stage import ROW, Refused


def write_json(content: Any, path: str) -> None:
    """JSON with a line for each value; raises Refused for what is no JSON (NaN, infinity)."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise Refused(f"{path} would hold a figure beyond all bounds: a column is too large to compute with.") from None
    Path(path).write_text(text + "\n", "utf-8", newline="\n")


def read_json(path: str) -> Any:
    """The content of a JSON file."""
    return json.loads(Path(path).read_text("utf-8"))


def write_table(frame: pd.DataFrame, path: str) -> None:
    """A Parquet file; without pandas' own metadata, so that only the content decides the bytes."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    repeated = [field.name for field in table.schema if not pa.types.is_floating(field.type) and field.name != ROW]
    pq.write_table(table, path, compression="lz4", use_dictionary=repeated)


def read_table(path: str, columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of a Parquet file."""
    return pq.read_table(path, columns=columns).to_pandas()


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A CSV file with line feeds on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, lineterminator="\n", float_format="%.6g")
