"""What a version must show before a stage may point to it; each check runs in a clean checkout of its commit."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import Field

from lifecycle import git, stale, store
from lifecycle.forge.approval import approvers
from lifecycle.lock import parse
from lifecycle.outcome import CouldNot
from lifecycle.versions import origin
from lifecycle.versions.registry import Registry, moved
from lifecycle.versions.tag import Tag
from pipeline.stage import Block, checked, digest

NOTHING = "0" * 40  # what the gate takes for a base where there is none


class Stage(Block):
    """`approved`: by somebody but the request's author; `signed`: the tag, with Git's own signing."""

    approved: bool = False
    signed: bool = False


class Promote(Block):
    """The stages that there are."""

    stages: dict[str, Stage] = Field(min_length=1)


def rules(folder: str) -> dict[str, Stage]:
    """What each stage demands, by the default branch of origin, so that no branch loosens it."""
    branch = origin.default(folder)
    done = git.attempt("show", f"{branch}:{git.git('rev-parse', '--show-prefix')}params.yaml", cwd=folder)
    where = f"params.yaml of origin's {branch.removeprefix('refs/heads/')}"
    block = parse(done.stdout, where).get("promote") if done.returncode == 0 else None
    if block is None:
        raise CouldNot(f"{where} has no block promote: take it from the template's params.yaml, and push.")
    return checked(Promote, block, f"{where}, block promote").stages


def unknown(stage: str, stages: dict[str, Stage]) -> str:
    """A sentence for a stage that is none."""
    return f"there is no stage {stage}: params.yaml of origin's default branch has {', '.join(stages)}."


def judged(commit: str, owner: Tag | None, whole: bool) -> tuple[list[str], dict[str, Any]]:
    """Why the stage may not point to the commit, and what the tag is to say; `whole`: with lock and gate."""
    with store.checkout(commit), ThreadPoolExecutor() as pool:
        stale_now = pool.submit(stale.findings, True) if whole else None
        absent, rehearsed = pool.submit(store.missing), pool.submit(verb, "rehearse")
        gated = pool.submit(verb, "gate", owner.commit if owner else NOTHING, "--exactly") if whole else None
        if stale_now and (said := stale_now.result()):
            return said, {}
        if names := absent.result():
            return [f"{path} is not in the remote: `uv run dvc push` where it was made" for path in names], {}
        # In another environment than the model's its bytes, which were once rehearsed, are enough to go back to it
        if rehearsed.result()["code"] == 2 and whole:
            raise CouldNot(" ".join(rehearsed.result()["says"]))
        if rehearsed.result()["code"] == 1:
            return rehearsed.result()["says"], {}
        if gated and gated.result()["code"]:
            return [f"the gate says no: {' '.join(gated.result()['says'])}"], {}
        return [], {"lock": digest("dvc.lock"), "gate": gated.result()["details"]["verdict"] if gated else None}


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


def trusted(folder: str, rule: Stage, commit: str) -> tuple[list[str], list[str]]:
    """Why the commit may not be promoted by the stage's rules, and who approved it."""
    if not git.attempt("branch", "--contains", commit, cwd=folder).stdout.strip():
        return [f"commit {commit[:9]} is on no branch of origin: `git push`, and merge it."], []
    if not rule.approved:
        return [], []
    who = approvers(commit)
    none = f"the stage demands an approval: nobody but its author approved the merged request of commit {commit[:9]}."
    return ([] if who else [none]), who


def certain(found: Registry, folder: str, stage: str, rule: Stage) -> None:
    """Raise CouldNot where a tag differs between here and origin; believe only tags that hold what is demanded."""
    if unsure := moved(found):
        raise CouldNot(f"{unsure[0]} Settle it first: `git fetch --force --tags origin`, or `git tag --delete` here.")
    lacking = {one.name: why for one in found.stages.get(stage, []) if (why := lacks(one, folder, rule))}
    found.doubts += [f"{why}: it is not believed." for why in lacking.values()]
    found.stages[stage] = [one for one in found.stages.get(stage, []) if one.name not in lacking]


def lacks(one: Tag, folder: str, rule: Stage) -> str:
    """What the stage demands and the tag does not have; empty if it has all."""
    if rule.signed and (not one.signed or git.attempt("verify-tag", one.name, cwd=folder).returncode):
        return f"{one.name} has no signature that holds, and {one.stage} demands one"
    if rule.approved and not one.says.get("approved_by"):
        return f"{one.name} names nobody who approved, and {one.stage} demands it"
    return ""
