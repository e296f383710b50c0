"""prepare, train and evaluate on a small table generated from the project's contract."""

import json
import logging
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from pipeline.archive import canonical, model_file
from pipeline.contract.schema import Contract
from pipeline.evaluation.golden import contradictions, golden_rows, typed_rows
from pipeline.evaluation.predictions import predict
from pipeline.features import features
from pipeline.model import Train
from pipeline.run.errors import InputError
from pipeline.run.files import ROW
from pipeline.split.split import Prepare, row_hash, split
from pipeline.train import train
from tests.conftest import Case


def test_rows_stay_in_their_split(rows: pd.DataFrame, contract: Contract, prepare_settings: Prepare) -> None:
    """Removed rows, a new order and corrected labels move no row; copies stay together."""
    before = set(split(rows, contract, prepare_settings)[1][ROW])
    changed_labels = rows[contract.target].iloc[::-1].to_numpy()
    half = rows.assign(**{contract.target: changed_labels}).sample(60, random_state=0)
    assert set(split(half, contract, prepare_settings)[1][ROW]) <= before
    train_rows, test_rows = split(pd.concat([rows, rows]), contract, prepare_settings)
    assert set(test_rows[ROW]) == before
    assert not before & set(train_rows[ROW])


def test_stratified_split_keeps_class_shares(rows: pd.DataFrame, contract: Contract, prepare_settings: Prepare) -> None:
    """The test rows have the same share of each class, and copies stay together."""
    settings = prepare_settings.model_copy(update={"split": "stratified"})
    train_rows, test_rows = split(rows, contract, settings)
    assert not set(train_rows[ROW]) & set(test_rows[ROW])
    if contract.task == "classification":
        groups = pd.concat([train_rows, test_rows]).drop_duplicates(ROW)[contract.target].value_counts()
        in_test = test_rows.drop_duplicates(ROW)[contract.target].value_counts()
        assert in_test.sub(groups * settings.test_share, fill_value=0).abs().max() < 1


def test_empty_split_is_refused(rows: pd.DataFrame, contract: Contract, prepare_settings: Prepare) -> None:
    """A split without test rows is refused with the parameter to change."""
    with pytest.raises(InputError, match=r"prepare\.test_share"):
        split(rows, contract, prepare_settings.model_copy(update={"test_share": 1e-9}))


def test_row_hash_ignores_column_order() -> None:
    """Rows with the same content have the same hash in any column order."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 2.0], "b": ["x", None, None]})
    hashes = row_hash(frame)
    assert (hashes == row_hash(frame[["b", "a"]])).all()
    assert hashes[1] == hashes[2] != hashes[0]


def test_model_file_is_deterministic(
    rows: pd.DataFrame, contract: Contract, prepare_settings: Prepare, train_settings: Train, tmp_path: Path
) -> None:
    """Two fits on the same rows give the same bytes, and the loaded model predicts the same."""
    train_rows, _ = split(rows, contract, prepare_settings)
    paths = [str(tmp_path / name) for name in ("one.skops", "two.skops")]
    models = [train(train_rows, contract, train_settings) for _ in paths]
    for model, path in zip(models, paths):
        model_file.save(model, path)
    assert Path(paths[0]).read_bytes() == Path(paths[1]).read_bytes()
    assert {part.date_time for part in zipfile.ZipFile(paths[0]).infolist()} == {canonical.EPOCH}
    frame = features(train_rows, contract)
    np.testing.assert_array_equal(models[0].predict(frame), model_file.load(paths[0]).predict(frame))


def test_model_file_refuses_undeclared_types(case: Case, tmp_path: Path) -> None:
    """A type outside the list and another scikit-learn version are refused with a message."""
    path = str(tmp_path / "model.skops")
    model_file.save(Pipeline([("odd", logging.Filter("x"))]), path)
    with pytest.raises(InputError, match=r"logging\.Filter"):
        model_file.load(path)
    model_file.save(case.model, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"scikit-learn 0.1"
    with pytest.raises(InputError, match=r"written by scikit-learn 0\.1"):
        model_file.load(path)


def test_golden_predictions_are_stable(case: Case) -> None:
    """Golden rows survive JSON and cover several classes; different predictions contradict them."""
    test = case.test.reset_index(drop=True)
    predicted = predict(case.model, test, case.contract)
    rows = golden_rows(test, predicted, case.contract)
    assert len(rows) == 10
    restored = typed_rows(json.loads(json.dumps(rows)), case.contract)
    predictions: list[dict[str, Any]] = predict(case.model, restored, case.contract).to_dict("records")
    assert {tuple(row.values()) for row in predictions} <= {tuple(row) for row in predicted.itertuples(index=False)}
    if case.contract.task == "classification":
        assert len({row["predicted"] for row in predictions}) == min(10, predicted["predicted"].nunique())
    assert contradictions(predictions, predictions, 0) == []
    changed = [
        row | {name: value + 1e-3 * max(1, abs(value)) for name, value in row.items() if isinstance(value, float)}
        for row in predictions
    ]
    assert len(contradictions(predictions, changed, 1e-6)) >= 10
    shuffled = test.sample(frac=1, random_state=1)
    assert golden_rows(shuffled, predicted, case.contract) == rows


def test_reports_are_valid_json() -> None:
    """No report contains NaN, which JSON does not allow."""
    for path in [*Path("reports").glob("*.json"), *Path("data").glob("*.json")]:
        json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
