"""What the model gets of free text, ordered categories and row weights, on small tables of its own."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract.schema import Contract
from pipeline.features import features
from pipeline.model import Train
from pipeline.run.files import WEIGHT
from pipeline.train import train


def contract(task: str = "regression", **columns: dict[str, object]) -> Contract:
    """A contract with these features and a target `y`."""
    kind = {"type": "category", "values": ["no", "yes"]} if task == "classification" else {"type": "number"}
    both = {name: {"role": "feature", "missing": True, **column} for name, column in columns.items()}
    return Contract.model_validate(
        {"task": task, "columns": both | {"y": {"role": "target", "missing": False, **kind}}}
    )


def reviews(rows: int, seed: int) -> tuple[pd.DataFrame, Contract]:
    """Texts of many words, of which two say what `y` is, and gaps."""
    rng = np.random.default_rng(seed)
    y = rng.random(rows) < 0.5
    texts = [
        f"{' '.join(rng.choice(list('abcdefghij'), 9))} {'great' if good else 'dull'} {i}" for i, good in enumerate(y)
    ]
    texts = pd.Series(texts, dtype="str").mask(rng.random(rows) < 0.1)
    data = pd.DataFrame({"review": texts, "y": np.where(y, "yes", "no")})
    return data, contract("classification", review={"type": "text"})


@pytest.mark.parametrize("model", ["boosting", "linear"])
def test_words_of_free_text_are_learned(model: str, train_settings: Train, tmp_path: Path) -> None:
    """Texts that never repeat predict by their words; missing and foreign ones get a prediction, stored or not."""
    rows, kinds = reviews(200, 0)
    test, _ = reviews(100, 1)
    fitted = train(rows, kinds, train_settings.model_copy(update={"model": model}))
    predictions = predict(fitted, test, kinds)
    known = test["review"].notna()
    assert (predictions["predicted"] == test["y"])[known].mean() > 0.95
    for text in (None, "", "日本語 مرحبا"):
        other = predict(fitted, test.assign(review=pd.Series([text] * 100, dtype="str")), kinds)
        assert other["p(yes)"].between(0.1, 0.9).all()
    model_file.save(fitted, str(tmp_path / "model.skops"))
    pd.testing.assert_frame_equal(predict(model_file.load(str(tmp_path / "model.skops")), test, kinds), predictions)


def test_model_of_free_text_has_the_same_bytes_in_every_process(train_settings: Train, tmp_path: Path) -> None:
    """Another process, hash seed and number of threads write the same file."""
    code = (
        "import sys; from tests.test_features import *; from pipeline.run.settings import params;"
        "model_file.save(train(*reviews(200, 0), params('train', Train)), sys.argv[1])"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "3"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "one")], check=True, env=environment)
    model_file.save(train(*reviews(200, 0), train_settings), str(tmp_path / "two"))
    one, two = (hashlib.md5((tmp_path / name).read_bytes()).hexdigest() for name in ("one", "two"))
    assert one == two


def test_equal_texts_do_not_vouch_for_each_other(train_settings: Train) -> None:
    """Texts that say nothing, each in two rows with the same target, are not learned by heart."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefghij"), 9)) for _ in range(200)]
    data = pd.DataFrame({"review": pd.Series(texts * 2, dtype="str"), "y": ["no", "yes"] * 200})
    fitted = train(data, contract("classification", review={"type": "text"}), train_settings)
    fresh = pd.DataFrame({"review": pd.Series([" ".join(rng.choice(list("abcdefghij"), 9)) for _ in range(200)])})
    p = predict(fitted, fresh, contract("classification", review={"type": "text"}))["p(yes)"]
    assert p.between(0.2, 0.8).mean() > 0.9


@pytest.mark.parametrize("model", ["boosting", "linear"])
def test_order_of_a_category_is_used(model: str, train_settings: Train) -> None:
    """A value between two known ones is predicted between them; missing and unknown values stay missing."""
    sizes = ["tiny", "small", "medium", "large", "huge"]
    kinds = contract(size={"type": "category", "ordered": True, "values": sizes})
    rows = pd.DataFrame(
        {"size": pd.Series(["tiny", "small", "large", "huge"] * 50, dtype="str"), "y": [0, 1, 3, 4.0] * 50}
    )
    fitted = train(rows, kinds, train_settings.model_copy(update={"model": model}))
    asked = pd.DataFrame({"size": pd.Series(["small", "medium", "large"], dtype="str")})
    low, middle, high = predict(fitted, asked, kinds)["predicted"]
    assert 0 < low <= middle <= high < 4 and low < high
    gaps = features(pd.DataFrame({"size": pd.Series(["large", None, "vast"], dtype="str")}), kinds)["size"]
    np.testing.assert_array_equal(gaps, [3, np.nan, np.nan])


@pytest.mark.parametrize("model", ["boosting", "linear"])
def test_weights_count_in_training(model: str, train_settings: Train) -> None:
    """A row of weight 9 pulls the prediction as nine rows do, and the weight is not a feature."""
    kinds = contract(x={"type": "number"})
    rows = pd.DataFrame({"x": [0.0, 1.0] * 100, "y": [0.0] * 100 + [1.0] * 100, WEIGHT: [1.0] * 100 + [9.0] * 100})
    fitted = train(rows, kinds, train_settings.model_copy(update={"model": model}))
    assert predict(fitted, rows.drop(columns=WEIGHT), kinds)["predicted"].to_numpy() == pytest.approx(0.9, abs=0.01)
