"""models/serving.zip is refused with one sentence when it is broken, and a person's own model is served as it is."""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract.schema import Contract, parse
from pipeline.export import export
from pipeline.features import features
from pipeline.form import frame
from pipeline.form.model import load
from pipeline.form.packed import pack, unpack
from pipeline.model import Train
from pipeline.train import train

BOUGHT = {"predicted": "a", "p(a)": 0.5, "p(b)": 0.5}


def small() -> tuple[Contract, pd.DataFrame]:
    """A contract with a number and a date, and rows."""
    features = {
        name: {"type": kind, "role": "feature", "missing": True} for name, kind in (("x", "number"), ("d", "datetime"))
    }
    target = {"type": "category", "role": "target", "missing": False, "values": ["a", "b"]}
    days = pd.to_datetime(["2024-01-01", None] * 40).astype("datetime64[us]")
    data = pd.DataFrame({"x": np.arange(80.0), "d": days, "y": ["a"] * 40 + ["b"] * 40})
    return parse({"task": "classification", "columns": {**features, "y": target}}, "it"), data


def form_of(model: Any, contract: Contract, data: pd.DataFrame, path: Path) -> Path:
    """The serving form of a model, in a file."""
    model_file.save(model, str(path / "model.skops"))
    rows = frame.cells(data, contract)
    golden = {
        "rows": [{**row, "d": row["d"] and row["d"].isoformat()} for row in rows[38:42]],  # type: ignore
        "predictions": predict(model, data[38:42], contract).to_dict("records"),
    }
    form = export(model, (path / "model.skops").read_bytes(), "0" * 32, golden, data, rows, contract)
    (path / "serving.zip").write_bytes(form)
    return path / "serving.zip"


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A serving form of boosted trees."""
    contract, data = small()
    settings = {"model": "boosting", "learning_rate": 0.1, "max_iter": 5, "max_leaf_nodes": 4, "rows_per_leaf": 10}
    settings |= {"min_samples_leaf": 5, "l2_regularization": 1.0, "seed": 0}
    return form_of(train(data, contract, Train.model_validate(settings)), contract, data, tmp_path_factory.mktemp("f"))


def refused(content: bytes, path: Path, reason: str) -> None:
    """A file with this content is refused with one sentence."""
    (path / "bad.zip").write_bytes(content)
    with pytest.raises(ValueError, match=reason) as error:
        load(path / "bad.zip")
    assert "\n" not in str(error.value)


def test_truncated_or_changed_file_is_refused(trees: Path, tmp_path: Path) -> None:
    """A file that was cut or in which any byte was changed is refused, or predicts the same."""
    content = trees.read_bytes()
    for end in range(0, len(content), max(1, len(content) // 50)):
        refused(content[:end], tmp_path, "cannot be served")
    load(trees).verify()
    for place in range(0, len(content), max(1, len(content) // 200)):
        (tmp_path / "bad.zip").write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
        try:
            load(tmp_path / "bad.zip").verify()
        except ValueError as error:
            assert "\n" not in str(error)


def test_edited_form_is_refused(trees: Path, tmp_path: Path) -> None:
    """A part that was replaced in the zip, one that was added, and content of another kind are refused."""
    spec, parts = unpack(trees)
    with zipfile.ZipFile(trees) as old, zipfile.ZipFile(tmp_path / "edited.zip", "w") as new:
        new.comment = old.comment
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"identity"', b'"log"').replace(b'"logistic"', b'"softmax"'))
    refused((tmp_path / "edited.zip").read_bytes(), tmp_path, "were changed after it was written")
    refused(pack(spec | {"kind": "linear"}, parts), tmp_path, "categories.npy")
    refused(pack(spec | {"format": 2}, parts), tmp_path, "it has format 2, this code reads 1")
    refused(pack(spec | {"surprise": 1}, parts), tmp_path, "surprise is unknown")
    refused(pack(spec | {"inputs": []}, parts), tmp_path, "do not fit its inputs")


def test_code_in_the_file_is_not_executed(trees: Path, tmp_path: Path) -> None:
    """Numbers that are a pickle are refused before they are read."""

    class Code:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "executed",)

    spec, _ = unpack(trees)
    with open(tmp_path / "code.npy", "wb") as file:
        np.save(file, np.array([Code()], dtype=object), allow_pickle=True)
    names = ["categories", "fill", "mean", "scale", "slope", "start"]
    for code in ((tmp_path / "code.npy").read_bytes(), pickle.dumps(Code())):
        linear = {f"{name}.npy": code for name in names}
        refused(pack(spec | {"kind": "linear", "libraries": {}}, linear), tmp_path, "cannot be served")
    assert not (tmp_path / "executed").exists()


def test_another_library_version_is_refused(trees: Path, tmp_path: Path) -> None:
    """A form that another treelite wrote is refused with both versions and what to do."""
    spec, parts = unpack(trees)
    changed = pack(spec | {"libraries": {"treelite": "4.0.0"}}, parts)
    refused(changed, tmp_path, r"treelite 4.0.0 wrote it, 4.8.\d+ is installed: run `uv sync` or `dvc repro`")


def test_wrong_golden_prediction_is_refused(trees: Path, tmp_path: Path) -> None:
    """A form whose golden predictions differ by more than 1e-9 loads, but does not verify."""
    spec, parts = unpack(trees)
    golden = json.loads(json.dumps(spec["predictions"]))
    golden[0]["p(a)"] += 1e-8
    (tmp_path / "wrong.zip").write_bytes(pack(spec | {"predictions": golden}, parts))
    with pytest.raises(ValueError, match=r"golden row 0: p\(a\) is"):
        load(tmp_path / "wrong.zip").verify()


def test_own_model_is_served_from_its_archive(tmp_path: Path) -> None:
    """Another kind of model is served through its archive, and the form says why."""
    contract, data = small()
    model = make_pipeline(DummyClassifier()).fit(data[["x"]], data["y"])
    form = load(form_of(model, contract, data, tmp_path))
    form.verify()
    assert (form.kind, form.form.reason) == ("archive", "DummyClassifier is not a kind of model that it knows")
    rows = frame.cells(data, contract)
    assert form.predict(rows) == [BOUGHT] * len(rows)


def test_own_features_are_served_from_the_archive(trees: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a features.py that computes a column in another way, the archive is served, which uses that file."""
    contract, data = small()
    model, plain = model_file.load(str(trees.parent / "model.skops")), features
    monkeypatch.setattr(
        frame, "features", lambda rows, agreed: plain(rows, agreed).assign(x=lambda made: made["x"] * 2)
    )
    form = load(form_of(model, contract, data, tmp_path))
    assert form.form.reason == "pipeline/features.py computes 'x' in its own way"
