"""What a version must show before a stage may point to it; each check runs in a clean checkout of its commit."""

import json
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from lifecycle import git, stale, store
from lifecycle.outcome import CouldNot
from lifecycle.versions.registry import artifact
from lifecycle.versions.tag import Tag
from pipeline.stage import digest

NOTHING = "0" * 40  # what the gate takes for a base where there is none


def judged(
    name: str, commit: str, owner: Tag | None, whole: bool, unjudged: bool = False
) -> tuple[list[str], dict[str, Any]]:
    """Why the stage may not point to the commit, and what the tag is to say.

    `name`: of the artifact, which must be the model there; `whole`: with lock and gate; `unjudged`: a person answers
    for a comparison that cannot be made.
    """
    with store.checkout(commit), ThreadPoolExecutor() as pool:
        if artifact() != name:
            return [f"dvc.yaml of commit {commit[:9]} gives the name {name} to something else than the model"], {}
        stale_now = pool.submit(stale.findings, True) if whole else None
        absent, rehearsed = pool.submit(store.missing), pool.submit(verb, "rehearse")
        gated = pool.submit(verb, "gate", owner.commit if owner else NOTHING, "--exactly") if whole else None
        if stale_now and (late := stale_now.result()):
            return late, {}
        if names := absent.result():
            return [f"{path} is not in the remote: `uv run dvc push` where it was made" for path in names], {}
        # In another environment than the model's its bytes, which were once rehearsed, are enough to go back to it
        if rehearsed.result()["code"] == 2 and whole:
            raise CouldNot(" ".join(rehearsed.result()["says"]))
        if rehearsed.result()["code"] == 1:
            return rehearsed.result()["says"], {}
        said: dict[str, Any] = answer(gated, unjudged) if gated else {"code": 0, "details": {"verdict": None}}
        if said["code"]:
            first, *others = said["says"][1:] or said["says"]
            more = f", and {len(others)} more things" if others else ""
            base = owner.commit[:9] if owner else NOTHING
            return [f"the gate says no: {first}{more}: `uv run python -m lifecycle.gate {base} --exactly`."], {}
        return [], {"lock": digest("dvc.lock"), "gate": said["details"]["verdict"]}


def answer(gated: Future[dict[str, Any]], unjudged: bool) -> dict[str, Any]:
    """What the gate says; raises CouldNot where it cannot tell, unless that was excused: then floors and ceilings."""
    try:
        return gated.result()
    except CouldNot:
        if not unjudged:
            raise
        bounds = verb("gate", NOTHING)
        return bounds | {"details": {"verdict": "not compared"}}


def verb(name: str, *arguments: str) -> dict[str, Any]:
    """What another verb says of the commit that is checked out here, by that commit's own code; raises CouldNot."""
    given = {key: value for key, value in git.ENVIRONMENT.items() if key != "WITHOUT_SECRETS"} | {"PATH": store.PATH}
    command = [sys.executable, "-m", f"lifecycle.{name}", *arguments, "--json"]
    done = subprocess.run(command, env=given | {"PYTHONPATH": os.curdir}, capture_output=True, text=True)
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        why = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise CouldNot(f"{name} did not run at that commit ({why}).") from None
    if said["code"] not in (0, 1) and "bytes" not in said["details"]:
        raise CouldNot(f"{name} could not be done at that commit: {' '.join(said['says'])}")
    return said
