"""How an image is built with a container program, and how the project's own commands bring it to a service."""

import json
from pathlib import Path

import pytest

from lifecycle.deployment import commands, image
from lifecycle.errors import LifecycleError

SCRIPT = """
import json, os, stat, sys
from pathlib import Path
out, image, key = sys.argv[1:]
mode, text = stat.filemode(os.stat(key).st_mode), Path(key).read_text()
Path(out).write_text(json.dumps([image, key, mode, text, "s3cret" in str(os.environ)]))
"""
FAKE = """#!/bin/sh
echo "$*" >> log
case "$*" in
  *login*) cat >> log ;;
  *inspect*) echo '["other/a@sha256:1", "host/a@sha256:2"]' ;;
  "build"*broken*) echo "step 1: no space left" >&2; exit 3 ;;
esac
"""


def test_commands_run_without_a_shell_and_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Placeholders stay one word, the key is a private file that is gone afterwards, and secrets are not passed on."""
    for name in commands.SECRET:
        monkeypatch.setenv(name, "s3cret")
    out, script = tmp_path / "out", tmp_path / "script.py"
    script.write_text(SCRIPT)
    commands.run([f"python {script} {out} '{{image}};ls' {{key}}"], "a@b c", "prod", "v1")
    given, key, mode, text, leaked = json.loads(out.read_text())
    assert (given, mode, text, leaked) == ("a@b c;ls", "-rw-------", "s3cret\n", False)
    assert not Path(key).exists()


@pytest.mark.parametrize(("line", "says"), [("", "it is empty"), ("a 'b", "No closing quotation")])
def test_command_that_is_none_is_refused(line: str, says: str) -> None:
    """An empty or unclosed command is a sentence, not a traceback."""
    with pytest.raises(LifecycleError, match=says):
        commands.run([line], "", "prod", "v1")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker that writes down what it is told, in the working directory; its log."""
    program = tmp_path / "docker"
    program.write_text(FAKE)
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("CONTAINER_BUILDER", "docker")
    return tmp_path / "log"


def test_docker_builds_signs_in_and_pushes(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is the one of the image's own name; the token is given on standard input, not on a command line."""
    monkeypatch.setenv("REGISTRY_USER", "me")
    monkeypatch.setenv("REGISTRY_TOKEN", "s3cret")
    assert image.build("host/a:v1", {"VERSION": "v1"}, True, ["--pull"]) == "host/a@sha256:2"
    assert docker.read_text().splitlines() == [
        "build --file serving/Dockerfile --tag host/a:v1 --build-arg VERSION=v1 --pull .",
        "login --username me --password-stdin host",
        "s3cretpush host/a:v1",
        "image inspect --format {{json .RepoDigests}} host/a:v1",
    ]


def test_failed_build_says_why_and_pushes_nothing(docker: Path) -> None:
    """The builder's last lines are in the message; an image that stays here is not pushed."""
    with pytest.raises(LifecycleError, match="failed: step 1: no space left"):
        image.build("host/broken:v1", {}, True, [])
    assert image.build("host/a:v1", {}, False, []) == "host/a:v1"
    assert "push" not in docker.read_text()


def test_missing_builder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without docker, podman or buildah, or without the one that is wanted, the message says so."""
    monkeypatch.setenv("CONTAINER_BUILDER", "kaniko")
    with pytest.raises(LifecycleError, match="kaniko is not installed"):
        image.builder()
    monkeypatch.delenv("CONTAINER_BUILDER")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LifecycleError, match="none of docker, podman, buildah is installed"):
        image.builder()
