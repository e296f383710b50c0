"""The predictions of a fitted model for typed rows."""

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from pipeline.contract.schema import Contract
from pipeline.features import features


def predict(model: Pipeline, data: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """`predicted` for each typed row and, for classes, the probability of each class: `p(class)`."""
    frame = features(contract.inputs(data), contract)
    if contract.task == "regression":
        return pd.DataFrame({"predicted": model.predict(frame)})
    known = dict(zip(model.classes_, model.predict_proba(frame).T, strict=True))
    labels = contract.columns[contract.target].values or []
    p = {f"p({label})": known.get(label, np.zeros(len(frame))) for label in labels}
    best = np.argmax(np.column_stack(list(p.values())), axis=1)
    return pd.DataFrame({"predicted": np.array(labels, dtype=object)[best], **p})
