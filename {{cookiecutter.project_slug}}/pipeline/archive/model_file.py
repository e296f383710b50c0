"""Saves and loads the model as a skops archive: loading it runs no code, and the same model gives the same bytes."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import skops.io
from sklearn.pipeline import Pipeline

from pipeline.archive.canonical import canonical, unpacked
from pipeline.run.errors import InputError, reading

AGAIN = "run `uv run dvc repro`, or `uv run dvc pull` for the stored model"
TRUSTED = {  # types that our models contain beyond skops' own list; a new kind of model may need its types added here
    "functools.partial",
    "numpy.dtype",
    "pipeline.archive.free_text.FreeText",  # has numbers alone
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
}


def save(model: Pipeline, path: str) -> None:
    """Write `model`; the archive's comment is the version of scikit-learn that fitted it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(canonical(skops.io.dumps(_without_bins(model)), f"scikit-learn {sklearn.__version__}"))


def _without_bins(model: Pipeline) -> Pipeline:
    """The model without the bins of numbers, which only training needs: an array for each column of a wide table."""
    mapper = getattr(model[-1], "_bin_mapper", None)
    if mapper is None:
        return model
    trees, mapper = copy.copy(model[-1]), copy.copy(mapper)
    categories = np.flatnonzero(mapper.is_categorical_)
    none, edges = np.empty(0), mapper.bin_thresholds_[: categories[-1] + 1 if len(categories) else 0]
    same: dict[bytes, np.ndarray] = {}  # equal arrays are stored once
    mapper.bin_thresholds_ = [
        same.setdefault(edge.tobytes(), edge) if categorical else none
        for edge, categorical in zip(edges, mapper.is_categorical_)
    ]
    trees._bin_mapper = mapper
    return Pipeline([*model.steps[:-1], (model.steps[-1][0], trees)])


def load(path: str) -> Pipeline:
    """The model in a file; raises InputError for a model of another scikit-learn, or with types not in TRUSTED."""
    with reading(path, AGAIN):
        with unpacked(path) as archive:
            written_by = archive.comment.decode()
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - TRUSTED)
    if written_by != f"scikit-learn {sklearn.__version__}":
        raise InputError(
            f"{path} was written by {written_by or 'another program'}, but scikit-learn {sklearn.__version__} is "
            "installed: run `uv sync`."
        )
    if unknown:
        advice = f"add {', '.join(unknown)} to TRUSTED in pipeline/archive/model_file.py"
        raise InputError(f"{path} has types that are not declared: {advice}.")
    with reading(path, AGAIN):
        model = skops.io.load(path, trusted=sorted(TRUSTED))
        if not isinstance(model, Pipeline):
            raise TypeError(f"it contains a {type(model).__name__}, not a Pipeline of scikit-learn")
        _check_trees(model[-1])
        return model


def _check_trees(model: Any) -> None:
    """Raise ValueError for boosted trees whose nodes lead nowhere or back: scikit-learn would crash, or never end."""
    for tree in (tree for trees in getattr(model, "_predictors", []) for tree in trees):
        place = np.flatnonzero(tree.nodes["is_leaf"] == 0)
        inner, count = tree.nodes[place], len(tree.nodes)
        low, high = np.minimum(inner["left"], inner["right"]), np.maximum(inner["left"], inner["right"])
        sets = inner["bitset_idx"][inner["is_categorical"] != 0]
        inside = [(low > place), (high < count), (inner["feature_idx"] < model.n_features_in_)]
        inside += [inner["feature_idx"] >= 0, sets < len(tree.raw_left_cat_bitsets)]
        if not (count and all(part.all() for part in inside)):
            raise ValueError("a tree of the model has nodes that are not in it")
