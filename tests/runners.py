"""Both providers' runners on this host: act for GitHub's workflows, gitlab-ci-local for GitLab's pipeline."""

import json
import re
import shutil
from subprocess import CompletedProcess
from typing import Any

from tests.conftest import SOURCE, TEMPLATE
from tests.forge import TOKEN
from tests.hub import Hub

STUB = """name: stub
description: stands for an action that a test needs no more of
inputs: {path: {description: a folder}}
runs: {using: composite, steps: [{shell: bash, run: "%s"}]}
"""
STUBS = {
    "actions/checkout": "cp -a $CLONE/. .",
    "astral-sh/setup-uv": "uv --version",
    "actions/upload-artifact": "rm -rf $KEPT; cp -r '${{ inputs.path }}' $KEPT",
}
HOOKS = re.findall(r"- id: (\S+)", (SOURCE / ".pre-commit-config.yaml").read_text())
QUICK = {"SKIP": ",".join(HOOKS), "PYTEST_ADDOPTS": "--collect-only"}  # where hooks and tests are not what is tried


def act(
    hub: Hub,
    event: str,
    workflow: str,
    on: str,
    payload: Any = None,
    code: int = 0,
    secret: str = "",
    quick: bool = False,
) -> str:
    """Run a workflow for an event on a clone of a branch by act; returns what it printed."""
    clone, given = hub.clone(on), ["-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--pull=false"]
    (hub.folder / "event.json").write_text(json.dumps(payload or {}))
    path = f".github/workflows/{workflow}.yml"
    for action, version in re.findall(r"uses: (\S+)@(\w+)", (clone / path).read_text()):
        if action in STUBS:
            stub = hub.folder / action
            stub.mkdir(parents=True, exist_ok=True)
            (stub / "action.yml").write_text(STUB % STUBS[action])
            given += ["--local-repository", f"{action}@{version}={stub}"]
    for name, value in hub.forge.variables("github").items():
        given += ["-s" if name == "GITHUB_TOKEN" else "--env", f"{name}={value}"]
    given += ["-s", f"DVC_CONFIG_LOCAL={secret}"] if secret else []
    clean = ["env", "-i", *(f"{name}={value}" for name, value in (hub.environment | (QUICK if quick else {})).items())]
    command = [*clean, "act", event, "-W", path, "-e", str(hub.folder / "event.json"), *given]
    done = hub.run(*command, cwd=clone, code=code)
    assert TOKEN not in done.stdout + done.stderr
    return done.stdout + done.stderr


def gitlab(hub: Hub, on: str, variables: dict[str, str], *jobs: str, code: int = 0, secret: str = "") -> str:
    """Run jobs of the pipeline on a clone of a branch by gitlab-ci-local; returns what it printed."""
    clone = hub.clone(on)
    own = ("UV_CACHE_DIR", "UV_PROJECT_ENVIRONMENT")
    given = hub.forge.variables("gitlab") | {name: hub.environment[name] for name in own} | variables
    given |= {"DVC_CONFIG_LOCAL": secret} if secret else {}
    pairs = [part for name, value in given.items() for part in ("--variable", f"{name}={value}")]
    clean = ["env", "-i", *(f"{name}={value}" for name, value in hub.environment.items())]
    runner = str(TEMPLATE / "build" / "node" / "node_modules" / ".bin" / "gitlab-ci-local")
    options = ["--force-shell-executor", "--shell-isolation", "--no-color", *(["--needs"] if jobs else [])]
    done: CompletedProcess[str] = hub.run(*clean, runner, *options, *pairs, *jobs, cwd=clone, code=code)
    shutil.rmtree(hub.report, ignore_errors=True)
    kept = sorted((clone / ".gitlab-ci-local" / "artifacts").glob("*/report"), key=lambda path: path.stat().st_mtime)
    if kept:
        shutil.copytree(kept[-1], hub.report)
    return done.stdout + done.stderr
