"""Does the stored model of HEAD still predict its golden rows as recorded?

Reads the model and its golden predictions from the remote, whatever the cache has, and predicts those rows again.

  uv run lifecycle check-model
"""

import argparse
import sys
from pathlib import Path

from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome
from lifecycle.review import limits
from lifecycle.storage import objects
from lifecycle.storage.version import head


def run(_: argparse.Namespace) -> Outcome:
    """0 if the remote's model has its hash and gives its golden predictions, 1 if not, 2 if that cannot be checked."""
    from lifecycle.review import proof  # takes half a second

    results = head()
    for file in (results.model, results.file("golden.json")):
        real = objects.digest(file.md5)
        if not real:
            return Outcome(1, [f"{file.path} is missing in the remote: run `uv run dvc push` where it was made."])
        if real != file.md5:
            return Outcome(1, [f"{file.path} is corrupt in the remote: its hash is {real}, dvc.lock has {file.md5}."])
    tolerance = limits.reproduce("HEAD").tolerance
    try:
        wrong = proof.golden(results, Path.cwd(), sys.executable, tolerance)
    except LifecycleError as error:  # another scikit-learn wrote it, which says nothing about its bytes
        return Outcome(2, [f"The model cannot be loaded here, so its golden predictions were not checked: {error}"])
    if wrong:
        return Outcome(1, [f"the stored model contradicts its golden predictions: {'; '.join(wrong[:3])}."])
    return Outcome(0, ["the stored model gives its golden predictions."])
