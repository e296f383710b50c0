"""Does the stored model still say what it said when it was judged? The few golden rows are predicted again.

Reads the model and its golden predictions of the work tree's dvc.lock from the remote, whatever the cache holds.
"""

import argparse
import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from lifecycle import git
from lifecycle.lock import lock
from lifecycle.outcome import CouldNot, Outcome, run
from lifecycle.review.contents import Version
from lifecycle.versions import objects
from pipeline import model_file
from pipeline.evaluate import predict
from pipeline.golden import contradictions, typed
from pipeline.stage import Refused, load_yaml
from pipeline.threads import threads


def rehearse() -> Outcome:
    """0 if the remote's model has its hash and predicts the golden rows as recorded, 1 if not, 2 if it cannot say."""
    found = lock(git.WORK)
    if found is None:
        raise CouldNot("there is no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    one = Version("HEAD", found)
    got = {}
    for name in ("model.skops", "golden.json"):
        file = one.file(name)
        try:
            got[name] = objects.content(file.md5)
        except FileNotFoundError:
            return Outcome(1, [f"{file.path} is missing in the remote: `uv run dvc push` where it was made."])
        if (real := hashlib.md5(got[name]).hexdigest()) != file.md5:
            return Outcome(1, [f"{file.path} is corrupt in the remote: its hash is {real}, dvc.lock says {file.md5}."])
    return judge(got["model.skops"], json.loads(got["golden.json"]), one)


def judge(content: bytes, golden: dict[str, list[dict[str, object]]], one: Version) -> Outcome:
    """Predict the golden rows with the model in `content`."""
    tolerance = float(load_yaml("params.yaml")["reproduce"]["tolerance"])
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.skops")
        path.write_bytes(content)
        try:
            model = model_file.load(str(path))
        except Refused as why:  # another scikit-learn wrote it, which says nothing against its bytes
            return Outcome(2, [f"its golden rows cannot be asked here: {why}"], {"bytes": "as recorded"})
    rows = golden["rows"]
    with threads(len(rows)):
        now = predict(model, typed(rows, one.contract), one.contract).to_dict("records") if rows else []
    wrong = contradictions(golden["predictions"], now, tolerance)
    if wrong:
        return Outcome(1, [f"the stored model contradicts its own golden predictions: {'; '.join(wrong[:3])}."])
    return Outcome(0, [f"the stored model predicts its {len(rows)} golden rows as it did."])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.rehearse", description=__doc__)
    run("rehearse", parser, lambda _: rehearse())
