"""verify and reproduce compare values, accept byte differences only with an explanation, and detect a bad lock."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import treelite.sklearn
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from lifecycle.commands.reproduce import CAUSES, CLOSE, OTHER, SAME, summary
from lifecycle.review.compare_files import differences
from lifecycle.storage.lock import Lock, changed_stages, files, inconsistent
from pipeline.archive import model_file
from pipeline.form.packed import pack


def test_values_are_compared_within_the_tolerance(tmp_path: Path) -> None:
    """Rounding differences are equal, larger ones are listed; missing files and unknown formats are distinguished."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"a": 1.0, "b": {"md5": "x"}}))
    new.write_text(json.dumps({"a": 1.0 + 1e-12, "b": {"md5": "y"}}))
    assert differences(old, new, 1e-9, {"x": "y"}) == []
    assert differences(old, new, 1e-9, {}) == ["b.md5: recorded 'x', now 'y'"]
    assert differences(tmp_path / "none.json", new, 1e-9, {}) == ["new.json is in one version only"]
    assert differences(old, tmp_path / "model.skops", 1e-9, {}) == ["model.skops is in one version only"]
    (tmp_path / "model.bin").touch()
    assert differences(old, tmp_path / "model.bin", 1e-9, {}) is None
    for name, content in (("a", b"one"), ("b", b"other")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plot.png").write_bytes(content)
    assert differences(tmp_path / "a", tmp_path / "b", 1e-9, {}) is None


def test_models_are_compared_by_their_parameters(tmp_path: Path) -> None:
    """A leaf with a rounding difference is equal; a different leaf is listed, even if no test row reaches it."""
    rows = pd.DataFrame({"size": np.arange(60.0)})
    model = make_pipeline(HistGradientBoostingRegressor(max_iter=3)).fit(rows, rows["size"] % 7)
    model_file.save(model, str(tmp_path / "old.skops"))
    leaf = model[-1]._predictors[0][0].nodes["value"]
    for name, factor in (("close", 1 + 1e-12), ("other", 1.5)):
        leaf[-1] *= factor
        model_file.save(model, str(tmp_path / f"{name}.skops"))
        leaf[-1] /= factor
    assert differences(tmp_path / "old.skops", tmp_path / "close.skops", 1e-9, {}) == []
    (line,) = differences(tmp_path / "old.skops", tmp_path / "other.skops", 1e-9, {}) or []
    assert "value: recorded" in line


def test_serving_forms_are_compared_by_their_values(tmp_path: Path) -> None:
    """A leaf with a rounding difference is equal; another leaf or another number in form.json is listed."""
    rows = pd.DataFrame({"size": np.arange(60.0)})
    model = HistGradientBoostingRegressor(max_iter=3).fit(rows, rows["size"] % 7)
    leaf = model._predictors[0][0].nodes["value"]
    for name, factor, start in (("old", 1, 1.0), ("close", 1 + 1e-12, 1.0), ("other", 1.5, 1.0), ("changed", 1, 2.0)):
        leaf[-1] *= factor
        trees = treelite.sklearn.import_model(model).serialize_bytes()
        (tmp_path / f"{name}.zip").write_bytes(pack({"start": start}, {"trees.bin": trees}))
        leaf[-1] /= factor
    assert differences(tmp_path / "old.zip", tmp_path / "close.zip", 1e-9, {}) == []
    assert differences(tmp_path / "old.zip", tmp_path / "changed.zip", 1e-9, {}) == ["start: recorded 1.0, now 2.0"]
    (line,) = differences(tmp_path / "old.zip", tmp_path / "other.zip", 1e-9, {}) or []
    assert line.startswith("part trees.bin, trees")


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("| accuracy | 0.9759 |\n| :---: |", "| accuracy  | 0.976 |\n| :----: |", True),
        ("loss 2.49e-05, rows 83.", "loss 2.491e-05, rows 83.", True),
        ("accuracy 0.91", "accuracy 0.97", False),
        ("83 rows", "84 rows", False),
        ("10000 rows", "10001 rows", False),
        ("scikit-learn==1.9.1", "scikit-learn==0.1", False),
        ("scikit-learn==1.9.1", "scikit-learn==1.9.2", False),
        ("model " + "a" * 32, "model " + "b" * 32, True),
        ("model " + "1" * 32, "model " + "2" * 32, False),
        ("No leaks.", "All fine.", False),
        ("one line", "one line\nand another", False),
    ],
)
def test_text_is_compared_by_content(old: str, new: str, same: bool, tmp_path: Path) -> None:
    """Rounded decimals and hashes of renamed files are equal; words, counts and versions must be identical."""
    (tmp_path / "old.md").write_text(old)
    (tmp_path / "new.md").write_text(new)
    names = tmp_path / "old.md", tmp_path / "new.md"
    assert (differences(*names, 1e-9, {"a" * 32: "b" * 32}) == []) is same
    if "." in old and same:
        assert differences(*names, 0, {})  # without a tolerance the text differs


def test_unexplained_byte_differences_fail() -> None:
    """Other bytes of an unknown format fail unless params.yaml lists the output; rounded text alone proves nothing."""
    assert summary({"plot": OTHER, "metrics": CLOSE}, ["evaluate"], [])[0] == 1
    assert summary({"plot": OTHER, "metrics": CLOSE}, ["evaluate"], ["plot"])[0] == 0
    assert summary({"manifest": SAME}, ["train"], [])[0] == 0
    assert summary({"card.md": CLOSE}, ["evaluate"], [])[0] == 1
    code, messages = summary({"model": OTHER, "manifest": SAME, "metrics": "identical"}, ["train"], [])
    assert (code, messages[-1]) == (1, CAUSES)
    assert summary({"model": "identical", "metrics": ["a: recorded 1, now 2"]}, ["train"], [])[0] == 1


def test_inconsistent_lock_is_detected() -> None:
    """An input that differs from the output that produced it is reported; stages are in dependency order."""
    stages = {
        "b": {"deps": [{"path": "x", "md5": "2"}], "outs": [{"path": "y", "md5": "3"}]},
        "a": {"outs": [{"path": "x", "md5": "1"}]},
    }
    outs = [out for entry in stages.values() for out in entry["outs"]]
    lock = Lock(stages, files(outs, {"y"}), {})
    assert inconsistent(lock) == [("b", "x")]
    assert changed_stages(None, lock) == ["a", "b"]
    assert [*lock.stored] == ["x"]
