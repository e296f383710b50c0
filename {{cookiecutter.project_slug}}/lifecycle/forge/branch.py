"""Commits what a run changed and pushes it to a branch of origin; the token is in Git's environment alone."""

from lifecycle.forge.api import Forge
from lifecycle.git import login
from lifecycle.git.run import attempt, git

MAIL = "41898282+github-actions[bot]@users.noreply.github.com"  # shows the robot's picture; harmless elsewhere


def commit(message: str, robot: str) -> bool:
    """Commit every changed and new file, as the robot if Git has no identity; whether there was anything to commit."""
    git("add", "--all")
    if not git("diff", "--cached", "--name-only"):
        return False
    known = attempt("config", "user.email").returncode == 0
    identity = [] if known else ["-c", f"user.name={robot}", "-c", f"user.email={MAIL}"]
    git(*identity, "commit", "--quiet", "--message", message)
    return True


def push(forge: Forge, name: str, own: bool) -> None:
    """Push HEAD to a branch of origin; only a branch of `own` is overwritten."""
    variables = login.variables(login.header(forge.host, forge.git_user, forge.token))
    lease = []
    if own:
        there = git("ls-remote", "origin", f"refs/heads/{name}", variables=variables).split("\t")[0]
        lease = [f"--force-with-lease=refs/heads/{name}:{there}"]
    git("push", "--quiet", *lease, "origin", f"HEAD:refs/heads/{name}", variables=variables)
