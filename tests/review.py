"""A review as CI runs it: in a fresh clone of what was pushed to a bare origin, with an empty cache."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Run
from tests.test_life import edit

ALL_PASS = {"verify": 0, "reproduce": 0, "gate": 0}
BAD = ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.001")
SLOW = ("params.yaml", "max_iter: 100", "max_iter: 12")
SMALL = ("params.yaml", "max_iter: 100", "max_iter: 30")
VERBS = ("verify", "reproduce", "gate")


@dataclass
class Review:
    """Exit code and output of each verb, the report's files, and the clone's cache after each verb."""

    code: dict[str, int]
    output: dict[str, str]
    folder: Path
    pulled: dict[str, set[str]]

    @property
    def report(self) -> dict[str, Any]:
        """The content of report.json."""
        return dict(json.loads((self.folder / "report.json").read_text("utf-8")))

    @property
    def comment(self) -> str:
        """The content of report.md."""
        return (self.folder / "report.md").read_text("utf-8")

    @property
    def details(self) -> dict[str, Any]:
        """The details in reproduce.json."""
        return dict(json.loads((self.folder / "reproduce.json").read_text("utf-8"))["details"])


def add_origin(project: Path, run: Run) -> None:
    """Add a bare origin that holds main."""
    bare = project.parent / "origin.git"
    run("git", "init", "--quiet", "--bare", "-b", "main", str(bare), cwd=project)
    run("git", "remote", "add", "origin", str(bare), cwd=project)
    push(project, run)
    run("git", "switch", "--quiet", "-c", "change", cwd=project)


def change(project: Path, run: Run, *edits: tuple[str, str, str], message: str = "Change", data: bool = True) -> None:
    """Edit files (path, old, new), reproduce, commit and push data and Git; without `data` only Git."""
    for name, old, new in edits:
        edit(project / name, old, new)
    run("dvc", "repro", cwd=project)
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "-m", message, cwd=project)
    push(project, run, data)


def push(project: Path, run: Run, data: bool = True) -> None:
    """Push the branch and the data that DVC stores."""
    if data:
        run("dvc", "push", cwd=project)
    run("git", "push", "--quiet", "--no-verify", "origin", "HEAD", cwd=project)


def cached_hashes(clone: Path) -> set[str]:
    """The hashes in the clone's DVC cache."""
    files = (clone / ".dvc" / "cache" / "files" / "md5").glob("*/*")
    return {path.parent.name + path.name for path in files}


def recorded_hashes(project: Path, *paths: str) -> set[str]:
    """The recorded hashes of stored files."""
    stages = yaml.safe_load((project / "dvc.lock").read_text())["stages"].values()
    recorded = {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", []) + stage.get("deps", [])}
    return {recorded[path] for path in paths}


def review(
    project: Path,
    run: Run,
    base: str = "origin/main",
    clone_options: tuple[str, ...] = (),
    prepare: Callable[[Path], object] = id,
    env: dict[str, str] | None = None,
) -> Review:
    """Run the three verbs in a fresh clone of origin's branch `change`; `prepare` may change the clone first."""
    clone = project.parent / "ci"
    shutil.rmtree(clone, ignore_errors=True)
    address = f"file://{project.parent / 'origin.git'}"
    run("git", "clone", "--quiet", *clone_options, "-b", "change", address, str(clone), cwd=project.parent)
    prepare(clone)
    code, output, pulled = {}, {}, {}
    for verb in VERBS:
        result = run("lifecycle", verb, base, "--report", "report", cwd=clone, code=None, **(env or {}))
        assert "Traceback" not in result.stderr, result.stderr
        code[verb], pulled[verb] = result.returncode, cached_hashes(clone)
        output[verb] = result.stderr if result.returncode == 2 else result.stdout
    assert run("git", "status", "--porcelain", cwd=clone).stdout == ""
    return Review(code, output, clone / "report", pulled)


def metric_row(report: dict[str, Any], name: str) -> dict[str, Any]:
    """The report's row of a metric."""
    return dict(next(row for row in report["metrics"] if row["name"] == name))


def commit(project: Path, run: Run, *edits: tuple[str, str, str]) -> None:
    """Edit, commit and push without running any stage."""
    for name, old, new in edits:
        edit(project / name, old, new)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "By hand", cwd=project)
    run("git", "push", "--quiet", "--no-verify", "--force", "origin", "HEAD", cwd=project)
