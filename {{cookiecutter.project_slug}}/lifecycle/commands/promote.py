"""Points a stage to a version: to HEAD's, which is registered if it has none, or to an older one by its name.

Refuses, before anything is written, stale, unpushed, unapproved or worse models. Version and stage are tags that reach
origin together or not at all.

  uv run lifecycle promote --stage staging
  uv run lifecycle promote v0.0.1 --stage prod --reason "Needed again"
"""

import argparse

from lifecycle.git import commits, origin
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.git.run import attempt, git
from lifecycle.outcome import Outcome
from lifecycle.registry import checks, policy
from lifecycle.registry.read import Registry, read
from lifecycle.registry.write import point
from lifecycle.storage.dvc_yaml import artifact


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("version", nargs="?", help="a registered version; without it the commit that is checked out")
    parser.add_argument("--stage", required=True, help="a stage of params.yaml, block promote")
    parser.add_argument("--bump", choices=["patch", "minor", "major"], default="patch", help="of a new version")
    parser.add_argument("--reason", default="", help="is kept in the tag")
    parser.add_argument(
        "--skip-comparison", action="store_true", help="even if the versions cannot be compared; needs --reason"
    )


def run(options: argparse.Namespace) -> Outcome:
    """What was refused or done."""
    version, stage = options.version or None, options.stage
    if options.skip_comparison and not options.reason:
        return Outcome(1, ["--skip-comparison needs a --reason, which is kept in the tag."])
    if version is None and (dirty := git("status", "--porcelain")):
        changed = ", ".join(line.split(maxsplit=1)[1] for line in dirty.splitlines()[:5])
        return Outcome(1, [f"there are uncommitted changes ({changed}): commit them, or name a registered version."])
    name = artifact(show(WORK_TREE, "dvc.yaml")).name
    with origin.scratch() as folder:
        rules, registry = policy.rules(folder), read(folder, name)
        if stage not in rules:
            return Outcome(1, [policy.unknown_stage(stage, rules)])
        if version is not None and version not in registry.versions:
            return Outcome(1, [f"{version} is not registered: {known_versions(registry)}."])
        policy.enforce(registry, folder, stage, rules[stage])
        return promote(folder, registry, rules[stage], version, options)


def promote(
    folder: str, registry: Registry, rule: policy.Rule, version: str | None, options: argparse.Namespace
) -> Outcome:
    """Check the commit and write the tags."""
    stage = options.stage
    current = registry.current(stage)
    origin.bring([tag.name for tag in (current, registry.versions.get(version or "")) if tag])
    commit = registry.versions[version].commit if version else commits.full_hash("HEAD")
    name = version or registry.version_of(commit)
    ignored = [f"Ignored: {message}" for message in registry.ignored]
    if current and current.version == name:
        return Outcome(0, [f"{stage} already points to {name}: nothing changed.", *ignored], {"version": name})
    refused, approved_by = policy.approvals(folder, rule, commit)
    if refused:
        return Outcome(1, refused)
    refused, evidence = checks.check(registry.artifact, commit, current, True, options.skip_comparison)
    if refused:
        return Outcome(1, refused)
    content = {
        "kind": "promotion",
        "stage": stage,
        "version": name or registry.next_version(options.bump),
        "commit": commit,
        "reason": options.reason,
        "approved_by": approved_by,
        **evidence,
    }
    done = point(folder, registry, content, rule.signed)
    return Outcome(done.code, [*done.messages, *remarks(folder, commit, evidence["gate"]), *ignored], done.details)


def remarks(folder: str, commit: str, verdict: str) -> list[str]:
    """What does not prevent a promotion, but should be known."""
    merged = attempt("merge-base", "--is-ancestor", commit, origin.default_branch(folder), cwd=folder).returncode == 0
    messages = [] if merged else [f"Commit {commit[:9]} is not merged into origin's default branch."]
    return messages if verdict == "pass" else [*messages, f"The gate's verdict was: {verdict}."]


def known_versions(registry: Registry) -> str:
    """The registered versions."""
    return f"there are {', '.join(registry.versions)}" if registry.versions else "there is no version yet"
