"""Fixtures for the tests of `publish`: a forge with an origin, a clone of it, and the command as CI runs it."""

import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.conftest import SOURCE, Run
from tests.forge import TOKEN, Forge
from tests.openapi import check
from tests.servers import serve

MARKER = "<!-- lifecycle:report -->"
GOOD = {"verdict": "pass", "messages": ["All is well."]}
Publish = Callable[..., CompletedProcess[str]]


@pytest.fixture
def forge(tmp_path: Path, run: Run) -> Iterator[Forge]:
    """A forge with an origin of one commit, and a clone of it in `work` that contains only lifecycle/."""
    run("git", "init", "--quiet", "--bare", "-b", "main", "origin.git", cwd=tmp_path)
    with serve(Forge(tmp_path / "origin.git")) as forge:
        work = tmp_path / "work"
        run("git", "init", "--quiet", "-b", "main", "work", cwd=tmp_path)
        shutil.copytree(SOURCE / "lifecycle", work / "lifecycle", ignore=shutil.ignore_patterns("__pycache__"))
        (work / "dvc.yaml").touch()
        (work / ".gitignore").write_text("__pycache__/\nreport/\n")
        commit(work, run, "First")
        run("git", "push", "--quiet", str(forge.origin), "HEAD:main", cwd=work)
        run("git", "remote", "add", "origin", f"{forge.url}/git/origin.git", cwd=work)
        yield forge


@pytest.fixture(params=["github", "gitlab"])
def platform(request: pytest.FixtureRequest) -> str:
    """Every test runs on both platforms."""
    return str(request.param)


@pytest.fixture
def publish(forge: Forge, tmp_path: Path, run: Run) -> Publish:
    """Run `publish` as CI does, with the standard library only (-S); check its requests to GitHub."""

    def publish(platform: str, *command: str, code: int = 0, **variables: str) -> CompletedProcess[str]:
        environment = forge.variables(platform) | variables
        result = run(
            sys.executable,
            "-S",
            "-m",
            "lifecycle",
            "publish",
            *command,
            cwd=tmp_path / "work",
            code=code,
            **environment,
        )
        output = result.stdout + result.stderr
        assert "Traceback" not in output
        assert len(output.splitlines()) == 1
        assert TOKEN not in output
        if platform == "github":
            for request in forge.received:
                check(request)
        return result

    return publish


def commit(work: Path, run: Run, message: str) -> str:
    """Commit everything; return the commit."""
    run("git", "add", "--all", cwd=work)
    run("git", "commit", "--quiet", "--allow-empty", "-m", message, cwd=work)
    return run("git", "rev-parse", "HEAD", cwd=work).stdout.strip()


def write_report(tmp_path: Path, content: dict[str, Any], name: str = "report.json") -> None:
    """Write a report file as gate or reproduce does."""
    (tmp_path / "work" / "report").mkdir(exist_ok=True)
    (tmp_path / "work" / "report" / name).write_text(json.dumps(content))


def zipped(**files: bytes) -> bytes:
    """A zip archive of the given files; report_json becomes report.json."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return content.getvalue()


def packed(folder: Path) -> bytes:
    """A zip archive of a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()
