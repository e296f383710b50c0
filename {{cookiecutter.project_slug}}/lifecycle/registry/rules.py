"""The rules of each stage, from the block promote of params.yaml on origin's default branch."""

from pydantic import Field

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.run import attempt, git
from lifecycle.project import Block, check, parse_yaml
from lifecycle.storage.dvc_yaml import check_name


class Rule(Block):
    """`approved`: by somebody other than the request's author; `signed`: the tag, with Git's own signing."""

    approved: bool = False
    signed: bool = False


class Promote(Block):
    stages: dict[str, Rule] = Field(min_length=1)


def rules(folder: str) -> dict[str, Rule]:
    """What each stage requires, from the default branch of origin, so that no branch can loosen it."""
    branch = origin.default_branch(folder)
    done = attempt("show", f"{branch}:{git('rev-parse', '--show-prefix')}params.yaml", cwd=folder)
    where = f"params.yaml of origin's {branch.removeprefix('refs/heads/')}"
    block = parse_yaml(done.stdout, where).get("promote") if done.returncode == 0 else None
    if block is None:
        raise LifecycleError(f"{where} has no block promote: copy it from the template's params.yaml, and push.")
    stages = check(Promote, block, f"{where}, block promote,").stages
    for name in stages:
        check_name(name, f"{where}, block promote:")
    return stages
