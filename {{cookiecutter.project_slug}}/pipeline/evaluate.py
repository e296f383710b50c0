"""Evaluates the model on the test rows.

Reads the model, its manifest, data/test.parquet, data/profile.json, data/schema.yaml and model_notes.md. Writes
models/golden.json and, into reports/: metrics.json, intervals.json (confidence intervals and the baseline),
predictions.parquet, plots/ and model_card.md.
"""

from pathlib import Path

import numpy as np
from pydantic import Field

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract import schema
from pipeline.evaluation.card import card
from pipeline.evaluation.doubts import doubts, flawless
from pipeline.evaluation.golden import golden_rows, typed_rows
from pipeline.evaluation.importance import importance
from pipeline.evaluation.intervals import baseline, intervals, unit_codes
from pipeline.evaluation.slices import slices
from pipeline.metrics import scorer
from pipeline.plots import plots
from pipeline.run.files import OWN, read_json, read_table, write_csv, write_json, write_table, write_text
from pipeline.run.settings import Block, params
from pipeline.run.stage import stage
from pipeline.run.threads import threads


class Evaluate(Block):
    """`draws`, `confidence`: of the bootstrap; `importance_*`: how often and on how many rows a column is shuffled."""

    draws: int = Field(ge=100)
    confidence: float = Field(gt=0.5, lt=1)
    importance_repeats: int = Field(ge=1)
    importance_rows: int = Field(ge=10)
    seed: int = Field(ge=0, lt=2**32)


@stage
def main(
    model_path: str,
    manifest_path: str,
    test_path: str,
    profile_path: str,
    contract_path: str,
    notes_path: str,
    golden_path: str,
    reports: str,
) -> None:
    """Write metrics, predictions, plots and the model card into `reports`, and the golden predictions."""
    settings = params("evaluate", Evaluate)
    contract, profile, manifest = schema.load(contract_path), read_json(profile_path), read_json(manifest_path)
    model, data = model_file.load(model_path), read_table(test_path)
    task, count, seed = contract.task, len(data), settings.seed
    with threads(count):
        kept = data[[name for name in OWN if name in data]]
        predictions = kept.join(data[contract.target].rename("actual")).join(predict(model, data, contract))
        score, weights = scorer(predictions, task), np.ones(count)
        scores = score(weights)
        plain = scorer(baseline(profile, predictions, contract), task)(weights)
        found = intervals([predictions], task, settings.draws, settings.confidence, seed)
        uncertainty = {
            "interval": {
                name: {"low": edge.low, "high": edge.high, "error": edge.error} for name, edge in found.items()
            },
            "baseline": plain,
            "test_rows": count,
            "test_units": int(unit_codes(predictions).max()) + 1,
        }
        perfect = scorer(flawless(predictions), task)(weights)
        doubtful = doubts(predictions, scores, plain, perfect)
        parts = slices(data, predictions, contract)
        repeats, rows = settings.importance_repeats, settings.importance_rows
        ranking = importance(model, data, contract, repeats, rows, seed)
        asked = golden_rows(data, predictions, contract)
        answers = predict(model, typed_rows(asked, contract), contract).to_dict("records") if asked else []
    write_json({"rows": asked, "predictions": answers}, golden_path)
    write_json(scores, f"{reports}/metrics.json")
    write_json(uncertainty, f"{reports}/intervals.json")
    write_table(predictions, f"{reports}/predictions.parquet")
    for name, frame in {**plots(predictions, task), "importance": ranking}.items():
        write_csv(frame, f"{reports}/plots/{name}.csv")
    notes = Path(notes_path).read_text("utf-8")
    text = card(contract, profile, manifest, scores, uncertainty, parts, ranking, notes, doubtful)
    write_text(text, f"{reports}/model_card.md")
    figures = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
    print(f"evaluate: {figures} on {count} test rows; intervals and baseline: {reports}/intervals.json")
    for sentence in doubtful:
        print(f"evaluate: warning: {sentence}")
