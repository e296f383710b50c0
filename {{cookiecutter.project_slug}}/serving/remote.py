"""Asks Git for the tags of a stage, and lets `lifecycle fetch` bring a model: each in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOON, LATER = 30, 900  # seconds that Git and a fetch may take
ENVIRONMENT = os.environ | {"GIT_TERMINAL_PROMPT": "0"}


class Away(Exception):
    """Git cannot be asked now."""


@dataclass(frozen=True)
class Answer:
    """What `lifecycle fetch` said: 0 and where the model is, 1 and why the version may not serve, 2 could not."""

    code: int
    reason: str
    details: dict[str, Any]


def tags(stage: str) -> str:
    """The tags of a stage on origin and the head of all tags, as Git lists them; raises Away."""
    command = ["git", "ls-remote", "origin", f"refs/tags/*#{stage}#*", "refs/lifecycle/*"]
    try:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=SOON)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Away(f"Git cannot be asked: {error}.") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("fatal:")]
        raise Away(f"origin cannot be reached: {(lines or ['no answer'])[0].removeprefix('fatal: ').rstrip('.')}.")
    return done.stdout


def fetched(source: str, folder: Path) -> Answer:
    """The answer of `lifecycle fetch`, which runs with less priority than requests."""
    stage = source.startswith("stage:")
    wanted = ["--stage" if stage else "--version", source.removeprefix("stage:")]
    gently = ["nice", "-n", "10"] if shutil.which("nice") else []
    command = [*gently, sys.executable, "-m", "lifecycle", "fetch", *wanted, "--out", str(folder), "--json"]
    try:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=LATER)
        answer = json.loads(done.stdout)
        return Answer(answer["code"], " ".join(answer["messages"]), answer["details"])
    except subprocess.TimeoutExpired:
        return Answer(2, f"the fetch took more than {LATER} seconds.", {})
    except (ValueError, LookupError, TypeError):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return Answer(2, f"`lifecycle fetch` failed: {last[:300]}", {})
