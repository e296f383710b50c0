"""Judges the model on the test rows.

Reads models/, data/test.parquet, data/profile.json, data/schema.yaml and model_notes.md; writes reports/metrics.json
(with confidence intervals and a baseline), reports/predictions.parquet, reports/plots/, reports/model_card.md and
models/golden.json.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field
from sklearn.pipeline import Pipeline

from pipeline import contract as contracts
from pipeline import metrics, model_file
from pipeline.card import card
from pipeline.contract import Contract
from pipeline.features import features
from pipeline.files import read_json, read_table, write_csv, write_json, write_table
from pipeline.golden import golden, typed
from pipeline.importance import importance
from pipeline.plots import plots
from pipeline.stage import ROW, Block, params, run
from pipeline.threads import threads

SLICES = 10  # columns and categories at most that the metrics are broken down by


class Evaluate(Block):
    """`draws` and `confidence` of the bootstrap; how often and on how many rows a column is shuffled."""

    draws: int = Field(ge=100)
    confidence: float = Field(gt=0.5, lt=1)
    importance_repeats: int = Field(ge=1)
    importance_rows: int = Field(ge=10)
    seed: int = Field(ge=0, lt=2**32)


def predict(model: Pipeline, data: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """What is predicted for each typed row and, for classes, the probability of each class: `p(class)`."""
    frame = features(data, contract)
    if contract.task == "regression":
        return pd.DataFrame({"predicted": model.predict(frame)})
    known = dict(zip(model.classes_, model.predict_proba(frame).T, strict=True))
    labels = contract.columns[contract.target].values or []
    p = {f"p({label})": known.get(label, np.zeros(len(frame))) for label in labels}
    best = np.argmax(np.column_stack(list(p.values())), axis=1)
    return pd.DataFrame({"predicted": np.array(labels, dtype=object)[best], **p})


def baseline(profile: dict[str, Any], predictions: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """What a model without features would predict: the mean of the training rows, or the share of each class."""
    target = profile["columns"][contract.target]
    if contract.task == "regression":
        return predictions.assign(predicted=target["mean"])
    shares = {label: target["shares"].get(label, 0.0) for label in metrics.classes(predictions)}
    return predictions.assign(
        predicted=max(shares, key=shares.__getitem__), **{f"p({c})": s for c, s in shares.items()}
    )


def slices(data: pd.DataFrame, predictions: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The metrics of each group of 10 test rows or more, in columns of few categories: column, group, rows, metrics."""
    found = []
    few = [n for n, c in contract.features.items() if c.type in ("category", "boolean") and data[n].nunique() <= SLICES]
    for name in few[:SLICES]:
        for group in sorted(data[name].dropna().unique()):
            part = predictions[(data[name] == group).to_numpy()]
            if len(part) >= 10:
                scores = metrics.scorer(part, contract.task)(np.ones(len(part)))
                found.append({"column": name, "group": str(group), "rows": len(part), **scores})
    return pd.DataFrame(found)


def evaluate(predictions: pd.DataFrame, guesses: pd.DataFrame, task: str, settings: Evaluate) -> dict[str, Any]:
    """The metrics of the predictions, their intervals, and the metrics of the baseline's guesses."""
    score = metrics.scorer(predictions, task)
    weights = np.ones(len(predictions))
    return {
        **score(weights),
        "interval": metrics.intervals(score, len(predictions), settings.draws, settings.confidence, settings.seed),
        "baseline": metrics.scorer(guesses, task)(weights),
        "test_rows": len(predictions),
    }


def main(model_dir: str, test_path: str, profile_path: str, contract_path: str, notes_path: str, out_dir: str) -> None:
    """Write the metrics, predictions, plots and the model card into `out_dir`."""
    settings = params("evaluate", Evaluate)
    contract = contracts.load(contract_path)
    profile, made = read_json(profile_path), read_json(f"{model_dir}/manifest.json")
    model = model_file.load(f"{model_dir}/model.skops")
    data, out = read_table(test_path), Path(out_dir)
    with threads(len(data)):
        predictions = data[[ROW]].join(data[contract.target].rename("actual")).join(predict(model, data, contract))
        scores = evaluate(predictions, baseline(profile, predictions, contract), contract.task, settings)
        groups = slices(data, predictions, contract)
        weights = importance(
            model, data, contract, settings.importance_repeats, settings.importance_rows, settings.seed
        )
        asked = golden(data, predictions, contract)
        answers = predict(model, typed(asked, contract), contract).to_dict("records") if asked else []
    write_json({"rows": asked, "predictions": answers}, f"{model_dir}/golden.json")
    write_json(scores, f"{out}/metrics.json")
    write_table(predictions, f"{out}/predictions.parquet")
    for name, frame in {**plots(predictions, contract.task), "importance": weights}.items():
        write_csv(frame, out / "plots" / f"{name}.csv")
    notes = Path(notes_path).read_text("utf-8")
    text = card(contract, profile, made, scores, groups, weights, notes)
    (out / "model_card.md").write_text(text, "utf-8", newline="\n")
    main_metric = metrics.MAIN[contract.task]
    print(f"evaluate: {main_metric} {scores[main_metric]:.4g} on {len(data)} test rows, ", end="")
    print(f"the baseline has {scores['baseline'][main_metric]:.4g}")


if __name__ == "__main__":
    run("evaluate", main)
