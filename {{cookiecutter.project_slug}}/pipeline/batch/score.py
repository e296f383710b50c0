"""Predicts a table with a registered version's model, and logs each row as the service does."""

import json
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.batch.prediction_log import PredictionLog
from pipeline.contract.schema import Contract
from pipeline.evaluation.golden import contradictions, typed_rows
from pipeline.predict import predict_table
from pipeline.run.errors import InputError

TOLERANCE = 1e-6  # of the golden predictions, which another processor may move a little


def predict_and_log(
    rows: str, out: str, model_path: str, contract: Contract, golden: dict[str, Any], version: str | None, logs: Path
) -> dict[str, Any]:
    """What was done: the number of rows, and of those that could not be logged; raises InputError."""
    model = model_file.load(model_path)
    now = predict(model, typed_rows(golden["rows"], contract), contract).to_dict("records")
    if wrong := contradictions(golden["predictions"], now, TOLERANCE):
        raise InputError(
            f"the code here does not give the golden predictions of {version or model_path} ({wrong[0]}): check out "
            "the commit that made it."
        )
    name = secrets.token_hex(6)
    log = PredictionLog(logs, name)
    done = 0

    def record(data: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
        nonlocal done
        ids = [f"{name}-{number}" for number in range(done + 1, done + len(data) + 1)]
        done += len(data)
        write(log, ids, version, data, predictions)
        predictions.insert(0, "id", ids)
        predictions.insert(1, "version", version)
        return predictions

    try:
        count = predict_table(rows, out, model, contract, "the contract", record)
    finally:
        log.close()
    return {"rows": count, "not_logged": log.dropped, "fault": log.fault}


def write(
    log: PredictionLog, ids: list[str], version: str | None, data: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    """An entry for each row, as the service writes them; waits while the log is behind."""
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    given = data.astype(object).where(data.notna(), None).to_dict("records")
    lines = "".join(
        json.dumps(
            {"id": name, "time": moment, "version": version, "row": row, "prediction": prediction},
            default=str, ensure_ascii=False, separators=(",", ":"),
        ) + "\n"
        for name, row, prediction in zip(ids, given, predictions.to_dict("records"))
    ).encode()  # fmt: skip
    while not (log.fault or log.has_room(len(lines))):
        time.sleep(0.01)
    log.add(lines, len(ids))
