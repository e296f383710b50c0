"""Points a stage back to the version before, or to VERSION that it once had, with a new tag.

Repeated rollbacks go further back. Nothing is deleted, and the deployment is the same as after a promotion.

  uv run lifecycle rollback --stage prod --reason "Gentoos are classified as Adelies"
"""

import argparse

from lifecycle.git import origin
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.outcome import Outcome
from lifecycle.registry import checks, policy
from lifecycle.registry.read import read
from lifecycle.registry.tag import Tag
from lifecycle.registry.write import point
from lifecycle.storage.dvc_yaml import artifact


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--stage", required=True, help="a stage of params.yaml, block promote")
    parser.add_argument("--to", metavar="VERSION", help="a version that the stage once had; default: the one before")
    parser.add_argument("--reason", default="", help="is kept in the tag")


def run(options: argparse.Namespace) -> Outcome:
    """What was refused or done."""
    stage, to = options.stage, options.to
    name = artifact(show(WORK_TREE, "dvc.yaml")).name
    with origin.scratch() as folder:
        rules, registry = policy.rules(folder), read(folder, name)
        if stage not in rules:
            return Outcome(1, [policy.unknown_stage(stage, rules)])
        policy.enforce(registry, folder, stage, rules[stage])
        history = registry.stages.get(stage, [])
        origin.bring([tag.name for tag in history])
        versions, trail = {tag.version for tag in history}, path_back(history)
        if to is not None and to not in versions:
            had = ", ".join(sorted(versions)) or "no version"
            return Outcome(1, [f"{stage} never pointed to {to}: it had {had}. Promote a version that is new to it."])
        if to is None and len(trail) < 2:
            none = f"{stage} has no version before {trail[0]}." if trail else f"{stage} has no version yet."
            return Outcome(1, [none])
        version = to or trail[-2]
        if version == trail[-1]:
            return Outcome(0, [f"{stage} already points to {version}: nothing changed."], {"version": version})
        before = next(tag for tag in reversed(history) if tag.version == version)
        refused, evidence = checks.check(registry.artifact, before.commit, None, full=False)
        if refused:
            return Outcome(1, refused)
        content = {
            "kind": "rollback",
            "stage": stage,
            "version": version,
            "commit": before.commit,
            "reason": options.reason,
            "from": trail[-1],
            "approved_by": before.content.get("approved_by", []),
            **evidence,
        }
        done = point(folder, registry, content, rules[stage].signed)
        return Outcome(done.code, done.messages + [f"Ignored: {line}" for line in registry.ignored], done.details)


def path_back(history: list[Tag]) -> list[str]:
    """The versions that rollbacks can still go back to, the current one last."""
    trail: list[str] = []
    for tag in history:
        if tag.kind == "rollback" and tag.version in trail:
            while trail[-1] != tag.version:
                trail.pop()
        else:
            trail.append(tag.version)
    return trail
