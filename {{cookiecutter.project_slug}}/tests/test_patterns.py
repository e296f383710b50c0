"""Runs of similar columns are one entry of the contract, which is read as one entry per column."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lifecycle.errors import LifecycleError
from lifecycle.project import contract as contract_in_git
from pipeline.contract import schema
from pipeline.contract.patterns import SHORTEST, compress, expand
from pipeline.describe.draft import describe, render
from pipeline.run.settings import load_yaml
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches

PIXELS = """\
task: classification
columns:
  pixel7: {type: text, role: ignored, missing: true}
  pixel{0..29}: {type: integer, role: feature, missing: false, range: [0, 255]}
  label: {type: category, role: target, missing: false, values: [a, b]}
"""


def random_columns(rng: random.Random) -> dict[str, int]:
    """Runs with prefixes, suffixes, zeros in front and exceptions, among names of braces, dots and digits."""
    columns: dict[str, int] = {}
    for _ in range(rng.randint(1, 6)):
        start, width, usual = rng.choice([0, 1, 5, 95, 999_999_990]), rng.randint(0, 3), rng.randint(0, 2)
        before, after = rng.choice(["x", "f_", "1", "a{", "9_", ""]), rng.choice(["", "z", "_0", "}"])
        numbers = range(start, start + rng.randint(1, 40))
        columns |= {f"{before}{i:0{width}}{after}": usual if rng.random() < 0.9 else 3 for i in numbers}
        columns["".join(rng.choices(["{", "}", "..", "7", "{0..9}", "{{1..2}}", "x", "", "\n"], k=4))] = 4
    return columns


def test_any_names_round_trip() -> None:
    """Columns that are written as patterns and read again have the same names, order and entries."""
    for columns in map(random_columns, map(random.Random, range(500))):
        written = compress(columns)
        assert list(expand(written, "schema.yaml").items()) == list(columns.items())
        assert len(written) <= len(columns)


def test_describe_writes_one_entry_for_a_run(tmp_path: Path) -> None:
    """200 columns become one entry with the range of all, the exceptions and the target keep their own."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.integers(0, 9, (60, 200))).add_prefix("f").assign(f9="x", f50=np.arange(60) % 2)
    data["f0"] = [10_000, *range(59)]
    table = pa.Table.from_pandas(data.astype(str), preserve_index=False)
    contract = describe(table, "f50", "classification")
    (tmp_path / "schema.yaml").write_text(render(contract), "utf-8")
    written = load_yaml(str(tmp_path / "schema.yaml"))["columns"]
    assert list(written) == ["f9", "f50", "f{0..199}"]
    assert written["f{0..199}"] == {"type": "integer", "role": "feature", "missing": False, "range": [0, 20_000]}
    assert schema.load(str(tmp_path / "schema.yaml")) == contract
    assert list(contract.columns) == table.column_names


def test_columns_of_a_pattern_are_validated_by_name() -> None:
    """An entry of its own takes a column out of a run; a breach is reported with the column's own name."""
    contract = contract_in_git(PIXELS, "schema.yaml")
    names = [f"pixel{i}" for i in range(30)]
    assert [*contract.columns] == [*names, "label"] and [*contract.features] == [n for n in names if n != "pixel7"]
    data = pd.DataFrame("1", index=range(3), columns=names).assign(pixel7="any", pixel12="999", label="a")
    broken = breaches(*typed(pa.Table.from_pandas(data, preserve_index=False), contract), contract)
    assert broken[["column", "what"]].to_numpy().tolist() == [["pixel12", "range"]]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("pixel{0..999999999}", "more than 100,000 columns: correct its last number"),
        (f"pixel{{0..{'9' * 500}}}", "more than 100,000 columns: correct its last number"),
        ("pixel{29..0}", "smaller number first"),
        ("pixel{20..49}: {type: integer, role: feature, missing: true}\n  pixel{0..29}", "both describe pixel20"),
    ],
)
def test_patterns_that_are_no_run_are_refused(entry: str, message: str) -> None:
    """Endless, empty and overlapping patterns are refused in one sentence."""
    with pytest.raises(LifecycleError, match=message) as refused:
        contract_in_git(PIXELS.replace("pixel{0..29}", entry), "schema.yaml")
    assert len(str(refused.value)) < 400


def test_short_runs_are_written_in_full() -> None:
    """A few numbered columns keep an entry each."""
    few = {f"x{i}": 1 for i in range(SHORTEST - 1)}
    assert compress(few) == few
