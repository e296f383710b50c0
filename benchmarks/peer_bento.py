"""A BentoML service of the model that peer_model.py stored in the folder PEER_MODEL."""

import os
from typing import Any

import bentoml
import joblib
import pandas as pd


@bentoml.service(workers=1)
class Predictor:
    """Answers with the label of a row."""

    def __init__(self) -> None:
        self.model = joblib.load(f"{os.environ['PEER_MODEL']}/model.joblib")

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, row: dict[str, Any]) -> str:
        """The label."""
        return str(self.model.predict(pd.DataFrame([row]))[0])
