"""What cannot be proven or compared never reads as a pass, and what was forged is caught."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import SMALL, change, commit, review, send
from tests.test_life import edit

pytestmark = pytest.mark.slow

FORK = {"WITHOUT_SECRETS": "true"}
SWAP = """import json, pathlib
from pipeline.archive import model_file
from pipeline.run.inputs import digest
model = model_file.load("models/model.skops")
model[-1]._predictors[0][0].nodes["value"][-1] *= 1.5
model_file.save(model, "models/model.skops")
manifest = pathlib.Path("models/manifest.json")
known = json.loads(manifest.read_text())
known["model"]["md5"] = digest("models/model.skops")
manifest.write_text(json.dumps(known))
"""


def test_forged_metrics_are_caught(pushed: Path, run: Run) -> None:
    """A figure edited by hand is caught: by verify as it is, by reproduce and gate when dvc.lock was forged with it."""
    good = ("reports/metrics.json", '"log_loss": 0.06', '"log_loss": 0.01')
    commit(pushed, run, good)
    plain = review(pushed, run)
    assert (plain.code["verify"], plain.code["reproduce"]) == (1, 1)
    assert "reports/metrics.json is not what stage evaluate wrote" in plain.said["verify"]
    run("dvc", "commit", "--force", "evaluate", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Cover it up", cwd=pushed)
    send(pushed, run)
    done = review(pushed, run)
    assert done.code == {"verify": 0, "reproduce": 1, "gate": 1}
    assert "reports/metrics.json cannot be reproduced: log_loss: recorded 0.01" in done.said["reproduce"]
    assert "Usual causes" in done.said["reproduce"]
    assert "the predictions give 0.06" in done.comment


def test_swapped_model_is_caught(pushed: Path, run: Run) -> None:
    """A model that was exchanged, with manifest and lock forged to fit it and all reports honest, does not come out."""
    run("python", "-c", SWAP, cwd=pushed)
    edit(pushed / "reports" / "validation.md", "keeps its contract.", "keeps its contract, and has no leaks.")
    run("dvc", "commit", "--force", cwd=pushed)
    commit(pushed, run)
    send(pushed, run)
    done = review(pushed, run)
    assert (done.code["verify"], done.code["reproduce"]) == (0, 1)
    assert "models/model.skops cannot be reproduced: part " in done.said["reproduce"]
    assert "reports/validation.md cannot be reproduced: line 3: recorded 'The table" in done.said["reproduce"]


def test_other_libraries_prove_nothing(pushed: Path, run: Run, home: dict[str, str], tmp_path: Path) -> None:
    """A newer library stands in the report and comes out again with it; with another one installed it is not proven."""
    path = f"{tmp_path}/environment/bin{os.pathsep}{home['PATH']}"
    theirs = {"UV_PROJECT_ENVIRONMENT": f"{tmp_path}/environment", "PATH": path}
    run("uv", "lock", "--upgrade-package", "joblib<1.6", cwd=pushed, **theirs)
    run("uv", "sync", "--locked", cwd=pushed, **theirs)
    run("dvc", "repro", cwd=pushed, **theirs)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Another joblib", cwd=pushed)
    send(pushed, run)
    done = review(pushed, run, env=theirs)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 0}
    assert "| joblib | 1." in done.comment
    other = review(pushed, run)
    assert other.code["reproduce"] == 2
    assert "could not be run again" in other.said["reproduce"]


def test_fork_without_secrets_is_told_and_not_blamed(pushed: Path, run: Run) -> None:
    """Where a fork lacks the secrets, the report says what was not checked; the same without being a fork is a 2."""
    change(pushed, run, SMALL)

    def away(clone: Path) -> None:
        run("dvc", "remote", "modify", "--local", "storage", "url", str(clone / "nowhere"), cwd=clone)

    fork = review(pushed, run, first=away, env=FORK)
    assert fork.code == {"verify": 0, "reproduce": 0, "gate": 0}
    assert fork.report["verdict"] == "not compared"
    assert fork.comment.count("requests from forks cannot read the data") == 3
    assert "❔ **reproduce**" in fork.comment
    own = review(pushed, run, first=away)
    assert own.code == {"verify": 2, "reproduce": 2, "gate": 2}
    assert "nowhere, which does not exist on this machine" in own.said["verify"]
    commit(pushed, run, ("params.yaml", "max_iter: 30", "max_iter: 31"))
    assert review(pushed, run, first=away, env=FORK).code["verify"] == 1


def test_shallow_clone_is_refused(pushed: Path, run: Run) -> None:
    """Without the base's history nothing is compared, and the command that fetches it is named."""
    change(pushed, run, SMALL)
    done = review(pushed, run, clone=("--depth", "1"))
    assert (done.code["reproduce"], done.code["gate"]) == (2, 2)
    assert "origin/main is not in this shallow clone: run `git fetch --unshallow origin '" in done.said["gate"]


def test_first_commit_has_floors_only(pushed: Path, run: Run) -> None:
    """Without a base all stages are proven and only floors and ceilings count; a broken one fails."""
    nothing = "0" * 40
    run("git", "push", "--quiet", "--no-verify", "origin", "HEAD", cwd=pushed)
    done = review(pushed, run, base=nothing)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 0}
    assert done.details["stages"] == ["environment", "validate", "prepare", "train", "evaluate"]
    assert "only floors and ceilings were checked" in done.comment
    commit(pushed, run, ("params.yaml", "ceiling: baseline, drop: 10%", "ceiling: 0.01, drop: 10%"))
    failed = run("lifecycle", "gate", nothing, cwd=pushed, code=1)
    assert "log_loss 0.06097 is above its ceiling 0.01" in failed.stdout


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([("reports/metrics.json", '"log_loss": 0.0', '"log_loss": NaN, "x": 0.0')], "log_loss is nan"),
        ([("reports/intervals.json", '"test_rows": 83', '"test_rows": 70')], "70 test rows instead of 83"),
        ([("reports/metrics.json", '"log_loss": 0.0', '"logloss": 0.0')], "the gate needs log_loss"),
        ([("reports/metrics.json", "{", "")], "is not valid JSON"),
        ([("params.yaml", "    accuracy:", "    acuracy:")], "the gate needs acuracy"),
        ([("params.yaml", "drop: 10%", "drop: nan")], "drop"),
        ([("params.yaml", "slices: all", "slices: [iland]")], "no column 'iland'"),
    ],
)
def test_what_cannot_be_compared_is_no_pass(
    edits: list[tuple[str, str, str]], words: str, pushed: Path, run: Run
) -> None:
    """NaN, fewer test rows, a missing or misspelt metric, broken JSON or settings: 2 and a report, forks too."""
    for name, old, new in edits:
        edit(pushed / name, old, new)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Wrong", cwd=pushed)
    gate = run("lifecycle", "gate", "main", "--report", "report", cwd=pushed, code=2, **FORK)
    assert words in gate.stderr
    assert json.loads((pushed / "report" / "report.json").read_text())["verdict"] == "not compared"
