"""What a version must pass before a stage may point to it; each check runs in a clean checkout of its commit."""

import json
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.git.run import ENVIRONMENT
from lifecycle.project import digest
from lifecycle.registry.tag import Tag
from lifecycle.storage import dvc, status
from lifecycle.storage.dvc_yaml import artifact

NO_BASE = "0" * 40  # what the gate takes as the base if there is none


def check(
    name: str, commit: str, current: Tag | None, full: bool, skip_comparison: bool = False
) -> tuple[list[str], dict[str, Any]]:
    """The reasons why a stage may not point to a commit, and what the tag will record.

    `name`: of the artifact; `full`: with status and gate; `skip_comparison`: a person answers for a comparison that
    cannot be made.
    """
    with dvc.checkout(commit), ThreadPoolExecutor() as pool:
        if (found := artifact(show(WORK_TREE, "dvc.yaml")).name) != name:
            return [f"dvc.yaml of commit {commit[:9]} calls the model {found}, not {name}."], {}
        changed = pool.submit(status.findings, True) if full else None
        missing, golden = pool.submit(dvc.missing_in_remote), pool.submit(verb, "check-model")
        base = current.commit if current else NO_BASE
        gate = pool.submit(verb, "gate", base, "--direct") if full else None
        if changed and (messages := changed.result()):
            return messages, {}
        if paths := missing.result():
            return [f"{path} is not in the remote: run `uv run dvc push` where it was made" for path in paths], {}
        # In another environment than the model's, its bytes are enough to go back to it: they were checked before
        if golden.result()["code"] == 2 and full:
            raise LifecycleError(" ".join(golden.result()["messages"]))
        if golden.result()["code"] == 1:
            return golden.result()["messages"], {}
        answer: dict[str, Any] = {"code": 0, "details": {"verdict": None}}
        if gate:
            answer = gate_answer(gate, skip_comparison)
        if answer["code"]:
            first, *others = answer["messages"][1:] or answer["messages"]
            more = f" (and {len(others)} more)" if others else ""
            return [f"the gate says fail: {first}{more}: `uv run lifecycle gate {base[:9]} --direct`."], {}
        return [], {"lock": digest("dvc.lock"), "gate": answer["details"]["verdict"]}


def gate_answer(gate: Future[dict[str, Any]], skip_comparison: bool) -> dict[str, Any]:
    """The gate's outcome; where it cannot compare, floors and ceilings alone if the comparison may be skipped."""
    try:
        return gate.result()
    except LifecycleError:
        if not skip_comparison:
            raise
        limits = verb("gate", NO_BASE)
        return limits | {"details": {"verdict": "not compared"}}


def verb(name: str, *arguments: str) -> dict[str, Any]:
    """The outcome of another verb in this checkout, with the code of its commit; raises LifecycleError."""
    variables = {key: value for key, value in ENVIRONMENT.items() if key != "WITHOUT_SECRETS"} | {"PATH": dvc.PATH}
    command = [sys.executable, "-m", "lifecycle", name, *arguments, "--json"]
    done = subprocess.run(command, env=variables | {"PYTHONPATH": os.curdir}, capture_output=True, text=True)
    try:
        outcome: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        why = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise LifecycleError(f"`lifecycle {name}` did not run at that commit ({why}).") from None
    if outcome["code"] not in (0, 1) and "bytes" not in outcome["details"]:
        raise LifecycleError(f"`lifecycle {name}` could not be done at that commit: {' '.join(outcome['messages'])}")
    return outcome
