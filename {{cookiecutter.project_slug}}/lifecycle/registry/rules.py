"""The rules of each stage, and other settings that no branch can change: params.yaml on origin's default branch."""

from typing import TypeVar

from pydantic import Field

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.run import attempt, git
from lifecycle.project import Block, check, parse_yaml
from lifecycle.storage.dvc_yaml import check_name

Settings = TypeVar("Settings", bound=Block)


class Rule(Block):
    """`approved`: by somebody other than the request's author; `signed`: the tag, with Git's own signing."""

    approved: bool = False
    signed: bool = False


class Promote(Block):
    stages: dict[str, Rule] = Field(min_length=1)


def rules(folder: str) -> dict[str, Rule]:
    """What each stage requires."""
    block, where = settled(folder, Promote, "promote")
    for name in block.stages:
        check_name(name, where)
    return block.stages


def settled(folder: str, kind: type[Settings], name: str) -> tuple[Settings, str]:
    """A block of params.yaml on the default branch of origin, so that no branch can loosen it, and where that is."""
    branch = origin.default_branch(folder)
    done = attempt("show", f"{branch}:{git('rev-parse', '--show-prefix')}params.yaml", cwd=folder)
    where = f"params.yaml of origin's {branch.removeprefix('refs/heads/')}"
    block = parse_yaml(done.stdout, where).get(name) if done.returncode == 0 else None
    if block is None:
        raise LifecycleError(f"{where} has no block {name}: copy it from the template's params.yaml, and push.")
    return check(kind, block, f"{where}, block {name},"), f"{where}, block {name}:"
