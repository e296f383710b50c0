"""Fits the model to the training rows.

Reads data/train.parquet and data/schema.yaml; writes models/model.skops, models/manifest.json, which records by hash
what the model was made from, and reports/validation.json, the metrics on held-out training rows.
"""

import contextlib
import io
import re
import sys
import time
from pathlib import Path

import pandas as pd
from sklearn.pipeline import Pipeline

from pipeline.archive import model_file
from pipeline.contract import schema
from pipeline.contract.schema import Contract
from pipeline.cross_validation import CrossValidation, cross_validate, shown
from pipeline.features import features
from pipeline.model import Train, build, suited
from pipeline.run.environment import locked_versions
from pipeline.run.errors import InputError
from pipeline.run.files import WEIGHT, read_table, write_json
from pipeline.run.inputs import digest, inputs
from pipeline.run.settings import params
from pipeline.run.stage import stage
from pipeline.run.threads import threads
from pipeline.split.settings import Prepare


class Progress(io.TextIOBase):
    """Receives scikit-learn's line for each iteration and prints one every few seconds."""

    def __init__(self) -> None:
        self.printed = time.monotonic()

    def write(self, text: str) -> int:
        """Print an iteration such as `[37/100]` if the last one was printed more than two seconds ago."""
        if (step := re.match(r"\[(\d+)/(\d+)\]", text)) and time.monotonic() - self.printed > 2:
            self.printed = time.monotonic()
            print(f"train: iteration {step[1]} of {step[2]}", file=sys.__stdout__, flush=True)
        return len(text)


def train(data: pd.DataFrame, contract: Contract, settings: Train) -> Pipeline:
    """The model fitted to typed rows; the same with any number of threads."""
    target = data[contract.target]
    if contract.task == "classification" and target.nunique() < 2:
        raise InputError(f"the training rows have one class of {contract.target!r}: set prepare.split: stratified.")
    frame = features(contract.inputs(data), contract)
    text = dict.fromkeys(frame.select_dtypes(object).columns)  # quick to look up, since wide tables have many columns
    words = [name for name, column in contract.features.items() if column.type == "text" and name in text]
    # The trees cannot bin a number that is always missing; they ignore a constant
    empty = frame.columns[frame.isna().all()]
    frame = frame.fillna({name: 0.0 for name in empty if name not in text})
    categories, numbers = [n for n in text if n not in words], [n for n in frame.columns if n not in text]
    model = build(suited(settings, target, contract.task), contract.task, categories, numbers, words)
    verbose = type(model[-1]).__name__.startswith("HistGradientBoosting")
    model[-1].set_params(**({"verbose": 2} if verbose else {}))
    weights = {f"{model.steps[-1][0]}__sample_weight": data[WEIGHT]} if WEIGHT in data else {}
    with threads(len(data)), contextlib.redirect_stdout(Progress()):
        model.fit(frame, target.astype(object) if contract.task == "classification" else target, **weights)
    model[-1].set_params(**({"verbose": 0} if verbose else {}))
    return model


def manifest(model_path: str, contract: Contract, settings: Train, rows: int) -> dict[str, object]:
    """What the model was made from: the hash of every input of the stage, parameters and library versions."""
    return {
        "model": {"path": model_path, "md5": digest(model_path)},
        "task": contract.task,
        "target": contract.target,
        "features": list(contract.features),
        "rows": rows,
        "parameters": settings.model_dump(),
        "inputs": {path: digest(path) for path in inputs("train")},
        "libraries": {name: str(version)[2:] for name, version in locked_versions().items()},
    }


@stage
def main(train_path: str, contract_path: str, model_path: str, manifest_path: str, validation_path: str) -> None:
    """Train the model and store it with its manifest and the metrics of its cross-validation."""
    settings, held_out = params("train", Train), params("cross_validation", CrossValidation)
    kind = params("prepare", Prepare).split
    contract = schema.load(contract_path)
    data = read_table(train_path)
    model_file.save(train(data, contract, settings), model_path)
    write_json(manifest(model_path, contract, settings, len(data)), manifest_path)
    scores = shown(cross_validate(lambda rows: train(rows, contract, settings), data, contract, held_out, kind))
    write_json(scores, validation_path)
    figures = "".join(f", {name} {value:.4g}" for name, value in scores.items())
    print(f"train: {len(data)} rows{figures}, {Path(model_path).stat().st_size / 1e6:.2f} MB")
