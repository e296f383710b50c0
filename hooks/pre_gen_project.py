"""Refuses impossible or dangerous answers before any file is written: one sentence per fault, then exit 1.

Reads the answers and, if the dataset is a local file, that file; writes nothing. Uses the standard library only.
"""

import csv
import difflib
import json
import keyword
import os
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

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
SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
# As pipeline/table/read.py of the project has them
EMPTY = ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "#N/A", "<NA>", "NaT", "?"]
INFINITE = ["inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"]
MISSING = {*EMPTY, *INFINITE}
DECIMAL_COMMA = re.compile(r"^(-?\d+),(\d+)$")  # numbers in files that use ; between columns
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
    if DATASET != "sample" and "://" not in DATASET:
        check_file(located(DATASET))


def located(answer: str) -> Path:
    """The file of an answer; its path is relative to where cookiecutter was called, not to the new folder."""
    here = os.path.expanduser(answer)  # noqa: PTH111 (pathlib's raises where it knows no such user)
    places = [Path(place, here) for place in (os.environ.get("PWD", ".."), "..")]
    return next((place for place in places if place.exists()), places[0])


def check_file(path: Path) -> None:
    if not path.exists():
        raise Refused(f"dataset {DATASET!r} does not exist: check the path, or enter an absolute path.")
    if not path.is_file():
        raise Refused(f"dataset {DATASET!r} is a folder: choose one CSV or Parquet file.")
    if path.suffix.lower() not in SUFFIXES:
        raise Refused(f"dataset {DATASET!r} has an unknown format: choose a file of type {', '.join(SUFFIXES)}.")
    if path.stat().st_size == 0:
        raise Refused(f"dataset {DATASET!r} is empty: choose a file with a header and rows.")
    (check_parquet if path.suffix.lower() == ".parquet" else check_csv)(path)


def check_csv(path: Path) -> None:
    csv.field_size_limit(2**31 - 1)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = next((line for line in file if line.strip()), "")
            delimiter = max(",;\t|", key=re.sub(r'"[^"]*"', "", first).count)
            file.seek(0)
            rows = csv.reader(without_nul(file), delimiter=delimiter)
            header = next((row for row in rows if row), [])
            cells = target_cells(rows, len(header), place_of_target(header))
            check_target(DECIMAL_COMMA.sub(r"\1.\2", cell) if delimiter == ";" else cell for cell in cells)
    except UnicodeDecodeError:
        raise Refused(f"dataset {DATASET!r} is not UTF-8 text: save it as 'CSV UTF-8' and try again.") from None


def without_nul(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise Refused(f"dataset {DATASET!r} contains NUL bytes, so it is not UTF-8 text: save it as 'CSV UTF-8'.")
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
    for value in values:
        rows += 1
        if value not in MISSING:
            if TASK == "regression" and not is_number(value):
                raise Refused(f"target {TARGET!r} has {value!r}, regression needs numbers: choose classification.")
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


def is_number(text: str) -> bool:
    try:
        return "_" not in text and float(text) is not None
    except ValueError:
        return False


def check_parquet(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(path.stat().st_size - 4, 0))
        if (start, file.read()) != (b"PAR1", b"PAR1"):
            raise Refused(f"dataset {DATASET!r} is not a Parquet file, despite its name: choose a CSV or Parquet file.")
    try:
        parquet = import_module("pyarrow.parquet")  # without it, the set-up checks the columns
        place_of_target(parquet.read_schema(path).names)
        values = parquet.read_table(path, columns=[TARGET])[TARGET].to_pylist()
    except ImportError:
        return
    except ValueError as wrong:
        raise Refused(f"dataset {DATASET!r} is damaged ({wrong}): write the Parquet file again.") from None
    check_target("" if value is None else str(value).strip() for value in values)


if __name__ == "__main__":
    answers = slug_faults(ANSWERS["project_slug"]), text_faults(), remote_faults(ANSWERS["remote"]), dataset_faults()
    sys.exit("\n".join(fault for faults in answers for fault in faults) or 0)
