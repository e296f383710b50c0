"""Commits, the merge base, and files at a commit or in the work tree."""

from pathlib import Path

from lifecycle.errors import LifecycleError
from lifecycle.git.run import attempt, git

WORK_TREE = ""  # in place of a revision
DEEPEN = "git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"


def full_hash(revision: str) -> str:
    done = attempt("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if done.returncode:
        where, fetch = ("this shallow clone", DEEPEN) if is_shallow() else ("this clone", "git fetch origin")
        raise LifecycleError(f"{revision} is not in {where}: run `{fetch}`, or name another base.")
    return done.stdout.strip()


def known(base: str) -> str | None:
    """The commit of a base; None for zeros, which GitHub and GitLab use for "before the first commit"."""
    return None if set(base) == {"0"} else full_hash(base)


def uncommitted() -> list[str]:
    changed = git("status", "--porcelain", "--untracked-files=no")
    return ["Only HEAD was checked; there are uncommitted changes."] if changed else []


def is_shallow() -> bool:
    return git("rev-parse", "--is-shallow-repository") == "true"


def merge_base(base: str, head: str = "HEAD") -> str | None:
    """The commit where `head` left `base`, None for zeros; raises LifecycleError if this clone does not have it."""
    tip = known(base)
    if tip is None:
        return None
    done = attempt("merge-base", tip, head)
    if done.returncode and is_shallow():
        raise LifecycleError(f"this clone is too shallow to find where HEAD left {base}: run `{DEEPEN}`.")
    if done.returncode:
        raise LifecycleError(f"{base} and HEAD have no common commit: name the branch that HEAD was made from.")
    return done.stdout.strip()


def show(revision: str, path: str) -> str | None:
    """The text of a file at a commit or in the WORK_TREE; None if there is no such file."""
    if revision == WORK_TREE:
        return Path(path).read_text("utf-8") if Path(path).is_file() else None
    done = attempt("show", f"{revision}:./{path}")
    return None if done.returncode else done.stdout


def tracked(revision: str, folder: str = ".") -> set[str]:
    """The files that Git has at a commit, or that it does not ignore in the WORK_TREE."""
    work_tree = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command = work_tree if revision == WORK_TREE else ["ls-tree", "-r", "-z", "--name-only", revision]
    return {*git(*command, cwd=folder).split("\0")} - {""}
