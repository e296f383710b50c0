"""Fits the model to the training rows.

Reads data/train.parquet and data/schema.yaml; writes models/model.skops and models/manifest.json, which says what the
model was made from, by content.
"""

import contextlib
import io
import re
import sys
import time
from pathlib import Path

import pandas as pd
from sklearn.pipeline import Pipeline

from pipeline import contract as contracts
from pipeline import model_file
from pipeline.contract import Contract
from pipeline.features import categorical, features
from pipeline.files import read_table, write_json
from pipeline.model import Train, build
from pipeline.stage import Refused, digest, inputs, libraries, params, run
from pipeline.threads import threads


class Progress(io.TextIOBase):
    """Takes scikit-learn's line for each iteration and shows one every few seconds."""

    def __init__(self) -> None:
        self.shown = time.monotonic()

    def write(self, text: str) -> int:
        """Show an iteration such as `[37/100]` if the last one shown is a while ago."""
        if (step := re.match(r"\[(\d+)/(\d+)\]", text)) and time.monotonic() - self.shown > 2:
            self.shown = time.monotonic()
            print(f"train: iteration {step[1]} of {step[2]}", file=sys.__stdout__, flush=True)
        return len(text)


def train(data: pd.DataFrame, contract: Contract, settings: Train) -> Pipeline:
    """The model fitted to typed rows; the same whatever the number of threads."""
    target = data[contract.target]
    if contract.task == "classification" and target.nunique() < 2:
        raise Refused(f"the training rows hold one class of {contract.target!r} only: set prepare.split to stratified.")
    frame, text = features(data, contract), categorical(contract)
    # The trees cannot bin a number that is never there; as a constant they never look at it
    frame = frame.fillna({name: 0.0 for name in frame.columns if name not in text and frame[name].isna().all()})
    model = build(settings, contract.task, text, [name for name in frame.columns if name not in text])
    speaks = "verbose" in model[-1].get_params() and settings.model == "boosting"
    model[-1].set_params(**({"verbose": 2} if speaks else {}))
    with threads(len(data)), contextlib.redirect_stdout(Progress()):
        model.fit(frame, target.astype(object) if contract.task == "classification" else target)
    model[-1].set_params(**({"verbose": 0} if speaks else {}))
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
        "libraries": {name: str(wanted)[2:] for name, wanted in libraries().items()},
    }


def main(train_path: str, contract_path: str, model_path: str, manifest_path: str) -> None:
    """Train and store the model with its manifest."""
    settings = params("train", Train)
    contract = contracts.load(contract_path)
    data = read_table(train_path)
    model_file.save(train(data, contract, settings), model_path)
    write_json(manifest(model_path, contract, settings, len(data)), manifest_path)
    print(f"train: {settings.model} on {len(data)} rows, {Path(model_path).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    run("train", main)
