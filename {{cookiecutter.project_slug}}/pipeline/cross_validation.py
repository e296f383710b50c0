"""Cross-validation within the training rows: what settings are chosen by, so that the test rows judge only.

The folds are split as the test rows are: whole groups stay together, and of dated rows the newer validate the older.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.pipeline import Pipeline

from pipeline.archive.predictions import predict
from pipeline.contract.schema import Contract
from pipeline.metrics import Scores, scorer
from pipeline.run.files import ROW, UNIT, WEIGHT
from pipeline.run.settings import Block

SHOWN = ("log_loss", "roc_auc", "rmse", "r2")
Fit = Callable[[pd.DataFrame], Pipeline]


class CrossValidation(Block):
    """`folds`: into how many parts the training rows are cut; parts are held out until `rows` rows were predicted."""

    folds: int = Field(ge=2)
    rows: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**32)


def cross_validate(fit: Fit, data: pd.DataFrame, contract: Contract, settings: CrossValidation, kind: str) -> Scores:
    """The metrics of predictions for held-out training rows; empty if the rows are too few to hold some out.

    `kind`: of the split, hash, stratified or time; the newest rows are held out first.
    """
    predicted: list[pd.DataFrame] = []
    for held_out, known in folds(data, contract, settings, kind):
        rows = data[held_out].reset_index(drop=True)
        if contract.task == "classification" and data.loc[known, contract.target].nunique() < 2:
            continue
        weight = rows[[WEIGHT]] if WEIGHT in rows else rows[[]]
        model = fit(data[known].reset_index(drop=True))
        predicted.append(weight.join(rows[contract.target].rename("actual")).join(predict(model, rows, contract)))
        if sum(map(len, predicted)) >= settings.rows:
            break
    if not predicted:
        return {}
    pooled = pd.concat(predicted, ignore_index=True)
    return scorer(pooled, contract.task)(np.ones(len(pooled)))


def folds(
    data: pd.DataFrame, contract: Contract, settings: CrossValidation, kind: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each fold a mask of the rows that are held out, and of those that are trained on."""
    units, place, counts = np.unique(data[UNIT if UNIT in data else ROW], return_inverse=True, return_counts=True)
    if kind == "time":  # units are in the order of time; the oldest part is only trained on
        before = np.cumsum(counts) - counts
        part = (before * (settings.folds + 1) // len(data))[place]
        for fold in range(settings.folds, 0, -1):
            if (part == fold).any() and (part < fold).any():
                yield part == fold, part < fold
        return
    first = np.unique(place, return_index=True)[1]
    labels = pd.factorize(data[contract.target], sort=True)[0][first]
    order = np.lexsort((np.random.default_rng(settings.seed).random(len(units)), labels))
    fold_of = np.empty(len(units), dtype=int)
    fold_of[order] = np.arange(len(units)) % settings.folds
    for fold in range(settings.folds):
        held_out = fold_of[place] == fold
        if held_out.any() and not held_out.all():
            yield held_out, ~held_out


def shown(scores: Scores) -> Scores:
    """The metrics that settings are chosen by, under names of their own."""
    return {f"val_{name}": scores[name] for name in SHOWN if name in scores}
