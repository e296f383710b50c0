"""What makes results change is a dependency of the stage; what does not is not."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_life import edit, lock, make_large, ran

pytestmark = pytest.mark.slow


def relock(project: Path, package: str) -> None:
    """Write another version of a package into uv.lock, as an update would."""
    head, entry = re.split(rf'(?=name = "{package}"\nversion)', (project / "uv.lock").read_text(), maxsplit=1)
    entry, end, rest = entry.partition("\n[[package]]")
    old = entry.split('"')[3]
    (project / "uv.lock").write_text(head + entry.replace(old, "0.0.1") + end + rest)


def test_newer_linter_changes_no_result(project: Path, run: Run) -> None:
    """Another locked version of a development tool runs no stage but the one that finds out."""
    relock(project, "ruff")
    before = lock(project)
    assert ran(run("dvc", "repro", cwd=project).stdout) == ["environment"]
    assert lock(project) == before


def test_newer_library_retrains(project: Path, run: Run, home: dict[str, str], tmp_path: Path) -> None:
    """Another version of a library that the results rest on, though nobody named it, runs every stage again."""
    assert '"joblib' not in (project / "pyproject.toml").read_text()
    path = f"{tmp_path}/environment/bin{os.pathsep}{home['PATH']}"
    environment = {"UV_PROJECT_ENVIRONMENT": f"{tmp_path}/environment", "PATH": path}
    run("uv", "lock", "--upgrade-package", "joblib<1.6", cwd=project, **environment)
    run("uv", "sync", "--locked", cwd=project, **environment)
    done = run("dvc", "repro", cwd=project, **environment)
    assert ran(done.stdout) == ["environment", "validate", "prepare", "train", "evaluate"]
    assert '"joblib": "1.5.' in (project / "models" / "manifest.json").read_text()


def test_other_versions_than_locked_are_refused(project: Path, run: Run) -> None:
    """A stage does not run with versions that dvc.lock would not tell the truth about."""
    relock(project, "joblib")
    done = run("dvc", "repro", cwd=project, code=None)
    assert done.returncode != 0
    assert re.search(r"validate: joblib \S+ is installed, environment.txt needs ==0.0.1: run `uv sync`.", done.stderr)
    assert ran(done.stdout) == ["environment", "validate"]


def test_other_line_endings_change_nothing(project: Path, run: Run, tmp_path: Path) -> None:
    """A clone whose Git turns line feeds into CRLF has the same bytes, and nothing to do."""
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "-c", "core.autocrlf=true", str(project), str(clone), cwd=tmp_path)
    run("dvc", "pull", cwd=clone)
    assert b"\r" not in (clone / "pipeline" / "train.py").read_bytes()
    assert ran(run("dvc", "repro", cwd=clone).stdout) == []


def test_what_is_edited_while_a_stage_runs_is_not_recorded(project: Path, run: Run, home: dict[str, str]) -> None:
    """A long fit shows progress; inputs that are edited meanwhile fail the stage, and dvc.lock stays as it was."""
    make_large(project / "data" / "raw.csv")
    edit(project / "params.yaml", "max_iter: 100", "max_iter: 2000")
    run("dvc", "add", "data/raw.csv", cwd=project)
    run("dvc", "repro", "prepare", cwd=project)
    before = (project / "dvc.lock").read_text()
    environment = home | {"PATH": f"{home['UV_PROJECT_ENVIRONMENT']}/bin:{home['PATH']}"}
    running = subprocess.Popen(
        ["dvc", "repro"], cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert any(line.startswith("train: iteration ") for line in running.stdout)
    edit(project / "pipeline" / "features.py", "PARTS = (", "PARTS = (  # edited\n")
    edit(project / "data" / "schema.yaml", "task: classification", "task: classification # edited")
    edit(project / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.3")
    _, said = running.communicate(timeout=300)
    assert running.returncode != 0
    named = "params.yaml, block train, data/schema.yaml, pipeline/features.py"
    assert f"train: {named} changed while the stage ran: run `dvc repro` again." in said
    assert (project / "dvc.lock").read_text() == before


def test_other_block_of_parameters_does_not_matter(project: Path, run: Run) -> None:
    """A parameter of evaluation repeats evaluation alone, and a comment nothing."""
    edit(project / "params.yaml", "confidence: 0.95", "confidence: 0.9 # a comment")
    assert ran(run("dvc", "repro", cwd=project).stdout) == ["evaluate"]
    edit(project / "params.yaml", "# a comment", "# another comment")
    assert ran(run("dvc", "repro", cwd=project).stdout) == []
