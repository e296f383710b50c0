"""The model. Change it in `build`; its settings are the block `train` of params.yaml."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from pipeline.archive.free_text import FreeText
from pipeline.run.settings import Block

LEAVES = 4  # of a tree, at least, which combine up to three features


class Train(Block):
    """`linear` uses only `l2_regularization`, `boosting` uses all."""

    model: Literal["boosting", "linear"]
    learning_rate: float = Field(gt=0, le=1)
    max_iter: int = Field(ge=1)
    max_leaf_nodes: int = Field(ge=2)
    rows_per_leaf: int = Field(ge=1)
    min_samples_leaf: int = Field(ge=1)
    l2_regularization: float = Field(gt=0)
    seed: int = Field(ge=0, lt=2**32)


def suited(settings: Train, target: pd.Series, task: str) -> Train:
    """The settings with as many leaves as the rows allow: at least LEAVES, at most `max_leaf_nodes`.

    Of classes, those rows count that the classes other than the most frequent have on average, such as a rare event's.
    """
    rows = target.value_counts()[1:].mean() if task == "classification" else len(target)
    leaves = max(LEAVES, int(rows) // settings.rows_per_leaf)
    return settings.model_copy(update={"max_leaf_nodes": min(leaves, settings.max_leaf_nodes)})


def build(settings: Train, task: str, text: list[str], numbers: list[str], words: Sequence[str] = ()) -> Pipeline:
    """An unfitted pipeline for a frame with these columns, all with missing values.

    `text`: categories, `numbers`: also dates and ordered categories, `words`: free text.
    """
    classifies = task == "classification"
    if settings.model == "linear":
        encode = OneHotEncoder(max_categories=50, handle_unknown="infrequent_if_exist")
        scale = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
        linear = (
            LogisticRegression(C=1 / settings.l2_regularization, max_iter=1000)
            if classifies
            else Ridge(settings.l2_regularization)
        )
        scores = [(f"words {i}", make_pipeline(FreeText(), clone(scale)), [name]) for i, name in enumerate(words)]
        return make_pipeline(ColumnTransformer([("text", encode, text), ("numbers", scale, numbers), *scores]), linear)
    codes = OrdinalEncoder(
        max_categories=250, handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    boosting = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    trees = boosting(
        learning_rate=settings.learning_rate,
        max_iter=settings.max_iter,
        max_leaf_nodes=settings.max_leaf_nodes,
        min_samples_leaf=settings.min_samples_leaf,
        l2_regularization=settings.l2_regularization,
        categorical_features=np.arange(len(text)) if text else None,
        early_stopping=False,
        random_state=settings.seed,
    )
    scores = [(f"words {i}", FreeText(), [name]) for i, name in enumerate(words)]
    return make_pipeline(
        ColumnTransformer([("text", codes, text), ("numbers", "passthrough", numbers), *scores]), trees
    )
