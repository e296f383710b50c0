"""Intervals of metrics have the stated error with few test rows, for skewed losses and for rare classes."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.intervals import Interval, intervals
from pipeline.evaluation.proportions import paired_difference, proportion
from pipeline.run.files import ROW, UNIT


def regression(errors: np.ndarray, actual: np.ndarray) -> pd.DataFrame:
    rows = np.arange(len(errors), dtype="uint64")
    return pd.DataFrame({ROW: rows, "actual": actual, "predicted": actual + errors})


def classification(actual: list[str], predicted: list[str]) -> pd.DataFrame:
    yes = np.where(np.array(predicted) == "yes", 0.8, 0.2)
    rows = np.arange(len(actual), dtype="uint64")
    return pd.DataFrame({ROW: rows, "actual": actual, "predicted": predicted, "p(no)": 1 - yes, "p(yes)": yes})


def found(*frames: pd.DataFrame, task: str = "classification", level: float = 0.95) -> dict[str, Interval]:
    return intervals(list(frames), task, 200, level, 0)


def test_proportions_have_known_intervals() -> None:
    """Published values: Clopper and Pearson's for 3 of 10; McNemar's test decides at a difference of 0."""
    assert proportion(3, 10, 0.025) == pytest.approx((0.0667, 0.6525), abs=1e-4)
    assert proportion(0, 10, 0.025) == pytest.approx((0, 0.3085), abs=1e-4)
    low, high = paired_difference(12, 5, 100, 0.025)
    assert paired_difference(5, 12, 100, 0.025) == pytest.approx((-high, -low))
    assert low < 0 < high  # (12 - 5 - 1) / sqrt(17) = 1.46 is not significant
    assert paired_difference(15, 3, 100, 0.025)[0] > 0  # (15 - 3 - 1) / sqrt(18) = 2.59 is


def test_accuracy_uses_them() -> None:
    """Accuracy on separate rows has the exact interval, and the difference of two the score interval."""
    actual = ["no", "yes"] * 20
    old, new = ([*np.where(np.arange(40) < wrong, "no", actual)] for wrong in (6, 20))
    assert found(classification(actual, old))["accuracy"].low == pytest.approx(proportion(37, 40, 0.025)[0])
    change = found(classification(actual, old), classification(actual, new))["accuracy"]
    assert (change.low, change.high) == pytest.approx(paired_difference(0, 7, 40, 0.025))


@pytest.mark.parametrize("rows", [10, 20])
def test_skewed_losses_fail_no_more_often_than_stated(rows: int) -> None:
    """The old model has rare large errors: the interval misses the true loss on the failing side in 2.5 %, not 14 %."""
    rng, misses, runs = np.random.default_rng(0), 0, 300
    for _ in range(runs):
        actual, large = rng.normal(size=rows), rng.lognormal(size=rows)
        misses += found(regression(large, actual), regression(np.full(rows, 2.0), actual), task="regression")[
            "mae"
        ].low > (2 - np.exp(0.5))
    assert misses / runs < 0.025 + 2 * np.sqrt(0.025 * 0.975 / runs)


def test_units_stay_together() -> None:
    """Rows of one unit count as one observation: twenty copies of each row change nothing."""
    rng = np.random.default_rng(0)
    errors, actual, copies = rng.normal(size=30), rng.normal(size=30), np.repeat(np.arange(30), 20)
    one = regression(errors, actual)
    many = regression(errors[copies], actual[copies])
    alone, together, apart = (
        found(frame, task="regression")["mae"] for frame in (one, many.assign(**{UNIT: copies}), many)
    )
    assert together.error == pytest.approx(alone.error, rel=0.01)
    assert apart.error < alone.error / 3


def test_a_rare_class_is_uncertain() -> None:
    """Three rows of a class, all right, or none, say little of it: the interval of the balanced accuracy is wide."""
    for actual in (["yes"] * 3 + ["no"] * 97, ["no"] * 100):
        same = classification(actual, actual)
        one, two = found(same), found(same, same)
        assert one["balanced_accuracy"].low < 0.7 < one["accuracy"].low
        assert two["balanced_accuracy"].low < -0.3
        assert two["accuracy"].low == pytest.approx(-two["accuracy"].high) == pytest.approx(0.025**0.01 - 1)


def test_many_rows_cost_no_more() -> None:
    """With more units than draws the units are grouped, and the standard error is the same."""
    rng = np.random.default_rng(0)
    errors, actual = rng.normal(size=(2, 5000))
    assert found(regression(errors, actual), task="regression")["mae"].error == pytest.approx(
        np.abs(errors).std() / np.sqrt(5000), rel=0.12
    )
