"""Points a stage back to the version that it had before, or to VERSION that it once had, with a new tag.

Repeated rollbacks walk further back. Nothing is deleted, and the deployment is the same as after a promotion.
"""

import argparse

from lifecycle.outcome import Outcome, run
from lifecycle.versions import evidence, origin, record, rights
from lifecycle.versions.registry import artifact, read
from lifecycle.versions.tag import Tag


def walk(history: list[Tag]) -> list[str]:
    """The versions that rollbacks can still walk back through, the present one last."""
    left: list[str] = []
    for one in history:
        if one.kind == "rollback" and one.version in left:
            while left[-1] != one.version:
                left.pop()
        else:
            left.append(one.version)
    return left


def rollback(stage: str, to: str | None, reason: str) -> Outcome:
    """What was refused or done."""
    with origin.scratch() as folder:
        rules, found = rights.rules(folder), read(folder, artifact())
        if stage not in rules:
            return Outcome(1, [rights.unknown(stage, rules)])
        rule = rules[stage]
        rights.certain(found, folder, stage, rule)
        history = found.stages.get(stage, [])
        origin.bring([one.name for one in history])
        had, left = {one.version for one in history}, walk(history)
        if to is not None and to not in had:
            never = f"{stage} never pointed to {to}: it had {', '.join(sorted(had)) or 'no version'}."
            return Outcome(1, [f"{never} A version that is new to it is promoted."])
        if to is None and len(left) < 2:
            none = f"{stage} has no version before {left[0]} to go back to." if left else f"nothing is in {stage} yet."
            return Outcome(1, [none])
        version = to or left[-2]
        if version == left[-1]:
            return Outcome(0, [f"{stage} points to {version} already: nothing changed."], {"version": version})
        before = next(one for one in reversed(history) if one.version == version)
        commit = before.commit
        refused, shown = evidence.judged(found.artifact, commit, None, whole=False)
        if refused:
            return Outcome(1, refused)
        says = {
            "kind": "rollback",
            "stage": stage,
            "version": version,
            "commit": commit,
            "reason": reason,
            "from": left[-1],
            "approved_by": before.says.get("approved_by", []),
            **shown,
        }
        done = record.point(folder, found, says, rule.signed)
        return Outcome(done.code, done.says + [f"Not believed: {doubt}" for doubt in found.doubts], done.details)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.rollback", description=__doc__)
    parser.add_argument("--stage", required=True, help="one of params.yaml, block promote")
    parser.add_argument("--to", metavar="VERSION", help="one that the stage once had; else the one before")
    parser.add_argument("--reason", default="", help="is kept in the tag")
    run("rollback", parser, lambda given: rollback(given.stage, given.to, given.reason))
