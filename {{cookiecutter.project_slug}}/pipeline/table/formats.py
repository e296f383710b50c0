"""The formats of tables that are read, and the command that converts another one."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.run.errors import InputError, reading
from pipeline.table.delimited import read_csv
from pipeline.table.packed import Source, parts, source
from pipeline.table.records import read_excel, read_json

TEXT = (".csv", ".tsv", ".txt")
CONVERT = {  # suffix -> packages, and the expression that makes a data frame of the file {0}
    ".dta": ("", "pandas.read_stata({0})"),
    ".sav": ("pyreadstat", "__import__('pyreadstat').read_sav({0}, apply_value_formats=True)[0]"),
    ".zsav": ("pyreadstat", "__import__('pyreadstat').read_sav({0}, apply_value_formats=True)[0]"),
    ".por": ("pyreadstat", "__import__('pyreadstat').read_por({0}, apply_value_formats=True)[0]"),
    ".sas7bdat": ("pyreadstat", "__import__('pyreadstat').read_sas7bdat({0})[0]"),
    ".xpt": ("pyreadstat", "__import__('pyreadstat').read_xport({0})[0]"),
    ".xls": ("python-calamine", "pandas.read_excel({0}, engine='calamine')"),
    ".xlsb": ("python-calamine", "pandas.read_excel({0}, engine='calamine')"),
    ".ods": ("python-calamine", "pandas.read_excel({0}, engine='calamine')"),
    ".rds": ("pyreadr", "[*__import__('pyreadr').read_r({0}).values()][0]"),
    ".rdata": ("pyreadr", "[*__import__('pyreadr').read_r({0}).values()][0]"),
    ".pkl": ("", "pandas.read_pickle({0})"),
    ".db": ("", "pandas.read_sql('select * from TABLE', __import__('sqlite3').connect({0}))"),
    ".sqlite": ("", "pandas.read_sql('select * from TABLE', __import__('sqlite3').connect({0}))"),
    ".sqlite3": ("", "pandas.read_sql('select * from TABLE', __import__('sqlite3').connect({0}))"),
    ".h5": ("tables", "pandas.read_hdf({0})"),
    ".xml": ("lxml", "pandas.read_xml({0})"),
    ".html": ("lxml", "pandas.read_html({0})[0]"),
    ".npy": ("", "pandas.DataFrame(__import__('numpy').load({0}))"),
    ".arff": ("scipy", "pandas.DataFrame(__import__('scipy.io').io.arff.loadarff({0})[0])"),
}


def load(path: Path) -> tuple[pa.Table, dict[str, str]]:
    """The table in a file, or in a folder of parts, and what `read_csv` and `read_excel` tell of it."""
    if not path.is_dir():
        return _read(source(path), path)
    tables: list[pa.Table] = []
    told: dict[str, str] = {}
    for part in parts(path):
        with reading(str(part), "write it again, or remove it"):
            table, more = _read(source(part), part)
        first = tables[0].column_names if tables else table.column_names
        if sorted(table.column_names) != sorted(first):
            raise InputError(
                f"{part} has other columns than the first part of {path}: give all parts the same columns."
            )
        tables.append(table.select(first) if tables else table)
        told |= more
    return _joined(tables), told


def _joined(tables: list[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:  # a column of numbers in one part and of text in another
        texts = [pa.schema([(name, pa.string()) for name in table.column_names]) for table in tables]
        return pa.concat_tables(table.cast(schema) for table, schema in zip(tables, texts))


def _read(source: Source, path: Path) -> tuple[pa.Table, dict[str, str]]:
    match source.suffix:
        case suffix if suffix in CONVERT:
            raise InputError(
                f"{path} is a {suffix} file, which is not read: convert it with `{conversion(str(path))}`."
            )
        case ".parquet" | ".feather" | ".arrow" | ".orc":
            return _binary(source, path), {}
        case ".xlsx" | ".xlsm":
            with source.open() as file:
                return read_excel(file, path)
        case ".json" | ".jsonl" | ".ndjson":
            with source.open() as file:
                return read_json(file, path), {}
    return read_csv(source, path)


def _binary(source: Source, path: Path) -> pa.Table:
    packed = source.suffix != path.suffix.lower()
    file: Any = pa.BufferReader(source.open().read()) if packed else pa.memory_map(str(path))
    if source.suffix == ".parquet":
        return pq.ParquetFile(file if packed else path).read()
    if source.suffix == ".orc":
        from pyarrow import orc

        return orc.read_table(file)
    from pyarrow import feather, ipc

    stream = file.read(6) not in (b"ARROW1", b"FEA1\x00\x00") and file.seek(0) == 0 and file.read(4) != b"FEA1"
    file.seek(0)
    table = ipc.open_stream(file).read_all() if stream else feather.read_table(file)
    table.validate(full=True)  # nothing else has checked its lengths and texts
    return table


def conversion(path: str) -> str:
    """The command that writes a table of another format as Parquet."""
    packages, expression = CONVERT[Path(path).suffix.lower()]
    needed = " ".join(f"--with {package}" for package in ["pandas", "pyarrow", *packages.split()])
    frame, out = expression.format(repr(path)), str(Path(path).with_suffix(".parquet"))
    return f'uv run --no-project {needed} python -c "import pandas; {frame}.to_parquet({out!r}, index=False)"'
