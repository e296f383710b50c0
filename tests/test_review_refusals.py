"""Results that cannot be reproduced or compared never pass, and forged results are detected."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import SMALL, change, commit, push, review
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


def test_forged_metrics_are_detected(pushed: Path, run: Run) -> None:
    """verify detects edited metrics; reproduce and gate detect them even if dvc.lock was forged, too."""
    forged = ("reports/metrics.json", '"log_loss": 0.06', '"log_loss": 0.01')
    commit(pushed, run, forged)
    edited = review(pushed, run)
    assert (edited.code["verify"], edited.code["reproduce"]) == (1, 1)
    assert "reports/metrics.json is not what stage evaluate wrote" in edited.output["verify"]
    run("dvc", "commit", "--force", "evaluate", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Cover it up", cwd=pushed)
    push(pushed, run)
    result = review(pushed, run)
    assert result.code == {"verify": 0, "reproduce": 1, "gate": 1}
    assert "reports/metrics.json cannot be reproduced: log_loss: recorded 0.01" in result.output["reproduce"]
    assert "Usual causes" in result.output["reproduce"]
    assert "the predictions give 0.06" in result.comment


def test_swapped_model_is_detected(pushed: Path, run: Run) -> None:
    """An exchanged model with a matching manifest and lock is not reproduced."""
    run("python", "-c", SWAP, cwd=pushed)
    edit(pushed / "reports" / "validation.md", "keeps its contract.", "keeps its contract, and has no leaks.")
    run("dvc", "commit", "--force", cwd=pushed)
    commit(pushed, run)
    push(pushed, run)
    result = review(pushed, run)
    assert (result.code["verify"], result.code["reproduce"]) == (0, 1)
    assert "models/model.skops cannot be reproduced: part " in result.output["reproduce"]
    assert "reports/validation.md cannot be reproduced: line 3: recorded 'The table" in result.output["reproduce"]


def test_reproduction_requires_the_locked_libraries(
    pushed: Path, run: Run, home: dict[str, str], tmp_path: Path
) -> None:
    """A library update is listed and reproduced; with other installed versions nothing is reproduced."""
    path = f"{tmp_path}/environment/bin{os.pathsep}{home['PATH']}"
    updated = {"UV_PROJECT_ENVIRONMENT": f"{tmp_path}/environment", "PATH": path}
    run("uv", "lock", "--upgrade-package", "joblib<1.6", cwd=pushed, **updated)
    run("uv", "sync", "--locked", cwd=pushed, **updated)
    run("dvc", "repro", cwd=pushed, **updated)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Another joblib", cwd=pushed)
    push(pushed, run)
    result = review(pushed, run, env=updated)
    assert result.code == {"verify": 0, "reproduce": 0, "gate": 0}
    assert "| joblib | 1." in result.comment
    outdated = review(pushed, run)
    assert outdated.code["reproduce"] == 2
    assert "could not be run again" in outdated.output["reproduce"]


def test_fork_without_secrets_passes_with_skipped_checks(pushed: Path, run: Run) -> None:
    """Without secrets a fork passes, and its report lists skipped checks; any other branch exits with 2."""
    change(pushed, run, SMALL)

    def hide_remote(clone: Path) -> None:
        run("dvc", "remote", "modify", "--local", "storage", "url", str(clone / "nowhere"), cwd=clone)

    fork = review(pushed, run, prepare=hide_remote, env=FORK)
    assert fork.code == {"verify": 0, "reproduce": 0, "gate": 0}
    assert fork.report["verdict"] == "not compared"
    assert fork.comment.count("requests from forks cannot read the data") == 3
    assert "❔ **reproduce**" in fork.comment
    branch = review(pushed, run, prepare=hide_remote)
    assert branch.code == {"verify": 2, "reproduce": 2, "gate": 2}
    assert "nowhere, which does not exist on this machine" in branch.output["verify"]
    commit(pushed, run, ("params.yaml", "max_iter: 30", "max_iter: 31"))
    assert review(pushed, run, prepare=hide_remote, env=FORK).code["verify"] == 1


def test_shallow_clone_is_refused(pushed: Path, run: Run) -> None:
    """A shallow clone without the base is refused with the command that fetches it."""
    change(pushed, run, SMALL)
    result = review(pushed, run, clone_options=("--depth", "1"))
    assert (result.code["reproduce"], result.code["gate"]) == (2, 2)
    assert "origin/main is not in this shallow clone: run `git fetch --unshallow origin '" in result.output["gate"]


def test_first_commit_checks_only_floors_and_ceilings(pushed: Path, run: Run) -> None:
    """Without a base all stages are reproduced and only floors and ceilings are checked."""
    nothing = "0" * 40
    run("git", "push", "--quiet", "--no-verify", "origin", "HEAD", cwd=pushed)
    result = review(pushed, run, base=nothing)
    assert result.code == {"verify": 0, "reproduce": 0, "gate": 0}
    assert result.details["stages"] == ["environment", "validate", "prepare", "train", "evaluate", "export"]
    assert "only floors and ceilings were checked" in result.comment
    commit(pushed, run, ("params.yaml", "ceiling: baseline, drop: 10%", "ceiling: 0.01, drop: 10%"))
    failed = run("lifecycle", "gate", nothing, cwd=pushed, code=1)
    assert "log_loss 0.06097 is above its ceiling 0.01" in failed.stdout


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([("reports/metrics.json", '"log_loss": 0.0', '"log_loss": NaN, "x": 0.0')], "log_loss is nan"),
        ([("reports/intervals.json", '"test_rows": 83', '"test_rows": 70')], "70 test rows instead of 83"),
        ([("reports/metrics.json", '"log_loss": 0.0', '"logloss": 0.0')], "the gate needs log_loss"),
        ([("reports/metrics.json", "{", "")], "has an unexpected content"),
        ([("params.yaml", "    accuracy:", "    acuracy:")], "the gate needs acuracy"),
        ([("params.yaml", "drop: 10%", "drop: nan")], "drop"),
        ([("params.yaml", "slices: all", "slices: [iland]")], "no column 'iland'"),
    ],
)
def test_incomparable_results_do_not_pass(
    edits: list[tuple[str, str, str]], message: str, pushed: Path, run: Run
) -> None:
    """NaN, fewer test rows, wrong metrics, broken JSON or settings: exit code 2 and a report, also for forks."""
    for name, old, new in edits:
        edit(pushed / name, old, new)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Wrong", cwd=pushed)
    gate = run("lifecycle", "gate", "main", "--report", "report", cwd=pushed, code=2, **FORK)
    assert message in gate.stderr
    assert json.loads((pushed / "report" / "report.json").read_text())["verdict"] == "not compared"
