"""The life of a project before the review, with real Git and DVC."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import Run

pytestmark = pytest.mark.slow


def output_hashes(project: Path) -> dict[str, str]:
    """The hash of every output in dvc.lock, by path."""
    stages = yaml.safe_load((project / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must occur in the file."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def stages_run(output: str) -> list[str]:
    """The stages that `dvc repro` ran."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def make_large(table: Path) -> None:
    """Repeat the sample 200 times with slightly longer bills, so that a fit takes a while."""
    header, *rows = table.read_text().splitlines(keepends=True)
    rows = [row for row in rows if "NA" not in row]
    table.write_text(
        header + "".join(re.sub(r",(\d+\.\d),", rf",\g<1>{i:03},", row, count=1) for i in range(200) for row in rows)
    )


def test_first_results_are_complete(reproduced: Path, run: Run) -> None:
    """After the first `dvc repro` Git is clean, the metrics beat the baseline and the model card is complete."""
    assert run("git", "status", "--porcelain", cwd=reproduced).stdout == ""
    assert "up to date" in run("dvc", "status", cwd=reproduced).stdout
    shown = json.loads(run("dvc", "metrics", "show", "--json", cwd=reproduced).stdout)
    metrics = shown[""]["data"]["reports/metrics.json"]["data"]
    intervals = json.loads((reproduced / "reports/intervals.json").read_text())
    assert metrics["log_loss"] < 0.2 < intervals["baseline"]["log_loss"]
    assert intervals["interval"]["log_loss"]["low"] < metrics["log_loss"] < intervals["interval"]["log_loss"]["high"]
    card = (reproduced / "reports" / "model_card.md").read_text("utf-8")
    for heading in ("Notes", "Data", "Metrics", "Metrics by slice", "Limits", "Parameters", "Libraries"):
        assert f"## {heading}\n" in card
    assert yaml.safe_load((reproduced / "dvc.yaml").read_text())["artifacts"]["model"]["path"] == "models/model.skops"


def test_unchanged_project_runs_no_stage(project: Path, run: Run) -> None:
    """A second `dvc repro` runs no stage and keeps dvc.lock, also with __pycache__ and other ignored files."""
    before = (project / "dvc.lock").read_bytes()
    (project / "pipeline" / "__pycache__").mkdir(exist_ok=True)
    (project / "pipeline" / "__pycache__" / "train.cpython-311.pyc").write_bytes(b"junk")
    (project / "pipeline" / ".DS_Store").write_bytes(b"junk")
    assert stages_run(run("dvc", "repro", cwd=project).stdout) == []
    assert (project / "dvc.lock").read_bytes() == before


def test_parameter_change_runs_only_affected_stages(project: Path, run: Run) -> None:
    """A training parameter runs training and evaluation, and the diffs show parameter, metrics and plots."""
    edit(project / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.02")
    assert stages_run(run("dvc", "repro", cwd=project).stdout) == ["train", "evaluate", "export"]
    changes = json.loads(run("dvc", "metrics", "diff", "--json", cwd=project).stdout)["reports/metrics.json"]
    assert changes["log_loss"]["diff"] > 0
    assert "log_loss" in run("dvc", "metrics", "diff", cwd=project).stdout
    parameters = json.loads(run("dvc", "params", "diff", "--json", cwd=project).stdout)["params.yaml"]
    assert parameters == {"train.learning_rate": {"old": 0.1, "new": 0.02, "diff": -0.08}}
    shown = run("dvc", "plots", "diff", "HEAD", "--json", cwd=project)
    plots = json.loads(shown.stdout)["data"]
    assert {"ROC", "Precision and recall", "Confusion", "Calibration", "Importance"} <= set(plots)
    assert all(set(entry["revisions"]) == {"HEAD", "workspace"} for entries in plots.values() for entry in entries)
    assert "failed to load" not in shown.stderr


def test_new_rows_keep_the_existing_split(project: Path, run: Run) -> None:
    """New rows run every stage, and all earlier test rows stay test rows."""
    before = run("python", "-c", ROWS, cwd=project).stdout.split()
    with (project / "data" / "raw.csv").open("a") as file:
        file.writelines(f"Adelie,Dream,{38 + i / 10},{18 + i / 10},190,3700,male,2009\n" for i in range(50))
    run("dvc", "add", "data/raw.csv", cwd=project)
    assert stages_run(run("dvc", "repro", cwd=project).stdout) == ["validate", "prepare", "train", "evaluate", "export"]
    after = run("python", "-c", ROWS, cwd=project).stdout.split()
    assert set(before) < set(after)
    assert len(after) - len(before) < 25


ROWS = "from pipeline.run.files import *; print(*read_table('data/test.parquet', [ROW])[ROW])"


def test_invalid_data_stops_the_pipeline(project: Path, run: Run) -> None:
    """Data that breaks the contract stops validate with a table; no later stage runs and no result changes."""
    before = {name: (project / name).read_bytes() for name in ("models/model.skops", "reports/metrics.json")}
    edit(project / "data" / "raw.csv", "Adelie,Torgersen,39.1,18.7", "Adelie,Atlantis,-39.1,wide")
    run("dvc", "add", "data/raw.csv", cwd=project)
    result = run("dvc", "repro", cwd=project, code=None)
    assert result.returncode != 0
    assert stages_run(result.stdout) == ["validate"]
    report = (project / "reports" / "validation.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:6]] for line in report.splitlines() if line.startswith("| ")][
        2:
    ]
    assert rows == [
        ["bill_depth_mm", "type", "1", "1", "wide"],
        ["island", "values", "1", "1", "Atlantis"],
        ["bill_length_mm", "range", "1", "1", "-39.1"],
    ]
    assert "Traceback" not in result.stderr
    assert before == {name: (project / name).read_bytes() for name in before}


def test_experiments_run_directly_and_from_a_queue(project: Path, run: Run) -> None:
    """`dvc exp run -S` changes the work tree; a queue of three runs in temporary folders."""
    run("dvc", "exp", "run", "-S", "train.learning_rate=0.05", cwd=project)
    assert "learning_rate: 0.05" in (project / "params.yaml").read_text()
    run("dvc", "exp", "run", "--queue", "-S", "train.max_iter=5,10,20", cwd=project)
    run("dvc", "exp", "run", "--run-all", cwd=project)
    shown = json.loads(run("dvc", "exp", "show", "--json", cwd=project).stdout)
    iterations = set()
    for baseline in shown:
        for experiment in baseline["experiments"] or []:
            for rev in experiment["revs"]:
                iterations.add(rev["data"]["params"]["params.yaml"]["data"]["train"]["max_iter"])
                assert rev["data"]["metrics"]["reports/metrics.json"]["data"]["log_loss"] > 0
    assert iterations >= {5, 10, 20}


def test_misspelt_parameter_is_refused(project: Path, run: Run) -> None:
    """An unknown parameter stops the stage with its block and the allowed names."""
    edit(project / "params.yaml", "  learning_rate: 0.1", "  learning_rat: 0.1")
    result = run("dvc", "repro", cwd=project, code=None)
    assert result.returncode != 0
    message = next(line for line in result.stderr.splitlines() if line.startswith("train: "))
    assert "params.yaml, block train, is not valid" in message
    assert "learning_rat is unknown" in message
    assert "allowed here: model, learning_rate, max_iter" in message


def test_clone_reproduces_the_results(project: Path, run: Run, tmp_path: Path) -> None:
    """A clone pulls data and model from the remote and reproduces every committed result."""
    origin, clone = tmp_path / "origin.git", tmp_path / "elsewhere" / "clone"
    run("git", "init", "--quiet", "--bare", "-b", "main", str(origin), cwd=tmp_path)
    run("git", "remote", "add", "origin", str(origin), cwd=project)
    run("git", "push", "--quiet", "origin", "main", cwd=project)
    clone.parent.mkdir()
    run("git", "clone", "--quiet", str(origin), str(clone), cwd=tmp_path)
    assert not (clone / "data" / "raw.csv").exists()
    run("dvc", "pull", cwd=clone)
    assert stages_run(run("dvc", "repro", cwd=clone).stdout) == []
    expected = output_hashes(clone)
    assert stages_run(run("dvc", "repro", "--force", cwd=clone).stdout) == [
        "environment",
        "validate",
        "prepare",
        "train",
        "evaluate",
        "export",
    ]
    assert output_hashes(clone) == expected
    assert run("git", "status", "--porcelain", cwd=clone).stdout == ""


def test_model_can_be_downloaded_by_name(project: Path, run: Run, tmp_path: Path) -> None:
    """`dvc artifacts get` downloads the model by its name at a version tag in GTO's format."""
    run("git", "tag", "-a", "model@v0.0.1", "-m", "first", cwd=project)
    out = tmp_path / "model.skops"
    run("dvc", "artifacts", "get", str(project), "model", "-o", str(out), cwd=tmp_path)
    assert out.read_bytes() == (project / "models" / "model.skops").read_bytes()


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("model", ["boosting", "linear"])
def test_results_do_not_depend_on_folder_or_threads(
    task: str, model: str, bake: Callable[..., Path], baked: Path, run: Run, tmp_path: Path
) -> None:
    """Runs with one and with four threads, in two folders, give the same hash for every output."""
    if task == "classification":
        first = tmp_path / baked.name
        shutil.copytree(baked, first, symlinks=True)
    else:
        first = bake(tmp_path, task=task)
    if model == "linear":
        edit(first / "params.yaml", "model: boosting", "model: linear")
    if task == "classification":  # small tables are fitted with one thread in any case
        make_large(first / "data" / "raw.csv")
        run("dvc", "add", "data/raw.csv", cwd=first)
    second = tmp_path / "another place" / "with a long name"
    shutil.copytree(first, second, symlinks=True)
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    run("dvc", "repro", cwd=first, PYTHONHASHSEED="1", **dict.fromkeys(threads, "1"))
    run("dvc", "repro", cwd=second, PYTHONHASHSEED="2", **dict.fromkeys(threads, "4"))
    assert len(output_hashes(first)) == 15
    assert output_hashes(first) == output_hashes(second)
    assert (first / "dvc.lock").read_bytes() == (second / "dvc.lock").read_bytes()
