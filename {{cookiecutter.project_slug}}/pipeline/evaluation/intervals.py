"""Confidence intervals of the metrics, and the metrics of a baseline without features."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipeline.contract.schema import Contract
from pipeline.metrics import Scores, classes


def intervals(
    score: Callable[[np.ndarray], Scores], rows: int, draws: int, level: float, seed: int
) -> dict[str, Scores]:
    """The percentile bootstrap interval of each metric at `level`, from `draws` resamples of the rows."""
    rng = np.random.default_rng(seed)
    resampled = (np.bincount(rng.integers(0, rows, rows), minlength=rows).astype(float) for _ in range(draws))
    table = pd.DataFrame([score(weights) for weights in resampled])
    edges = table.quantile([(1 - level) / 2, (1 + level) / 2])
    return {name: {"low": float(edges[name].iloc[0]), "high": float(edges[name].iloc[1])} for name in table.columns}


def baseline(profile: dict[str, Any], predictions: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """What a model without features predicts: the mean of the training rows, or the share of each class."""
    target = profile["columns"][contract.target]
    if contract.task == "regression":
        return predictions.assign(predicted=target["mean"])
    shares = {label: target["shares"].get(label, 0.0) for label in classes(predictions)}
    majority = max(shares, key=shares.__getitem__)
    return predictions.assign(predicted=majority, **{f"p({label})": share for label, share in shares.items()})
