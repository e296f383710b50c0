"""The policy: what each stage requires of a commit and of a tag, and whether they have it."""

from pydantic import Field

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.run import attempt, git
from lifecycle.project import Block, check, parse_yaml
from lifecycle.registry.read import Registry, differences
from lifecycle.registry.tag import Tag


class Rule(Block):
    """`approved`: by somebody other than the request's author; `signed`: the tag, with Git's own signing."""

    approved: bool = False
    signed: bool = False


class Promote(Block):
    """The stages that exist."""

    stages: dict[str, Rule] = Field(min_length=1)


def rules(folder: str) -> dict[str, Rule]:
    """What each stage requires, from the default branch of origin, so that no branch can loosen it."""
    branch = origin.default_branch(folder)
    done = attempt("show", f"{branch}:{git('rev-parse', '--show-prefix')}params.yaml", cwd=folder)
    where = f"params.yaml of origin's {branch.removeprefix('refs/heads/')}"
    block = parse_yaml(done.stdout, where).get("promote") if done.returncode == 0 else None
    if block is None:
        raise LifecycleError(f"{where} has no block promote: copy it from the template's params.yaml, and push.")
    return check(Promote, block, f"{where}, block promote,").stages


def unknown_stage(stage: str, stages: dict[str, Rule]) -> str:
    """The message for a stage that does not exist."""
    return f"there is no stage {stage}: params.yaml of origin's default branch has {', '.join(stages)}."


def approvals(folder: str, rule: Rule, commit: str) -> tuple[list[str], list[str]]:
    """The reasons why a commit may not be promoted, and who approved it."""
    if not attempt("branch", "--contains", commit, cwd=folder).stdout.strip():
        return [f"commit {commit[:9]} is on no branch of origin: `git push`, and merge it."], []
    if not rule.approved:
        return [], []
    from lifecycle.forge.current import approvers

    names = approvers(commit)
    nobody = f"the stage requires an approval, and nobody but its author approved the request of commit {commit[:9]}."
    return ([] if names else [nobody]), names


def enforce(registry: Registry, folder: str, stage: str, rule: Rule) -> None:
    """Ignore the stage's tags that lack what it requires; raises LifecycleError if tags differ from origin's."""
    if messages := differences(registry):
        raise LifecycleError(f"{messages[0]} Run `git fetch --force --tags origin`, or `git tag --delete` here.")
    lacking = {tag.name: fault for tag in registry.stages.get(stage, []) if (fault := lacks(tag, folder, rule))}
    registry.ignored += [f"{fault}." for fault in lacking.values()]
    registry.stages[stage] = [tag for tag in registry.stages.get(stage, []) if tag.name not in lacking]


def lacks(tag: Tag, folder: str, rule: Rule) -> str:
    """What the stage requires and the tag does not have; empty if it has all."""
    if rule.signed and (not tag.signed or attempt("verify-tag", tag.name, cwd=folder).returncode):
        return f"{tag.name} has no valid signature, which {tag.stage} requires"
    if rule.approved and not tag.content.get("approved_by"):
        return f"{tag.name} names no approver, which {tag.stage} requires"
    return ""
