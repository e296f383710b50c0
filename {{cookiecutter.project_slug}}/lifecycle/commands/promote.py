"""Points a stage to a version: HEAD's, which is registered if it has none, or an older one by its name.

Refuses, before anything is written, what is stale, unpushed, unapproved, or worse than what the stage has now.
"""

import argparse

from lifecycle import git
from lifecycle.outcome import Outcome, run
from lifecycle.review.limits import PASS
from lifecycle.versions import evidence, origin, record, rights
from lifecycle.versions.registry import Registry, artifact, read


def promote(version: str | None, stage: str, bump: str, reason: str, unjudged: bool) -> Outcome:
    """What was refused or done."""
    if unjudged and not reason:
        return Outcome(1, ["--unjudged needs a --reason: it is kept in the tag."])
    if version is None and (dirty := git.git("status", "--porcelain")):
        changed = ", ".join(line.split(maxsplit=1)[1] for line in dirty.splitlines()[:5])
        return Outcome(1, [f"the work tree is dirty ({changed}): commit it, or name a registered version."])
    with origin.scratch() as folder:
        rules, found = rights.rules(folder), read(folder, artifact())
        if stage not in rules:
            return Outcome(1, [rights.unknown(stage, rules)])
        rule = rules[stage]
        if version is not None and version not in found.versions:
            return Outcome(1, [f"{version} is not registered: {known(found)}"])
        rights.certain(found, folder, stage, rule)
        owner = found.owner(stage)
        origin.bring([one.name for one in (owner, found.versions.get(version or "")) if one])
        commit = found.versions[version].commit if version else git.commit("HEAD")
        name = version or found.at(commit)
        doubts = [f"Not believed: {doubt}" for doubt in found.doubts]
        if owner and owner.version == name:
            return Outcome(0, [f"{stage} points to {name} already: nothing changed.", *doubts], {"version": name})
        refused, approved_by = rights.trusted(folder, rule, commit)
        refused, shown = (refused, {}) if refused else evidence.judged(found.artifact, commit, owner, True, unjudged)
        if refused:
            return Outcome(1, refused)
        doubts += remarks(folder, commit, shown["gate"])
        says = {
            "kind": "promotion",
            "stage": stage,
            "version": name or found.after(bump),
            "commit": commit,
            "reason": reason,
            "approved_by": approved_by,
            **shown,
        }
        done = record.point(folder, found, says, rule.signed)
        return Outcome(done.code, done.says + doubts, done.details)


def remarks(folder: str, commit: str, verdict: str) -> list[str]:
    """What does not stand against a promotion, and should not go unsaid."""
    merged = git.attempt("merge-base", "--is-ancestor", commit, origin.default(folder), cwd=folder).returncode == 0
    said = [] if merged else [f"Commit {commit[:9]} is not merged into origin's default branch."]
    return said if verdict == PASS else [*said, f"The gate said {verdict}."]


def known(found: Registry) -> str:
    """The registered versions, in a sentence."""
    return f"there are {', '.join(found.versions)}." if found.versions else "there is no version yet."


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.promote", description=__doc__)
    parser.add_argument("version", nargs="?", help="a registered version; else the commit that is checked out")
    parser.add_argument("--stage", required=True, help="one of params.yaml, block promote")
    parser.add_argument("--bump", choices=["patch", "minor", "major"], default="patch", help="of a new version")
    parser.add_argument("--reason", default="", help="is kept in the tag")
    parser.add_argument("--unjudged", action="store_true", help="even where the gate cannot compare; needs --reason")
    run(
        "promote",
        parser,
        lambda given: promote(given.version or None, given.stage, given.bump, given.reason, given.unjudged),
    )
