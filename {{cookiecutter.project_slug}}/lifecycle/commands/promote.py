"""Points a stage to a version: to HEAD's, which is registered if it has none, or to an older one by its name.

Refuses, before anything is written, outdated, unpushed, unapproved or worse models. Version and stage are tags that
reach origin together or not at all.

  uv run lifecycle promote --stage staging
  uv run lifecycle promote v0.0.1 --stage prod --reason "Needed again"
"""

import argparse

from lifecycle.errors import Refused
from lifecycle.git import commits, origin
from lifecycle.git.run import attempt, git
from lifecycle.outcome import Outcome
from lifecycle.registry import checks, policy
from lifecycle.registry.write import point

tip = origin.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", help="a registered version; without it the commit that is checked out")
    parser.add_argument("--stage", required=True, help="a stage of params.yaml, block promote")
    parser.add_argument(
        "--bump",
        choices=["patch", "minor", "major"],
        default="patch",
        help="the part of the version number to increase",
    )
    parser.add_argument("--reason", default="", help="a text that is kept in the tag")
    skip_help = "promote although the versions cannot be compared; needs --reason"
    parser.add_argument("--skip-comparison", action="store_true", help=skip_help)


def run(options: argparse.Namespace) -> Outcome:
    version, stage = options.version or None, options.stage
    if options.skip_comparison and not options.reason:
        raise Refused("--skip-comparison needs a --reason, which is kept in the tag.")
    if version is None and (dirty := git("status", "--porcelain")):
        changed = ", ".join(line.split(maxsplit=1)[1] for line in dirty.splitlines()[:5])
        raise Refused(f"there are uncommitted changes ({changed}): commit them, or name a registered version.")
    with policy.stage_of(stage) as (folder, registry, rule):
        if version is not None and version not in registry.versions:
            raise Refused(f"{version} is not registered: there {registry.listed()}.")
        current = registry.current(stage)
        origin.bring([tag.name for tag in (current, registry.versions.get(version or "")) if tag])
        commit = registry.versions[version].commit if version else commits.full_hash("HEAD")
        name = version or registry.version_of(commit)
        ignored = [f"Ignored: {message}" for message in registry.ignored]
        if current and current.version == name:
            return Outcome(0, [f"{stage} already points to {name}: nothing changed.", *ignored], {"version": name})
        main = origin.default_commit(folder)
        approved = policy.approvers(folder, rule, commit)
        proof, notes = checks.before_promotion(registry.artifact, commit, current, main, options.skip_comparison)
        content = {
            "kind": "promotion",
            "stage": stage,
            "version": name or registry.next_version(options.bump),
            "commit": commit,
            "reason": options.reason,
            "approved_by": approved,
            **proof,
        }
        done = point(folder, registry, content, rule.signed)
        notes += remarks(folder, commit, content["gate"])
    return Outcome(done.code, [*notes, *done.messages, *ignored], done.details)


def remarks(folder: str, commit: str, verdict: str) -> list[str]:
    merged = attempt("merge-base", "--is-ancestor", commit, origin.default_branch(folder), cwd=folder).returncode == 0
    messages = [] if merged else [f"Commit {commit[:9]} is not merged into origin's default branch."]
    return messages if verdict == "pass" else [*messages, f"The gate's verdict was: {verdict}."]
