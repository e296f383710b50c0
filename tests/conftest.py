"""Shared fixtures: an isolated home, a function that bakes the template, and projects that are set up once and copied.

uv's cache is the machine's; HOME, Git's identity, DVC's settings and every environment belong to the tests.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TEMPLATE = Path(__file__).parents[1]
SOURCE = TEMPLATE / "{{cookiecutter.project_slug}}"
collect_ignore = ["project"]  # tests of default features on tables of their own, run in a project by test_template.py
Run = Callable[..., subprocess.CompletedProcess[str]]
TOGETHER = [
    ("test_ci_github", "test_ci_gitlab", "test_ci_promote"),
    ("test_registry", "test_clean"),
    ("test_report",),
    ("test_deploy",),
    ("test_image",),
]


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
    """Gives tests that share a costly set-up, or change it, to one process; all others to whichever is free."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0].rpartition("/")[2]
        return next((files[0] for files in TOGETHER if file.startswith(files)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    """The marks of --dist=loadgroup have no effect with pytest 9."""
    return Scheduler(config, log)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables for every command that a test runs."""
    folder = tmp_path_factory.mktemp("home")
    (folder / ".gitconfig").write_text(
        "[user]\nname = Tester\nemail = tester@example.com\n[init]\ndefaultBranch = main\n"
    )
    (folder / "cookiecutter.yaml").write_text(json.dumps({"replay_dir": f"{folder}/replay"}))
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "DVC_", "PRE_COMMIT", "PYTEST", "VIRTUAL_ENV"))
        and name != "PYTHONDONTWRITEBYTECODE"
    }
    return inherited | {
        "HOME": str(folder),
        "COOKIECUTTER_CONFIG": str(folder / "cookiecutter.yaml"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / "dvc-site"),
        "DVC_GLOBAL_CONFIG_DIR": str(folder / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(folder / "dvc-system"),
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
        "UV_CACHE_DIR": cache,
        "UV_PROJECT_ENVIRONMENT": str(folder / "environment"),
    }


def environment_of(folder: Path) -> str:
    """The end of the environment's name: that of the remote, whose packages may need other versions of shared ones."""
    settings = next((file for place in (folder, *folder.parents) if (file := place / "pyproject.toml").exists()), None)
    return "".join(re.findall(r'"dvc\[(\w+)\]', settings.read_text())) if settings else ""


@pytest.fixture(scope="session")
def run(home: dict[str, str]) -> Run:
    """Run a command with the project's environment on the PATH; fail unless it exits with `code`."""

    def run(*command: str, cwd: Path, code: int | None = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        if command[0] == "lifecycle":  # the project in `cwd`, not the one that the environment was created for
            command = ("python", "-m", *command)
        place = home["UV_PROJECT_ENVIRONMENT"] + environment_of(cwd)
        own = {"UV_PROJECT_ENVIRONMENT": place, "PATH": f"{place}/bin{os.pathsep}{home['PATH']}"}
        environment = home | own | variables
        program = shutil.which(command[0], path=environment["PATH"]) or command[0]
        result = subprocess.run([program, *command[1:]], cwd=cwd, env=environment, capture_output=True, text=True)
        if code is not None and result.returncode != code:
            raise AssertionError(
                f"{' '.join(command)} exited with {result.returncode}:\n{result.stdout}\n{result.stderr}"
            )
        return result

    return run


@pytest.fixture(scope="session")
def bake(run: Run, home: dict[str, str]) -> Callable[..., Path]:
    """Bake the template into `folder` with the given answers; return the project's path."""

    def bake(folder: Path, **answers: str) -> Path:
        kind = answers.get("remote", "local")
        remote = {"remote_url": str(folder / "storage")} if kind == "local" else {}
        place = home["UV_PROJECT_ENVIRONMENT"] + {"local": "", "gcs": "gs"}.get(kind, kind)
        arguments = [f"{name}={answer}" for name, answer in (remote | answers).items()]
        before = set(folder.iterdir())
        command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", *arguments]
        result = run(*command, cwd=folder, PATH=home["PATH"], PWD=str(folder), UV_PROJECT_ENVIRONMENT=place)
        (project,) = {path for path in folder.iterdir() if path not in before and (path / "dvc.yaml").exists()}
        assert "Could not" not in result.stdout, result.stdout
        return project

    return bake


@pytest.fixture(scope="session")
def baked(bake: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default project, set up, with its first commit. Read-only: use `project` to make changes."""
    return bake(tmp_path_factory.mktemp("baked"))


@pytest.fixture(scope="session")
def reproduced(baked: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default project with its results committed and pushed. Read-only: use `project` to make changes."""
    folder = tmp_path_factory.mktemp("reproduced") / baked.name
    shutil.copytree(baked, folder, symlinks=True)
    run("dvc", "repro", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "-m", "First results", cwd=folder)
    run("dvc", "push", cwd=folder)
    return folder


@pytest.fixture
def project(reproduced: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the reproduced project that a test may change."""
    shutil.copytree(reproduced, tmp_path / reproduced.name, symlinks=True)
    yield tmp_path / reproduced.name


@pytest.fixture
def pushed(project: Path, run: Run) -> Path:
    """The project on a new branch `change`, with main pushed to a bare origin."""
    from tests.review import add_origin  # a circular import at module level

    add_origin(project, run)
    return project
