"""Points a stage back to the version before, or to VERSION that it once had, with a new tag.

Repeated rollbacks go further back. Nothing is deleted, and the deployment is the same as after a promotion.

  uv run lifecycle rollback --stage prod --reason "Gentoos are classified as Adelies"
"""

import argparse

from lifecycle.git import origin
from lifecycle.outcome import Outcome
from lifecycle.registry import policy
from lifecycle.registry.back import point_back, target

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
        done = point_back(folder, registry, history[-1], before, options.reason, rule.signed)
    return Outcome(done.code, done.messages + [f"Ignored: {line}" for line in registry.ignored], done.details)
