"""Predicts a table with the model of a version or stage, or of this work tree, and logs each prediction.

All rows are checked against the version's contract first; the table may have any length. OUT has an id and the version
with each prediction; so has the log, in logs/ or the folder that LOG_FOLDER names.

  uv run lifecycle predict new.csv predictions.csv --stage prod
"""

import argparse
import os
from pathlib import Path

from lifecycle import paths
from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome
from lifecycle.registry.delivery import Unfit, bring, registered, stored
from lifecycle.storage.version import Version, version


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rows", type=paths.path, help="a CSV or Parquet table with the contract's features")
    parser.add_argument("out", type=paths.path, help="where the predictions go: .csv or .parquet")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--stage", help="predict with the version that this stage points to")
    which.add_argument("--version", help="predict with a registered version, such as v0.0.2")


def run(options: argparse.Namespace) -> Outcome:
    """0 with all rows predicted; 1 for a version that is not what was recorded; 2 if rows or model cannot be used."""
    from lifecycle.project import predict_table  # takes two seconds

    folder = Path(os.environ.get("MODEL_FOLDER") or ".served")
    try:
        if options.stage or options.version:
            name, results = registered(options.stage, options.version)
            model = bring(name, stored(name, results, Path(results.artifact.path).name), folder)
            golden = bring(name, stored(name, results, "golden.json"), folder)
        else:
            name, results = "", here()
            model, golden = Path(results.model.path), Path(results.path("golden.json"))
    except Unfit as refusal:
        return Outcome(1, [*refusal.messages], {"version": refusal.version})
    logs = Path(os.environ.get("LOG_FOLDER") or "logs")
    done = predict_table(options.rows, options.out, model, results.contract, golden, name or None, logs)
    messages = [f"{name or model} predicted {done['rows']} rows: {options.out}."]
    if done["not_logged"]:
        messages.append(f"{done['not_logged']} predictions could not be logged ({done['fault']}).")
    return Outcome(0, messages, {"version": name or None, **done})


def here() -> Version:
    """The results of HEAD, whose model and golden predictions must be in the work tree."""
    results = version("HEAD")
    if results is None:
        raise LifecycleError("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    for path in (results.model.path, results.path("golden.json")):
        if not Path(path).exists():
            raise LifecycleError(f"{path} is not here: run `uv run dvc pull {path}`.")
    return results
