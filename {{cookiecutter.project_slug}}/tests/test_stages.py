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
from pipeline.archive.predictions import predict
from pipeline.contract.schema import Contract
from pipeline.evaluation.golden import contradictions, golden_rows, typed_rows
from pipeline.features import features
from pipeline.model import Train
from pipeline.profile import profile
from pipeline.run.errors import InputError
from pipeline.train import train
from tests.conftest import Case, Sides


def test_model_file_is_deterministic(sides: Sides, contract: Contract, train_settings: Train, tmp_path: Path) -> None:
    """Two fits on the same rows give the same bytes, and the loaded model predicts the same."""
    train_rows, _ = sides
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


def test_profile_holds_no_free_text() -> None:
    """Of free text the profile has missing values and lengths, of categories the shares of their values."""
    column = {"role": "feature", "missing": True}
    columns = {"note": column | {"type": "text"}, "kind": column | {"type": "category"}}
    target = {"type": "number", "role": "target", "missing": False}
    contract = Contract.model_validate({"task": "regression", "columns": {**columns, "y": target}})
    notes = pd.Series(["Ann Lee called", "a private matter", None, "x"], dtype="str")
    data = pd.DataFrame({"note": notes, "kind": pd.Series(["a", "b", "a", "a"], dtype="str"), "y": 1.0})
    found = profile(data, contract)
    assert not any(text in json.dumps(found) for text in notes.dropna()[:2])
    assert found["columns"]["note"]["missing"] == 0.25
    assert found["columns"]["note"]["length"]["deciles"][::10] == [1, 16]
    assert found["columns"]["kind"]["shares"] == {"a": 0.75, "b": 0.25}
