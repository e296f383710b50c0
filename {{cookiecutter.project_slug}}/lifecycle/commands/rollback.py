"""Points a stage back to the version before, or to VERSION that it once had, with a new tag.

Repeated rollbacks go further back. Nothing is deleted, and the deployment is the same as after a promotion.

  uv run lifecycle rollback --stage prod --reason "Gentoos are classified as Adelies"
"""

import argparse

from lifecycle.errors import Refused
from lifecycle.git import origin
from lifecycle.outcome import Outcome
from lifecycle.registry import checks, policy
from lifecycle.registry.tag import Tag
from lifecycle.registry.write import point

tip = origin.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", required=True, help="a stage of params.yaml, block promote")
    parser.add_argument("--to", metavar="VERSION", help="a version that the stage once had; default: the one before")
    parser.add_argument("--reason", default="", help="a text that is kept in the tag")


def run(options: argparse.Namespace) -> Outcome:
    stage = options.stage
    with policy.stage_of(stage) as (folder, registry, rule):
        history = registry.stages.get(stage, [])
        origin.bring([tag.name for tag in history])
        before = target(history, stage, options.to)
        if before.version == history[-1].version:
            message = f"{stage} already points to {before.version}: nothing changed."
            return Outcome(0, [message], {"version": before.version})
        main = origin.default_commit(folder)
        content = {
            "kind": "rollback",
            "stage": stage,
            "version": before.version,
            "commit": before.commit,
            "reason": options.reason,
            "from": history[-1].version,
            "approved_by": before.content.get("approved_by", []),
            **checks.before_rollback(registry.artifact, before.commit, main),
        }
        done = point(folder, registry, content, rule.signed)
    return Outcome(done.code, done.messages + [f"Ignored: {line}" for line in registry.ignored], done.details)


def target(history: list[Tag], stage: str, version: str | None) -> Tag:
    had, trail = sorted({tag.version for tag in history}), path_back(history)
    if version is not None and version not in had:
        listed = ", ".join(had) or "no version"
        raise Refused(f"{stage} never pointed to {version}: it had {listed}. Promote a version that is new to it.")
    if version is None and len(trail) < 2:
        raise Refused(f"{stage} has no version before {trail[0]}." if trail else f"{stage} has no version yet.")
    return next(tag for tag in reversed(history) if tag.version == (version or trail[-2]))


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
