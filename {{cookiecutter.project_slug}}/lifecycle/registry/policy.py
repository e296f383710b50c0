"""The policy: what each stage requires of a commit and of a tag, and whether they have it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from lifecycle.errors import ForgeError, LifecycleError, Refused
from lifecycle.forge.current import forge
from lifecycle.git import origin
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.git.run import attempt
from lifecycle.registry.read import Registry, differences, read
from lifecycle.registry.rules import Rule, rules
from lifecycle.registry.tag import Tag
from lifecycle.storage.dvc_yaml import artifact


@contextmanager
def registry() -> Iterator[tuple[str, Registry, dict[str, Rule]]]:
    """A scratch repository of origin, the registry in it, and the rule of each stage."""
    name = artifact(show(WORK_TREE, "dvc.yaml")).name
    with origin.scratch() as folder:
        yield folder, read(folder, name), rules(folder)


@contextmanager
def stage_of(stage: str) -> Iterator[tuple[str, Registry, Rule]]:
    """The same for one stage, whose tags that lack what it requires are ignored; raises Refused if there is none."""
    with registry() as (folder, known, every):
        if stage not in every:
            raise Refused(f"there is no stage {stage}: params.yaml of origin's default branch has {', '.join(every)}.")
        if known.broken:
            raise LifecycleError(known.broken[0])
        if messages := differences(known):
            raise LifecycleError(f"{messages[0]} Run `git fetch --force --tags origin`, or `git tag --delete` here.")
        tags = known.stages.get(stage, [])
        lacking = {tag.name: fault for tag in tags if (fault := unmet(tag, folder, every[stage]))}
        known.ignored += [f"{fault}." for fault in lacking.values()]
        known.stages[stage] = [tag for tag in tags if tag.name not in lacking]
        try:
            yield folder, known, every[stage]
        except Refused as refusal:
            raise Refused(*refusal.messages, *(f"Ignored: {message}" for message in known.ignored)) from None


def approvers(folder: str, rule: Rule, commit: str) -> list[str]:
    """Who approved a commit of origin, if its stage requires that; raises Refused without an approval."""
    if not attempt("branch", "--contains", commit, cwd=folder).stdout.strip():
        raise Refused(f"commit {commit[:9]} is on no branch of origin: `git push`, and merge it.")
    if not rule.approved:
        return []
    needs = "the stage requires an approval"
    if not (names := approved_by(commit, needs)):
        raise Refused(f"{needs}, and nobody but its author approved the request of commit {commit[:9]}.")
    return sorted(names)


@cache
def asked(commit: str) -> set[str]:
    return forge().approvers(commit)


def approved_by(commit: str, needs: str) -> set[str]:
    """Who approved a commit, as the forge says; raises LifecycleError if it cannot be asked."""
    try:
        return asked(commit)
    except (ForgeError, KeyError, TypeError) as error:
        why = str(error).rstrip(".")
        where = "run this in CI, or set the variables that CI sets, and a token"
        raise LifecycleError(f"{needs}, which cannot be looked up here ({why}): {where}.") from None


def lacks(tag: Tag, folder: str, rule: Rule) -> str:
    """What the stage requires and the tag does not have, or what cannot be looked up; empty if it has all."""
    try:
        return unmet(tag, folder, rule)
    except LifecycleError as error:
        return str(error).rstrip(".")


def unmet(tag: Tag, folder: str, rule: Rule) -> str:
    """The same; raises LifecycleError if it cannot be looked up.

    Anybody who may push can write a name into a tag: without a valid signature the forge is asked who approved.
    """
    needed = tag.signed and (rule.signed or rule.approved)
    valid = needed and attempt("verify-tag", f"refs/tags/{tag.name}", cwd=folder).returncode == 0
    names = tag.content.get("approved_by", [])
    if rule.signed and not valid:
        return f"{tag.name} has no valid signature, which {tag.stage} requires"
    if rule.approved and not names:
        return f"{tag.name} names no approver, which {tag.stage} requires"
    if not rule.approved or valid:
        return ""
    needs = f"{tag.name} has no valid signature, so its approval counts only if the forge knows it"
    others = sorted({*names} - approved_by(tag.commit, needs))
    return f"{tag.name} says that {', '.join(others)} approved it, which the forge does not know" if others else ""
