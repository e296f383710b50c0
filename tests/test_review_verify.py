"""What is stale, missing or in conflict is named, with the command that mends it."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import SMALL, change, commit, review, send
from tests.test_life import edit

pytestmark = pytest.mark.slow


def test_stale_lock_is_named(pushed: Path, run: Run) -> None:
    """Code, parameters or commands newer than dvc.lock are named one by one, and nothing is executed."""
    with (pushed / "pipeline" / "train.py").open("a") as code:
        code.write("# a last thought\n")
    commit(pushed, run, SMALL, ("dvc.yaml", "python -m pipeline.prepare data", "python -m pipeline.prepare  data"))
    done = review(pushed, run)
    assert (done.code["verify"], done.code["reproduce"]) == (1, 1)
    for words in ("pipeline/train.py changed after", "params.yaml: train", "dvc.yaml changed for stage prepare"):
        assert words in done.said["verify"]
    assert "`uv run dvc repro`" in done.said["verify"]
    assert done.pulled["reproduce"] == set()
    assert "❌ **verify**" in done.comment


def test_new_data_without_results_is_named(pushed: Path, run: Run) -> None:
    """Data that was added and pushed, but never run, is seen in a clone that has no data."""
    with (pushed / "data" / "raw.csv").open("a") as table:
        table.write("Adelie,Dream,36.12,18.6,191,3760,female,2010\n")
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "New rows", cwd=pushed)
    send(pushed, run)
    clone = pushed.parent / "clone"
    run("git", "clone", "--quiet", "-b", "change", str(pushed.parent / "origin.git"), str(clone), cwd=pushed.parent)
    said = run("lifecycle", "verify", cwd=clone, code=1).stdout
    assert "data/raw.csv changed after stage validate was last run: `uv run dvc repro`" in said


def test_conflict_of_people_is_left_to_people(pushed: Path, run: Run) -> None:
    """A conflict in what people wrote is named by verify and by resolve, which then changes nothing."""
    commit(pushed, run, SMALL)
    run("git", "switch", "--quiet", "main", cwd=pushed)
    edit(pushed / "params.yaml", "max_iter: 100", "max_iter: 60")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Another", cwd=pushed)
    run("git", "merge", "change", cwd=pushed, code=1)
    before = (pushed / "params.yaml").read_text()
    assert "conflict in params.yaml" in run("lifecycle", "verify", cwd=pushed, code=1).stdout
    said = run("lifecycle", "resolve", cwd=pushed, code=1).stdout
    assert "params.yaml: a conflict that only people can settle" in said
    assert (pushed / "params.yaml").read_text() == before


def test_forgotten_push_is_named(pushed: Path, run: Run) -> None:
    """Objects that are not in the remote are named with the command, and nothing that needs them passes."""
    with (pushed / "data" / "raw.csv").open("a") as table:
        table.write("Adelie,Dream,36.11,18.5,190,3750,female,2010\n")
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    change(pushed, run, data=False)
    done = review(pushed, run)
    assert done.code == {"verify": 1, "reproduce": 2, "gate": 2}
    assert "data/raw.csv is not in the remote: run `uv run dvc push`" in done.said["verify"]
    assert "data/raw.csv could not be pulled" in done.said["reproduce"]
    assert done.report["verdict"] == "not compared"
    assert done.comment.startswith("## ❓ not compared")


METRICS, INPUTS = "    metrics: [reports/metrics.json: {cache: false}]\n", "data/schema.yaml, environment.txt,"
UNSEEN = [  # an edit of dvc.yaml with which DVC's own status is fine, and what is said
    ("  train:\n", "  train:\n    frozen: true\n", "stage train is frozen"),
    ("[models/model.skops,", "[models/model.skops: {push: false},", "models/model.skops is never pushed"),
    (METRICS, "", "dvc.lock has reports/metrics.json for stage evaluate"),
    (INPUTS, "data/schema.yaml,", "dvc.lock has environment.txt for stage validate"),
]


def test_what_hides_from_dvc_is_named(pushed: Path, run: Run) -> None:
    """What dvc.yaml takes away from DVC's own look is a finding, though nothing was run and nothing is stale."""
    text = (pushed / "dvc.yaml").read_text()
    for old, new, says in UNSEEN:
        assert old in text
        (pushed / "dvc.yaml").write_text(text.replace(old, new, 1))
        assert says in run("lifecycle", "verify", cwd=pushed, code=1).stdout


def test_one_file_of_a_folder_is_missed(pushed: Path, run: Run) -> None:
    """Of a folder under DVC each file must be in the remote, and a clone without data can tell."""
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
    said = run("lifecycle", "verify", cwd=clone, code=1).stdout
    assert said == "verify: data/pictures/b.png is not in the remote: run `uv run dvc push`\n"


def test_conflict_of_two_requests_is_settled_by_one_command(pushed: Path, run: Run) -> None:
    """Two retrained branches, one on new rows, conflict; verify names the command, which settles it, rows and all."""
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
    assert raw.read_text() == ours  # no hook runs in the middle of a merge
    assert "lifecycle resolve`" in run("lifecycle", "verify", cwd=pushed, code=1).stdout
    raw.write_text(f"{ours}Nobody,has,saved,this\n")
    unsaved = run("lifecycle", "resolve", cwd=pushed, code=2)
    assert "the data of data/raw.csv.dvc differs from the merged version" in unsaved.stderr
    assert raw.read_text().endswith("Nobody,has,saved,this\n")
    raw.write_text(ours)
    settled = run("lifecycle", "resolve", cwd=pushed)
    assert "validate, prepare, train, evaluate ran again; continue with `git commit`" in settled.stdout
    assert raw.read_text().count("36.11") == 1
    run("git", "checkout", "HEAD", "--", "data/raw.csv.dvc", cwd=pushed)  # as `dvc repro` would, on the old rows
    lost = run("lifecycle", "verify", "--merging", cwd=pushed, code=1)
    assert "data/raw.csv.dvc lost the other branch's change: `git checkout MERGE_HEAD" in lost.stdout
    run("git", "checkout", "MERGE_HEAD", "--", "data/raw.csv.dvc", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "-m", "Merge main", cwd=pushed)
    assert json.loads((pushed / "models" / "manifest.json").read_text())["parameters"]["max_iter"] == 90
    send(pushed, run)
    done = review(pushed, run)
    assert (done.code["verify"], done.code["reproduce"]) == (0, 0)
    assert {row["name"] for row in done.report["parameters"]} == {"train.l2_regularization"}
