"""Refuses impossible or dangerous answers before any file is written: one sentence per fault, then exit 1.

Reads the answers and, if the dataset is a local file, that file; writes nothing. Uses the standard library only.
"""

import bz2
import codecs
import csv
import difflib
import gzip
import io
import json
import keyword
import os
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

# tojson escapes the apostrophe, not the double quote: no answer can end this string, and it must keep its quotes.
ANSWERS: dict[str, str] = json.loads(r'''{{ cookiecutter | tojson }}''')  # fmt: skip
TASK, TARGET, DATASET, REMOTE_URL = (ANSWERS[name] for name in ("task", "target", "dataset", "remote_url"))
OWN_NAMES = {"pipeline", "lifecycle", "serving", "tests", "data", "test"}
WRITTEN = ("project_name", "description", "author_name", "author_email", "remote_url")  # between quotes, in TOML
REMOTES = {"s3": "s3://", "gcs": "gs://", "azure": "azure://", "ssh": "ssh://"}
CREDENTIALS = re.compile(r"://[^/]*:[^/]*@")
CUT = re.compile(r"^\s|^'|[#,]|%\(|\s$")  # a comment, a list, a reference or a quotation for DVC's configuration
SAMPLE = {
    "classification": ["species", "island", "sex", "year"],
    "regression": ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year"],
}
TEXT, RECORDS = (".csv", ".tsv", ".txt"), (".json", ".jsonl", ".ndjson")
BINARY = (".parquet", ".feather", ".arrow", ".orc", ".xlsx", ".xlsm")
PACKED = (".gz", ".bz2", ".zst", ".lz4", ".br")
SUFFIXES = (*TEXT, *RECORDS, *BINARY, ".zip", *PACKED)
# As pipeline/table/read.py of the project has them
EMPTY = ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "#N/A", "<NA>", "NaT", "?"]
INFINITE = ["inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"]
MISSING = {*EMPTY, *INFINITE}
# As pipeline/table/formats.py and packed.py of the project have them
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
LARGE, RATIO = 2**26, 100  # bytes that any content may have, and how many times longer than its file it may be
# As pipeline/table/numbers.py has them
MARKS = {"1,234.50": ".", "1.234,50": ","}
MONEY = (
    r"(?:[A-Z]{0,3}[$€£¥₹₩₽₺₪₫฿₴₦₱]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|kr|zł)"
)
USUAL = {"[\u00a0\u2007\u2009\u202f]": " ", "[\u2212\u2010-\u2013\uff0d]": "-", "[\u2018\u2019]": "'"}
GROUPED = r"[1-9]\d{0,2}(?:%s\d{3})+"
INDIAN = r"[1-9]\d?(?:,\d{2})+,\d{3}"
CLASSES = 100  # a target with more distinct labels than this is not a classification
FEW = 20  # with fewer rows than this, distinct values do not mean an id


class Refused(Exception):
    """A sentence for the person at the keyboard: what is wrong and what to do next."""


def slug_faults(slug: str) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9_]+", slug):
        yield f"project_slug {slug!r} must be two or more of a-z, 0-9 and _, the first a-z: choose another name."
    elif keyword.iskeyword(slug) or slug in sys.stdlib_module_names or slug in OWN_NAMES:
        yield f"project_slug {slug!r} is a name of Python or of the project's own folders: choose another name."


def text_faults() -> Iterator[str]:
    for name in (*WRITTEN, "dataset", "target"):
        # Cc control characters, Cs broken Unicode, Zl and Zp line breaks; an emoji's invisible joiners (Cf) are fine.
        if {unicodedata.category(character) for character in ANSWERS[name]} & {"Cc", "Cs", "Zl", "Zp"}:
            yield f"{name} contains a line break or another control character: write it as one line of plain text."
        elif name in WRITTEN and re.search(r'["\\]', ANSWERS[name]):
            yield f"{name} contains a double quote or a backslash, which the project's files cannot hold: leave it out."
    if not ANSWERS["project_name"].strip():
        yield "project_name is empty: give the project a name."
    if "@" not in ANSWERS["author_email"]:
        yield f"author_email {ANSWERS['author_email']!r} has no @: enter an address such as you@example.com."


def remote_faults(remote: str) -> Iterator[str]:
    if REMOTE_URL.strip() and (bad := CUT.search(REMOTE_URL)):
        yield f"remote_url contains {bad[0]!r}, with which DVC's configuration cannot hold it: choose another address."
    if CREDENTIALS.search(REMOTE_URL):
        yield "remote_url contains a password, which does not belong in Git: leave it out, and configure it in DVC."
    elif remote == "local" and (not REMOTE_URL.strip() or "://" in REMOTE_URL):
        yield f"remote_url {REMOTE_URL!r} is not a folder, which the remote `local` needs: enter a path."
    elif remote != "local" and not re.match(REMOTES[remote] + r"[^/\s]", REMOTE_URL):
        yield f"remote_url {REMOTE_URL!r} does not fit the remote {remote}: start it with {REMOTES[remote]} and a name."


def dataset_faults() -> Iterator[str]:
    # `cruft update` renders into a temporary folder, often on a machine that never had the file.
    if "_commit" in ANSWERS and re.fullmatch(r"tmp\w{8}", Path.cwd().parent.name):
        return
    try:
        check_dataset()
    except Refused as refused:
        yield str(refused)
    except OSError as wrong:
        yield f"dataset {DATASET!r} cannot be read ({wrong.strerror}): check its permissions, or choose another file."


def check_dataset() -> None:
    if not TARGET:
        raise Refused("target is empty: enter the name of the column to predict.")
    if DATASET == "sample" and TARGET not in SAMPLE[TASK]:
        raise Refused(f"target {TARGET!r} is not a {TASK} target of the sample: use one of {', '.join(SAMPLE[TASK])}.")
    if CREDENTIALS.search(DATASET):
        raise Refused("dataset contains a password, which does not belong in Git: leave it out of the address.")
    if "://" in DATASET:
        name = Path(re.split("[?#]", DATASET)[0])
        if name.suffix.lower() in CONVERT:
            check_format(name.suffix.lower(), Path(name.name))
    elif DATASET != "sample":
        check_file(located(DATASET))


def located(answer: str) -> Path:
    """The file of an answer; its path is relative to where cookiecutter was called, not to the new folder."""
    here = os.path.expanduser(answer)  # noqa: PTH111 (pathlib's raises where it knows no such user)
    places = [Path(place, here) for place in (os.environ.get("PWD", ".."), "..")]
    return next((place for place in places if place.exists()), places[0])


def check_file(path: Path) -> None:
    if not path.exists():
        raise Refused(f"dataset {DATASET!r} does not exist: check the path, or enter an absolute path.")
    files = parts(path) if path.is_dir() else [path]
    check_format("".join(files[0].suffixes[-2:]).lower(), files[0])
    if max(file.stat().st_size for file in files) == 0:
        raise Refused(f"dataset {DATASET!r} is empty: choose a file with a header and rows.")
    try:
        inner = {contained(file)[0] for file in files}
        if inner & {*BINARY} or any(file.suffix.lower() in PACKED[2:] for file in files):
            check_binary(files[0])
        elif inner <= {*RECORDS}:
            check_records(files)
        else:
            check_csv(files)
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, ValueError) as wrong:
        raise Refused(f"dataset {DATASET!r} is damaged ({wrong}): write the file again.") from None


def check_format(suffixes: str, path: Path) -> None:
    kinds = re.findall(r"[.][^.]+", suffixes)[-2:]
    if kinds and kinds[-1] in CONVERT:
        raise Refused(f"dataset {DATASET!r} is not of a kind that is read: convert it with `{conversion(str(path))}`.")
    if not kinds or kinds[-1] not in SUFFIXES:
        raise Refused(f"dataset {DATASET!r} has an unknown format: choose a file of type {', '.join(SUFFIXES)}.")


def conversion(path: str) -> str:
    packages, expression = CONVERT[Path(path).suffix.lower()]
    needed = " ".join(f"--with {package}" for package in ["pandas", "pyarrow", *packages.split()])
    frame, out = expression.format(repr(path)), str(Path(path).with_suffix(".parquet"))
    return f'uv run --no-project {needed} python -c "import pandas; {frame}.to_parquet({out!r}, index=False)"'


def parts(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if not hidden(file.name))
    kinds = {"".join(end for end in file.suffixes[-2:] if not end[1:].isdigit()).lower() for file in files}
    if inside := next((file for file in files if file.is_dir()), None):
        raise Refused(f"dataset {DATASET!r} has the folder {inside.name} in it: choose a folder with parts alone.")
    if len(kinds) != 1:
        found = f"files of the kinds {', '.join(sorted(kinds))}" if kinds else "no files"
        raise Refused(f"dataset {DATASET!r} is a folder with {found}: it must have parts of one kind, such as .csv.")
    return files


def hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in Path(name).parts) or name.endswith(".crc")


def contained(path: Path) -> tuple[str, str]:
    """The suffix of the table in a file, and its name in a .zip."""
    if path.suffix.lower() != ".zip":
        inner = path.with_suffix("") if path.suffix.lower() in PACKED else path
        return inner.suffix.lower() or ".csv", ""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not hidden(name)]
    if len(names) != 1:
        listed = ", ".join(sorted(names)[:5])
        raise Refused(f"dataset {DATASET!r} has {len(names)} files ({listed}): unpack it and choose one table.")
    check_format(Path(names[0]).suffix.lower(), Path(names[0]))
    return Path(names[0]).suffix.lower(), names[0]


class Bounded(io.RawIOBase):
    """A stream that is refused when it gets longer than `left`."""

    def __init__(self, stream: Any, left: int) -> None:
        self.stream, self.left = stream, left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self.stream.read(len(buffer))
        self.left -= len(content)
        if self.left < 0:
            raise Refused(f"dataset {DATASET!r} becomes more than {RATIO} times longer when unpacked: unpack it first.")
        buffer[: len(content)] = content
        return len(content)


def opened(path: Path) -> BinaryIO:
    packed: Any = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower())
    if path.suffix.lower() == ".zip":
        stream: Any = zipfile.ZipFile(path).open(contained(path)[1])  # noqa: SIM115
    elif packed:
        stream = packed(path)
    else:
        return path.open("rb")
    return io.BufferedReader(Bounded(stream, max(LARGE, RATIO * path.stat().st_size)), 2**20)


def text(path: Path, encoding: str = "") -> Iterator[str]:
    """The lines of a file in the encoding that it seems to have, each time from its start."""
    with opened(path) as file:
        start = file.read(2**16)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
        elif encoding and re.search(rb"[\1-\x08\x0e-\x1a\x1c-\x1f]", start):
            raise Refused(f"dataset {DATASET!r} is not a text file, despite its name: save it as CSV in UTF-8.")
    with io.TextIOWrapper(opened(path), encoding or "utf-8-sig", newline="") as file:
        yield from file


def check_csv(files: list[Path]) -> None:
    csv.field_size_limit(2**31 - 1)
    try:
        check_target(csv_cells(files, ""))
    except UnicodeDecodeError:  # latin-1 has a letter for each byte
        check_target(csv_cells(files, "latin-1"))


def csv_cells(files: list[Path], encoding: str) -> Iterator[str]:
    names: list[str] = []
    for file in files:
        lines = text(file, encoding)
        start = list(next(([line] for line in lines if line.strip()), []))
        delimiter = max(",;\t|", key=re.sub(r'"[^"]*"', "", "".join(start)).count)
        rows = csv.reader(without_nul(chain(start, lines)), delimiter=delimiter)
        header = next((row for row in rows if row), [])
        place = place_of_target(header)
        names = names or header
        if sorted(header) != sorted(names):
            raise Refused(f"dataset {DATASET!r} has other columns in {file.name}: give all parts the same columns.")
        yield from target_cells(rows, len(header), place)


def check_records(files: list[Path]) -> None:
    rows: list[Any] = []
    for file in files:
        content = "".join(text(file))
        lines = [content] if content.lstrip().startswith("[") else content.splitlines()
        found = [json.loads(line) for line in lines if line.strip()]
        rows += found[0] if lines == [content] and found and isinstance(found[0], list) else found
    if not all(isinstance(row, dict) for row in rows):
        raise Refused(f"dataset {DATASET!r} must have records, mappings of columns to values, one a line or in a list.")
    for row in rows:
        if wrong := next((name for name, value in row.items() if isinstance(value, list | dict)), None):
            raise Refused(f"dataset {DATASET!r} has lists or mappings in {wrong!r}: a cell must be one plain value.")
    place_of_target(list(dict.fromkeys(name for row in rows for name in row)))
    check_target(cell(row.get(TARGET)) for row in rows)


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value).strip()


def without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise Refused(f"dataset {DATASET!r} contains NUL bytes, so it is not text: save it as 'CSV UTF-8'.")
        yield line


def place_of_target(header: list[str]) -> int:
    if 2 * sum(map(is_number, header)) >= max(len(header), 1) and TARGET not in header:
        raise Refused(f"dataset {DATASET!r} starts with numbers, not with column names: add a header line.")
    names = [name.strip() or f"column_{place}" for place, name in enumerate(header, start=1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if len(names) < 2:
        raise Refused(f"dataset {DATASET!r} has only one column: separate columns with a comma, ;, | or a tab.")
    if twice:
        raise Refused(f"dataset {DATASET!r} has two columns called {twice[0]!r}: give each its own name.")
    if TARGET not in names:
        near = difflib.get_close_matches(TARGET, names, n=3, cutoff=0)
        choice = ", ".join(names) if len(names) <= 20 else f"its {len(names)} columns, such as {', '.join(near)}"
        raise Refused(f"target {TARGET!r} is not a column of the dataset: choose one of {choice}.")
    return names.index(TARGET)


def target_cells(rows: Any, width: int, place: int) -> Iterator[str]:
    for row in filter(None, rows):  # a blank line is not a row
        if len(row) != width:
            where = f"{len(row)} cells in line {rows.line_num} and {width} in the header"
            raise Refused(f"dataset {DATASET!r} has {where}: correct that line, or put text with commas in quotes.")
        yield row[place].strip()


def check_target(values: Iterable[str]) -> None:
    rows = present = 0
    labels: set[str] = set()
    plain = True  # as nearly always, and quick to see
    layouts = {layout: re.compile(pattern(layout)).match for layout in MARKS}
    for value in values:
        rows += 1
        if value not in MISSING:
            if TASK == "regression" and not (plain and is_number(value)):
                plain = False
                layouts = {layout: fits for layout, fits in layouts.items() if fits(usual(value))}
                if not layouts:
                    raise Refused(f"target {TARGET!r} has {value!r}, regression needs numbers: choose classification.")
            elif "." in value:
                layouts.pop("1.234,50", None)
            present += 1
            if len(labels) <= CLASSES:  # one more than allowed is enough to know, and memory stays bounded
                labels.add(value)
    if not rows:
        raise Refused(f"dataset {DATASET!r} has no rows: add the data below the header.")
    if not present:
        raise Refused(f"target {TARGET!r} has no values: choose another target.")
    if TASK == "classification" and (len(labels) > CLASSES or (present > FEW and len(labels) > present / 2)):
        count = f"more than {CLASSES}" if len(labels) > CLASSES else f"{len(labels)} in {present} rows"
        raise Refused(f"target {TARGET!r} has too many labels ({count}): choose regression or another target.")


def usual(value: str) -> str:
    for unusual, plain in () if value.isascii() else USUAL.items():
        value = re.sub(unusual, plain, value)
    return value


def pattern(layout: str) -> str:
    """The expression that all texts of a format match, after `usual`; the same in Python and Arrow."""
    mark = MARKS[layout]
    groups = [GROUPED % between for between in (" ", "'", "," if mark == "." else "[.]")]
    whole = "|".join([r"\d+", *groups, *([INDIAN] if mark == "." else [])])
    body = rf"(?:(?:{whole})(?:[{mark}]\d*)?|[{mark}]\d+)(?:[eE][+-]?\d+)?"
    inner = rf"[+-]?\s*(?:{MONEY}\s*)?[+-]?\s*{body}\s*(?:%|{MONEY})?"
    return rf"^(?:\(\s*{inner}\s*\)|{inner}\s*-?)$"


def is_number(text: str) -> bool:
    try:
        return "_" not in text and float(text) is not None
    except ValueError:
        return False


# Runs where pyarrow is: prints the names, a nested column, the number of rows and the target's values, or an error
LOOK = """
import json, sys
path, suffix, target = sys.argv[1:]
try:
    nested = None
    if suffix in (".xlsx", ".xlsm"):
        from openpyxl import load_workbook
        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()
        rows = (row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row))
        names = ["" if cell is None else str(cell) for cell in next(rows, ())]
        place = names.index(target) if target in names else None
        values = [row[place] if place is not None and place < len(row) else None for row in rows]
    else:
        from pyarrow import dataset, types
        table = dataset.dataset(path, format="ipc" if suffix in (".feather", ".arrow") else suffix[1:])
        names = table.schema.names
        nested = next(([f.name, str(f.type)] for f in table.schema if types.is_nested(f.type)), None)
        values = table.to_table(columns=[target])[target].to_pylist() if names.count(target) == 1 else [None]
    plain = [str(value).strip() for value in values if value is not None]
    print(json.dumps({"names": names, "nested": nested, "rows": len(values), "values": plain[:200000]}))
except Exception as error:
    print(json.dumps({"error": " ".join(str(error).split())[:200]}))
"""
MAGIC = {".parquet": b"PAR1", ".orc": b"ORC", ".xlsx": b"PK", ".xlsm": b"PK"}


def check_binary(path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix not in BINARY:
        return  # compressed once more: the set-up checks it
    with path.open("rb") as file:
        start = file.read(6)
    if not start.startswith(MAGIC.get(suffix, b"")):
        raise Refused(f"dataset {DATASET!r} is not a {suffix} file, despite its name: choose another file.")
    seen = look(path, suffix)
    if "error" in seen and start.startswith(b"ARROW1") | (suffix in MAGIC):
        raise Refused(f"dataset {DATASET!r} is damaged ({seen['error']}): write the file again.")
    if "names" not in seen:
        return
    place_of_target(seen["names"])
    if seen["nested"]:
        name, kind = seen["nested"]
        raise Refused(f"dataset {DATASET!r} has {kind} in {name!r}: a cell must be one plain value; unnest it first.")
    check_target(chain(seen["values"], [""] if seen["rows"] > len(seen["values"]) else []))


def look(path: Path, suffix: str) -> dict[str, Any]:
    """What LOOK prints; nothing where neither pyarrow nor uv, with a network or its cache, is here."""
    command = [sys.executable]
    if not find_spec("openpyxl" if suffix.startswith(".xls") else "pyarrow"):
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        library = "openpyxl>=3.1,<4" if suffix.startswith(".xls") else "pyarrow>=26,<27"
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        command = [uv or "", "run", "--quiet", "--no-project", "--python", version, "--with", library, "python"]
    try:
        arguments = [*command, "-c", LOOK, str(path), suffix, TARGET]
        done = subprocess.run(arguments, capture_output=True, encoding="utf-8", errors="replace", timeout=60)
        return dict(json.loads(done.stdout))
    except (OSError, TypeError, ValueError, subprocess.TimeoutExpired):
        return {}


if __name__ == "__main__":
    answers = slug_faults(ANSWERS["project_slug"]), text_faults(), remote_faults(ANSWERS["remote"]), dataset_faults()
    sys.exit("\n".join(fault for faults in answers for fault in faults) or 0)
