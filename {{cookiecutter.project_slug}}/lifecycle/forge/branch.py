"""Commits what a run changed and pushes it to a branch of origin; the token is in Git's environment alone."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from lifecycle.errors import ForgeError
from lifecycle.forge.api import Forge
from lifecycle.git import login
from lifecycle.git.run import attempt, git, reason

MAIL = "41898282+github-actions[bot]@users.noreply.github.com"  # shows the robot's picture; harmless elsewhere


def commit(message: str, robot: str) -> bool:
    """Commit every changed and new file, as the robot if Git has no identity; whether there was anything to commit."""
    git("add", "--all")
    if not git("diff", "--cached", "--name-only"):
        return False
    git(*identity(robot), "commit", "--quiet", "--message", message)
    return True


def identity(robot: str) -> list[str]:
    known = attempt("config", "user.email").returncode == 0
    return [] if known else ["-c", f"user.name={robot}", "-c", f"user.email={MAIL}"]


def commit_files(parent: str, files: Mapping[str, Path | None], message: str, robot: str) -> str:
    """A commit on another with these files, None for one that goes; nothing is checked out, so no link is followed."""
    prefix, lines = git("rev-parse", "--show-prefix"), []
    for path, file in files.items():
        oid = git("hash-object", "-w", "--no-filters", "--", str(file)) if file else "0" * 40
        lines.append(f"{100644 if file else 0} {oid}\t{prefix}{path}\0")
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        git("read-tree", parent, variables=index)
        done = attempt("update-index", "-z", "--index-info", text="".join(lines), variables=index)
        if done.returncode or done.stderr:  # it only warns of a path such as ../x
            raise ForgeError(f"Git refuses a path of the results: {reason(done)}.")
        tree = git("write-tree", variables=index)
    return git(*identity(robot), "commit-tree", tree, "-p", parent, "-m", message)


def push(forge: Forge, name: str, own: bool, revision: str = "HEAD") -> None:
    """Push a commit to a branch of origin; only a branch of `own` is overwritten."""
    variables = login.variables(login.header(forge.host, forge.git_user, forge.token))
    lease = []
    if own:
        there = git("ls-remote", "origin", f"refs/heads/{name}", variables=variables).split("\t")[0]
        lease = [f"--force-with-lease=refs/heads/{name}:{there}"]
    git("push", "--quiet", *lease, "origin", f"{revision}:refs/heads/{name}", variables=variables)


def publish_results(forge: Forge, run: int) -> str:
    """Store and commit what a training run made; raises Refused, before anything is written, if it is not that."""
    from lifecycle.storage import objects, results  # not with the standard library alone

    trained = forge.trained(run)
    if forge.tip(trained.branch)[:1] != [trained.commit] or trained.branch == forge.default_branch():
        raise ForgeError(f"{trained.branch} is main, or no longer at {trained.commit[:9]}: train it again.")
    with TemporaryDirectory() as folder, open(f"{folder}/zip", "w+b") as packed:
        forge.save(trained.packed, packed, results.LARGEST)
        found = results.unpack(packed, trained.commit, Path(folder))
        new = commit_files(trained.commit, found.files, "Results of a run in CI", forge.me())
        if git("rev-parse", f"{new}^{{tree}}") == git("rev-parse", f"{trained.commit}^{{tree}}"):
            return "Nothing changed: nothing to publish."
        objects.add(found.objects)
    push(forge, trained.branch, own=False, revision=new)
    forge.start_checks(trained.branch)
    return f"Pushed {new[:9]} to {trained.branch}."
