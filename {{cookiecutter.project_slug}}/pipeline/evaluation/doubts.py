"""What a reader must know of a model that predicts no better than no model."""

import pandas as pd

from pipeline.metrics import Scores, classes

SHOWN = 60  # characters of a predicted value
RANKING = "p(class) still ranks the rows: see reports/plots/precision_recall.csv and choose a threshold"
ADVICE = (
    "try a smaller train.learning_rate or train.max_leaf_nodes, a larger train.l2_regularization, train.model: linear, "
    "more rows, or features that say more of the target"
)


def doubts(predictions: pd.DataFrame, scores: Scores, baseline: Scores, perfect: Scores) -> list[str]:
    """At most one sentence on the metrics that do not beat their baseline's, and one on predictions that are all equal.

    `perfect`: the metrics of predictions without errors, which tell whether a metric is better higher or lower.
    """
    worse = [
        f"{name} {scores[name]:.4g} does not beat the baseline's {value:.4g}"
        for name, value in baseline.items()
        if name in scores and (scores[name] >= value if perfect[name] < value else scores[name] <= value)
    ]
    if scores.get("r2", 1) <= 0 and not any(sentence.startswith("r2 ") for sentence in worse):
        worse.append(f"r2 {scores['r2']:.4g} is not above 0, which the mean of the test rows has")
    sentences = [f"{', '.join(worse)}: {ADVICE}"] if worse else []
    if len(predictions) > 1 and predictions["predicted"].nunique() == 1:
        only = str(predictions["predicted"].iloc[0])[:SHOWN]
        why = RANKING if scores.get("roc_auc", 0) > 0.5 else "the features do not tell the rows apart"
        sentences.append(f"every prediction is {only}: {why}")
    return sentences


def flawless(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions without errors for the same rows."""
    right = {f"p({label})": (predictions["actual"] == label).astype(float) for label in classes(predictions)}
    return predictions.assign(predicted=predictions["actual"], **right)
