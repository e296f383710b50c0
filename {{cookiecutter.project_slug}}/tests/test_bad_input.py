"""Whatever is in a file, reading it ends in its content or in one sentence, and soon."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.contract import schema
from pipeline.contract.schema import Contract
from pipeline.describe.draft import describe
from pipeline.evaluation.golden import golden_rows, typed_rows
from pipeline.run.errors import InputError
from pipeline.run.files import ROW
from pipeline.run.settings import load_yaml, parse_yaml
from pipeline.table.read import read
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches
from pipeline.validation.warnings import warnings

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi")
)
COLUMN = """task: regression
columns: {y: {type: number, role: target, missing: false%s}, x: {type: number, role: feature, missing: false}}"""


DEEP = ["a: " + "[" * 100_000, "a: " + "{b: " * 900, "- " * 9000]
NUMBERS = ["a: " + "9" * 5000, "a: " + "1:" * 100 + "1", "a: !!int b"]
KEYS = ["1: 2", "[a]: 1", "a: {[b]: c}", "a\0b: 1", "a: \udcff"]
OTHER = ["a: !!python/name:os.system", "a: !!set {b}", "a: *b", "a: x" * 3_000_000, "- 1", ""]


@pytest.mark.parametrize(
    "text", [BOMB, "a: &a [*a]", "a: &a {b: *a}", *DEEP, *NUMBERS, *KEYS, *OTHER], ids=lambda t: ascii(t[:9])
)
def test_yaml_without_end_or_sense_is_refused(text: str) -> None:
    """Aliases that grow or contain themselves, deep and huge texts, wrong keys and types: one sentence, in a second."""
    start = time.monotonic()
    with pytest.raises(InputError, match=r"^params.yaml [^\n]*$"):
        parse_yaml(text, "params.yaml")
    assert time.monotonic() - start < 2


def test_honest_yaml_is_read() -> None:
    """Anchors, aliases and merge keys of a normal size work; a date is text."""
    content = parse_yaml("base: &b {x: 1, y: 2}\nthis: {<<: *b, y: 3}\nboth: [*b, *b]\nday: 2024-01-01", "params.yaml")
    assert content["this"] == {"x": 1, "y": 3}
    assert (content["both"], content["day"]) == ([content["base"]] * 2, "2024-01-01")


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A folder, and bytes that are not UTF-8, are refused by name."""
    (tmp_path / "params.yaml").write_bytes(b"a: \xff")
    for path in (tmp_path, tmp_path / "params.yaml"):
        with pytest.raises(InputError, match=f"^{re.escape(str(path))} cannot be read"):
            load_yaml(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'a,"b\n' + b"1,2\n" * 9000, "a quote in its first line that is never closed"),
        (b"a," + b"b" * 200_000 + b"\n1,2\n", "has 200,000 characters"),
        (b"a,b\n1," + b"x" * 20_000_000 + b"\n", "cannot be read"),
        (b"x" * 20_000_000, "a first line of more than"),
        (b"a,b\0\n1,2\n", "contains NUL bytes"),
        (b"a,b\n1,\xff\x01\n", "it is not a text file"),
        (b"", "cannot be read"),
        (b"\n\n", "raw.csv"),
    ],
    ids=["quote", "header", "line", "first line", "NUL", "bytes", "empty", "blank"],
)
def test_broken_csv_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    """A CSV file that is not a table is refused with its fault."""
    (tmp_path / "raw.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"^[^\n]*{message}[^\n]*$"):
        read(str(tmp_path / "raw.csv"))


def cut(content: bytes) -> bytes:
    """The first half."""
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    "damage", [cut, lambda c: c[:4] + b"\xff" * 40 + c[44:], lambda c: c[:-60] + b"\xff" * 52 + c[-8:]]
)
def test_broken_parquet_is_refused(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A truncated or overwritten Parquet file, and one with lists in its cells, are refused."""
    path = tmp_path / "raw.parquet"
    pq.write_table(pa.table({"a": [str(i) for i in range(999)]}), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match="cannot be read"):
        read(str(path))
    pq.write_table(pa.table({"a": [[1]], "b": [{"c": 1}]}), path)
    with pytest.raises(InputError, match="a cell must be one plain value"):
        read(str(path))


def test_years_that_no_calendar_has_are_missing(contract: Contract) -> None:
    """A date beyond the years 1 to 9999 is reported as unreadable."""
    when = contract.columns[contract.target].model_copy(update={"type": "datetime", "role": "feature", "format": None})
    far = pa.table({"when": pa.array([0, 2**62], pa.timestamp("s"))})
    data, unreadable = typed(far, contract.model_copy(update={"columns": {"when": when}}))
    assert (data["when"].isna().tolist(), len(unreadable["when"])) == ([False, True], 1)
    with pytest.raises(InputError, match="is not a date format"):
        typed(
            pa.table({"when": ["x"]}),
            Contract(task="regression", columns={"when": when.model_copy(update={"format": "%d%d"})}),
        )


def test_numbers_beyond_floats_are_text() -> None:
    """A column with an integer of 400 digits is text, and a table fits the contract that is written from it."""
    days = pa.array([0, 2**31 - 1, 1], pa.date32())
    table = pa.table({"a": ["1", "9" * 400, "2"], "day": days, "t": ["x", "y", "x"]})
    contract = describe(table, "t", "classification")
    assert contract.columns["a"].type in ("text", "category")
    assert breaches(*typed(table, contract), contract).empty


@pytest.mark.parametrize(
    "wrong", [", range: [.nan, 1]", ", range: [1, .inf]", ", range: [1, %s]" % ("9" * 5000), ", range: 1", ", note: []"]
)
def test_wrong_contract_is_refused(wrong: str, tmp_path: Path) -> None:
    """Ranges without an end, integers of 5,000 digits, wrong types and a missing target: one sentence."""
    (tmp_path / "schema.yaml").write_text(COLUMN % wrong)
    with pytest.raises(InputError, match=r"^[^\n]*$"):
        schema.load(str(tmp_path / "schema.yaml"))
    (tmp_path / "schema.yaml").write_text(COLUMN.replace("role: target", "role: feature") % "")
    with pytest.raises(InputError, match="exactly one column with role: target"):
        schema.load(str(tmp_path / "schema.yaml"))


def test_wide_table_is_checked_soon() -> None:
    """40 rows of 20,000 columns are described and checked within ten seconds of the processor."""
    rng = np.random.default_rng(0)
    columns = {f"f{i}": rng.normal(size=40).round(3).astype(str) for i in range(20_000)}
    table = pa.table(columns | {"t": rng.choice(["x", "y"], 40)})
    start = time.process_time()
    contract = describe(table, "t", "classification")
    data, unreadable = typed(table, contract)
    assert breaches(data, unreadable, contract).empty
    assert warnings(data, contract, 0.98) == []
    assert time.process_time() - start < 10


def test_wide_rows_are_recorded_and_restored_soon() -> None:
    """Golden rows of 20,000 columns, numbers and categories, are made and read within four seconds of the processor."""
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame(rng.normal(size=(40, 10_000))).add_prefix("n")
    texts = pd.DataFrame(rng.choice(["a", "b"], (40, 10_000))).add_prefix("c").astype("str")
    data = pd.concat([numbers, texts], axis=1).join(pd.DataFrame({ROW: np.arange(40), "t": numbers["n0"]}))
    kinds = {name: ("number" if name[0] == "n" else "category", "feature") for name in [*numbers, *texts]}
    columns = {
        name: {"type": kind, "role": role, "missing": False}
        for name, (kind, role) in (kinds | {"t": ("number", "target")}).items()
    }
    contract = Contract.model_validate({"task": "regression", "columns": columns})
    start = time.process_time()
    rows = golden_rows(data, pd.DataFrame({"predicted": data["t"]}), contract)
    restored = typed_rows(rows, contract)
    assert time.process_time() - start < 4
    pd.testing.assert_frame_equal(restored, data[list(contract.features)].head(10))
