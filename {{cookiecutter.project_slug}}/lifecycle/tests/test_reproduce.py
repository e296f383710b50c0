"""What verify and reproduce promise: values are compared, other bytes need a reason, a torn lock is seen."""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from lifecycle.lock import Lock, differing, files, torn
from lifecycle.outcome import Outcome, run
from lifecycle.reproduce import CAUSES, EQUAL, OTHER, SAME, tell
from lifecycle.review.values import differences
from pipeline import model_file


def test_values_are_compared_within_the_tolerance(tmp_path: Path) -> None:
    """Last bits are equal, more is listed side by side, a missing file and another format are told apart."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"a": 1.0, "b": {"md5": "x"}}))
    new.write_text(json.dumps({"a": 1.0 + 1e-12, "b": {"md5": "y"}}))
    assert differences(old, new, 1e-9, {"x": "y"}) == []
    assert differences(old, new, 1e-9, {}) == ["b.md5: recorded 'x', now 'y'"]
    assert differences(tmp_path / "none.json", new, 1e-9, {}) == ["new.json is there in one version only"]
    assert differences(old, tmp_path / "model.skops", 1e-9, {}) == ["model.skops is there in one version only"]
    (tmp_path / "model.bin").touch()
    assert differences(old, tmp_path / "model.bin", 1e-9, {}) is None
    for name, content in (("a", b"one"), ("b", b"other")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plot.png").write_bytes(content)
    assert differences(tmp_path / "a", tmp_path / "b", 1e-9, {}) is None


def test_model_is_compared_by_what_it_learnt(tmp_path: Path) -> None:
    """A leaf in its last bits is equal; one that no test row may reach, but that says something else, is listed."""
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
def test_text_is_compared_by_its_words(old: str, new: str, same: bool, tmp_path: Path) -> None:
    """Figures may be rounded the other way, hashes stand for renamed files; words, counts and versions are the same."""
    (tmp_path / "old.md").write_text(old)
    (tmp_path / "new.md").write_text(new)
    names = tmp_path / "old.md", tmp_path / "new.md"
    assert (differences(*names, 1e-9, {"a" * 32: "b" * 32}) == []) is same
    if "." in old and same:
        assert differences(*names, 0, {})  # which is no value that was computed again


def test_other_bytes_need_a_reason() -> None:
    """A file of a format that is not known here is excused by values in their last bits alone, never by equal ones."""
    assert tell({"plot": OTHER, "metrics": EQUAL}, ["evaluate"])[0] == 0
    assert tell({"manifest": SAME}, ["train"])[0] == 0
    assert tell({"card.md": EQUAL, "plot": OTHER}, ["evaluate"])[0] == 1
    code, says = tell({"model": OTHER, "manifest": SAME, "metrics": "identical"}, ["train"])
    assert (code, says[-1]) == (1, CAUSES)
    assert tell({"model": "identical", "metrics": ["a: recorded 1, now 2"]}, ["train"])[0] == 1


def test_what_nobody_foresaw_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that nobody foresaw, or a report that cannot be left, exits with 2 and a sentence, never with 1."""
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    for arguments, code in ([], "x"), (["--report", "file"], "0"):
        parser = argparse.ArgumentParser()
        parser.add_argument("--report", dest="leave")
        monkeypatch.setattr("sys.argv", ["verb", *arguments])

        def act(_: argparse.Namespace, code: str = code) -> Outcome:
            return Outcome(int(code), [])

        with pytest.raises(SystemExit) as end:
            run("verb", parser, act)
        assert end.value.code == 2
        assert capsys.readouterr().out.startswith("verb: ")


def test_lock_that_disagrees_with_itself_is_seen() -> None:
    """An input recorded otherwise than its maker recorded it is named, and stages come in the order of their inputs."""
    stages = {
        "b": {"deps": [{"path": "x", "md5": "2"}], "outs": [{"path": "y", "md5": "3"}]},
        "a": {"outs": [{"path": "x", "md5": "1"}]},
    }
    outs = [out for entry in stages.values() for out in entry["outs"]]
    lock = Lock(stages, files(outs, {"y"}), {})
    assert torn(lock) == [("b", "x")]
    assert differing(None, lock) == ["a", "b"]
    assert [*lock.stored] == ["x"]
