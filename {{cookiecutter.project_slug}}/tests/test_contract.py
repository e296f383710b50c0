"""describe infers a contract and validate checks data against it, on a fixed table."""

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
COLOURS = ["red", "green", "blue", "black", "white", "grey", "pink", "gold"]


def table(rows: int = 120) -> pa.Table:
    """Text as in a CSV file: numbers with gaps, categories, dates, an id, a constant, and a target."""
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
def table_contract() -> Contract:
    """The contract of the table."""
    return describe(table(), "target", "classification")


def test_describe_infers_types_and_roles(table_contract: Contract) -> None:
    """Ids and constants are ignored, dates and missing values are detected, the target is not a feature."""
    inferred = {name: (column.type, column.role, column.missing) for name, column in table_contract.columns.items()}
    assert inferred["id"] == ("category", "ignored", False)
    assert inferred["size"] == ("number", "feature", True)
    assert inferred["kind"] == ("category", "feature", False)
    assert inferred["made on"] == ("datetime", "feature", False)
    assert inferred["always"][1] == "ignored"
    assert inferred["target"] == ("category", "target", False)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", [f"{a} {b} {c}" for a in ("good", "bad") for b in COLOURS for c in COLOURS]),
        ("text", [f"{a}{b}{c}很好" for a in "这部电影" for b in "我不喜欢" for c in "故事演员"]),
        ("category", [f"New {a.title()}{b}" for a in COLOURS for b in COLOURS] * 3),
        ("category", [f"customer number {i}" for i in range(60)] * 3),
        ("category", [f"anna.{a}@{b}.org/a, {i}" for i, a in enumerate(COLOURS * 4) for b in COLOURS] * 2),
    ],
    ids=["products", "no spaces", "cities", "numbered", "addresses"],
)
def test_free_text_is_told_from_names_and_codes(kind: str, values: list[str]) -> None:
    """Text is free if its words tell rows apart; names and codes count as a whole."""
    target = ["x", "y"] * (len(values) // 2)
    inferred = describe(pa.table({"it": values, "target": target}), "target", "classification").columns["it"]
    assert (inferred.type, inferred.role) == (kind, "feature")


def test_contract_round_trips(table_contract: Contract, tmp_path: Path) -> None:
    """A contract that is written and read again is unchanged."""
    (tmp_path / "schema.yaml").write_text(render(table_contract), "utf-8")
    assert schema.load(str(tmp_path / "schema.yaml")) == table_contract


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [("size", "big", "type"), ("size", "9999", "range"), ("kind", "z", "values"), ("kind", None, "missing")],
)
def test_validate_reports_each_breach(column: str, value: str | None, kind: str, table_contract: Contract) -> None:
    """An invalid value is reported with its column, kind, count and row number, starting at 1."""
    good = table()
    place = good.column_names.index(column)
    broken = good.set_column(place, column, [[*good[column].to_pylist()[:6], value, *good[column].to_pylist()[7:]]])
    assert breaches(*typed(good, table_contract), table_contract).empty
    rows = breaches(*typed(broken, table_contract), table_contract)
    assert rows[["column", "what", "how many", "rows"]].to_numpy().tolist() == [[column, kind, 1, "7"]]


def test_validate_warns_about_leaks_and_copies(table_contract: Contract) -> None:
    """A column that determines the target is reported, and copies of rows are counted."""
    data, _ = typed(table(), table_contract)
    leaky = pd.concat([data, data]).reset_index(drop=True)
    leaky["kind"] = leaky["target"].map({"high": "a", "low": "b"})
    assert warnings(data, table_contract, LEAK) == []
    assert [line.split(" ")[0] for line in warnings(leaky, table_contract, LEAK)] == ["120", "`kind`"]


def test_validate_warns_about_numbers_read_as_text() -> None:
    """A column that is text because of one word among numbers is reported with the word."""
    mixed = table()
    mixed = mixed.set_column(1, "size", [["oops", *mixed["size"].to_pylist()[1:]]])
    contract = describe(mixed, "target", "classification")
    messages = warnings(typed(mixed, contract)[0], contract, LEAK)
    assert [line for line in messages if line.startswith("`size` is read as text: 'oops' is not numeric")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("role: target", "role: feature", "exactly one column with role: target"),
        ("role: target", "roll: target", "roll is unknown"),
        ("range: [", "range: [1, ", "at most 2 items"),
        ("type: number", "type: text", "range of 'size'"),
        ("values: [high, low]", "values: [1, 2]", "valid string, not 1"),
        ("task: classification", "task: regression", "needs type: number or integer"),
        ("columns:", "columns: [", "not valid YAML"),
    ],
)
def test_contract_errors_are_reported(
    old: str, new: str, message: str, table_contract: Contract, tmp_path: Path
) -> None:
    """An error in data/schema.yaml is refused with its cause."""
    text = render(table_contract)
    assert old in text
    (tmp_path / "schema.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        schema.load(str(tmp_path / "schema.yaml"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,a\n1,2\n", "more than one column"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2,3\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_unreadable_files_are_refused(content: str, message: str, tmp_path: Path) -> None:
    """A file that is not a table is refused with its cause."""
    (tmp_path / "raw.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read(str(tmp_path / "raw.csv"))
