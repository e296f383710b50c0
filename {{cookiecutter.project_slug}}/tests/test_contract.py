"""What describe and validate promise, on a fixed table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.contract import schema
from pipeline.contract.schema import Contract
from pipeline.describe.draft import describe, render
from pipeline.run.errors import InputError
from pipeline.table.read import read
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches
from pipeline.validation.warnings import warnings

LEAK = 0.98


def table(rows: int = 120) -> pa.Table:
    """Text as a CSV gives it: numbers with gaps, categories, dates, an id, a constant, and two targets."""
    rng = np.random.default_rng(0)
    size, kind = rng.normal(10, 3, rows).round(2), rng.choice(["a", "b", "c"], rows)
    value = size + 5 * (kind == "a")
    frame = pd.DataFrame(
        {
            "id": [f"row {i}" for i in range(rows)],
            "size": pd.Series(size.astype(str)).mask(rng.random(rows) < 0.1, None),
            "kind": kind,
            "made on": pd.date_range("2024-01-01", periods=rows).strftime("%Y-%m-%d"),
            "always": "x",
            "target": np.where(value > 11, "high", "low"),
        }
    )
    return pa.Table.from_pandas(frame.astype(object), preserve_index=False)


@pytest.fixture
def described() -> Contract:
    """The contract of the table."""
    return describe(table(), "target", "classification")


def test_describe_says_what_each_column_is(described: Contract) -> None:
    """Ids and constants are ignored, dates and missing values are found, the target is not a feature."""
    what = {name: (column.type, column.role, column.missing) for name, column in described.columns.items()}
    assert what["id"] == ("text", "ignored", False)
    assert what["size"] == ("number", "feature", True)
    assert what["kind"] == ("category", "feature", False)
    assert what["made on"] == ("datetime", "feature", False)
    assert what["always"][1] == "ignored"
    assert what["target"] == ("category", "target", False)


def test_contract_survives_its_file(described: Contract, tmp_path: Path) -> None:
    """A contract that is written and read is the same contract."""
    (tmp_path / "schema.yaml").write_text(render(described), "utf-8")
    assert schema.load(str(tmp_path / "schema.yaml")) == described


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [("size", "big", "type"), ("size", "9999", "range"), ("kind", "z", "values"), ("kind", None, "missing")],
)
def test_validate_names_each_breach(column: str, value: str | None, what: str, described: Contract) -> None:
    """A wrong value is reported with its column, kind, count and row, counted from 1."""
    good = table()
    place = good.column_names.index(column)
    broken = good.set_column(place, column, [[*good[column].to_pylist()[:6], value, *good[column].to_pylist()[7:]]])
    assert breaches(*typed(good, described), described).empty
    rows = breaches(*typed(broken, described), described)
    assert rows[["column", "what", "how many", "rows"]].to_numpy().tolist() == [[column, what, 1, "7"]]


def test_validate_warns_of_leaks_and_copies(described: Contract) -> None:
    """A column that gives the target away is named, copies of rows are counted."""
    data, _ = typed(table(), described)
    leaky = pd.concat([data, data]).reset_index(drop=True)
    leaky["kind"] = leaky["target"].map({"high": "a", "low": "b"})
    assert warnings(data, described, LEAK) == []
    assert [line.split(" ")[0] for line in warnings(leaky, described, LEAK)] == ["120", "`kind`"]


def test_validate_warns_of_a_number_read_as_text() -> None:
    """One word among numbers makes a column text: it is named with the word."""
    odd = table()
    odd = odd.set_column(1, "size", [["oops", *odd["size"].to_pylist()[1:]]])
    contract = describe(odd, "target", "classification")
    messages = warnings(typed(odd, contract)[0], contract, LEAK)
    assert [line for line in messages if line.startswith("`size` is read as text: 'oops' is not numeric")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("role: target", "role: feature", "exactly one column with role: target"),
        ("role: target", "roll: target", "roll: Extra inputs"),
        ("range: [", "range: [1, ", "at most 2 items"),
        ("type: number", "type: text", "range of 'size'"),
        ("values: [high, low]", "values: [1, 2]", "valid string, not 1"),
        ("task: classification", "task: regression", "needs type: number or integer"),
        ("columns:", "columns: [", "not valid YAML"),
    ],
)
def test_mistakes_in_the_contract_are_named(
    old: str, new: str, message: str, described: Contract, tmp_path: Path
) -> None:
    """A mistake in data/schema.yaml is refused with what is wrong."""
    text = render(described)
    assert old in text
    (tmp_path / "schema.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        schema.load(str(tmp_path / "schema.yaml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,a\n1,2\n", "more than one column"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2,3\n", "cannot be read as a CSV"),
        ("", "cannot be read as a CSV"),
    ],
)
def test_unreadable_files_are_refused(content: str, message: str, tmp_path: Path) -> None:
    """What cannot be read as a table is refused with what is wrong."""
    (tmp_path / "raw.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read(str(tmp_path / "raw.csv"))
