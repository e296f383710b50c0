"""The set-up after generation: what works is done, what cannot be done here is named and printed for later."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[1]
GIT = str(shutil.which("git"))
UV = """#!/bin/sh
echo "$*" >> {log}
case "$*" in *'{fails}'*) echo 'Some noise.' >&2; echo '{says}' >&2; exit {code};; esac
"""
ALL_OF_UV = ["lock", "sync", "dvc add", "pipeline.describe", "pre-commit install"]
Baked = subprocess.CompletedProcess[str]


def bake(folder: Path, *, git: bool = True, uv: str = UV, who: str = "email = a@b.c\nname = A", **fault: str) -> Baked:
    """Call cookiecutter where there is no other program than Git and a uv that plays along but for one fault."""
    programs = folder / "bin"
    programs.mkdir()
    # Through a link of its own, so that nothing else lies beside this Python.
    (programs / "python").symlink_to(sys.executable)
    if git:
        (programs / "git").symlink_to(GIT)
    if uv:
        faults = {"log": folder / "uv.log", "fails": "nothing at all", "says": "", "code": 2} | fault
        (programs / "uv").write_text(uv.format(**faults))
        (programs / "uv").chmod(0o755)
    (folder / ".gitconfig").write_text(f"[user]\nuseConfigOnly = true\n{who}\n")
    (folder / "config.yaml").write_text(f"replay_dir: {folder}/replay\n")
    own = {"HOME": str(folder), "COOKIECUTTER_CONFIG": str(folder / "config.yaml"), "GIT_CONFIG_NOSYSTEM": "1"}
    variables = own | {"PATH": str(programs), "PYTHONPATH": ":".join(sys.path), "GIT_DIR": "/nowhere"}
    command = [str(programs / "python"), "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--output-dir", "out"]
    command += fault.get("answers", "description=Birds.").split(",")
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def commits(folder: Path) -> list[str]:
    command = [GIT, "-C", str(folder / "out" / "penguin_species"), "log", "--format=%s"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def uv_ran(folder: Path) -> list[str]:
    called = (folder / "uv.log").read_text().splitlines() if (folder / "uv.log").exists() else []
    return [word for word in ALL_OF_UV if any(word in line for line in called)]


def later(said: str) -> list[str]:
    """The commands that are printed to be typed later."""
    _, _, rest = said.partition("To finish the set-up later, type in penguin_species/:\n")
    return [line.strip() for line in rest.partition("Next:\n")[0].splitlines()]


def test_set_up_runs_each_step_and_commits(tmp_path: Path) -> None:
    """One line a step, in order; the project ends as one commit with nothing left over."""
    baked = bake(tmp_path)
    lines = baked.stdout.splitlines()
    assert (baked.returncode, baked.stderr) == (0, "")
    assert [line.split("]")[0] for line in lines[:7]] == [f"[{number}/7" for number in range(1, 8)]
    assert lines[7:] == ["Next:", "  cd penguin_species", "  uv run dvc repro", "  uv run dvc metrics show"]
    assert uv_ran(tmp_path) == ALL_OF_UV
    assert commits(tmp_path) == ["Start Penguin Species from the template"]


def test_without_uv_the_commands_are_printed(tmp_path: Path) -> None:
    """Who has no uv keeps the project, and reads what to type once uv is there."""
    baked = bake(tmp_path, uv="")
    assert baked.returncode == 0
    assert "Could not choose the versions of all packages (uv lock): uv is not installed." in baked.stdout
    assert [line.split()[0] for line in later(baked.stdout)] == ["uv"] * 5 + ["git"] * 2
    assert (tmp_path / "out" / "penguin_species" / ".git").is_dir()
    assert commits(tmp_path) == []


def test_without_git_the_environment_is_still_made(tmp_path: Path) -> None:
    """What does not need Git is done without it."""
    baked = bake(tmp_path, git=False)
    assert baked.returncode == 0
    assert "Could not start a Git repository (git init): git is not installed." in baked.stdout
    assert later(baked.stdout)[:2] == ["git init --quiet -b main", "uv run --no-sync dvc add data/raw.csv"]
    assert uv_ran(tmp_path) == ["lock", "sync", "pipeline.describe"]


def test_without_an_identity_the_commit_is_left_with_the_commands_that_name_one(tmp_path: Path) -> None:
    """Git does not know who commits: the rest is done, and the answers say who."""
    baked = bake(tmp_path, who="")
    assert baked.returncode == 0
    name, email, commit = later(baked.stdout)
    assert name == "git config user.name 'Your Name'"
    assert email == "git config user.email you@example.com"
    assert commit == "git commit --quiet --no-verify -m 'Start Penguin Species from the template'"
    assert uv_ran(tmp_path) == ALL_OF_UV


@pytest.mark.parametrize(
    ("fails", "done", "left"),
    [("lock", ["lock"], 7), ("sync", ["lock", "sync"], 6), ("dvc add", ALL_OF_UV, 3)],
)
def test_nothing_is_committed_before_the_data_is_there(fails: str, done: list[str], left: int, tmp_path: Path) -> None:
    """A raw table that is not yet under DVC would be in Git for ever."""
    baked = bake(tmp_path, fails=fails, says="No network.")
    assert baked.returncode == 0
    assert ": No network." in baked.stdout
    assert len(later(baked.stdout)) == left
    assert (uv_ran(tmp_path), commits(tmp_path)) == (done, [])


def test_failed_download_leaves_only_what_needs_the_data(tmp_path: Path) -> None:
    """A dataset that cannot be fetched now is fetched later, by the command that is printed."""
    answers = "dataset=https://example.com/my birds.PARQUET?v=1,target=it's,description=Birds."
    baked = bake(tmp_path, fails="import-url", says="ERROR: no route", answers=answers)
    assert "Could not put the data under DVC (dvc import-url): ERROR: no route." in baked.stdout
    first, second, *rest = later(baked.stdout)
    assert first == "uv run --no-sync dvc import-url 'https://example.com/my birds.PARQUET?v=1' data/raw.parquet"
    assert "data/raw.parquet data/schema.yaml '--target=it'\"'\"'s' --task=classification" in second
    assert [command.split()[1] for command in rest] == ["add", "commit"]


def test_refused_table_leaves_nothing_but_the_sentence(tmp_path: Path) -> None:
    """When the contract cannot be written, the fault is the answers': the folder goes."""
    baked = bake(tmp_path, fails="pipeline.describe", says="describe: no such target.", code="1")
    assert baked.returncode == 1
    assert baked.stderr.splitlines() == ["Some noise.", "describe: no such target."]
    assert list((tmp_path / "out").iterdir()) == []


def test_crash_of_a_step_is_no_refusal(tmp_path: Path) -> None:
    """A traceback is the project's fault, not the answers': nothing is lost."""
    baked = bake(tmp_path, fails="pipeline.describe", says="Traceback: KeyError", code="1")
    assert baked.returncode == 0
    assert "Could not write the data contract: Traceback: KeyError." in baked.stdout
    assert len(later(baked.stdout)) == 3
