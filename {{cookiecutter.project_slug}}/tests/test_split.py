"""The split: no row changes sides unless a person moves it, and what belongs together stays together."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.contract.schema import Column, Contract
from pipeline.run.errors import InputError
from pipeline.run.files import ROW, UNIT
from pipeline.split.keys import cells
from pipeline.split.settings import Prepare
from pipeline.split.split import split
from pipeline.table.types import typed
from pipeline.validation.choose import disagreements

DAYS = pd.date_range("2024-01-01", periods=100).strftime("%Y-%m-%d")
FRAME = pd.DataFrame({
    "customer": [f"c{i % 40}" for i in range(400)],
    "amount": np.arange(400) / 8,
    "day": [DAYS[i // 4] for i in range(400)],
    "label": np.where(np.arange(400) % 3 == 0, "yes", "no"),
})  # fmt: skip
COLUMNS: dict[str, Column] = {
    "customer": Column(type="category", role="ignored", missing=False),
    "amount": Column(type="number", role="feature", missing=False),
    "day": Column(type="datetime", role="feature", missing=False),
    "label": Column(type="category", role="target", missing=False, values=["no", "yes"]),
}
PLAIN = {"split": "hash", "row_key": ["amount", "customer"], "split_on": [], "test_share": 0.25, "seed": 0}
TIME: dict[str, Any] = {
    "split": "time",
    "time": {"column": "day", "format": None, "cutoff": "2024-03-18", "block": "week"},
}


def parts(
    frame: pd.DataFrame = FRAME, columns: dict[str, Column] = COLUMNS, **changes: Any
) -> tuple[pd.DataFrame, ...]:
    """The training and test rows of a table as a CSV file gives it."""
    contract = Contract(task="classification", columns=columns)
    table = pa.table({name: pa.array(frame[name].astype(str)) for name in frame})
    settings = Prepare.model_validate(PLAIN | changes)
    return split(table, typed(table, contract)[0], contract, settings)


@pytest.mark.parametrize("kind", [{}, {"split": "stratified"}, TIME, {"split_on": ["customer"]}], ids=str)
def test_contract_and_format_move_no_row(kind: dict[str, Any]) -> None:
    """Roles, types, added and reordered columns, and another program's numbers leave every row on its side."""
    before = {*parts(**kind)[1][ROW]}
    assert 0 < len(before) < len(FRAME)
    roles = COLUMNS | {"customer": Column(type="text", role="feature", missing=False),
                       "amount": Column(type="category", role="ignored", missing=True, unique=True),
                       "more": Column(type="integer", role="feature", missing=False)}  # fmt: skip
    written = FRAME.assign(amount=[f"{x:.17g}" if x % 1 else f"{x:.2f}" for x in FRAME["amount"]], more=5)
    written["day"] = written["day"] + " 00:00:00"
    assert {*parts(written[["more", "day", "label", "amount", "customer"]], roles, **kind)[1][ROW]} == before


@pytest.mark.parametrize("kind", [{}, TIME], ids=str)
def test_new_rows_and_labels_move_no_row(kind: dict[str, Any]) -> None:
    """Appended rows, corrected labels, removed rows and another order leave every other row on its side."""
    train_rows, test_rows = parts(**kind)
    more = FRAME.assign(amount=FRAME["amount"] + 1000, day="2024-06-01")
    changed = pd.concat([FRAME.sample(frac=0.8, random_state=0).assign(label="no"), more])
    after = parts(changed, **kind)
    assert not {*after[0][ROW]} & {*test_rows[ROW]} and not {*after[1][ROW]} & {*train_rows[ROW]}


def test_newest_rows_are_the_test_rows() -> None:
    """Rows of one moment stay together, every test row is newer than every training row, and blocks are weeks."""
    train_rows, test_rows = parts(**TIME)
    assert train_rows["day"].max() < pd.Timestamp("2024-03-18") <= test_rows["day"].min()
    assert test_rows[UNIT].nunique() == test_rows["day"].dt.isocalendar().week.nunique()
    assert train_rows[UNIT].max() < test_rows[UNIT].min()


def test_names_that_are_new_in_the_test_rows_are_doubtful() -> None:
    """A name of a week's rows, as of a storm, is learnt by heart; a colour that comes again is not doubtful."""
    frame = FRAME.assign(storm=[f"s{i // 12}" for i in range(400)], color=np.where(FRAME.index % 2 == 0, "red", "blue"))
    kinds = {name: Column(type="category", role="feature", missing=False) for name in ("storm", "color")}
    contract = Contract(task="classification", columns=COLUMNS | kinds)
    table = pa.table({name: pa.array(frame[name].astype(str)) for name in frame})
    (message,) = disagreements(table, contract, Prepare.model_validate(PLAIN | TIME))
    assert message.startswith("`storm` has a value that is in no training row in 9")


@pytest.mark.parametrize("kind", ["hash", "stratified", "time"])
def test_groups_stay_together(kind: str) -> None:
    """With any split, no group is on both sides; groups of the training rows are no test rows of a split by time."""
    frame = FRAME.assign(customer=[f"c{i // 9}" for i in range(400)])
    train_rows, test_rows = parts(frame, **TIME | {"split": kind, "split_on": ["customer"]})
    assert not {*train_rows[UNIT]} & {*test_rows[UNIT]}
    assert test_rows[UNIT].nunique() > 5
    left_out = len(frame) - len(train_rows) - len(test_rows)
    assert (0 < left_out < 9) if kind == "time" else left_out == 0


def test_copies_stay_together_or_count_by_themselves() -> None:
    """Copies are on one side; `apart`, they are split like other rows, each with a hash of its own."""
    frame = pd.concat([FRAME.head(8)] * 50)
    assert not {*parts(frame, split="stratified")[0][ROW]} & {*parts(frame, split="stratified")[1][ROW]}
    train_rows, test_rows = parts(frame, split="stratified", copies="apart")
    assert len(test_rows) == 100 and len({*train_rows[ROW]} | {*test_rows[ROW]}) == 400
    shuffled = parts(frame.sample(frac=1, random_state=0), split="stratified", copies="apart")[1]
    assert {*shuffled[ROW]} == {*test_rows[ROW]}


def test_stratified_split_keeps_class_shares() -> None:
    """The test rows have the same share of each class."""
    _, test_rows = parts(split="stratified")
    assert test_rows["label"].value_counts().sub(FRAME["label"].value_counts() * 0.25).abs().max() < 1


def test_settings_that_do_not_fit_are_refused() -> None:
    """No test rows, an unknown column, a missing setting and a cutoff that is no moment are refused by name."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"test_share": 1e-9}, "prepare.test_share"),
        ({"split_on": ["shop"]}, "no column 'shop'"),
        (TIME | {"time": TIME["time"] | {"cutoff": "soon"}}, "cutoff: 'soon'"),
        (TIME | {"time": TIME["time"] | {"cutoff": "2030-01-01"}}, "time.cutoff"),
    ]
    for changes, message in cases:
        with pytest.raises(InputError, match=message):
            parts(**changes)


SAME = [(["39", "39.00", "3.9e1", "$39", "39%"], [39]), ([0.1], ["0.10000000000000001"]), (["1,234.50"], [1234.5]),
        (["(12)", "-12"], [-12]), ([2**60], [str(2**60)]), ([True], ["TRUE", "true"]), ([10.0**13], [str(10**13)]),
        (["2020-01-02", "2020-01-02T00:00:00Z"], [pd.Timestamp("2020-01-02")])]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), SAME, ids=str)
def test_hash_is_of_the_value_not_its_form(left: list[Any], right: list[Any]) -> None:
    """Numbers, truth values and dates have one hash in every form; other values have others."""
    assert len({*cells(pa.array(left)), *cells(pa.array(right))}) == 1
    different = [cells(pa.array(values))[0] for values in (["A12"], ["B12"], [12], [2**60 + 1], ["x"], [""], [None])]
    assert len(set(different)) == len(different)
