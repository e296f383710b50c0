"""Tables of every format are read alike, and no archive can fill the memory."""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from pyarrow import csv, feather, orc

from pipeline.run.errors import InputError
from pipeline.table.formats import CONVERT
from pipeline.table.read import read, told

TABLE = pa.table({"größe": [1.5, 2.0, None], "kind": ["a", "ü", None], "n": [1, 2, 3]})
TEXT = "größe,kind,n\n1.5,a,1\n2.0,ü,2\n,,3\n"


def excel(path: Path) -> None:
    """The table in the first of two sheets, below an empty row."""
    book = Workbook()
    rows = [[], TABLE.column_names, *(list(row.values()) for row in TABLE.to_pylist())]
    for row in rows:
        book.active.append(row)
    book.create_sheet("other").append([1])
    book.save(path)


def zipped(path: Path) -> None:
    """One CSV file, beside what macOS adds."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/table.csv", TEXT)
        archive.writestr("__MACOSX/._table.csv", "x")


def folder(path: Path) -> None:
    """Two parts and a mark of success."""
    path.mkdir()
    (path / "part-1.csv").write_text(TEXT[: TEXT.index("2.0")], "utf-8")
    (path / "part-2.csv").write_text("größe,kind,n\n" + TEXT[TEXT.index("2.0") :], "utf-8")
    (path / "_SUCCESS").touch()


def text(encoding: str) -> Callable[[Path], object]:
    """Writes the table as CSV."""
    return lambda path: path.write_bytes(TEXT.encode(encoding))


WRITE: dict[str, Callable[[Path], object]] = {
    "a.csv": text("utf-8-sig"), "latin.csv": text("latin-1"), "wide.txt": text("utf-16"), "b.zip": zipped,
    "c.csv.gz": lambda path: path.write_bytes(gzip.compress(TEXT.encode())),
    "d.csv.zst": lambda path: csv.write_csv(TABLE, pa.CompressedOutputStream(str(path), "zstd")), "e.xlsx": excel,
    "f.jsonl": lambda path: path.write_text("".join(json.dumps(row) + "\n" for row in TABLE.to_pylist())),
    "g.json": lambda path: path.write_text(json.dumps(TABLE.to_pylist())), "parts": folder,
    "h.parquet": lambda path: pq.write_table(TABLE, path), "i.feather": lambda path: feather.write_feather(TABLE, path),
    "j.orc": lambda path: orc.write_table(TABLE, str(path)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITE)
def test_each_format_is_read(name: str, tmp_path: Path) -> None:
    """Names, rows in their order, and missing values are the same in each format."""
    WRITE[name](tmp_path / name)
    table = read(str(tmp_path / name))
    assert table["größe"].cast(pa.float64()).to_pylist() == [1.5, 2.0, None]
    assert table["kind"].to_pylist() == ["a", "ü", None]
    assert table["n"].cast(pa.int64()).to_pylist() == [1, 2, 3]
    notes = {"latin.csv": "read as cp1252, such as 'größe'", "wide.txt": "read as utf-16", "e.xlsx": "not 'other'"}
    assert notes.get(name, "") in told(table, "notes")
    assert bool(told(table, "notes")) == (name in notes)


def test_order_of_a_category_is_kept(tmp_path: Path) -> None:
    """An ordered dictionary keeps its order beside the plain texts."""
    values = pa.DictionaryArray.from_arrays([1, 0, None], ["small", "big"], ordered=True)
    pq.write_table(pa.table({"size": values}), tmp_path / "a.parquet")
    field = read(str(tmp_path / "a.parquet")).schema.field("size")
    assert json.loads(field.metadata[b"ordered"]) == ["small", "big"]


def bomb_zip(path: Path) -> None:
    """90 MB of zeros in 90 kB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"a,b\n" + b"1111111,\n" * 10**7)


def bomb_sheet(path: Path) -> None:
    """A sheet whose only cells are its first and its last."""
    book = Workbook()
    book.active["A1"], book.active["XFD1048576"] = "a", 1
    book.save(path)


def bomb_records(path: Path) -> None:
    """Records that share no name."""
    path.write_text("".join(f'{{"a{i}": 1}}\n' for i in range(30_000)))


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("a.csv.gz", lambda path: path.write_bytes(gzip.compress(b"a,b\n" + b"1111111,\n" * 10**7)), "times longer"),
        ("a.zip", bomb_zip, "times longer"),
        ("a.xlsx", bomb_sheet, "16384 cells in row"),
        ("a.jsonl", bomb_records, "30,000 columns"),
        ("a.json", lambda path: path.write_text('[{"a": [1]}]'), "a cell must be one plain value"),
        ("a.json", lambda path: path.write_text("[" * 100_000), "cannot be read"),
        ("a.xlsx", lambda path: path.write_bytes(b"PK"), "cannot be read"),
        ("a.feather", lambda path: path.write_bytes(b"ARROW1\0\0ARROW1"), "cannot be read"),
        *[(f"a{suffix}", Path.touch, "convert it with `uv run") for suffix in CONVERT],
    ],
)
def test_unreadable_tables_are_refused(
    name: str, write: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    """Archives that grow without end, cells with lists, broken files and other formats end in one sentence."""
    write(tmp_path / name)
    with pytest.raises(InputError, match=rf"^[^\n]*{message}[^\n]*$"):
        read(str(tmp_path / name))


def test_parts_must_fit(tmp_path: Path) -> None:
    """Parts of several kinds, and parts with other columns, are refused."""
    folder(tmp_path / "parts")
    (tmp_path / "parts" / "part-3.csv").write_text("other,kind,n\n1,2,3\n")
    with pytest.raises(InputError, match=r"part-3.csv has other columns"):
        read(str(tmp_path / "parts"))
    (tmp_path / "parts" / "part-3.csv").rename(tmp_path / "parts" / "part-3.json")
    with pytest.raises(InputError, match=r"kinds .csv, .json"):
        read(str(tmp_path / "parts"))
