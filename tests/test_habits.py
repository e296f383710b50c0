"""The project's Git hooks detect errors and keep data in step with commits; one command resolves conflicts."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_life import edit, stages_run

pytestmark = pytest.mark.slow

KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\n"
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "execution_count": 1,
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["secret"]}],
            "source": ["print()"],
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
ERRORS = {
    "merge-conflict": ("notes.txt", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"),
    "large-files": ("large.bin", "x" * 600_000),
    "private-key": ("key.txt", KEY),
    "toml": ("wrong.toml", "a = \n"),
    "yaml": ("wrong.yaml", "a: [\n"),
    "line-ending": ("notes.txt", "a\r\n"),
    "white-space": ("notes.txt", "a \n"),
    "end-of-file": ("notes.txt", "a"),
    "notebook": ("notebooks/other.ipynb", json.dumps(NOTEBOOK)),
    "lint": ("pipeline/other.py", '"""Doc."""\nimport os\n'),
    "format": ("pipeline/other.py", "x = {  'a':1}\n"),
    "types": ("pipeline/other.py", "def f() -> int:\n    return 'no'\n"),
    "lock": ("pyproject.toml", ""),
}


@pytest.mark.parametrize("hook", ERRORS)
def test_hook_detects_its_error(hook: str, project: Path, run: Run) -> None:
    """Each hook passes on the project and fails on its error, without network access."""
    name, content = ERRORS[hook]
    offline = {"UV_OFFLINE": "1"}
    run("pre-commit", "run", hook, "--all-files", cwd=project, **offline)
    if content:
        (project / name).write_text(content, newline="")
    else:
        edit(project / name, '  "skops>=0.16,<0.17",\n', "")
    run("git", "add", "--all", cwd=project)
    result = run("pre-commit", "run", hook, "--files", name, cwd=project, code=1, **offline)
    assert "Failed" in result.stdout


def test_every_hook_is_tested(project: Path) -> None:
    """Every hook of the project has a test."""
    text = (project / ".pre-commit-config.yaml").read_text()
    hooks = {line.split(":")[1].strip() for line in text.splitlines() if line.strip().startswith("- id:")}
    assert hooks == {*ERRORS, "dvc-status", "dvc-push", "dvc-checkout", "verify", "gate", "verify-merge"}


def missing_in_remote(project: Path, run: Run) -> object:
    """The objects that are not in the remote."""
    return json.loads(run("dvc", "data", "status", "--not-in-remote", "--json", cwd=project).stdout).get(
        "not_in_remote"
    )


def test_git_hooks_keep_data_in_step(project: Path, run: Run, tmp_path: Path) -> None:
    """A commit lists stale stages, a push sends the objects first, a checkout restores the files of the commit."""
    origin = tmp_path / "origin.git"
    run("git", "init", "--quiet", "--bare", str(origin), cwd=tmp_path)
    run("git", "remote", "add", "origin", str(origin), cwd=project)
    first = (project / "models" / "model.skops").read_bytes()
    run("git", "switch", "--quiet", "-c", "slower", cwd=project)
    edit(project / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.03")
    commit = run("git", "commit", "--quiet", "--all", "-m", "Slower", cwd=project)
    assert "params.yaml" in commit.stdout + commit.stderr
    run("dvc", "repro", cwd=project)
    run("git", "commit", "--quiet", "--all", "-m", "Slower results", cwd=project)
    second = (project / "models" / "model.skops").read_bytes()
    assert second != first
    assert missing_in_remote(project, run)
    run("git", "push", "--quiet", "origin", "slower", cwd=project)
    assert not missing_in_remote(project, run)
    run("git", "switch", "--quiet", "main", cwd=project)
    assert (project / "models" / "model.skops").read_bytes() == first
    run("git", "switch", "--quiet", "slower", cwd=project)
    assert (project / "models" / "model.skops").read_bytes() == second


def test_resolve_fixes_a_dvc_lock_conflict(project: Path, run: Run) -> None:
    """Two retrained branches conflict without markers, and the documented command resolves the conflict."""
    run("git", "switch", "--quiet", "-c", "theirs", cwd=project)
    edit(project / "params.yaml", "test_share: 0.2", "test_share: 0.3")
    run("dvc", "repro", cwd=project)
    run("git", "commit", "--quiet", "--all", "-m", "More test rows", cwd=project)
    run("git", "switch", "--quiet", "main", cwd=project)
    edit(project / "params.yaml", "confidence: 0.95", "confidence: 0.9")
    edit(project / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.03")
    run("dvc", "repro", cwd=project)
    run("git", "commit", "--quiet", "--all", "-m", "Slower", cwd=project)
    merged = run("git", "merge", "theirs", cwd=project, code=1)
    assert "dvc.lock" in merged.stdout
    for name in ("dvc.lock", "reports/metrics.json", "reports/model_card.md"):
        assert "<<<<<<<" not in (project / name).read_text()
    assert "`uv run lifecycle resolve`" in (project / "README.md").read_text()
    result = run("lifecycle", "resolve", cwd=project)
    assert stages_run(result.stderr) == ["prepare", "train", "evaluate", "export"]
    run("git", "commit", "--quiet", "-m", "Merge theirs", cwd=project)
    assert "up to date" in run("dvc", "status", cwd=project).stdout
    assert json.loads((project / "models" / "manifest.json").read_text())["parameters"]["learning_rate"] == 0.03


def test_stale_results_are_not_pushed(project: Path, run: Run, tmp_path: Path) -> None:
    """A push of stale results is refused; uncommitted work does not block a push."""
    run("git", "init", "--quiet", "--bare", str(tmp_path / "origin.git"), cwd=tmp_path)
    run("git", "remote", "add", "origin", str(tmp_path / "origin.git"), cwd=project)
    edit(project / "params.yaml", "max_iter: 100", "max_iter: 20")
    run("git", "commit", "--quiet", "--all", "-m", "Shorter", cwd=project)
    push = run("git", "push", "origin", "main", cwd=project, code=1)
    assert "params.yaml: train" in push.stdout + push.stderr
    run("dvc", "repro", cwd=project)
    run("git", "commit", "--quiet", "--all", "-m", "Shorter results", cwd=project)
    edit(project / "params.yaml", "max_iter: 20", "max_iter: 21")
    run("dvc", "repro", cwd=project)
    run("git", "push", "--quiet", "origin", "main", cwd=project)
    assert "max_iter: 21" in (project / "params.yaml").read_text()
    run("git", "switch", "--quiet", "-c", "another", cwd=project)
    assert "up to date" in run("dvc", "status", cwd=project).stdout


def test_merge_with_stale_results_stops(project: Path, run: Run) -> None:
    """A merge without conflicts but with stale results stops until `resolve` has updated them."""
    run("git", "switch", "--quiet", "-c", "theirs", cwd=project)
    edit(project / "params.yaml", "max_iter: 100", "max_iter: 22")
    run("git", "commit", "--quiet", "--all", "-m", "No results", cwd=project)
    run("git", "switch", "--quiet", "main", cwd=project)
    edit(project / "README.md", "# Penguin Species\n", "# Penguins\n")
    run("git", "commit", "--quiet", "--all", "-m", "Words", cwd=project)
    head = run("git", "rev-parse", "HEAD", cwd=project).stdout
    stopped = run("git", "merge", "--no-edit", "theirs", cwd=project, code=1)
    assert "params.yaml: train" in stopped.stdout + stopped.stderr
    run("git", "commit", "--quiet", "--no-edit", cwd=project, code=1)
    assert run("git", "rev-parse", "HEAD", cwd=project).stdout == head
    run("lifecycle", "resolve", cwd=project)
    run("git", "commit", "--quiet", "--no-edit", cwd=project)
    assert "up to date" in run("dvc", "status", cwd=project).stdout


def test_notebook_runs(project: Path, run: Run, home: dict[str, str], tmp_path: Path) -> None:
    """The notebook runs without errors and shows the data, the metrics and two plots."""
    out = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "environment"), "PATH": home["PATH"]}
    execute = ["jupyter", "execute", "notebooks/explore.ipynb", "--output", "run.ipynb"]
    run("uv", "run", "--locked", "--group", "notebook", *execute, cwd=project, **out)
    cells = json.loads((project / "notebooks" / "run.ipynb").read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    text = "".join("".join(output.get("data", {}).get("text/plain", "")) for output in outputs)
    assert "bill_length_mm" in text
    assert "log_loss" in text
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert not any(output["output_type"] == "error" for output in outputs)


def test_what_is_pushed_is_what_is_checked(project: Path, run: Run, tmp_path: Path) -> None:
    """A push of another branch than the current one is refused if that branch's results are stale; its data is sent."""
    run("git", "init", "--quiet", "--bare", "-b", "main", str(tmp_path / "origin.git"), cwd=tmp_path)
    run("git", "remote", "add", "origin", str(tmp_path / "origin.git"), cwd=project)
    run("git", "push", "--quiet", "origin", "main", cwd=project)
    run("git", "switch", "--quiet", "-c", "other", cwd=project)
    edit(project / "params.yaml", "max_iter: 100", "max_iter: 25")
    run("git", "commit", "--quiet", "--all", "-m", "Stale", cwd=project)
    run("git", "switch", "--quiet", "main", cwd=project)
    push = run("git", "push", "origin", "other", cwd=project, code=1)
    assert "params.yaml: train" in push.stdout + push.stderr
    run("git", "switch", "--quiet", "other", cwd=project)
    run("dvc", "repro", cwd=project)
    run("git", "commit", "--quiet", "--all", "-m", "Results", cwd=project)
    run("git", "switch", "--quiet", "main", cwd=project)
    pushed = run("git", "push", "origin", "other", cwd=project)
    assert "gate: inconclusive." in pushed.stdout + pushed.stderr or "gate: fail." in pushed.stdout + pushed.stderr
    run("git", "switch", "--quiet", "other", cwd=project)
    assert not missing_in_remote(project, run)
