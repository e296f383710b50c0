"""The review of a change: what it pulls and runs, and what it compares."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import ALL_PASS, change, recorded_hashes, review
from tests.test_life import edit

pytestmark = pytest.mark.slow


def test_documentation_change_pulls_and_runs_nothing(pushed: Path, run: Run) -> None:
    """A change of the documentation pulls no data, runs no stage and passes; uncommitted changes are noted."""
    change(pushed, run, ("README.md", "# Penguin Species\n", "# Penguins\n"))
    result = review(pushed, run)
    assert result.code == ALL_PASS
    assert result.pulled["gate"] == set()
    assert "nothing was pulled or run" in result.output["reproduce"]
    assert "The predictions are identical, row by row." in result.comment
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 1")
    gate = run("lifecycle", "gate", "main", cwd=pushed)
    assert "there are uncommitted changes" in gate.stdout


def test_parameter_change_pulls_only_stage_inputs(pushed: Path, run: Run) -> None:
    """A training parameter pulls training and test data to reproduce, and both predictions to compare."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 4.0"))
    old = predictions_hash_on_main(pushed, run)
    reproduce = run("lifecycle", "reproduce", "main", cwd=pushed)
    assert "train: 261 rows" in reproduce.stderr  # executed, although the run cache has the result
    run("git", "switch", "--quiet", "main", cwd=pushed)  # main moves on; the base is the merge base
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 99")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Meanwhile", cwd=pushed)
    run("git", "push", "--quiet", "--no-verify", "origin", "main", cwd=pushed)
    run("git", "switch", "--quiet", "change", cwd=pushed)
    result = review(pushed, run)
    assert (result.code["verify"], result.code["reproduce"]) == (0, 0)
    assert result.details["stages"] == ["train", "evaluate", "export"]
    inputs = recorded_hashes(pushed, "data/train.parquet", "data/test.parquet")
    assert result.pulled["reproduce"] == inputs
    assert result.pulled["gate"] == inputs | recorded_hashes(pushed, "reports/predictions.parquet") | {old}
    cache = pushed / ".dvc" / "cache" / "files" / "md5"
    assert result.details["bytes"] == sum((cache / md5[:2] / md5[2:]).stat().st_size for md5 in inputs)
    assert {row["name"] for row in result.report["parameters"]} == {"train.l2_regularization"}


def predictions_hash_on_main(project: Path, run: Run) -> str:
    """The hash of main's predictions."""
    text = run("git", "show", "origin/main:dvc.lock", cwd=project).stdout
    return text.split("path: reports/predictions.parquet")[1].split("md5: ")[1].split()[0]


def test_changed_data_is_compared_on_shared_rows(pushed: Path, run: Run) -> None:
    """New rows are counted, versions are compared on shared rows, and only changed data is pulled."""
    with (pushed / "data" / "raw.csv").open("a") as table:
        table.writelines(f"Adelie,Dream,{36 + i / 7:.2f},18.{i},19{i % 10},37{i:02},female,2009\n" for i in range(60))
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    change(pushed, run)
    result = review(pushed, run)
    assert (result.code["verify"], result.code["reproduce"]) == (0, 0)
    assert result.details["stages"] == ["validate", "prepare", "train", "evaluate", "export"]
    assert result.pulled["reproduce"] == recorded_hashes(pushed, "data/raw.csv")
    counts = result.report["rows"]
    assert (counts["old"], counts["shared"]) == (83, 83)
    assert counts["new"] > 83
    assert "over the 83 test rows in both versions" in result.comment
    assert "| training rows | 261 |" in result.comment
    assert any(row["name"] == "data/raw.csv" for row in result.report["data"])


def test_results_do_not_depend_on_threads(pushed: Path, run: Run) -> None:
    """Results of a run with all threads are reproduced byte for byte with one thread in an empty clone."""
    change(pushed, run, ("README.md", "# Penguin Species\n", "# Penguins\n"))
    clone = pushed.parent / "alone"
    run("git", "clone", "--quiet", "-b", "change", str(pushed.parent / "origin.git"), str(clone), cwd=pushed.parent)
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    result = run("lifecycle", "reproduce", "--all", "--json", cwd=clone, **one_thread)
    outputs = json.loads(result.stdout)["details"]["outputs"]
    assert set(outputs.values()) == {"identical"}
    assert len(outputs) >= 11
