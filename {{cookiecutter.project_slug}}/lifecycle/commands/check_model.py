"""Does the stored model of HEAD still predict its golden rows as recorded?

Reads the model and its golden predictions from the remote, whatever the cache has, and predicts those rows again.

  uv run lifecycle check-model
"""

import argparse
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from lifecycle import project
from lifecycle.errors import LifecycleError, reading
from lifecycle.outcome import Outcome
from lifecycle.storage import objects
from lifecycle.storage.version import Version, head


def run(_: argparse.Namespace) -> Outcome:
    """0 if the remote's model has its hash and gives its golden predictions, 1 if not, 2 if that cannot be checked."""
    results, stored = head(), {}
    for file in (results.model, results.file("golden.json")):
        try:
            stored[file.path] = objects.content(file.md5)
        except FileNotFoundError:
            return Outcome(1, [f"{file.path} is missing in the remote: run `uv run dvc push` where it was made."])
        if (real := hashlib.md5(stored[file.path]).hexdigest()) != file.md5:
            return Outcome(1, [f"{file.path} is corrupt in the remote: its hash is {real}, dvc.lock has {file.md5}."])
    model, golden = stored.values()
    return compare(model, project.golden(golden, results.where("golden.json")), results)


def compare(model: bytes, golden: project.Golden, results: Version) -> Outcome:
    with reading("params.yaml, block reproduce,", "copy it from the template's params.yaml"):
        tolerance = float(results.parameters["reproduce"]["tolerance"])
        if not 0 <= tolerance < 0.1:
            raise ValueError(f"tolerance is {tolerance}")
    with TemporaryDirectory() as folder:
        path = Path(folder, Path(results.model.path).name)
        path.write_bytes(model)
        try:
            now = project.predict_rows(path, golden.rows, results.contract)
        except LifecycleError as error:  # another scikit-learn wrote it, which says nothing about its bytes
            message = f"The model cannot be loaded here, so its golden predictions were not checked: {error}"
            return Outcome(2, [message], {"bytes": "as recorded"})
    wrong = project.contradictions(golden.predictions, now, tolerance)
    if wrong:
        return Outcome(1, [f"the stored model contradicts its golden predictions: {'; '.join(wrong[:3])}."])
    return Outcome(0, [f"the stored model gives its {len(now)} golden predictions."])
