"""The review of real changes: does it say yes to good ones, no to bad ones, and `look closer` where nobody can know?"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.review import change, hashes, origin, review, send
from tests.test_life import edit

pytestmark = pytest.mark.slow

FINE = {"verify": 0, "reproduce": 0, "gate": 0}
BAD = ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.001")
SLOW = ("params.yaml", "max_iter: 100", "max_iter: 12")


@pytest.fixture
def pushed(project: Path, run: Run) -> Path:
    """The project on a new branch `change`, its main pushed to a bare origin."""
    origin(project, run)
    return project


def rows(report: dict[str, Any], name: str) -> dict[str, Any]:
    """The report's row of a metric."""
    return dict(next(row for row in report["metrics"] if row["name"] == name))


def test_documentation_costs_nothing(pushed: Path, run: Run) -> None:
    """A change of words pulls no byte, runs no stage, and passes; even where the remote is away."""
    change(pushed, run, ("README.md", "## Every day", "## Each day"))
    done = review(pushed, run)
    assert done.code == FINE
    assert done.pulled["gate"] == set()
    assert "nothing was pulled, nothing was run" in done.said["reproduce"]
    assert "The predictions are the same, row for row." in done.comment
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 1")
    here = run("python", "-m", "lifecycle.gate", "main", cwd=pushed)
    assert "what is not committed was not" in here.stdout


def test_one_parameter_pulls_what_its_stages_read(pushed: Path, run: Run) -> None:
    """A training parameter pulls the two sides of the split to reproduce, and both predictions to compare; no more."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 4.0"))
    old = hashes_on_main(pushed, run)
    again = run("python", "-m", "lifecycle.reproduce", "main", cwd=pushed)
    assert "train: boosting on" in again.stderr  # executed, though the run cache of this clone has the result
    run("git", "switch", "--quiet", "main", cwd=pushed)  # which moves on: a change is compared with where it began
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 99")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Meanwhile", cwd=pushed)
    run("git", "push", "--quiet", "--no-verify", "origin", "main", cwd=pushed)
    run("git", "switch", "--quiet", "change", cwd=pushed)
    done = review(pushed, run)
    assert (done.code["verify"], done.code["reproduce"]) == (0, 0)
    assert done.details["stages"] == ["train", "evaluate"]
    read = hashes(pushed, "data/train.parquet", "data/test.parquet")
    assert done.pulled["reproduce"] == read
    assert done.pulled["gate"] == read | hashes(pushed, "reports/predictions.parquet") | {old}
    cache = pushed / ".dvc" / "cache" / "files" / "md5"
    assert done.details["bytes"] == sum((cache / md5[:2] / md5[2:]).stat().st_size for md5 in read)
    assert {row["name"] for row in done.report["parameters"]} == {"train.l2_regularization"}


def hashes_on_main(project: Path, run: Run) -> str:
    """The hash of main's predictions."""
    text = run("git", "show", "origin/main:dvc.lock", cwd=project).stdout
    return text.split("path: reports/predictions.parquet")[1].split("md5: ")[1].split()[0]


def test_bad_model_fails(pushed: Path, run: Run) -> None:
    """A deliberately bad model is reproduced, and refused for its figures, in the code, the words and the comment."""
    change(pushed, run, BAD, SLOW)
    done = review(pushed, run)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert done.report["verdict"] == "fail"
    assert rows(done.report, "log_loss")["evidence"] == "worse"
    assert "and its whole interval is worse than the" in done.said["gate"]
    assert done.comment.startswith("## ❌ fail")
    assert "| train.learning_rate | 0.1 | 0.001 |" in done.comment
    page = (done.folder / "report.html").read_text("utf-8")
    assert page.count("<svg") == 5
    assert "this change" in page
    figures = dict(line.split() for line in (done.folder / "metrics.txt").read_text().splitlines())
    assert float(figures["log_loss"]) == rows(done.report, "log_loss")["new"]


def test_better_model_passes(pushed: Path, run: Run) -> None:
    """The same change the other way round passes, and is called better."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    change(pushed, run, BAD, SLOW)
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    change(pushed, run, *((name, new, old) for name, old, new in (BAD, SLOW)))
    done = review(pushed, run)
    assert done.code == FINE
    assert done.report["verdict"] == "pass"
    assert rows(done.report, "log_loss")["evidence"] == "better"


def test_noise_wants_a_closer_look(pushed: Path, run: Run) -> None:
    """A change within what 83 rows can tell is no evidence: 0 with a warning, 1 with --strict."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 8.0"))
    done = review(pushed, run)
    assert done.code == FINE
    assert done.report["verdict"] == "look closer"
    assert rows(done.report, "log_loss")["evidence"] == "no evidence"
    assert rows(done.report, "log_loss")["smallest"] > abs(
        rows(done.report, "log_loss")["new"] - rows(done.report, "log_loss")["old"]
    )
    strict = run("python", "-m", "lifecycle.gate", "origin/main", "--strict", cwd=pushed, code=1)
    assert "too few test rows" in strict.stdout


def test_group_that_got_worse_fails(pushed: Path, run: Run) -> None:
    """A loss on one island fails though the average is within its drop."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    gate = (
        ("params.yaml", "log_loss: {better: lower, ceiling: baseline, drop: 10%}", "log_loss: {better: lower}"),
        ("params.yaml", "    accuracy: {better: higher, drop: 0.02}", "    accuracy: {better: higher, drop: 0.35}"),
        ("params.yaml", "balanced_accuracy: {better: higher, drop: 0.05}", "balanced_accuracy: {better: higher}"),
    )
    change(pushed, run, *gate)
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    head = "    frame = features(data, contract)\n"
    gentoo = 'bill_depth_mm=14.0, flipper_length_mm=230.0, body_mass_g=6000.0, island="Biscoe"'
    blind = f'    data = data.where(data["island"] != "Dream", data.assign({gentoo}))\n'
    change(pushed, run, ("pipeline/evaluate.py", head, blind + head))
    done = review(pushed, run)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert rows(done.report, "accuracy")["verdict"] != "fail"
    assert [(row["group"], row["verdict"]) for row in done.report["slices"] if row["column"] == "island"] == [
        ("Dream", "fail")
    ]
    assert "where island is Dream, accuracy went from" in done.comment


def test_loosened_gate_does_not_count(pushed: Path, run: Run) -> None:
    """A change that loosens its own gate is judged by the base's, and the edit is shown."""
    loose = ("params.yaml", "ceiling: baseline, drop: 10%}", "drop: 100000%}")
    change(pushed, run, BAD, SLOW, loose)
    done = review(pushed, run)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert "| gate.metrics.log_loss.drop | 10% | 100000% |" in done.comment


def test_changed_data_is_compared_on_shared_rows(pushed: Path, run: Run) -> None:
    """New rows are counted, both versions are judged on the rows that both have, and only what changed is pulled."""
    with (pushed / "data" / "raw.csv").open("a") as table:
        table.writelines(f"Adelie,Dream,{36 + i / 7:.2f},18.{i},19{i % 10},37{i:02},female,2009\n" for i in range(60))
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    change(pushed, run)
    done = review(pushed, run)
    assert (done.code["verify"], done.code["reproduce"]) == (0, 0)
    assert done.details["stages"] == ["validate", "prepare", "train", "evaluate"]
    assert done.pulled["reproduce"] == hashes(pushed, "data/raw.csv")
    counts = done.report["rows"]
    assert (counts["old"], counts["shared"]) == (83, 83)
    assert counts["new"] > 83
    assert "over the 83 test rows that both versions have" in done.comment
    assert "| training rows | 261 |" in done.comment
    assert any(row["name"] == "data/raw.csv" for row in done.report["data"])


def test_conflict_of_two_requests_is_settled_by_one_command(pushed: Path, run: Run) -> None:
    """Two retrained branches conflict; verify names the command, which settles it, and the review passes."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 4.5"))
    run("git", "switch", "--quiet", "main", cwd=pushed)
    change(pushed, run, ("params.yaml", "max_iter: 100", "max_iter: 90"))
    run("git", "switch", "--quiet", "change", cwd=pushed)
    run("git", "merge", "main", cwd=pushed, code=1)
    assert "lifecycle.resolve`" in run("python", "-m", "lifecycle.verify", cwd=pushed, code=1).stdout
    settled = run("python", "-m", "lifecycle.resolve", cwd=pushed)
    assert "train, evaluate ran again" in settled.stdout
    run("git", "commit", "--quiet", "--no-verify", "-m", "Merge main", cwd=pushed)
    assert json.loads((pushed / "models" / "manifest.json").read_text())["parameters"]["max_iter"] == 90
    send(pushed, run)
    done = review(pushed, run)
    assert (done.code["verify"], done.code["reproduce"]) == (0, 0)
    assert {row["name"] for row in done.report["parameters"]} == {"train.l2_regularization"}


def test_threads_do_not_matter(pushed: Path, run: Run) -> None:
    """What was computed with all threads comes out byte for byte with one, from nothing."""
    change(pushed, run, ("README.md", "## Every day", "## Each day"))
    place = pushed.parent / "alone"
    run("git", "clone", "--quiet", "-b", "change", str(pushed.parent / "origin.git"), str(place), cwd=pushed.parent)
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = run("python", "-m", "lifecycle.reproduce", "--all", "--json", cwd=place, **one)
    outputs = json.loads(done.stdout)["details"]["outputs"]
    assert set(outputs.values()) == {"identical"}
    assert len(outputs) >= 11
