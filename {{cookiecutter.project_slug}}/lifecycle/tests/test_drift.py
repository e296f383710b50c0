"""The monitor's statistics: what moved is detected, and false alarms are no more frequent than stated."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lifecycle.errors import LifecycleError
from lifecycle.monitoring import tables
from lifecycle.monitoring.compare import bound
from lifecycle.monitoring.drift import Movement, movements


def table(rng: np.random.Generator, rows: int, shift: float = 0, missing: float = 0, kinds: str = "ab") -> pd.DataFrame:
    """Two dependent numbers and a category."""
    x = rng.normal(size=rows)
    numbers = pd.DataFrame({"x": x + shift, "z": x + 0.1 * rng.normal(size=rows)})
    numbers.loc[rng.random(rows) < missing, "z"] = np.nan
    return numbers.assign(kind=rng.choice(list(kinds), rows))


def by_column(reference: pd.DataFrame, window: pd.DataFrame, blocks: np.ndarray | None = None) -> dict[str, Movement]:
    """The movements by column, those of missing values with a question mark."""
    codes = np.arange(len(reference) + len(window)) if blocks is None else blocks
    moved = movements(reference, window, codes, 0.05, 199, 0)
    return {move.column + "?" * (move.what == "missing"): move for move in moved}


@pytest.mark.parametrize(
    ("options", "column"),
    [({"shift": 0.5}, "x"), ({"missing": 0.2}, "z?"), ({"kinds": "abc"}, "kind")],
    ids=["shift", "missing", "new category"],
)
def test_what_moved_is_named_and_nothing_else(options: dict[str, Any], column: str) -> None:
    """A column that moved has a small p and an effect near the true one; the others do not."""
    rng = np.random.default_rng(1)
    moved = by_column(table(rng, 2000), table(rng, 1000, **options))
    assert {name for name, move in moved.items() if move.p <= 0.05} == {column}
    truth = {"x": 0.197, "z?": 0.2, "kind": 1 / 3}[column]  # 2 * Phi(0.25) - 1 for the shift
    assert moved[column].effect == pytest.approx(truth, abs=0.04)


def test_windows_without_drift_alarm_no_more_often_than_stated() -> None:
    """Of 100 windows of 60 rows, each with a new reference, about five alarm at 5 %."""
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        alarms += min(move.p for move in movements(table(rng, 300), table(rng, 60), np.arange(360), 0.05, 199, seed)
                      ) <= 0.05  # fmt: skip
    assert alarms <= 11  # exceeded with a chance of 0.4 %


def test_blocks_are_permuted_whole() -> None:
    """Rows that are copies within blocks are evidence of as many blocks only."""
    rng = np.random.default_rng(0)
    few = pd.DataFrame({"x": np.repeat(rng.normal(size=12), 50)})
    reference, window = few[:300], few[300:] + 0.0
    assert by_column(reference, window)["x"].p <= 0.01
    assert by_column(reference, window, np.repeat(np.arange(12), 50))["x"].p > 0.05


@pytest.mark.parametrize("size", [30, 31])
def test_constant_and_empty_columns_never_alarm(size: int) -> None:
    """Columns without any value, or with one, have no effect."""
    same = pd.DataFrame({"none": [np.nan] * size, "one": [1.0] * size, "text": ["a"] * size})
    assert all(move.p == 1 and move.effect == 0 for move in by_column(same, same).values())


def test_reference_without_blocks_is_put_into_blocks_as_large_as_those_of_the_window() -> None:
    """A window of two days is compared as two blocks with others of its size."""
    entries = [{"time": f"2026-03-0{1 + number // 50}T10:00:00Z", "row": {}} for number in range(100)]
    codes, what = tables.blocks(pd.DataFrame({"x": np.zeros(500)}), entries, 24.0, 0)
    assert (len(set(codes[:500])), len(set(codes[500:])), what) == (10, 2, "blocks of 24 hours")
    assert not {*codes[:500]} & {*codes[500:]}
    with pytest.raises(LifecycleError, match="no column customer"):
        tables.blocks(pd.DataFrame({"x": [0.0]}), entries, "customer", 0)


def test_the_bound_of_k_of_n_holds() -> None:
    """By Markov's inequality, and exactly if the windows were independent."""
    assert bound(0.05, 2, 3) == pytest.approx((0.075, 3 * 0.05**2 * 0.95 + 0.05**3))
    assert bound(0.4, 1, 5)[0] == 1
