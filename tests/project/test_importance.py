"""Permutation importance: the features that count are found in a table of any width, with bounded work."""

import numpy as np
import pandas as pd
import pytest

from pipeline.contract.schema import Contract
from pipeline.evaluation import importance, most_used
from pipeline.evaluation.shuffle import orders, shuffled, whole_units
from pipeline.model import Train, build
from pipeline.run.files import UNIT


class Model:
    """3 f3 - f7 + f500 f501; counts the values that it is asked about."""

    def __init__(self) -> None:
        self.values = 0

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        self.values += frame.size
        return (3 * frame["f3"] - frame["f7"] + frame["f500"] * frame["f501"]).to_numpy()


def test_wide_table_needs_bounded_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 1,000 columns those that the model uses are found, and the values in all predictions are limited."""
    monkeypatch.setattr(importance, "WORK", 3_000_000)
    monkeypatch.setattr(most_used, "WORK", 3_000_000)
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 1000))).add_prefix("f").assign(noise=1.0)
    model, target = Model(), {"y": {"type": "number", "role": "target", "missing": False}}
    columns = {name: {"type": "number", "role": "feature", "missing": False} for name in data} | target
    contract = Contract.model_validate({"task": "regression", "columns": columns})
    data["y"] = model.predict(data)
    ranking = importance.importance(model, data, contract, repeats=5, rows=300, seed=0)
    assert ranking["feature"].tolist()[:2] == ["f{0..999}", "f3"]
    assert set(ranking["feature"]) == {"f{0..999}", "f3", "f7", "f500", "f501"}
    assert ranking.attrs["left_out"] == 997
    assert model.values < 7_000_000


def test_constant_columns_of_a_unit_stay_constant() -> None:
    """A column that is the same in all rows of a unit is shuffled between units, others between rows."""
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(40), 5)
    data = pd.DataFrame({UNIT: units.astype("uint64"), "age": units * 1.0, "day": np.arange(200.0)})
    frame = data[["age", "day"]]
    copy = shuffled(frame, [["age"], ["day"], ["age", "day"]], orders(frame, data, rng))
    for names, start in ((["age"], 0), (["day"], 200)):
        part = copy[start : start + 200].reset_index(drop=True)
        assert sorted(part[names[0]]) == sorted(frame[names[0]]) and (part[names[0]] != frame[names[0]]).mean() > 0.8
    assert (copy["age"][:200].groupby(units).nunique() == 1).all()
    assert (copy["age"][400:] == copy["day"][400:] // 5).all()  # shuffled together
    order = whole_units(data, rng)[:50]
    assert len(set(units[order])) == 10 and len(set(order)) == 50


def test_columns_that_no_tree_splits_on_are_not_tried() -> None:
    """Of trees on categories and numbers exactly the columns with a split are named; of other models all columns."""
    rng = np.random.default_rng(0)
    texts = pd.DataFrame(rng.choice(["a", "b", "c"], (300, 5)).astype(object)).add_prefix("c")
    frame = pd.concat([pd.DataFrame(rng.normal(size=(300, 5))).add_prefix("n"), texts], axis=1)
    target = 5 * (frame["c3"] == "b") + 3.0 * (frame["n4"] > 0)
    plain = {"model": "boosting", "learning_rate": 0.5, "max_iter": 1, "max_leaf_nodes": 4, "rows_per_leaf": 1}
    settings = Train.model_validate(plain | {"min_samples_leaf": 20, "l2_regularization": 1.0, "seed": 0})
    model = build(settings, "regression", [*texts], [f"n{i}" for i in range(5)]).fit(frame, target)
    assert most_used.split_on(model, frame) == ["n4", "c3"]
    assert most_used.most_used(model, frame, rng) == ["n4", "c3"]
    linear = build(settings.model_copy(update={"model": "linear"}), "regression", [*texts], []).fit(frame, target)
    assert most_used.split_on(linear, frame) == list(frame)
