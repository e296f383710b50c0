"""Which code checks a change: that of the branch that it goes into, so that no change can check itself."""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.git.run import ENVIRONMENT, attempt, git
from lifecycle.paths import START

CODE = Path(__file__).parents[1]  # the project whose program runs
PARTS = (  # what a check runs, and the environment that it runs in
    "lifecycle", "pipeline/__init__.py", "pipeline/contract", "pipeline/run", "pipeline/metrics.py",
    "pipeline/evaluation/__init__.py", "pipeline/evaluation/golden.py", "pipeline/evaluation/intervals.py",
    "pipeline/evaluation/jackknife.py", "pipeline/evaluation/proportions.py", "pipeline/evaluation/slices.py",
    "pipeline/evaluation/skewness.py", "pipeline/evaluation/unseen.py", "uv.lock", ".python-version",
)  # fmt: skip
FILES = (*PARTS, "pyproject.toml", "tests", ".pre-commit-config.yaml", ".github", ".gitlab", ".gitlab-ci.yml",
         ".dvc/config", ".dvcignore", ".gitattributes", "conftest.py", "pytest.ini", "tox.ini",
         "setup.cfg")  # fmt: skip
PYTHON = "LIFECYCLE_PYTHON"  # the Python of the change's own environment, which runs its stages
OTHER = ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "PYTHONPATH")  # would lead to the change's environment
ALONE = "The base has no lifecycle/, so this change was checked by its own code."


def base(options: argparse.Namespace) -> str | None:
    """The commit of the base that was given; None for none, and for zeros, which mean that there is none."""
    given = getattr(options, "base", None)
    return commits.known(given) if given else None


def tip(options: argparse.Namespace) -> str | None:
    """The commit whose code a verb with BASE runs: the base's own tip, not the commit where the change left it."""
    return None if getattr(options, "direct", False) else base(options)


def hand_over(tip: str, arguments: list[str]) -> int | None:
    """Run this command line with the code of `tip`, and return its exit code; None if that is the code that runs."""
    if PYTHON in os.environ or not exists(tip) or same(tip):  # once is enough, whatever a checkout does to line ends
        return None
    if not shutil.which("uv"):
        raise LifecycleError("uv is not installed, and the base's code needs it to check this change: install uv.")
    command = ["uv", "run", "--quiet", "--locked", "--project", str(checked_out(tip)), "lifecycle", *arguments]
    kept = {name: value for name, value in ENVIRONMENT.items() if name not in OTHER}
    done = subprocess.run(command, cwd=START, env={PYTHON: sys.executable} | kept)
    return done.returncode if done.returncode in (0, 1) else 2


def exists(tip: str) -> bool:
    """Whether a commit has this program."""
    return commits.show(tip, "lifecycle/cli.py") is not None


def same(tip: str) -> bool:
    """Whether the code that runs is the code of a commit, file by file."""
    rows = [row.split("\t", 1) for row in git("ls-tree", "-r", "-z", tip, "--", *PARTS).split("\0") if row]
    theirs = {name: entry.split()[2] for entry, name in rows if runs(name)}
    paths = [
        path for part in PARTS for path in ([CODE / part] if (CODE / part).is_file() else (CODE / part).rglob("*.py"))
    ]
    names = sorted(name for path in paths if runs(name := path.relative_to(CODE).as_posix()))
    given = "".join(f"{CODE / name}\n" for name in names)
    own = attempt("hash-object", "--no-filters", "--stdin-paths", text=given).stdout.split()
    return theirs == dict(zip(names, own))


def runs(name: str) -> bool:
    """Whether a check may run or read a file of PARTS."""
    return not name.startswith("lifecycle/tests/") and (name.endswith(".py") or name in PARTS)


def checked_out(tip: str) -> Path:
    """A folder with the project at a commit, which is kept with its environment for the next check."""
    places = Path(git("rev-parse", "--path-format=absolute", "--git-common-dir"), "lifecycle")
    folder = places / hashlib.sha1(git("ls-tree", tip, "--", *PARTS, "pyproject.toml").encode()).hexdigest()
    if not (folder / ".git").exists():
        shutil.rmtree(places, ignore_errors=True)
        git("clone", "--quiet", "--shared", "--no-checkout", git("rev-parse", "--show-toplevel"), str(folder))
    git("-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", tip, cwd=str(folder))
    return folder / git("rev-parse", "--show-prefix")


def notes(options: argparse.Namespace) -> tuple[list[str], dict[str, Any]]:
    """What every outcome of a check says about the code that checked: a note if it is the change's own, its commit."""
    commit = tip(options)
    if commit and same(commit):
        return [], {"code": commit}
    own = attempt("rev-parse", "HEAD", cwd=str(CODE)).stdout.strip()
    return [ALONE] if commit and not exists(commit) else [], {"code": own}


def edited(old: str, new: str) -> list[str]:
    """The files that check a change and that it adds, edits, moves or removes."""
    return git("diff", "--name-only", "--no-renames", "--relative", old, new, "--", *FILES).splitlines()


def stage_python() -> str:
    return os.environ.get(PYTHON, sys.executable)
