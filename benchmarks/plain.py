"""What one writes without DVC: the same work as the pipeline in one process, for run.py to compare with.

Run in a baked project: `PYTHONPATH=. python plain.py data/raw.csv OUT`. Reads the table, data/schema.yaml, params.yaml
and model_notes.md; writes results only, into OUT: no tables between stages, no hashes, no check of the environment.
"""

import sys
from pathlib import Path

import numpy as np
import sklearn
from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract import schema
from pipeline.evaluate import Evaluate
from pipeline.evaluation.card import card
from pipeline.evaluation.importance import importance
from pipeline.evaluation.intervals import baseline, intervals
from pipeline.evaluation.slices import slices
from pipeline.metrics import scorer
from pipeline.model import Train
from pipeline.plots import plots
from pipeline.profile import profile
from pipeline.run.files import ROW, write_csv, write_json, write_table, write_text
from pipeline.run.settings import params
from pipeline.run.threads import threads
from pipeline.split.settings import Prepare
from pipeline.split.split import one_sided_classes, split
from pipeline.table.read import read
from pipeline.table.types import typed
from pipeline.train import train
from pipeline.validate import Validate, report
from pipeline.validation.breaches import breaches
from pipeline.validation.choose import disagreements
from pipeline.validation.warnings import warnings


def main(table_path: str, out: str) -> None:
    """Validate, split, train and evaluate."""
    contract = schema.load("data/schema.yaml")
    table, prepare = read(table_path), params("prepare", Prepare)
    data, unreadable = typed(table, contract)
    broken = breaches(data, unreadable, contract)
    if len(broken):
        sys.exit(broken.to_string())
    warned = disagreements(table, contract, prepare) + warnings(data, contract, params("validate", Validate).leak)
    write_text(report(data, broken, warned), f"{out}/validation.md")

    known, test = split(table, data, contract, prepare)
    about = profile(known, contract) | {"rows_without_target": len(data) - len(known) - len(test)}
    one_sided = one_sided_classes(known, test, contract.target) if contract.task == "classification" else []
    write_json(about | {"warnings": one_sided}, f"{out}/profile.json")

    parameters = params("train", Train)
    model = train(known, contract, parameters)
    model_file.save(model, f"{out}/model.skops")

    settings, weights = params("evaluate", Evaluate), np.ones(len(test))
    with threads(len(test)):
        predictions = test[[ROW]].join(test[contract.target].rename("actual")).join(predict(model, test, contract))
        score = scorer(predictions, contract.task)
        scores = score(weights)
        uncertainty = {
            "interval": intervals(score, len(test), settings.draws, settings.confidence, settings.seed),
            "baseline": scorer(baseline(about, predictions, contract), contract.task)(weights),
            "test_rows": len(test),
        }
        parts = slices(test, predictions, contract)
        repeats, rows = settings.importance_repeats, settings.importance_rows
        ranking = importance(model, test, contract, repeats, rows, settings.seed)
    write_json(scores, f"{out}/metrics.json")
    write_json(uncertainty, f"{out}/intervals.json")
    write_table(predictions, f"{out}/predictions.parquet")
    for name, frame in {**plots(predictions, contract.task), "importance": ranking}.items():
        write_csv(frame, f"{out}/plots/{name}.csv")
    manifest = {
        "parameters": parameters.model_dump(),
        "inputs": {},
        "model": {"path": f"{out}/model.skops", "md5": "-"},
        "libraries": {"scikit-learn": sklearn.__version__},
    }
    notes, profiled = Path("model_notes.md").read_text("utf-8"), about | {"warnings": one_sided}
    write_text(card(contract, profiled, manifest, scores, uncertainty, parts, ranking, notes), f"{out}/model_card.md")


if __name__ == "__main__":
    main(*sys.argv[1:])
