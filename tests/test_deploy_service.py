"""Deployments of the real service, whose replicas follow the stage: promoted, refused and pointed back."""

import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.registered import Repo
from tests.test_deploy import record
from tests.test_image import free_port, process
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


@contextmanager
def service(repo: Repo, home: dict[str, str], number: int) -> Iterator[str]:
    """One replica with a clone and folders of its own, which asks origin every second, and reads from `mirror`."""
    clone, port = repo.folder / f"replica{number}", free_port()
    repo.git("clone", "--quiet", str(repo.origin), str(clone))
    repo.run("dvc", "remote", "modify", "--local", "storage", "url", str(repo.folder / "mirror"), cwd=clone)
    edit(clone / "params.yaml", "poll: 5", "poll: 1")
    python = f"{home['UV_PROJECT_ENVIRONMENT']}/bin"
    variables = home | {"PATH": f"{python}{os.pathsep}{home['PATH']}", "MODEL": "stage:prod", "PYTHONPATH": str(clone)}
    settings = [f"{name}={value}" for name, value in variables.items()]
    command = ["python", "-m", "uvicorn", "serving.app:app", "--port", str(port)]
    started = ["env", "-i", f"--chdir={clone}", *settings, *command]
    with process(*started, url=f"http://127.0.0.1:{port}/ready"):
        yield f"http://127.0.0.1:{port}"


def served(url: str) -> str:
    """The version that a replica serves."""
    with urllib.request.urlopen(f"{url}/version") as answer:
        return str(json.load(answer)["version"])


def test_replicas_follow_the_stage_and_a_refused_version_is_pointed_back(
    registered: Repo, home: dict[str, str], tmp_path: Path
) -> None:
    """Two replicas are verified; a version that they refuse is pointed back, and the one before verified again."""
    repo = registered.copy(tmp_path / "world")
    for old, new in (("timeout: 300", "timeout: 60"), ("watch: 60", "watch: 3")):
        edit(repo.clone / "params.yaml", old, new)
    repo.commit("Quick deployments")
    mirror = shutil.copytree(repo.storage, repo.folder / "mirror")
    with ExitStack() as stack:
        urls = [stack.enter_context(service(repo, home, number)) for number in (1, 2)]
        options = [part for url in urls for part in ("--url", url)]
        assert "prod serves v0.0.2: golden predictions as recorded" in repo.messages("deploy", "prod", *options)
        repo.verb("rollback", "--stage", "prod")
        assert "prod serves v0.0.1" in repo.messages("deploy", "prod", *options)
        assert [served(url) for url in urls] == ["v0.0.1", "v0.0.1"]
        repo.retrain("learning_rate: 0.1", "learning_rate: 0.09")
        stored = mirror / repo.stored("models/serving.zip").relative_to(repo.storage)
        content = bytearray(repo.stored("models/serving.zip").read_bytes())
        content[len(content) // 2] ^= 1  # the size stays; what is promoted is whole, what the replicas get is not
        stored.parent.mkdir(exist_ok=True)
        stored.write_bytes(content)
        repo.verb("promote", "--stage", "prod")
        text = repo.messages("deploy", "prod", *options, code=1)
        assert "refused v0.0.3: " in text
        assert "prod now points to v0.0.1" in text
        assert "v0.0.1 after the rollback: served again" in text
        assert [served(url) for url in urls] == ["v0.0.1", "v0.0.1"]
    outcomes = [record(repo, f"deployment/model/prod.{number}")["outcome"] for number in (1, 2, 3, 4)]
    assert outcomes == ["verified", "verified", "failed", "verified"]
