"""The project's own commands that bring an image to the service: `deploy.commands` in params.yaml, without a shell."""

import os
import re
import shlex
import subprocess

from lifecycle.errors import LifecycleError
from lifecycle.paths import path

BY_DIGEST = re.compile(r"[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}")
PLACE = re.compile(r"\{(image|stage|version)\}")
NOT_FOR_THEM = ("SERVE_TOKEN",)


def read_image(given: str) -> str:
    """An image by its digest, given as it is or in a file; raises LifecycleError."""
    image = path(given).read_text("utf-8", "replace").strip() if given and path(given).is_file() else given
    if image and not BY_DIGEST.fullmatch(image):
        raise LifecycleError("an image is NAME@sha256:HASH, as `uv run lifecycle image` prints it with --push.")
    return image


def run(commands: list[str], image: str, stage: str, version: str) -> None:
    """Run each command, with {image}, {stage} and {version} filled in; raises LifecycleError for the first failure."""
    values = {"image": image, "stage": stage, "version": version}
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_THEM}
    for line in commands:
        if "{image}" in line and not image:
            raise LifecycleError(f"no image of {version} is known, which `{line}` needs: build one, or give --image.")
        words = [PLACE.sub(lambda match: values[match[1]], word) for word in split(line)]
        try:
            done = subprocess.run(words, env=environment, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise LifecycleError(f"`{line}` cannot be run: {error.strerror}.") from None
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:300].rstrip(".")
            raise LifecycleError(f"`{line}` failed: {why}.")


def split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise LifecycleError(f"params.yaml, block deploy: `{line}` is not a command ({error}).") from None
