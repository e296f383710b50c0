"""Builds and pushes a container image with docker, podman or buildah, whichever is there."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from lifecycle.errors import LifecycleError

BUILDERS = ("docker", "podman", "buildah")
FILE = "serving/Dockerfile"


def builder() -> str:
    """The first builder that is installed, or the one that CONTAINER_BUILDER names."""
    wanted = os.environ.get("CONTAINER_BUILDER")
    for name in [wanted] if wanted else BUILDERS:
        if shutil.which(name):
            return name
    missing = f"{wanted} is not" if wanted else f"none of {', '.join(BUILDERS)} is"
    raise LifecycleError(f"{missing} installed, and an image needs a builder.")


def build(name: str, arguments: dict[str, str], push: bool, more: list[str]) -> str:
    """Build the image in the working directory, and push it: NAME@sha256:HASH, or NAME if it stays here."""
    program = builder()
    given = [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
    whole = [] if program == "docker" else ["--format", "docker"]  # OCI's format has no health check
    call([program, "build", *whole, "--file", FILE, "--tag", name, *given, *more, "."])
    if not push:
        return name
    sign_in(program, name)
    if program == "docker":
        call([program, "push", name])
        listed = call([program, "image", "inspect", "--format", "{{json .RepoDigests}}", name])
        return next(pushed for pushed in json.loads(listed) if pushed.startswith(f"{name.rpartition(':')[0]}@"))
    with tempfile.TemporaryDirectory(prefix="lifecycle-") as folder:
        file = Path(folder, "digest")
        call([program, "push", "--digestfile", str(file), name])
        return f"{name.rpartition(':')[0]}@{file.read_text().strip()}"


def sign_in(program: str, name: str) -> None:
    """With REGISTRY_USER and REGISTRY_TOKEN if they are set; otherwise the builder's own settings apply."""
    user, token = os.environ.get("REGISTRY_USER"), os.environ.get("REGISTRY_TOKEN")
    if user and token:
        call([program, "login", "--username", user, "--password-stdin", name.split("/")[0]], token)


def call(command: list[str], text: str = "") -> str:
    """What a command prints; raises LifecycleError with its last lines."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise LifecycleError(f"`{' '.join(command[:3])}` failed: {' / '.join(lines[-3:])[:600].rstrip('.')}.")
    return done.stdout
