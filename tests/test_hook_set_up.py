"""The set-up after generation runs every step that works here and prints the commands of the others."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[1]
GIT = str(shutil.which("git"))
UV = """#!/bin/sh
echo "$*" >> {log}
case "$*" in *'{fails}'*) echo 'Some noise.' >&2; echo '{message}' >&2; exit {code};; esac
"""
ALL_UV_COMMANDS = ["lock", "sync", "dvc add", "pipeline.describe", "pre-commit install"]
Result = subprocess.CompletedProcess[str]


def bake(
    folder: Path, *, git: bool = True, uv: str = UV, identity: str = "email = a@b.c\nname = A", **failure: str
) -> Result:
    """Run cookiecutter where only Git and a stub of uv are installed; the stub fails at most at one command."""
    programs = folder / "bin"
    programs.mkdir()
    # A symbolic link, so that this Python's folder is not on the PATH.
    (programs / "python").symlink_to(sys.executable)
    if git:
        (programs / "git").symlink_to(GIT)
    if uv:
        values = {"log": folder / "uv.log", "fails": "nothing at all", "message": "", "code": 2} | failure
        (programs / "uv").write_text(uv.format(**values))
        (programs / "uv").chmod(0o755)
    (folder / ".gitconfig").write_text(f"[user]\nuseConfigOnly = true\n{identity}\n")
    (folder / "config.yaml").write_text(f"replay_dir: {folder}/replay\n")
    home = {"HOME": str(folder), "COOKIECUTTER_CONFIG": str(folder / "config.yaml"), "GIT_CONFIG_NOSYSTEM": "1"}
    variables = home | {"PATH": str(programs), "PYTHONPATH": ":".join(sys.path), "GIT_DIR": "/nowhere"}
    command = [str(programs / "python"), "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--output-dir", "out"]
    command += failure.get("answers", "description=Birds.").split(",")
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def commits(folder: Path) -> list[str]:
    command = [GIT, "-C", str(folder / "out" / "penguin_species"), "log", "--format=%s"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def uv_commands(folder: Path) -> list[str]:
    calls = (folder / "uv.log").read_text().splitlines() if (folder / "uv.log").exists() else []
    return [command for command in ALL_UV_COMMANDS if any(command in line for line in calls)]


def remaining_commands(output: str) -> list[str]:
    """The commands that are printed to finish the set-up later."""
    _, _, rest = output.partition("To finish the set-up later, type in penguin_species/:\n")
    return [line.strip() for line in rest.partition("Next:\n")[0].splitlines()]


def test_set_up_runs_each_step_and_commits(tmp_path: Path) -> None:
    """Each step prints one line, and the project ends with one commit and a clean work tree."""
    result = bake(tmp_path)
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split("]")[0] for line in lines[:7]] == [f"[{number}/7" for number in range(1, 8)]
    assert lines[7:] == ["Next:", "  cd penguin_species", "  uv run dvc repro", "  uv run dvc metrics show"]
    assert uv_commands(tmp_path) == ALL_UV_COMMANDS
    assert commits(tmp_path) == ["Start Penguin Species from the template"]


def test_missing_uv_prints_the_commands(tmp_path: Path) -> None:
    """Without uv the project is kept, and the remaining commands are printed."""
    result = bake(tmp_path, uv="")
    assert result.returncode == 0
    assert "Could not choose the versions of all packages (uv lock): uv is not installed." in result.stdout
    assert [line.split()[0] for line in remaining_commands(result.stdout)] == ["uv"] * 5 + ["git"] * 2
    assert (tmp_path / "out" / "penguin_species" / ".git").is_dir()
    assert commits(tmp_path) == []


def test_missing_git_still_creates_the_environment(tmp_path: Path) -> None:
    """Steps that do not need Git run without it."""
    result = bake(tmp_path, git=False)
    assert result.returncode == 0
    assert "Could not start a Git repository (git init): git is not installed." in result.stdout
    assert remaining_commands(result.stdout)[:2] == [
        "git init --quiet -b main",
        "uv run --no-sync dvc add data/raw.csv",
    ]
    assert uv_commands(tmp_path) == ["lock", "sync", "pipeline.describe"]


def test_missing_git_identity_prints_the_commit_commands(tmp_path: Path) -> None:
    """Without a Git identity every step but the commit runs, and the commands to set one are printed."""
    result = bake(tmp_path, identity="")
    assert result.returncode == 0
    name, email, commit = remaining_commands(result.stdout)
    assert name == "git config user.name 'Your Name'"
    assert email == "git config user.email you@example.com"
    assert commit == "git commit --quiet --no-verify -m 'Start Penguin Species from the template'"
    assert uv_commands(tmp_path) == ALL_UV_COMMANDS


@pytest.mark.parametrize(
    ("fails", "completed", "remaining"),
    [("lock", ["lock"], 7), ("sync", ["lock", "sync"], 6), ("dvc add", ALL_UV_COMMANDS, 3)],
)
def test_untracked_data_is_never_committed(fails: str, completed: list[str], remaining: int, tmp_path: Path) -> None:
    """No commit is made before DVC tracks the raw table, because Git would keep it forever."""
    result = bake(tmp_path, fails=fails, message="No network.")
    assert result.returncode == 0
    assert ": No network." in result.stdout
    assert len(remaining_commands(result.stdout)) == remaining
    assert (uv_commands(tmp_path), commits(tmp_path)) == (completed, [])


def test_failed_download_prints_the_remaining_commands(tmp_path: Path) -> None:
    """If a dataset cannot be downloaded, the command to import it later is printed."""
    answers = "dataset=https://example.com/my birds.PARQUET?v=1,target=it's,description=Birds."
    result = bake(tmp_path, fails="import-url", message="ERROR: no route", answers=answers)
    assert "Could not put the data under DVC (dvc import-url): ERROR: no route." in result.stdout
    first, second, *rest = remaining_commands(result.stdout)
    assert first == "uv run --no-sync dvc import-url 'https://example.com/my birds.PARQUET?v=1' data/raw.parquet"
    assert "data/raw.parquet data/schema.yaml '--target=it'\"'\"'s' --task=classification" in second
    assert [command.split()[1] for command in rest] == ["add", "commit"]


def test_refused_table_removes_the_project(tmp_path: Path) -> None:
    """If the contract cannot be written because of the answers, the project is removed."""
    result = bake(tmp_path, fails="pipeline.describe", message="describe: no such target.", code="1")
    assert result.returncode == 1
    assert result.stderr.splitlines() == ["Some noise.", "describe: no such target."]
    assert list((tmp_path / "out").iterdir()) == []


def test_crashed_step_keeps_the_project(tmp_path: Path) -> None:
    """A traceback is an error of the template, so the project is kept."""
    result = bake(tmp_path, fails="pipeline.describe", message="Traceback: KeyError", code="1")
    assert result.returncode == 0
    assert "Could not write the data contract: Traceback: KeyError." in result.stdout
    assert len(remaining_commands(result.stdout)) == 3
