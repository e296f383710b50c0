"""Reads a table in parts of bounded size, so that one of any length can be predicted."""

import codecs
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from pipeline.run.errors import reading
from pipeline.table.delimited import encoding_of, options
from pipeline.table.formats import CONVERT, load
from pipeline.table.packed import BLOCK, Source, source
from pipeline.table.read import plain

ROWS = 20_000  # of a part
AT_ONCE = (".feather", ".arrow", ".orc", ".xlsx", ".xlsm", ".json", ".jsonl", ".ndjson", *CONVERT)


def read_parts(path: str) -> Iterator[pa.Table]:
    """The rows of a CSV or Parquet file in parts, each as `read` gives it; those of other formats at once."""
    with reading(path, f"is it a {Path(path).suffix or 'CSV'} table, written to its end? Write it again"):
        for table, told in _parts(Path(path)):
            whole = plain(table, told, path)
            for start in range(0, whole.num_rows, ROWS):
                yield whole.slice(start, ROWS)


def _parts(path: Path) -> Iterator[tuple[pa.Table, dict[str, str]]]:
    table = None if path.is_dir() else source(path)
    if table is None or table.suffix in AT_ONCE or (table.suffix == ".parquet" != path.suffix.lower()):
        yield load(path)
    elif table.suffix == ".parquet":
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                yield pa.Table.from_batches([batch]), {}
    else:
        for batch in _open_csv(table, path):
            yield pa.Table.from_batches([batch]), {}


def _open_csv(table: Source, path: Path) -> Iterator[pa.RecordBatch]:
    with table.open() as file:
        start = file.read(BLOCK)
    encoding = encoding_of(start, path, _utf8(table))
    with table.open() as file:
        yield from pa_csv.open_csv(file, **options(start, encoding, path)[0])


def _utf8(table: Source) -> bool:
    """Whether the whole file is UTF-8, of which the first other byte may come late."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with table.open() as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
        except UnicodeDecodeError:
            return False
    return True
