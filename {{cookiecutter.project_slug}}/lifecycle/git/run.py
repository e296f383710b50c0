"""Git as the verbs see it: commits, the merge base, files at a commit, and clean checkouts."""

import os
import subprocess
from pathlib import Path

from lifecycle.outcome import CouldNot

WORK = ""  # the work tree, where a revision is asked for

DEEPEN = "git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"

# A hook's Git variables would lead every command to the repository that the hook runs in
MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_REFLOG_ACTION")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in MISLEADING}


def attempt(*arguments: str, cwd: str = ".") -> subprocess.CompletedProcess[str]:
    """The finished Git command, failed or not; without hooks, which would call the verbs again."""
    command = ["git", "-c", "core.quotePath=false", "-c", f"core.hooksPath={os.devnull}", *arguments]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)


def git(*arguments: str, cwd: str = ".") -> str:
    """What a Git command prints, without white space around it; raises CouldNot with Git's own words."""
    done = attempt(*arguments, cwd=cwd)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise CouldNot(f"`git {' '.join(arguments)}` failed: {said[-1].removeprefix('fatal: ')}.")
    return done.stdout.strip()


def commit(revision: str) -> str:
    """The full hash of the commit that a revision names; raises CouldNot."""
    done = attempt("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if done.returncode:
        fetch = DEEPEN if shallow() else "git fetch origin"
        where = "this clone, which is shallow" if shallow() else "this clone"
        raise CouldNot(f"{revision} is not in {where}: run `{fetch}`, or name another base.")
    return done.stdout.strip()


def unseen() -> list[str]:
    """A sentence for who judges a commit while there is more in the work tree."""
    changed = git("status", "--porcelain", "--untracked-files=no")
    return ["HEAD was looked at; what is not committed was not."] if changed else []


def shallow() -> bool:
    """Whether older commits are missing from this clone."""
    return git("rev-parse", "--is-shallow-repository") == "true"


def merge_base(base: str) -> str | None:
    """The commit where the branch left `base`; None for zeros, which GitHub and GitLab call what was before the first.

    Raises CouldNot when this clone does not hold it.
    """
    if set(base) == {"0"}:
        return None
    done = attempt("merge-base", commit(base), "HEAD")
    if done.returncode and shallow():
        raise CouldNot(f"this clone is too shallow to see where HEAD left {base}: run `{DEEPEN}`.")
    if done.returncode:
        raise CouldNot(f"{base} and HEAD have no commit in common: name the branch that HEAD was made from.")
    return done.stdout.strip()


def show(revision: str, path: str) -> str | None:
    """The text of a file at a commit, or in the work tree for WORK; None where there is no such file."""
    if revision == WORK:
        return Path(path).read_text("utf-8") if Path(path).exists() else None
    done = attempt("show", f"{revision}:./{path}")
    return None if done.returncode else done.stdout


def tracked(revision: str) -> set[str]:
    """The files that Git holds at a commit, or that it does not ignore in the work tree."""
    if revision == WORK:
        return {*git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()}
    return {*git("ls-tree", "-r", "--name-only", revision).splitlines()}
