"""The project's own commands that bring an image to the service: `deploy.commands` in params.yaml, without a shell."""

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from lifecycle.errors import LifecycleError
from lifecycle.paths import path

BY_DIGEST = re.compile(r"[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}")
PLACE = re.compile(r"\{(image|stage|version|key)\}")
SECRET = ("DEPLOY_KEY", "REGISTRY_TOKEN", "SERVE_TOKEN")


def read_image(given: str) -> str:
    """An image by its digest, given as it is or in a file; raises LifecycleError."""
    image = path(given).read_text("utf-8", "replace").strip() if given and path(given).is_file() else given
    if image and not BY_DIGEST.fullmatch(image):
        raise LifecycleError("an image is NAME@sha256:HASH, as `uv run lifecycle image` prints it with --push.")
    return image


def run(commands: list[str], image: str, stage: str, version: str) -> None:
    """Run each command with its placeholders filled in; raises LifecycleError for the first failure.

    {key} is a file with DEPLOY_KEY, such as an SSH key or a kubeconfig, that nobody else can read.
    """
    environment = {name: value for name, value in os.environ.items() if name not in SECRET}
    with tempfile.TemporaryDirectory(prefix="lifecycle-") as folder:
        key = Path(folder, "key")
        os.close(os.open(key, os.O_CREAT, 0o600))
        key.write_text(os.environ.get("DEPLOY_KEY", "").rstrip("\n") + "\n", "utf-8")
        values = {"image": image, "stage": stage, "version": version, "key": str(key)}
        for line in commands:
            if "{image}" in line and not image:
                raise LifecycleError(f"no image of {version} is known, which `{line}` needs: give one with --image.")
            execute(line, [PLACE.sub(lambda match: values[match[1]], word) for word in split(line)], environment)


def execute(line: str, words: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(words, env=environment, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise LifecycleError(f"`{line}` cannot be run: {error.strerror}.") from None
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:300].rstrip(".")
        raise LifecycleError(f"`{line}` failed: {why}.")


def split(line: str) -> list[str]:
    try:
        if words := shlex.split(line):
            return words
        why = "it is empty"
    except ValueError as error:
        why = str(error)
    raise LifecycleError(f"params.yaml, block deploy: `{line}` is not a command ({why}).") from None
