"""Permutation importance (Breiman 2001, Random forests): how much worse predictions get when one feature is shuffled.

As sklearn.inspection does it, but with many shuffled copies in one prediction, which is 20 times faster on wide tables.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from pipeline.contract.patterns import SHORTEST, pattern, runs
from pipeline.contract.schema import Contract
from pipeline.evaluation.most_used import most_used
from pipeline.evaluation.shuffle import orders, shuffled, whole_units
from pipeline.features import features
from pipeline.metrics import TINY
from pipeline.run.files import WEIGHT

FEATURES = 100  # of a wider table, runs of columns are one feature each, and few single columns are shuffled
CELLS, WORK = 20_000_000, 200_000_000  # values in one prediction (160 MB) and in all of them, at most


def importance(
    model: Pipeline, data: pd.DataFrame, contract: Contract, repeats: int, rows: int, seed: int
) -> pd.DataFrame:
    """How much log_loss (classes) or rmse (numbers) rises without each feature: feature, importance, deviation.

    `attrs["left_out"]` counts the columns of a wide table that are not shuffled by themselves.
    """
    rng = np.random.default_rng(seed)
    data = data.iloc[whole_units(data, rng)[:rows]]
    frame = features(contract.inputs(data), contract)
    blocks = _blocks(model, frame, rng)
    most = max(2, WORK // max(1, len(blocks) * repeats * frame.shape[1]))
    data, frame = data.head(most), frame.head(most)
    order, error = orders(frame, data, rng), _error(model, data, contract.target)
    reference, names = error(frame, 1)[0], list(blocks)
    at_once = max(1, CELLS // (frame.size * repeats))
    parts = []
    for start in range(0, len(names), at_once):
        part = names[start : start + at_once]
        copies = [blocks[name] for name in part for _ in range(repeats)]
        rises = error(shuffled(frame, copies, order), len(copies)).reshape(len(part), repeats) - reference
        parts.append(pd.DataFrame({"feature": part, "importance": rises.mean(axis=1), "deviation": rises.std(axis=1)}))
    ranking = pd.concat(parts).sort_values(["importance", "feature"], ascending=[False, True]).reset_index(drop=True)
    ranking.attrs["left_out"] = frame.shape[1] - sum(len(columns) == 1 for columns in blocks.values())
    return ranking


def _blocks(model: Pipeline, frame: pd.DataFrame, rng: np.random.Generator) -> dict[str, list[str]]:
    """The columns of each feature: of a wide table, those of the longest runs, and single ones that matter most."""
    if frame.shape[1] <= FEATURES:
        return {name: [name] for name in frame.columns}
    long = sorted((run for run in runs(frame.columns) if len(run) >= SHORTEST), key=len, reverse=True)
    single = most_used(model, frame, rng)
    return {pattern(run): run for run in long[: FEATURES // 4]} | {name: [name] for name in single}


def _error(model: Pipeline, data: pd.DataFrame, target_name: str) -> Callable[[pd.DataFrame, int], np.ndarray]:
    """The function that returns the weighted error of each of the copies that a frame holds one below the other."""
    once = data[target_name].to_numpy()
    weights = data[WEIGHT].to_numpy() if WEIGHT in data else np.ones(len(data))

    def error(frame: pd.DataFrame, copies: int) -> np.ndarray:
        target = np.tile(once, copies)
        if not hasattr(model, "predict_proba"):
            squared = ((model.predict(frame) - target) ** 2).reshape(copies, -1)
            return np.sqrt(np.average(squared, axis=1, weights=weights))
        place = pd.Index(model.classes_).get_indexer(target)
        p = np.where(place >= 0, model.predict_proba(frame)[np.arange(len(frame)), place], 0)
        return np.average(-np.log(np.clip(p, TINY, 1)).reshape(copies, -1), axis=1, weights=weights)

    return error
