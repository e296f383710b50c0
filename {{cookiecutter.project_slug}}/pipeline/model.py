"""The model. Change it in `build`; its settings are the block `train` of params.yaml."""

from typing import Literal

import numpy as np
from pydantic import Field
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from pipeline.run.settings import Block


class Train(Block):
    """`linear` uses only `l2_regularization`, `boosting` uses all."""

    model: Literal["boosting", "linear"]
    learning_rate: float = Field(gt=0, le=1)
    max_iter: int = Field(ge=1)
    max_leaf_nodes: int = Field(ge=2)
    min_samples_leaf: int = Field(ge=1)
    l2_regularization: float = Field(gt=0)
    seed: int = Field(ge=0, lt=2**32)


def build(settings: Train, task: str, text: list[str], numbers: list[str]) -> Pipeline:
    """An unfitted pipeline for a frame with these text and number columns, both with missing values."""
    classifies = task == "classification"
    if settings.model == "linear":
        encode = OneHotEncoder(max_categories=50, handle_unknown="infrequent_if_exist")
        scale = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
        linear = (
            LogisticRegression(C=1 / settings.l2_regularization, max_iter=1000)
            if classifies
            else Ridge(settings.l2_regularization)
        )
        return make_pipeline(ColumnTransformer([("text", encode, text), ("numbers", scale, numbers)]), linear)
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
    return make_pipeline(ColumnTransformer([("text", codes, text), ("numbers", "passthrough", numbers)]), trees)
