"""What one writes without DVC: the same work as the pipeline in one process, for run.py to measure against.

Run in a baked project: `PYTHONPATH=. python plain.py data/raw.csv OUT`. Reads the table, data/schema.yaml, params.yaml
and model_notes.md; writes results only, into OUT: no tables between stages, no hashes, no check of the environment.
"""

import sys
from pathlib import Path

import sklearn
from pipeline import contract as contracts
from pipeline import model_file, table
from pipeline.card import card
from pipeline.evaluate import Evaluate, baseline, evaluate, predict, slices
from pipeline.files import write_csv, write_json, write_table
from pipeline.importance import importance
from pipeline.model import Train
from pipeline.plots import plots
from pipeline.prepare import Prepare, one_sided, prepare
from pipeline.profile import profile
from pipeline.stage import ROW, params
from pipeline.suspicions import suspicions
from pipeline.threads import threads
from pipeline.train import train
from pipeline.validate import Validate, report, validate


def main(table_path: str, out: str) -> None:
    """Validate, split, train and judge."""
    contract = contracts.load("data/schema.yaml")
    data, unreadable = contracts.typed(table.read(table_path), contract)
    breaches = validate(data, unreadable, contract)
    if len(breaches):
        sys.exit(breaches.to_string())
    text = report(data, breaches, suspicions(data, contract, params("validate", Validate).leak))
    Path(out).mkdir(exist_ok=True)
    Path(out, "validation.md").write_text(text, "utf-8")

    known, test = prepare(data, contract, params("prepare", Prepare))
    about = profile(known, contract) | {"rows_without_target": len(data) - len(known) - len(test)}
    about["warnings"] = one_sided(known, test, contract.target) if contract.task == "classification" else []
    write_json(about, f"{out}/profile.json")

    numbers = params("train", Train)
    model = train(known, contract, numbers)
    model_file.save(model, f"{out}/model.skops")

    settings = params("evaluate", Evaluate)
    with threads(len(test)):
        predictions = test[[ROW]].join(test[contract.target].rename("actual")).join(predict(model, test, contract))
        scores = evaluate(predictions, baseline(about, predictions, contract), contract.task, settings)
        groups = slices(test, predictions, contract)
        repeats, rows = settings.importance_repeats, settings.importance_rows
        weights = importance(model, test, contract, repeats, rows, settings.seed)
    write_json(scores, f"{out}/metrics.json")
    write_table(predictions, f"{out}/predictions.parquet")
    for name, frame in {**plots(predictions, contract.task), "importance": weights}.items():
        write_csv(frame, Path(out, "plots", f"{name}.csv"))
    made = {
        "parameters": numbers.model_dump(),
        "inputs": {},
        "model": {"path": f"{out}/model.skops", "md5": "-"},
        "libraries": {"scikit-learn": sklearn.__version__},
    }
    notes = Path("model_notes.md").read_text("utf-8")
    document = card(contract, about, made, scores, groups, weights, notes)
    Path(out, "model_card.md").write_text(document, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
