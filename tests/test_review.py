"""The review of a change: what it costs, and what it proves."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import FINE, change, hashes, review
from tests.test_life import edit

pytestmark = pytest.mark.slow


def test_documentation_costs_nothing(pushed: Path, run: Run) -> None:
    """A change of words pulls no byte, runs no stage, and passes; even where the remote is away."""
    change(pushed, run, ("README.md", "# Penguin Species\n", "# Penguins\n"))
    done = review(pushed, run)
    assert done.code == FINE
    assert done.pulled["gate"] == set()
    assert "nothing was pulled or run" in done.said["reproduce"]
    assert "The predictions are identical, row by row." in done.comment
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 1")
    here = run("lifecycle", "gate", "main", cwd=pushed)
    assert "there are uncommitted changes" in here.stdout


def test_one_parameter_pulls_what_its_stages_read(pushed: Path, run: Run) -> None:
    """A training parameter pulls the two sides of the split to reproduce, and both predictions to compare; no more."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 4.0"))
    old = hashes_on_main(pushed, run)
    again = run("lifecycle", "reproduce", "main", cwd=pushed)
    assert "train: 261 rows" in again.stderr  # executed, though the run cache of this clone has the result
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
    assert "over the 83 test rows in both versions" in done.comment
    assert "| training rows | 261 |" in done.comment
    assert any(row["name"] == "data/raw.csv" for row in done.report["data"])


def test_threads_do_not_matter(pushed: Path, run: Run) -> None:
    """What was computed with all threads comes out byte for byte with one, from nothing."""
    change(pushed, run, ("README.md", "# Penguin Species\n", "# Penguins\n"))
    place = pushed.parent / "alone"
    run("git", "clone", "--quiet", "-b", "change", str(pushed.parent / "origin.git"), str(place), cwd=pushed.parent)
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = run("lifecycle", "reproduce", "--all", "--json", cwd=place, **one)
    outputs = json.loads(done.stdout)["details"]["outputs"]
    assert set(outputs.values()) == {"identical"}
    assert len(outputs) >= 11
