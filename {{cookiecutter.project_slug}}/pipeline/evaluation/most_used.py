"""The columns of a wide table that a model uses most, whatever the model is.

Blocks of columns are shuffled together; those that change the predictions most are halved until they are single columns
(adaptive group testing, Du and Hwang 2000). A block that changes no prediction is not used.
"""

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from pipeline.evaluation.shuffle import shuffled

KEPT = 30  # blocks that are halved, and columns at the end
WORK = 50_000_000  # values in all predictions, about


def most_used(model: Pipeline, frame: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """The names of at most KEPT columns."""
    names = np.array(frame.columns, dtype=object)
    blocks = np.array_split(names, min(2 * KEPT, len(names)))
    rounds = 2 + int(np.log2(max(1, len(names) / len(blocks))))
    frame = frame.head(max(10, WORK // (rounds * 2 * KEPT * len(names))))
    while True:
        changes = _changes(model, frame, blocks, rng)
        used = [blocks[i] for i in np.argsort(-changes, kind="stable")[:KEPT] if changes[i] > 0]
        if all(len(block) == 1 for block in used):
            return [str(name) for block in used for name in block]
        blocks = [half for block in used for half in np.array_split(block, min(2, len(block)))]


def _changes(model: Pipeline, frame: pd.DataFrame, blocks: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """How much the predictions change, on average, when the columns of each block are shuffled together."""
    predict = getattr(model, "predict_proba", model.predict)
    before = predict(frame)
    after = predict(shuffled(frame, [list(block) for block in blocks], lambda _: rng.permutation(len(frame))))
    return np.abs(after.reshape(len(blocks), before.size) - before.ravel()).mean(axis=1)
