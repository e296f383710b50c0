"""Who may: what each stage demands of a commit and of a tag, and whether they have it."""

from pydantic import Field

from lifecycle import git
from lifecycle.forge.approval import approvers
from lifecycle.lock import parse
from lifecycle.outcome import CouldNot
from lifecycle.versions import origin
from lifecycle.versions.registry import Registry, moved
from lifecycle.versions.tag import Tag
from pipeline.stage import Block, checked


class Stage(Block):
    """`approved`: by somebody but the request's author; `signed`: the tag, with Git's own signing."""

    approved: bool = False
    signed: bool = False


class Promote(Block):
    """The stages that there are."""

    stages: dict[str, Stage] = Field(min_length=1)


def rules(folder: str) -> dict[str, Stage]:
    """What each stage demands, by the default branch of origin, so that no branch loosens it."""
    branch = origin.default(folder)
    done = git.attempt("show", f"{branch}:{git.git('rev-parse', '--show-prefix')}params.yaml", cwd=folder)
    where = f"params.yaml of origin's {branch.removeprefix('refs/heads/')}"
    block = parse(done.stdout, where).get("promote") if done.returncode == 0 else None
    if block is None:
        raise CouldNot(f"{where} has no block promote: take it from the template's params.yaml, and push.")
    return checked(Promote, block, f"{where}, block promote").stages


def unknown(stage: str, stages: dict[str, Stage]) -> str:
    """A sentence for a stage that is none."""
    return f"there is no stage {stage}: params.yaml of origin's default branch has {', '.join(stages)}."


def trusted(folder: str, rule: Stage, commit: str) -> tuple[list[str], list[str]]:
    """Why the commit may not be promoted by the stage's rules, and who approved it."""
    if not git.attempt("branch", "--contains", commit, cwd=folder).stdout.strip():
        return [f"commit {commit[:9]} is on no branch of origin: `git push`, and merge it."], []
    if not rule.approved:
        return [], []
    who = approvers(commit)
    none = f"the stage demands an approval: nobody but its author approved the merged request of commit {commit[:9]}."
    return ([] if who else [none]), who


def certain(found: Registry, folder: str, stage: str, rule: Stage) -> None:
    """Raise CouldNot where a tag differs between here and origin; believe only tags that hold what is demanded."""
    if unsure := moved(found):
        raise CouldNot(f"{unsure[0]} Settle it first: `git fetch --force --tags origin`, or `git tag --delete` here.")
    lacking = {one.name: why for one in found.stages.get(stage, []) if (why := lacks(one, folder, rule))}
    found.doubts += [f"{why}: it is not believed." for why in lacking.values()]
    found.stages[stage] = [one for one in found.stages.get(stage, []) if one.name not in lacking]


def lacks(one: Tag, folder: str, rule: Stage) -> str:
    """What the stage demands and the tag does not have; empty if it has all."""
    if rule.signed and (not one.signed or git.attempt("verify-tag", one.name, cwd=folder).returncode):
        return f"{one.name} has no signature that holds, and {one.stage} demands one"
    if rule.approved and not one.says.get("approved_by"):
        return f"{one.name} names nobody who approved, and {one.stage} demands it"
    return ""
