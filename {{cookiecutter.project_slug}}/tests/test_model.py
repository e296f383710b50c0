"""The model's behaviour, independent of its metrics."""

import numpy as np
import pandas as pd

from pipeline.archive.predictions import predict
from pipeline.metrics import TINY
from tests.conftest import Case


def numbers(predictions: pd.DataFrame) -> np.ndarray:
    """The predicted numbers or probabilities."""
    return predictions.select_dtypes("number").to_numpy()


def test_model_is_not_worse_than_the_baseline(case: Case) -> None:
    """The model is at most two standard errors worse on the test rows than a constant prediction."""
    actual = case.test[case.contract.target]
    predicted = predict(case.model, case.test, case.contract).assign(actual=actual)
    if case.contract.task == "regression":
        model, baseline = (predicted["predicted"] - actual) ** 2, (actual.mean() - actual) ** 2
    else:
        shares = actual.value_counts(normalize=True)
        p = [row[f"p({label})"] for (_, row), label in zip(predicted.iterrows(), actual)]
        model, baseline = -np.log(np.clip(p, TINY, 1)), -np.log(actual.map(shares))
    gain = np.asarray(baseline) - np.asarray(model)
    assert gain.mean() > -2 * gain.std() / np.sqrt(len(gain)), "worse than the baseline: see reports/intervals.json"


def test_row_order_does_not_matter(case: Case) -> None:
    """A row's prediction does not depend on its position."""
    forward = numbers(predict(case.model, case.test, case.contract))
    backward = numbers(predict(case.model, case.test.iloc[::-1], case.contract))
    np.testing.assert_array_equal(forward, backward[::-1])


def test_ignored_columns_do_not_matter(case: Case) -> None:
    """Columns that are not features, including the target, change no prediction."""
    without = case.test[list(case.contract.features)]
    with_more = case.test.assign(**{case.contract.target: None, "another": 1})
    np.testing.assert_array_equal(
        numbers(predict(case.model, without, case.contract)), numbers(predict(case.model, with_more, case.contract))
    )


def test_missing_and_unseen_values_get_a_prediction(case: Case) -> None:
    """Any feature may be missing or have an unseen category, and the prediction is finite."""
    for name, column in case.contract.features.items():
        gap = case.test.assign(**{name: pd.Series(np.nan, index=case.test.index).astype(case.test[name].dtype)})
        assert np.isfinite(numbers(predict(case.model, gap, case.contract))).all(), name
        if column.type in ("category", "text"):
            unseen = case.test.assign(**{name: "never seen before"})
            assert np.isfinite(numbers(predict(case.model, unseen, case.contract))).all(), name
