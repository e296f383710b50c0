"""The service's checks of a row are those of the pipeline."""

import random
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipeline.contract.schema import Column, Contract
from pipeline.table.cells import as_written
from pipeline.table.read import _plain
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches
from serving.check import Check
from serving.columns import Fault

COLUMNS: dict[str, dict[str, Any]] = {
    "number": {"type": "number", "range": [-5, 1e6]},
    "open": {"type": "number", "missing": True},
    "whole": {"type": "integer", "range": [0, 300], "missing": True},
    "points": {"type": "number", "format": "1,234.50", "missing": True},
    "commas": {"type": "number", "format": "1.234,50", "missing": True},
    "flag": {"type": "boolean"},
    "word": {"type": "category", "values": ["a", "b c", "3", "2.5", "None"]},
    "rank": {"type": "category", "values": ["low", "high"], "ordered": True, "missing": True},
    "any": {"type": "category", "missing": True},
    "free": {"type": "text", "missing": True},
    "day": {"type": "datetime", "missing": True},
    "dmy": {"type": "datetime", "format": "%d/%m/%Y", "missing": True},
    "when": {"type": "datetime", "format": "%Y-%m-%d %H:%M:%S.%f%z", "missing": True},
    "us": {"type": "datetime", "format": "%b %d, %Y %I:%M %p"},
    "digits": {"type": "datetime", "format": "%Y%m%d", "missing": True},
    "epoch": {"type": "datetime", "format": "epoch ms", "missing": True},
}
VALUES: list[Any] = [
    None, True, False, 0, 1, 3, -1, 7, 250, 301, 2.5, 3.0, -0.0, 1e-5, 1.5e-7, 12345678901.5, 1e16, 1e20, 1e300,
    2**53 + 1,
    20240131, 20241301, 1706659200000, 1e18, -1e15, float("nan"), float("inf"), "", " ", "a", " a ", "b c", "A", "low",
    "high", "None", "NA", "?", "inf", "-Infinity", "nan", "true", "False", "TRUE", "yes", "1", " 12 ", "+1", "1.", ".5",
    "1e3", "1E400", "0x10", "1_000", "1,234.50", "1.234,50", "(12)", "$5", "12 %", "3-", "12 345", "1'000", "١٢", "--1",
    "2024", "2024-01", "2024-01-31", "2024-02-30", "20240131", "2024-01-31T10:11", "2024-01-31 10:11:12",
    "2024-01-31T10:11:12.1234567", "2024-01-31T10:11:12Z", "2024-01-31T10:11:12+02:00", "2024-01-31T10:11:12-0530",
    "2024-01-31T10", "2024-W05-1", "2024/01/31", "31/01/2024", "1/2/2024", "32/01/2024", "0001-01-01", "9999-12-31",
    "10000-01-01", "0000-01-01", "2024-01-31 10:11:12.123456+0100", "2024-01-31 10:11:12.123456789+01:00",
    "Jan 31, 2024 10:11 PM", "jan 1, 2024 1:05 am", "January 31, 2024 10:11 PM", "now", "x" * 500, "a\x00b", "é",
    "1706659200000",
    "2024-01-31T24:00", "2024-01-31T10:60", "2024-01-31T", "2024-1-31", "2024-013", "-1", "2024-01-31T10:11:12+25:00",
]  # fmt: skip


@pytest.fixture(scope="module")
def many() -> Contract:
    """A contract with a column of each kind."""
    common: dict[str, Any] = {"role": "feature", "missing": False}
    columns = {name: Column(**(common | options)) for name, options in COLUMNS.items()}
    return Contract(task="regression", columns=columns | {"y": Column(type="number", role="target", missing=False)})


def by_pipeline(name: str, value: Any, contract: Contract) -> tuple[bool, Any]:
    """Whether the pipeline refuses a value, and the typed one, for a table with this cell alone."""
    one = contract.model_copy(update={"columns": {name: contract.columns[name]}})
    try:
        table = pa.table({name: _plain(pa.array([value]), name)})
    except (OverflowError, pa.ArrowInvalid):
        pytest.skip("Arrow has no such value")
    data, unreadable = typed(table, one)
    return bool(len(breaches(data, unreadable, one))), data[name].iloc[0]


def same(ours: Any, theirs: Any) -> bool:
    """Whether two typed values are equal."""
    if ours is None:
        return bool(pd.isna(theirs))
    return bool(pd.Timestamp(ours) == theirs) if isinstance(ours, datetime) else bool(ours == theirs)


@pytest.mark.parametrize("name", COLUMNS)
def test_each_value_is_read_and_refused_as_in_the_pipeline(name: str, many: Contract) -> None:
    """Every kind of column accepts the same values with the same result, and refuses the same."""
    cell, wrong = Check(many).cells[name], []
    rng = random.Random(name)
    texts = [value for value in VALUES if isinstance(value, str) and value] * 3
    cut = [value[: rng.randrange(1, len(value) + 1)] + rng.choice(["", *"01 -:Z"]) for value in texts]
    for value in [*VALUES, *cut]:
        if value == "now":  # pandas reads it as the time of reading
            continue
        try:
            found: Any = cell(value)
            refused = False
        except Fault:
            found, refused = None, True
        theirs_refused, theirs = by_pipeline(name, value, many)
        if refused != theirs_refused or not (refused or same(found, theirs)):
            wrong.append((value, "refused" if refused else found, "refused" if theirs_refused else theirs))
    assert not wrong


@pytest.mark.parametrize("value", ["2024-01-31T10:11:00", "1969-07-20T20:17:00", "2024-12-01T00:00:00.500000"])
def test_golden_rows_are_accepted_as_the_contract_writes_them(value: str, many: Contract) -> None:
    """What a deployment asks, and /docs shows, is read as the same values, of dates the part that is written."""
    numbers = {"boolean": 1.0, "integer": 3.0, "number": 2.5}
    plain: dict[str, Any] = {"category": "a", "text": "a b", "datetime": value, **numbers}
    golden = {name: (column.values or [plain[column.type]])[0] for name, column in many.features.items()}
    typed, faults = Check(many).row(as_written(golden, many), 0)
    moment = datetime.fromisoformat(value)
    day, minute = moment.replace(hour=0, minute=0, second=0, microsecond=0), moment.replace(second=0, microsecond=0)
    parts = {"dmy": day, "digits": day, "us": minute}
    dates = {name: parts.get(name, moment) for name, column in many.columns.items() if column.type == "datetime"}
    assert faults == []
    assert typed == golden | dates
