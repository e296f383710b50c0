"""A review as CI does it: a fresh clone of what was pushed to a bare origin, with a cache of its own."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Run
from tests.test_life import edit

FINE = {"verify": 0, "reproduce": 0, "gate": 0}
BAD = ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.001")
SLOW = ("params.yaml", "max_iter: 100", "max_iter: 12")
SMALL = ("params.yaml", "max_iter: 100", "max_iter: 30")
VERBS = ("verify", "reproduce", "gate")


@dataclass
class Review:
    """Exit code and words of each verb, the report's files, and what stands in the clone's cache at the end."""

    code: dict[str, int]
    said: dict[str, str]
    folder: Path
    pulled: dict[str, set[str]]

    @property
    def report(self) -> dict[str, Any]:
        """report.json."""
        return dict(json.loads((self.folder / "report.json").read_text("utf-8")))

    @property
    def comment(self) -> str:
        """report.md."""
        return (self.folder / "report.md").read_text("utf-8")

    @property
    def details(self) -> dict[str, Any]:
        """What reproduce says to programs."""
        return dict(json.loads((self.folder / "reproduce.json").read_text("utf-8"))["details"])


def origin(project: Path, run: Run) -> None:
    """Give the project a bare origin that holds main."""
    bare = project.parent / "origin.git"
    run("git", "init", "--quiet", "--bare", "-b", "main", str(bare), cwd=project)
    run("git", "remote", "add", "origin", str(bare), cwd=project)
    send(project, run)
    run("git", "switch", "--quiet", "-c", "change", cwd=project)


def change(project: Path, run: Run, *edits: tuple[str, str, str], message: str = "Change", data: bool = True) -> None:
    """Edit files (path, old, new), bring the results up to date, commit and push both; without `data` Git alone."""
    for name, old, new in edits:
        edit(project / name, old, new)
    run("dvc", "repro", cwd=project)
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "-m", message, cwd=project)
    send(project, run, data)


def send(project: Path, run: Run, data: bool = True) -> None:
    """Push the branch, and what DVC stores."""
    if data:
        run("dvc", "push", cwd=project)
    run("git", "push", "--quiet", "--no-verify", "origin", "HEAD", cwd=project)


def cached(clone: Path) -> set[str]:
    """The hashes in the clone's DVC cache."""
    files = (clone / ".dvc" / "cache" / "files" / "md5").glob("*/*")
    return {path.parent.name + path.name for path in files}


def hashes(project: Path, *paths: str) -> set[str]:
    """The recorded hashes of stored files."""
    stages = yaml.safe_load((project / "dvc.lock").read_text())["stages"].values()
    known = {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", []) + stage.get("deps", [])}
    return {known[path] for path in paths}


def review(
    project: Path,
    run: Run,
    base: str = "origin/main",
    clone: tuple[str, ...] = (),
    first: Callable[[Path], object] = id,
    env: dict[str, str] | None = None,
) -> Review:
    """Run the three verbs in a fresh clone of origin's branch `change`; `first` may prepare the clone."""
    place = project.parent / "ci"
    shutil.rmtree(place, ignore_errors=True)
    address = f"file://{project.parent / 'origin.git'}"
    run("git", "clone", "--quiet", *clone, "-b", "change", address, str(place), cwd=project.parent)
    first(place)
    code, said, pulled = {}, {}, {}
    for verb in VERBS:
        given = [verb, *([] if verb == "verify" else [base]), "--report", "report"]
        done = run("lifecycle", *given, cwd=place, code=None, **(env or {}))
        assert "Traceback" not in done.stderr, done.stderr
        code[verb], pulled[verb] = done.returncode, cached(place)
        said[verb] = done.stderr if done.returncode == 2 else done.stdout
    assert run("git", "status", "--porcelain", cwd=place).stdout == ""
    return Review(code, said, place / "report", pulled)


def rows(report: dict[str, Any], name: str) -> dict[str, Any]:
    """The report's row of a metric."""
    return dict(next(row for row in report["metrics"] if row["name"] == name))


def commit(project: Path, run: Run, *edits: tuple[str, str, str]) -> None:
    """Edit and push without running anything."""
    for name, old, new in edits:
        edit(project / name, old, new)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "By hand", cwd=project)
    run("git", "push", "--quiet", "--no-verify", "--force", "origin", "HEAD", cwd=project)
