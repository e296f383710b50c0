"""What a version must pass before a stage may point to it; each check runs in a clean checkout of its commit."""

import json
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from lifecycle.errors import LifecycleError, Refused
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.git.run import ENVIRONMENT
from lifecycle.project import digest
from lifecycle.registry.tag import Tag
from lifecycle.storage import dvc, status
from lifecycle.storage.dvc_yaml import artifact

NO_BASE = "0" * 40  # what the gate takes as the base if there is none


def before_promotion(name: str, commit: str, current: Tag | None, skip_comparison: bool) -> dict[str, Any]:
    """What the tag will record; raises Refused for stale results, missing data, a wrong model, or a failed gate.

    `name`: of the artifact; `skip_comparison`: a person answers for a comparison that cannot be made.
    """
    with dvc.checkout(commit), ThreadPoolExecutor() as pool:
        base = current.commit if current else NO_BASE
        changed, gate = pool.submit(status.findings, True), pool.submit(verb, "gate", base, "--direct")
        model = pool.submit(check_stored, name, commit)
        if messages := changed.result():
            raise Refused(*messages)
        if error := model.result():
            raise LifecycleError(error)
        outcome = gate_outcome(gate, skip_comparison)
        if outcome["code"]:
            first, *others = outcome["messages"][1:] or outcome["messages"]
            more = f" (and {len(others)} more)" if others else ""
            raise Refused(f"the gate says fail: {first}{more}: `uv run lifecycle gate {base[:9]} --direct`.")
        return {"lock": digest("dvc.lock"), "gate": outcome["details"]["verdict"]}


def before_rollback(name: str, commit: str) -> dict[str, Any]:
    """The same for a version that was promoted before: in another environment than its own, its bytes are enough."""
    with dvc.checkout(commit):
        check_stored(name, commit)
        return {"lock": digest("dvc.lock"), "gate": None}


def check_stored(name: str, commit: str) -> str:
    """Raise Refused if data is missing or the model is not the recorded one; why it could not be loaded, if so."""
    if (declared := artifact(show(WORK_TREE, "dvc.yaml")).name) != name:
        raise Refused(f"dvc.yaml of commit {commit[:9]} calls the model {declared}, not {name}.")
    with ThreadPoolExecutor() as pool:
        missing, golden = pool.submit(dvc.missing_in_remote), pool.submit(verb, "check-model")
    if paths := missing.result():
        raise Refused(*(f"{path} is not in the remote: run `uv run dvc push` where it was made" for path in paths))
    if golden.result()["code"] == 1:
        raise Refused(*golden.result()["messages"])
    return " ".join(golden.result()["messages"]) if golden.result()["code"] else ""


def gate_outcome(gate: Future[dict[str, Any]], skip_comparison: bool) -> dict[str, Any]:
    """The gate's outcome; where it cannot compare, floors and ceilings alone if the comparison may be skipped."""
    try:
        return gate.result()
    except LifecycleError:
        if not skip_comparison:
            raise
        return verb("gate", NO_BASE) | {"details": {"verdict": "not compared"}}


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
