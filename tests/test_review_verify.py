"""Stale, missing and conflicting results are reported with the command that fixes them."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import SMALL, change, commit, push, review
from tests.test_life import edit

pytestmark = pytest.mark.slow


def test_stale_lock_is_reported(pushed: Path, run: Run) -> None:
    """Code, parameters and commands newer than dvc.lock are listed, and nothing is executed."""
    with (pushed / "pipeline" / "train.py").open("a") as code:
        code.write("# a last thought\n")
    commit(pushed, run, SMALL, ("dvc.yaml", "python -m pipeline.prepare data", "python -m pipeline.prepare  data"))
    result = review(pushed, run)
    assert (result.code["verify"], result.code["reproduce"]) == (1, 1)
    for message in ("pipeline/train.py changed after", "params.yaml: train", "dvc.yaml changed for stage prepare"):
        assert message in result.output["verify"]
    assert "`uv run dvc repro`" in result.output["verify"]
    assert result.pulled["reproduce"] == set()
    assert "❌ **verify**" in result.comment


def test_new_data_without_results_is_reported(pushed: Path, run: Run) -> None:
    """Pushed data without new results is reported in a clone that has no data."""
    with (pushed / "data" / "raw.csv").open("a") as table:
        table.write("Adelie,Dream,36.12,18.6,191,3760,female,2010\n")
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "New rows", cwd=pushed)
    push(pushed, run)
    clone = pushed.parent / "clone"
    run("git", "clone", "--quiet", "-b", "change", str(pushed.parent / "origin.git"), str(clone), cwd=pushed.parent)
    output = run("lifecycle", "verify", cwd=clone, code=1).stdout
    assert "data/raw.csv changed after stage validate was last run: run `uv run dvc repro`" in output


def test_source_conflict_is_left_to_the_user(pushed: Path, run: Run) -> None:
    """A conflict in params.yaml is reported by verify and resolve, and resolve changes nothing."""
    commit(pushed, run, SMALL)
    run("git", "switch", "--quiet", "main", cwd=pushed)
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 60")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Another", cwd=pushed)
    run("git", "merge", "change", cwd=pushed, code=1)
    before = (pushed / "params.yaml").read_text()
    assert "conflict in params.yaml" in run("lifecycle", "verify", cwd=pushed, code=1).stdout
    output = run("lifecycle", "resolve", cwd=pushed, code=1).stdout
    assert "params.yaml: a conflict that only people can settle" in output
    assert (pushed / "params.yaml").read_text() == before


def test_missing_push_is_reported(pushed: Path, run: Run) -> None:
    """Objects that are not in the remote are reported with the command, and no check that needs them passes."""
    with (pushed / "data" / "raw.csv").open("a") as table:
        table.write("Adelie,Dream,36.11,18.5,190,3750,female,2010\n")
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    change(pushed, run, data=False)
    result = review(pushed, run)
    assert result.code == {"verify": 1, "reproduce": 2, "gate": 2}
    assert "data/raw.csv is not in the remote: run `uv run dvc push`" in result.output["verify"]
    assert "data/raw.csv could not be pulled" in result.output["reproduce"]
    assert result.report["verdict"] == "not compared"
    assert result.comment.startswith("## ❓ not compared")


METRICS, INPUTS = "    metrics: [reports/metrics.json: {cache: false}]\n", "data/schema.yaml, environment.txt,"
HIDDEN = [  # edits of dvc.yaml that `dvc status` does not report, and the message
    ("  train:\n", "  train:\n    frozen: true\n", "stage train is frozen"),
    ("[models/model.skops,", "[models/model.skops: {push: false},", "models/model.skops is never pushed"),
    (METRICS, "", "dvc.lock has reports/metrics.json for stage evaluate"),
    (INPUTS, "data/schema.yaml,", "dvc.lock has environment.txt for stage validate"),
]


def test_changes_hidden_from_dvc_are_reported(pushed: Path, run: Run) -> None:
    """Edits of dvc.yaml that `dvc status` does not report are findings."""
    text = (pushed / "dvc.yaml").read_text()
    for old, new, message in HIDDEN:
        assert old in text
        (pushed / "dvc.yaml").write_text(text.replace(old, new, 1))
        assert message in run("lifecycle", "verify", cwd=pushed, code=1).stdout


def test_missing_file_of_a_folder_is_reported(pushed: Path, run: Run) -> None:
    """A file of a DVC folder that is not in the remote is reported, also in a clone without data."""
    folder = pushed / "data" / "pictures"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.png").write_text(f"picture {name} of {pushed}")
    run("dvc", "add", "data/pictures", cwd=pushed)
    change(pushed, run)
    assert run("lifecycle", "verify", cwd=pushed)
    md5 = hashlib.md5((folder / "b.png").read_bytes()).hexdigest()
    address = run("dvc", "remote", "list", cwd=pushed).stdout.split()[1]
    Path(address, "files", "md5", md5[:2], md5[2:]).unlink()
    clone = pushed.parent / "clone"
    run("git", "clone", "--quiet", "-b", "change", str(pushed.parent / "origin.git"), str(clone), cwd=pushed.parent)
    output = run("lifecycle", "verify", cwd=clone, code=1).stdout
    assert output == "verify: data/pictures/b.png is not in the remote: run `uv run dvc push`\n"


def test_resolve_fixes_a_conflict_of_two_requests(pushed: Path, run: Run) -> None:
    """Two retrained branches conflict, one with new rows; `resolve` merges results and data."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 4.5"))
    run("git", "switch", "--quiet", "main", cwd=pushed)
    raw = pushed / "data" / "raw.csv"
    ours = raw.read_text()
    raw.write_text(f"{ours}Adelie,Dream,36.11,18.5,190,3750,female,2010\n")
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    change(pushed, run, ("params.yaml", "max_iter: 100", "max_iter: 90"))
    run("git", "switch", "--quiet", "change", cwd=pushed)
    run("dvc", "checkout", cwd=pushed)
    run("git", "merge", "main", cwd=pushed, code=1)
    assert raw.read_text() == ours  # no hook runs during a merge
    assert "lifecycle resolve`" in run("lifecycle", "verify", cwd=pushed, code=1).stdout
    raw.write_text(f"{ours}Nobody,has,saved,this\n")
    unsaved = run("lifecycle", "resolve", cwd=pushed, code=2)
    assert "the data of data/raw.csv.dvc differs from the merged version" in unsaved.stderr
    assert raw.read_text().endswith("Nobody,has,saved,this\n")
    raw.write_text(ours)
    settled = run("lifecycle", "resolve", cwd=pushed)
    assert "validate, prepare, train, evaluate, export ran again; continue with `git commit`" in settled.stdout
    assert raw.read_text().count("36.11") == 1
    run("git", "checkout", "HEAD", "--", "data/raw.csv.dvc", cwd=pushed)  # as `dvc repro` would do on the old rows
    lost = run("lifecycle", "verify", "--merging", cwd=pushed, code=1)
    assert "data/raw.csv.dvc lost the other branch's change: `git checkout MERGE_HEAD" in lost.stdout
    run("git", "checkout", "MERGE_HEAD", "--", "data/raw.csv.dvc", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "-m", "Merge main", cwd=pushed)
    assert json.loads((pushed / "models" / "manifest.json").read_text())["parameters"]["max_iter"] == 90
    push(pushed, run)
    result = review(pushed, run)
    assert (result.code["verify"], result.code["reproduce"]) == (0, 0)
    assert {row["name"] for row in result.report["parameters"]} == {"train.l2_regularization"}
