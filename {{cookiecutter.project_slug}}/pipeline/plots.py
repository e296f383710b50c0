"""The data of the plots in dvc.yaml, thinned so that a page with two versions stays small."""

import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from pipeline.metrics import classes

POINTS = 200  # of a curve
ROWS = 5_000  # test rows at most that are drawn or counted one by one


def plots(predictions: pd.DataFrame, task: str) -> dict[str, pd.DataFrame]:
    """The frames of the plots that fit the task, by name."""
    return _regression(predictions) if task == "regression" else _classification(predictions)


def _regression(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`errors`: the share of rows with at most this error (Bi and Bennett 2003), a curve that versions can share."""
    shown = predictions[["actual", "predicted"]].head(ROWS)
    error = np.sort((predictions["actual"] - predictions["predicted"]).abs().to_numpy())
    share = np.arange(1, len(error) + 1) / len(error)
    return {"predicted": shown, "errors": thin(pd.DataFrame({"error": error, "share_of_rows": share}))}


def _classification(predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Two classes: the curves of the second; more: micro-averages, and the confidence in the predicted class."""
    labels = classes(predictions)
    p = predictions[[f"p({label})" for label in labels]].to_numpy()
    hot = predictions["actual"].to_numpy()[:, None] == np.array(labels, dtype=object)
    two = len(labels) == 2
    truth, score = (hot[:, 1], p[:, 1]) if two else (hot.ravel(), p.ravel())
    frames = {"confusion": predictions[["actual", "predicted"]].head(ROWS)}
    if 0 < truth.sum() < len(truth):
        false_positive, true_positive, _ = roc_curve(truth, score)
        frames["roc"] = thin(pd.DataFrame({"false_positive_rate": false_positive, "true_positive_rate": true_positive}))
        precision, recall, _ = precision_recall_curve(truth, score)
        frames["precision_recall"] = thin(pd.DataFrame({"recall": recall[::-1], "precision": precision[::-1]}))
    right = truth if two else (predictions["actual"] == predictions["predicted"]).to_numpy()
    observed, expected = calibration_curve(right, score if two else p.max(axis=1), n_bins=10, strategy="quantile")
    frames["calibration"] = pd.DataFrame({"predicted": expected, "observed": observed})
    return frames


def thin(curve: pd.DataFrame) -> pd.DataFrame:
    """At most POINTS points of a curve, including both ends."""
    keep = np.unique(np.linspace(0, len(curve) - 1, POINTS).round().astype(int))
    return curve.iloc[keep]
