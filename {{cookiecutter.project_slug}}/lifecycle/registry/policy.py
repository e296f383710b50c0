"""The policy: what each stage requires of a commit and of a tag, and whether they have it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import Field

from lifecycle.errors import ForgeError, LifecycleError, Refused
from lifecycle.forge.current import forge
from lifecycle.git import origin
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.git.run import attempt, git
from lifecycle.project import Block, check, parse_yaml
from lifecycle.registry.read import Registry, differences, read
from lifecycle.registry.tag import Tag
from lifecycle.storage.dvc_yaml import artifact


class Rule(Block):
    """`approved`: by somebody other than the request's author; `signed`: the tag, with Git's own signing."""

    approved: bool = False
    signed: bool = False


class Promote(Block):
    stages: dict[str, Rule] = Field(min_length=1)


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
        if messages := differences(known):
            raise LifecycleError(f"{messages[0]} Run `git fetch --force --tags origin`, or `git tag --delete` here.")
        tags = known.stages.get(stage, [])
        lacking = {tag.name: fault for tag in tags if (fault := lacks(tag, folder, every[stage]))}
        known.ignored += [f"{fault}." for fault in lacking.values()]
        known.stages[stage] = [tag for tag in tags if tag.name not in lacking]
        yield folder, known, every[stage]


def rules(folder: str) -> dict[str, Rule]:
    """What each stage requires, from the default branch of origin, so that no branch can loosen it."""
    branch = origin.default_branch(folder)
    done = attempt("show", f"{branch}:{git('rev-parse', '--show-prefix')}params.yaml", cwd=folder)
    where = f"params.yaml of origin's {branch.removeprefix('refs/heads/')}"
    block = parse_yaml(done.stdout, where).get("promote") if done.returncode == 0 else None
    if block is None:
        raise LifecycleError(f"{where} has no block promote: copy it from the template's params.yaml, and push.")
    return check(Promote, block, f"{where}, block promote,").stages


def approvers(folder: str, rule: Rule, commit: str) -> list[str]:
    """Who approved a commit of origin, if its stage requires that; raises Refused without an approval."""
    if not attempt("branch", "--contains", commit, cwd=folder).stdout.strip():
        raise Refused(f"commit {commit[:9]} is on no branch of origin: `git push`, and merge it.")
    if not rule.approved:
        return []
    needs = "the stage requires an approval"
    try:
        names = sorted(forge().approvers(commit))
    except (ForgeError, KeyError, TypeError) as error:
        where = "promote with the CI job `promote`, or set its variables"
        raise LifecycleError(f"{needs}, which cannot be looked up here ({error}): {where}.") from None
    if not names:
        raise Refused(f"{needs}, and nobody but its author approved the request of commit {commit[:9]}.")
    return names


def lacks(tag: Tag, folder: str, rule: Rule) -> str:
    """What the stage requires and the tag does not have; empty if it has all."""
    if rule.signed and (not tag.signed or attempt("verify-tag", tag.name, cwd=folder).returncode):
        return f"{tag.name} has no valid signature, which {tag.stage} requires"
    if rule.approved and not tag.content.get("approved_by"):
        return f"{tag.name} names no approver, which {tag.stage} requires"
    return ""
