"""Writes the serving form of the model, which predicts without scikit-learn and pandas, and checks it.

Reads the model, models/golden.json, data/test.parquet and data/schema.yaml; writes models/serving.zip.
Stops if the form predicts a test row otherwise than the pipeline does.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract import schema
from pipeline.contract.schema import Contract
from pipeline.form.encoders import Unsupported
from pipeline.form.fitted import Plain, plain
from pipeline.form.frame import cells, changed
from pipeline.form.golden import difference
from pipeline.form.inputs import Row
from pipeline.form.model import FORMAT, load
from pipeline.form.packed import pack
from pipeline.run.errors import InputError
from pipeline.run.files import read_json, read_table
from pipeline.run.inputs import digest
from pipeline.run.stage import stage
from pipeline.run.threads import threads

LIBRARIES = {"trees": ["treelite"], "linear": [], "archive": ["scikit-learn"]}  # whose version must be the same


def export(
    model: Pipeline, archived: bytes, md5: str, golden: Any, data: pd.DataFrame, rows: list[Row], contract: Contract
) -> bytes:
    """The serving form as a zip file, of kind `archive` if the model or features.py is of a person's own kind."""
    reason = None
    try:
        if column := changed(data, rows, contract):
            raise Unsupported(f"pipeline/features.py computes {column!r} in its own way")
        spec, parts = plain(model, contract)
    except Unsupported as error:
        reason = str(error)
        empty: dict[str, Any] = {"kind": "archive", "link": None, "known": [], "inputs": [], "words": []}
        spec, parts = Plain(empty, {"model.skops": archived})
    about = {"format": FORMAT, "kind": spec["kind"], "reason": reason, "archive": md5}
    libraries = {name: version(name) for name in LIBRARIES[spec["kind"]]}
    asked = {"golden": golden["rows"], "predictions": golden["predictions"], "contract": contract.model_dump()}
    return pack(about | {"libraries": libraries} | spec | asked, parts)


def compare(form: list[dict[str, Any]], pipeline: list[dict[str, Any]]) -> None:
    """Raise InputError if a row is predicted otherwise."""
    for number, (new, old) in enumerate(zip(form, pipeline, strict=True)):
        if name := difference(old, new):
            raise InputError(
                f"the serving form gives {new.get(name)} for {name} of test row {number}, the pipeline "
                f"{old.get(name)}: this is a fault of pipeline/form; please report it."
            )


@stage
def main(model_path: str, golden_path: str, test_path: str, contract_path: str, form_path: str) -> None:
    """Write the serving form, and compare its predictions of all test rows with the pipeline's."""
    contract, data = schema.load(contract_path), read_table(test_path)
    model, rows, archived = model_file.load(model_path), cells(data, contract), Path(model_path).read_bytes()
    golden = read_json(golden_path)
    Path(form_path).write_bytes(export(model, archived, digest(model_path), golden, data, rows, contract))
    try:
        form = load(Path(form_path))
        form.verify()
    except ValueError as error:
        raise InputError(str(error)) from None
    with threads(len(data)):
        compare(form.predict(rows), predict(model, data, contract).to_dict("records"))
    why = f" ({form.form.reason}: served slower, with scikit-learn)" if form.form.reason else ""
    print(
        f"export: {form.kind}{why}, same predictions on {len(rows)} test rows, {Path(form_path).stat().st_size:,} bytes"
    )
