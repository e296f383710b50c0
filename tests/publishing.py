"""What the tests of publish share: a forge with an origin, a clone of it, and the verb as CI runs it."""

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
from tests.servers import served

MARKER = "<!-- lifecycle:report -->"
GOOD = {"verdict": "pass", "messages": ["All is well."]}
Publish = Callable[..., CompletedProcess[str]]


@pytest.fixture
def forge(tmp_path: Path, run: Run) -> Iterator[Forge]:
    """A forge with an origin of one commit, and a clone of it in `work` that holds nothing but lifecycle/."""
    run("git", "init", "--quiet", "--bare", "-b", "main", "origin.git", cwd=tmp_path)
    with served(Forge(tmp_path / "origin.git")) as forge:
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
    """Each promise holds on both."""
    return str(request.param)


@pytest.fixture
def publish(forge: Forge, tmp_path: Path, run: Run) -> Publish:
    """Run the verb as CI does, with no package but the standard library (-S); GitHub must know all that it asks."""

    def publish(platform: str, *command: str, code: int = 0, **variables: str) -> CompletedProcess[str]:
        given = forge.variables(platform) | variables
        done = run(
            sys.executable, "-S", "-m", "lifecycle", "publish", *command, cwd=tmp_path / "work", code=code, **given
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert len(said.splitlines()) == 1
        assert TOKEN not in said
        if platform == "github":
            for asked in forge.asked:
                check(asked)
        return done

    return publish


def commit(work: Path, run: Run, message: str) -> str:
    """Commit all; returns the commit."""
    run("git", "add", "--all", cwd=work)
    run("git", "commit", "--quiet", "--allow-empty", "-m", message, cwd=work)
    return run("git", "rev-parse", "HEAD", cwd=work).stdout.strip()


def report(tmp_path: Path, content: dict[str, Any], name: str = "report.json") -> None:
    """What gate or reproduce left."""
    (tmp_path / "work" / "report").mkdir(exist_ok=True)
    (tmp_path / "work" / "report" / name).write_text(json.dumps(content))


def packed(**files: bytes) -> bytes:
    """A zip with these files; report_json is report.json."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return content.getvalue()
