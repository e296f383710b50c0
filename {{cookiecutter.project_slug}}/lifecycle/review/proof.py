"""Proves a version from what is stored: its own model predicts again, and all records must agree with that."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from lifecycle import project
from lifecycle.errors import LifecycleError
from lifecycle.review import predictions, verdict
from lifecycle.storage import objects
from lifecycle.storage.version import Version


def proven(version: Version, folder: Path, python: str, tolerance: float) -> tuple[int, list[str]]:
    """How many test rows the stored model predicted again in the version's checkout, and what disagrees."""
    test, stored = table(version, "test.parquet"), table(version, "predictions.parquet")
    golden = golden_of(version)
    answers = pd.DataFrame(golden.predictions)
    rows = [project.typed_rows(golden.rows, version.contract), test.iloc[predictions.sample(len(test))]]
    asked = pd.concat([project.questions(frame, version.contract) for frame in rows], ignore_index=True)
    with TemporaryDirectory(prefix="lifecycle-") as place:
        model = Path(place, Path(version.model.path).name)
        model.write_bytes(objects.content(version.model.md5))
        python = predictions.environment_of(version, python, folder)
        now = predictions.predict(asked, model, python, folder)
    first = len(golden.rows)
    given, again = answers.to_dict("records"), now.head(first).to_dict("records")
    messages = verdict.labels(stored, test, version.contract) + version.wrong_manifest()
    if wrong := project.contradictions(given, again, tolerance):
        messages.append(f"the stored model contradicts its golden predictions: {'; '.join(wrong[:3])}")
    if wrong := predictions.differ(stored, now.iloc[first:].reset_index(drop=True), tolerance):
        messages.append(f"the stored model contradicts the stored predictions: {'; '.join(wrong[:3])}")
    return len(asked) - first, messages


def golden(version: Version, folder: Path, python: str, tolerance: float) -> list[str]:
    """Where the stored model does not give its golden predictions; raises LifecycleError if it cannot be loaded."""
    known = golden_of(version)
    with TemporaryDirectory(prefix="lifecycle-") as place:
        model = Path(place, Path(version.model.path).name)
        model.write_bytes(objects.content(version.model.md5))
        rows = project.questions(project.typed_rows(known.rows, version.contract), version.contract)
        now = predictions.predict(rows, model, predictions.environment_of(version, python, folder), folder)
    return project.contradictions(known.predictions, now.to_dict("records"), tolerance)


def golden_of(version: Version) -> project.Golden:
    known = project.golden(content(version, "golden.json"), version.where("golden.json"))
    if not known.rows:
        raise LifecycleError(f"{version.path('golden.json')} has no golden predictions: run `uv run dvc repro`.")
    return known


def content(version: Version, name: str) -> bytes:
    """A stored file of a version, from the remote; raises LifecycleError."""
    try:
        return objects.content(version.file(name).md5)
    except FileNotFoundError:
        raise LifecycleError(f"{version.path(name)} is missing in the remote.") from None


def table(version: Version, name: str) -> pd.DataFrame:
    """A stored table of a version, from the remote; raises LifecycleError."""
    return project.stored_table(io.BytesIO(content(version, name)), version.contract, version.where(name))


def wrong_metrics(version: Version, known: dict[str, float]) -> list[str]:
    """Where metrics.json is not what the code that runs computes from the stored predictions.

    `known`: the metrics that were computed at its promotion, for a version that had another pipeline/metrics.py.
    """
    scores = verdict.metrics(table(version, "predictions.parquet"), version.contract.task)
    return verdict.contradictions(scores if verdict.same_metrics(version) else known, version.scores)
