"""Reads CSV with any usual delimiter: UTF-8, UTF-16 with its mark, or the older cp1252 and Latin-1.

Values are read as text: the contract decides what a column means, it is never guessed from the rows.
"""

import codecs
import csv
import io
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from pipeline.run.errors import InputError
from pipeline.table.packed import BLOCK, Source

UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # in cp1252
CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def read_csv(source: Source, path: Path) -> tuple[pa.Table, dict[str, str]]:
    """The table, and what is worth telling: its `notes`, and `decimal` where numbers have a comma."""
    with source.open() as file:
        start = file.read(BLOCK)
    encoding = encoding_of(start, path)
    try:
        table, delimiter = _parse(source, start, encoding, path)
    except pa.ArrowInvalid as error:
        if encoding != "utf-8" or "UTF8" not in str(error):
            raise
        encoding = _legacy(start, path)  # the first other byte comes late
        table, delimiter = _parse(source, start, encoding, path)
    told = {"decimal": ","} if delimiter == ";" else {}
    if encoding in ("cp1252", "latin-1"):
        word = re.search(r"[^\W\d_]*[^\x00-\x7f][^\W\d_]*", start.decode(encoding, "replace"))
        example = f", such as {word[0]!r}" if word else ""
        told["notes"] = f"{path} is not UTF-8: read as {encoding}{example}; if that is wrong, save it as UTF-8."
    elif encoding != "utf-8":
        told["notes"] = f"{path} is read as {encoding}."
    return table, told


def encoding_of(start: bytes, path: Path, utf8: bool = True) -> str:
    """The encoding of a file that starts so; `utf8`: its rest may be UTF-8 too."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if not utf8:
        return _legacy(start, path)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # whose last character may be cut
    except UnicodeDecodeError:
        return _legacy(start, path)
    return "utf-8"


def _legacy(start: bytes, path: Path) -> str:
    if CONTROL.search(start):
        raise InputError(f"{path} cannot be read: it is not a text file; save it as CSV in UTF-8.")
    return "latin-1" if UNDEFINED.search(start) else "cp1252"


def _parse(source: Source, start: bytes, encoding: str, path: Path) -> tuple[pa.Table, str]:
    how, delimiter = options(start, encoding, path)
    with source.open() as file:
        return pa_csv.read_csv(file, **how), delimiter


def options(start: bytes, encoding: str, path: Path) -> tuple[dict[str, Any], str]:
    """How Arrow reads a file that starts so, and the delimiter."""
    text = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)().decode(start)
    delimiter, header = _header(text, len(start) == BLOCK, path)
    how = {
        "read_options": pa_csv.ReadOptions(block_size=BLOCK, encoding="utf8" if encoding == "utf-8" else encoding),
        "parse_options": pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        "convert_options": pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    }
    return how, delimiter


def _header(start: str, cut: bool, path: Path) -> tuple[str, list[str]]:
    """The delimiter and the column names; raises InputError if they have no end."""
    lines = io.StringIO(start, newline="").readlines()
    first = re.sub(r'"[^"]*"', "", lines[0] if lines else "")
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(BLOCK)
    rows = csv.reader(lines, delimiter=delimiter)
    header = next(rows, [])
    read = "".join(lines[: rows.line_num])
    if read.count('"') % 2 and len(read) == len(start):
        raise InputError(f"{path} has a quote in its first line that is never closed: close or remove it.")
    if cut and len(read) == len(start):
        raise InputError(f"{path} has a first line of more than {BLOCK:,} characters: is it a table with line breaks?")
    return delimiter, header
