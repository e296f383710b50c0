"""The metrics included in the project match scikit-learn; more may be added."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from pipeline.evaluation.doubts import doubts, flawless
from pipeline.metrics import scorer
from pipeline.run.files import WEIGHT


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_classification_metrics_agree_with_scikit_learn() -> None:
    """Weighted metrics equal scikit-learn's, with ties and with a class of zero weight."""
    rng = np.random.default_rng(0)
    labels = ["a", "b", "c"]
    p = rng.dirichlet([1, 1, 1], 200).round(1) + 0.01
    p /= p.sum(axis=1, keepdims=True)
    actual, w = rng.choice(labels, 200), rng.integers(0, 4, 200).astype(float)
    guess = np.array(labels)[p.argmax(axis=1)]
    frame = pd.DataFrame({"actual": actual, "predicted": guess, **{f"p({c})": p[:, i] for i, c in enumerate(labels)}})
    codes = np.searchsorted(labels, actual)
    areas = [reference.roc_auc_score(actual == c, p[:, i], sample_weight=w) for i, c in enumerate(labels)]
    expected = {
        "accuracy": w[actual == guess].sum() / w.sum(),
        "balanced_accuracy": reference.balanced_accuracy_score(actual, guess, sample_weight=w),
        "f1_macro": reference.f1_score(actual, guess, average="macro", sample_weight=w),
        "log_loss": reference.log_loss(actual, p, sample_weight=w),
        "roc_auc": np.mean(areas),
        "average_precision": reference.average_precision_score(np.eye(3)[codes], p, sample_weight=w),
    }
    ours = scorer(frame, "classification")(w)
    shared = expected.keys() & ours.keys() or pytest.skip("no metric has the name of one that is tested here")
    assert {name: ours[name] for name in shared} == pytest.approx({name: expected[name] for name in shared})
    weighted = scorer(frame.assign(**{WEIGHT: w}), "classification")(np.ones(200))
    assert weighted == pytest.approx(ours)
    without_a = w * (actual != "a")
    reference_value = reference.balanced_accuracy_score(
        actual[actual != "a"], guess[actual != "a"], sample_weight=w[actual != "a"]
    )
    assert scorer(frame, "classification")(without_a).get("balanced_accuracy", reference_value) == pytest.approx(
        reference_value
    )


def test_regression_metrics_agree_with_scikit_learn() -> None:
    """Weighted metrics equal scikit-learn's."""
    rng = np.random.default_rng(0)
    actual, w = rng.normal(size=200), rng.integers(0, 4, 200).astype(float)
    frame = pd.DataFrame({"actual": actual, "predicted": actual + rng.normal(size=200)})
    pair = (frame["actual"], frame["predicted"])
    expected = {
        "rmse": reference.root_mean_squared_error(*pair, sample_weight=w),
        "mae": reference.mean_absolute_error(*pair, sample_weight=w),
        "r2": reference.r2_score(*pair, sample_weight=w),
    }
    ours = scorer(frame, "regression")(w)
    shared = expected.keys() & ours.keys() or pytest.skip("no metric has the name of one that is tested here")
    assert {name: ours[name] for name in shared} == pytest.approx({name: expected[name] for name in shared})


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_model_that_does_not_beat_its_baseline_is_named(task: str) -> None:
    """Metrics no better than the baseline's and predictions that are all equal are named; a good model has neither."""
    rng = np.random.default_rng(0)
    actual = rng.normal(size=99) if task == "regression" else rng.choice(["no", "yes"], 99, p=[0.9, 0.1])
    frame = pd.DataFrame({"actual": actual, "predicted": 0.0 if task == "regression" else "no"})
    frame = frame if task == "regression" else frame.assign(**{"p(no)": 0.9, "p(yes)": 0.1})
    plain, perfect = (scorer(predictions, task)(np.ones(99)) for predictions in (frame, flawless(frame)))
    main = "rmse" if "rmse" in plain else "log_loss" if "log_loss" in plain else pytest.skip("another metric")
    first, second = doubts(frame, plain, plain, perfect)
    assert f"{main} {plain[main]:.4g} does not beat the baseline's {plain[main]:.4g}" in first
    assert second.startswith(f"every prediction is {frame['predicted'][0]}: ")
    assert doubts(flawless(frame), perfect, plain, perfect) == []
