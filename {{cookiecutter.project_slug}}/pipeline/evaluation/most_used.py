"""The columns of a wide table that a model uses most, whatever the model is.

Blocks of columns are shuffled together; those that change the predictions most are halved until they are single columns
(adaptive group testing, Du and Hwang 2000). A block that changes no prediction is not used.
"""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from pipeline.evaluation.shuffle import shuffled

KEPT = 30  # blocks that are halved, and columns at the end
WORK = 50_000_000  # values in all predictions, about


def most_used(model: Pipeline, frame: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """The names of at most KEPT columns."""
    names = np.array(split_on(model, frame), dtype=object)
    if len(names) <= KEPT:
        return [*names]
    blocks = np.array_split(names, min(2 * KEPT, len(names)))
    rounds = 2 + int(np.log2(max(1, len(names) / len(blocks))))
    frame = frame.head(max(10, WORK // (rounds * 2 * KEPT * len(names))))
    before = _predict(model, frame)
    while True:
        changes = _changes(model, frame, before, blocks, rng)
        used = [blocks[i] for i in np.argsort(-changes, kind="stable")[:KEPT] if changes[i] > 0]
        if all(len(block) == 1 for block in used):
            return [str(name) for block in used for name in block]
        blocks = [half for block in used for half in np.array_split(block, min(2, len(block)))]


def split_on(model: Pipeline, frame: pd.DataFrame) -> list[str]:
    """The columns that boosted trees split on, since no other changes a prediction; of any other model, all."""
    nodes = [tree.nodes for trees in getattr(_last(model), "_predictors", []) for tree in trees]
    encode = model[0] if nodes else None
    if not isinstance(encode, ColumnTransformer) or len(model) > 2 or not _first(model[-1].categorical_features):
        return list(frame.columns)
    used = {*np.concatenate([part["feature_idx"][part["is_leaf"] == 0] for part in nodes]).tolist()}
    found = set()
    for name, _, columns in encode.transformers_:
        places = range(encode.output_indices_[name].start, encode.output_indices_[name].stop)
        one_each = len(places) == len(columns)
        found |= {c for c, place in zip(columns, places) if place in used} if one_each else {*columns}
    return [name for name in frame.columns if name in found]


def _last(model: Pipeline) -> object:
    return model[-1] if isinstance(model, Pipeline) else model


def _first(categorical: np.ndarray | None) -> bool:
    """Whether the categories are the first columns; otherwise the trees number the columns in another order."""
    return categorical is None or np.array_equal(categorical, np.arange(len(categorical)))


def _predict(model: Pipeline, frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(getattr(model, "predict_proba", model.predict)(frame))


def _changes(
    model: Pipeline, frame: pd.DataFrame, before: np.ndarray, blocks: list[np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """How much the predictions change, on average, when the columns of each block are shuffled together."""
    after = _predict(model, shuffled(frame, [list(block) for block in blocks], lambda _: rng.permutation(len(frame))))
    return np.abs(after.reshape(len(blocks), before.size) - before.ravel()).mean(axis=1)
