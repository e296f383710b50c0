"""A stage depends on everything that changes its results and on nothing else."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_life import edit, make_large, output_hashes, stages_run

pytestmark = pytest.mark.slow


def relock(project: Path, package: str) -> None:
    """Change the version of a package in uv.lock, as an update does."""
    head, entry = re.split(rf'(?=name = "{package}"\nversion)', (project / "uv.lock").read_text(), maxsplit=1)
    entry, end, rest = entry.partition("\n[[package]]")
    old = entry.split('"')[3]
    (project / "uv.lock").write_text(head + entry.replace(old, "0.0.1") + end + rest)


def test_linter_update_changes_no_result(project: Path, run: Run) -> None:
    """A new locked version of a development tool runs only the stage `environment`."""
    relock(project, "ruff")
    before = output_hashes(project)
    assert stages_run(run("dvc", "repro", cwd=project).stdout) == ["environment"]
    assert output_hashes(project) == before


def test_library_update_retrains(project: Path, run: Run, home: dict[str, str], tmp_path: Path) -> None:
    """A new version of an indirect dependency runs every stage again."""
    assert '"joblib' not in (project / "pyproject.toml").read_text()
    path = f"{tmp_path}/environment/bin{os.pathsep}{home['PATH']}"
    environment = {"UV_PROJECT_ENVIRONMENT": f"{tmp_path}/environment", "PATH": path}
    run("uv", "lock", "--upgrade-package", "joblib<1.6", cwd=project, **environment)
    run("uv", "sync", "--locked", cwd=project, **environment)
    result = run("dvc", "repro", cwd=project, **environment)
    assert stages_run(result.stdout) == ["environment", "validate", "prepare", "train", "evaluate", "export"]
    assert '"joblib": "1.5.' in (project / "models" / "manifest.json").read_text()


def test_unlocked_versions_are_refused(project: Path, run: Run) -> None:
    """A stage does not run if the installed versions differ from the locked ones."""
    relock(project, "joblib")
    result = run("dvc", "repro", cwd=project, code=None)
    assert result.returncode != 0
    assert re.search(r"validate: joblib \S+ is installed, environment.txt needs ==0.0.1: run `uv sync`.", result.stderr)
    assert stages_run(result.stdout) == ["environment", "validate"]


def test_line_endings_change_nothing(project: Path, run: Run, tmp_path: Path) -> None:
    """A clone with core.autocrlf has the same bytes, and every stage is up to date."""
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "-c", "core.autocrlf=true", str(project), str(clone), cwd=tmp_path)
    run("dvc", "pull", cwd=clone)
    assert b"\r" not in (clone / "pipeline" / "train.py").read_bytes()
    assert stages_run(run("dvc", "repro", cwd=clone).stdout) == []


def test_edits_during_a_stage_are_not_recorded(project: Path, run: Run, home: dict[str, str]) -> None:
    """A long fit shows progress; inputs edited meanwhile fail the stage, and dvc.lock does not change."""
    make_large(project / "data" / "raw.csv")
    edit(project / "params.yaml", "max_iter: 100", "max_iter: 2000")
    run("dvc", "add", "data/raw.csv", cwd=project)
    run("dvc", "repro", "prepare", cwd=project)
    before = (project / "dvc.lock").read_text()
    environment = home | {"PATH": f"{home['UV_PROJECT_ENVIRONMENT']}/bin:{home['PATH']}"}
    process = subprocess.Popen(
        ["dvc", "repro"], cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert any(line.startswith("train: iteration ") for line in process.stdout)
    edit(project / "pipeline" / "features.py", "PARTS = (", "PARTS = (  # edited\n")
    edit(project / "data" / "schema.yaml", "task: classification", "task: classification # edited")
    edit(project / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.3")
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0
    edited = "params.yaml, block train, data/schema.yaml, pipeline/features.py"
    assert f"train: {edited} changed while the stage ran: run `dvc repro` again." in errors
    assert (project / "dvc.lock").read_text() == before


def test_unrelated_parameters_do_not_retrain(project: Path, run: Run) -> None:
    """A parameter of evaluation runs evaluation alone, since export reads the same files, and a comment nothing."""
    edit(project / "params.yaml", "confidence: 0.95", "confidence: 0.9 # a comment")
    assert stages_run(run("dvc", "repro", cwd=project).stdout) == ["evaluate"]
    edit(project / "params.yaml", "# a comment", "# another comment")
    assert stages_run(run("dvc", "repro", cwd=project).stdout) == []
