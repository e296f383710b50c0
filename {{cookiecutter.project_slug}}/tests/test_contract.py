"""What describe and validate promise, on tiny tables."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline import contract as contracts
from pipeline import table
from pipeline.contract import typed
from pipeline.describe import describe, render
from pipeline.stage import Refused
from pipeline.suspicions import suspicions
from pipeline.validate import Validate, validate
from tests.conftest import tiny


def test_describe_tells_what_each_column_is() -> None:
    """Ids and constants are ignored, dates and gaps are found, the target is no feature."""
    found = describe(tiny("classification"), "target", "classification")
    what = {name: (column.type, column.role, column.missing) for name, column in found.columns.items()}
    assert what["id"] == ("text", "ignored", False)
    assert what["size"] == ("number", "feature", True)
    assert what["kind"] == ("category", "feature", False)
    assert what["made on"] == ("datetime", "feature", False)
    assert what["always"][1] == "ignored"
    assert what["target"] == ("category", "target", False)


def test_contract_survives_its_file(tmp_path: Path) -> None:
    """A contract that is written and read is the same contract."""
    found = describe(tiny("regression"), "target", "regression")
    (tmp_path / "schema.yaml").write_text(render(found), "utf-8")
    assert contracts.load(str(tmp_path / "schema.yaml")) == found


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [("size", "big", "type"), ("size", "9999", "range"), ("kind", "z", "values"), ("kind", None, "missing")],
)
def test_validate_names_each_breach(column: str, value: str | None, what: str) -> None:
    """A broken value is reported with its column, kind, count and row, counted from 1."""
    good = tiny("classification")
    place = good.column_names.index(column)
    broken = good.set_column(place, column, [[*good[column].to_pylist()[:6], value, *good[column].to_pylist()[7:]]])
    schema = describe(good, "target", "classification")
    assert validate(*typed(good, schema), schema).empty
    breaches = validate(*typed(broken, schema), schema)
    assert breaches[["column", "what", "how many", "rows"]].to_numpy().tolist() == [[column, what, 1, "7"]]


def test_validate_warns_of_leaks_and_copies() -> None:
    """A column that gives the target away is named, copies of rows are counted."""
    schema = describe(tiny("classification"), "target", "classification")
    data, _ = typed(tiny("classification"), schema)
    leaky = pd.concat([data, data]).reset_index(drop=True)
    leaky["kind"] = leaky["target"].map({"high": "a", "low": "b"})
    assert suspicions(data, schema, Validate(leak=0.98).leak) == []
    assert [line.split(" ")[0] for line in suspicions(leaky, schema, 0.98)] == ["120", "`kind`"]


def test_validate_warns_of_a_number_read_as_text() -> None:
    """One word among numbers makes a column text: it is named with the word."""
    odd = tiny("classification")
    odd = odd.set_column(1, "size", [["oops", *odd["size"].to_pylist()[1:]]])
    schema = describe(odd, "target", "classification")
    assert [
        line for line in suspicions(typed(odd, schema)[0], schema, 0.98) if line.startswith("`size` is taken for text")
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("role: target", "role: feature", "exactly one column with role: target"),
        ("role: target", "roll: target", "roll: Extra inputs"),
        ("range: [", "range: [1, ", "at most 2 items"),
        ("type: number", "type: text", "range of 'size'"),
        ("values: [high, low]", "values: [1, 2]", "valid string, not 1"),
        ("task: classification", "task: regression", "needs type: number or integer"),
        ("columns:", "columns: [", "no valid YAML"),
    ],
)
def test_mistakes_in_the_contract_are_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    """A person's slip in data/schema.yaml is refused with what is wrong."""
    text = render(describe(tiny("classification"), "target", "classification"))
    assert old in text
    (tmp_path / "schema.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(Refused, match=sentence):
        contracts.load(str(tmp_path / "schema.yaml"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("a,a\n1,2\n", "more than one column"), ("a,b\n", "no rows"), ("a,b\n1,2,3\n", "no table"), ("", "no table")],
)
def test_files_that_are_no_table_are_refused(content: str, sentence: str, tmp_path: Path) -> None:
    """What cannot be read as a table is refused with what is wrong."""
    (tmp_path / "raw.csv").write_text(content)
    with pytest.raises(Refused, match=sentence):
        table.read(str(tmp_path / "raw.csv"))
