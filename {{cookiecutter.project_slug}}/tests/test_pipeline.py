"""What the stages after validate promise, on tiny tables."""

import json
import logging
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline

from pipeline import metrics, model_file, stage
from pipeline.contract import typed
from pipeline.describe import describe
from pipeline.features import features
from pipeline.prepare import prepare, row_hash
from pipeline.stage import ROW, Refused, params
from pipeline.train import train
from pipeline.validate import Validate
from tests.conftest import PREPARE, TRAIN, fitted, tiny


def test_rows_stay_on_their_side() -> None:
    """Other rows, another order or a corrected label move no row; copies stand together."""
    schema = describe(tiny("regression"), "target", "regression")
    data, _ = typed(tiny("regression"), schema)
    before = set(prepare(data, schema, PREPARE)[1][ROW])
    half = data.sample(60, random_state=0).assign(target=0.0, id="another")
    assert set(prepare(half, schema, PREPARE)[1][ROW]) <= before
    train_rows, test_rows = prepare(pd.concat([data, data]), schema, PREPARE)
    assert set(test_rows[ROW]) == before
    assert not before & set(train_rows[ROW])


def test_stratified_split_gives_every_class_its_share() -> None:
    """The test rows hold the same share of each class, and copies still stand together."""
    schema = describe(tiny("classification"), "target", "classification")
    data, _ = typed(tiny("classification"), schema)
    settings = PREPARE.model_copy(update={"split": "stratified"})
    train_rows, test_rows = prepare(data, schema, settings)
    expected = data["target"].value_counts() * settings.test_share
    assert (test_rows["target"].value_counts() - expected).abs().max() < 1
    assert not set(train_rows[ROW]) & set(test_rows[ROW])


def test_empty_side_is_refused() -> None:
    """A split without test rows names the parameter to change."""
    schema = describe(tiny("regression"), "target", "regression")
    data, _ = typed(tiny("regression"), schema)
    with pytest.raises(Refused, match=r"prepare\.test_share"):
        prepare(data, schema, PREPARE.model_copy(update={"test_share": 1e-9}))


def test_row_hash_ignores_column_order() -> None:
    """The same content hashes the same, whichever way round the columns stand."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 2.0], "b": ["x", None, None]})
    hashes = row_hash(frame)
    assert (hashes == row_hash(frame[["b", "a"]])).all()
    assert hashes[1] == hashes[2] != hashes[0]


@pytest.mark.parametrize("model", ["boosting", "linear"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_model_file_keeps_the_model_and_its_bytes(task: str, model: str, tmp_path: Path) -> None:
    """Two fits on the same rows give the same bytes, and the loaded model predicts the same."""
    schema = describe(tiny(task), "target", task)
    rows, _ = prepare(typed(tiny(task), schema)[0], schema, PREPARE)
    settings = TRAIN.model_copy(update={"model": model})
    paths = [str(tmp_path / name) for name in ("one.skops", "two.skops")]
    models = [train(rows, schema, settings) for _ in paths]
    for fitted_model, path in zip(models, paths):
        model_file.save(fitted_model, path)
    assert Path(paths[0]).read_bytes() == Path(paths[1]).read_bytes()
    assert {part.date_time for part in zipfile.ZipFile(paths[0]).infolist()} == {model_file.EPOCH}
    frame = features(rows, schema)
    np.testing.assert_array_equal(models[0].predict(frame), model_file.load(paths[0]).predict(frame))


def test_model_file_refuses_what_is_not_declared(tmp_path: Path) -> None:
    """A type outside the list, or another scikit-learn, is named in a sentence."""
    path = str(tmp_path / "model.skops")
    model_file.save(Pipeline([("odd", logging.Filter("x"))]), path)
    with pytest.raises(Refused, match=r"logging\.Filter"):
        model_file.load(path)
    model_file.save(fitted("regression").model, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"scikit-learn 0.1"
    with pytest.raises(Refused, match=r"written by scikit-learn 0\.1"):
        model_file.load(path)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_metrics_agree_with_scikit_learn() -> None:
    """Our weighted metrics are the library's, ties and weights included."""
    rng = np.random.default_rng(0)
    labels = ["a", "b", "c"]
    p = rng.dirichlet([1, 1, 1], 200).round(1) + 0.01
    p /= p.sum(axis=1, keepdims=True)
    actual, w = rng.choice(labels, 200), rng.integers(0, 4, 200).astype(float)
    guess = np.array(labels)[p.argmax(axis=1)]
    frame = pd.DataFrame({"actual": actual, "predicted": guess, **{f"p({c})": p[:, i] for i, c in enumerate(labels)}})
    ours = metrics.scorer(frame, "classification")(w)
    areas = [roc_auc_score(actual == c, p[:, i], sample_weight=w) for i, c in enumerate(labels)]
    assert ours == pytest.approx(
        {
            "accuracy": w[actual == guess].sum() / w.sum(),
            "balanced_accuracy": balanced_accuracy_score(actual, guess, sample_weight=w),
            "f1_macro": f1_score(actual, guess, average="macro", sample_weight=w),
            "log_loss": log_loss(actual, p, sample_weight=w),
            "roc_auc": np.mean(areas),
        }
    )
    without = w * (actual != "a")
    rest = balanced_accuracy_score(actual[actual != "a"], guess[actual != "a"], sample_weight=w[actual != "a"])
    assert metrics.scorer(frame, "classification")(without)["balanced_accuracy"] == pytest.approx(rest)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("leek: 0.9", "leek: Extra inputs are not permitted.*allowed here: leak"),
        ("leak: high", "leak: Input should be a valid number"),
        ("leak: '0.9'", "leak: Input should be a valid number, not '0.9'"),
        ("leak: 2", "leak: Input should be less than or equal to 1"),
    ],
)
def test_wrong_parameters_are_named(line: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt, mistyped or impossible parameter is named with its block and what is allowed."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("validate:\n  " + line)
    with pytest.raises(Refused, match=f"block validate.*{sentence}"):
        params("validate", Validate)
    with pytest.raises(Refused, match="no block 'train': it has validate"):
        params("train", Validate)


def test_input_edited_while_a_stage_starts_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that was saved after the process began may not be the code that runs."""
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text("stages: {train: {deps: [code.py]}}")
    Path("code.py").write_text("")
    monkeypatch.setattr("pipeline.STARTED", Path("code.py").stat().st_mtime_ns)
    assert stage._edited("train") == []
    monkeypatch.setattr("pipeline.STARTED", Path("code.py").stat().st_mtime_ns - 1)
    assert stage._edited("train") == ["code.py"]


def test_reports_are_json() -> None:
    """No report holds NaN, which is no JSON."""
    for path in [*Path("reports").glob("*.json"), *Path("data").glob("*.json")]:
        json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
