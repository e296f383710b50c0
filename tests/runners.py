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
description: replaces an action in the tests
inputs: {path: {description: a folder}, name: {description: of an artifact}}
runs: {using: composite, steps: [{shell: bash, run: "%s"}]}
"""
STUBS = {
    "actions/checkout": "cp -a $CLONE/. .",
    "astral-sh/setup-uv": "uv --version",
    "actions/upload-artifact": "mkdir -p $KEPT; cp -rT '${{ inputs.path }}' $KEPT/${{ inputs.name }} || true",
    "actions/download-artifact": "cp -rT $KEPT/${{ inputs.name }} '${{ inputs.path }}'",
}
SECRETS = ("DVC_CONFIG_LOCAL", "DVC_CONFIG_WRITE")
HOOKS = re.findall(r"- id: (\S+)", (SOURCE / ".pre-commit-config.yaml").read_text())
QUICK = {"SKIP": ",".join(HOOKS), "PYTEST_ADDOPTS": "--collect-only"}  # skips the hooks and the tests


def act(
    hub: Hub,
    event: str,
    workflow: str,
    branch: str,
    payload: Any = None,
    code: int = 0,
    secret: str = "",
    quick: bool = False,
    variables: dict[str, str] | None = None,
) -> str:
    """Run a workflow for an event and the repository's variables with act on a clone of a branch; return its output."""
    if workflow != "report":  # which reads the artifacts of the run before
        shutil.rmtree(hub.folder / "kept", ignore_errors=True)
    clone, options = hub.clone(branch), ["-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--pull=false"]
    (hub.folder / "event.json").write_text(json.dumps(payload or {}))
    path = f".github/workflows/{workflow}.yml"
    for action, version in re.findall(r"uses: (\S+)@(\w+)", (clone / path).read_text()):
        if action in STUBS:
            stub = hub.folder / action
            stub.mkdir(parents=True, exist_ok=True)
            (stub / "action.yml").write_text(STUB % STUBS[action])
            options += ["--local-repository", f"{action}@{version}={stub}"]
    for name, value in hub.forge.variables("github").items():
        options += ["-s" if name == "GITHUB_TOKEN" else "--env", f"{name}={value}"]
    options += [part for name in SECRETS if secret for part in ("-s", f"{name}={secret}")]
    options += [part for name, value in (variables or {}).items() for part in ("--var", f"{name}={value}")]
    clean = ["env", "-i", *(f"{name}={value}" for name, value in (hub.environment | (QUICK if quick else {})).items())]
    command = [*clean, "act", event, "-W", path, "-e", str(hub.folder / "event.json"), *options]
    result = hub.run(*command, cwd=clone, code=code)
    assert TOKEN not in result.stdout + result.stderr
    return result.stdout + result.stderr


def gitlab(hub: Hub, branch: str, variables: dict[str, str], *jobs: str, code: int = 0, secret: str = "") -> str:
    """Run jobs of the pipeline with gitlab-ci-local on a clone of a branch; return its output."""
    clone = hub.clone(branch)
    values = hub.forge.variables("gitlab") | {"UV_CACHE_DIR": hub.environment["UV_CACHE_DIR"]} | variables
    if "CI_MERGE_REQUEST_IID" in variables:  # which does not get protected variables
        values = {"COMMENT_TOKEN": values.pop("GITLAB_TOKEN")} | values
    values |= {"DVC_CONFIG_LOCAL": secret} if secret else {}
    values |= {"DVC_CONFIG_WRITE": secret} if secret and "CI_MERGE_REQUEST_IID" not in variables else {}
    values["RUNNER_TEMP"] = str(hub.folder / "temp" / "$CI_JOB_ID")
    pairs = [part for name, value in values.items() for part in ("--variable", f"{name}={value}")]
    clean = ["env", "-i", *(f"{name}={value}" for name, value in hub.environment.items())]
    runner = str(TEMPLATE / "build" / "node" / "node_modules" / ".bin" / "gitlab-ci-local")
    options = ["--force-shell-executor", "--shell-isolation", "--no-color", *(["--needs"] if jobs else [])]
    result: CompletedProcess[str] = hub.run(*clean, runner, *options, *pairs, *jobs, cwd=clone, code=code)
    shutil.rmtree(hub.folder / "kept", ignore_errors=True)
    artifacts = (clone / ".gitlab-ci-local" / "artifacts").glob("*/*")
    for artifact in sorted(artifacts, key=lambda path: path.stat().st_mtime):
        shutil.copytree(artifact, hub.folder / "kept" / artifact.name, dirs_exist_ok=True)
    return result.stdout + result.stderr
