"""A commit of what a run changed, and its way to a branch of origin; the token is in Git's environment alone."""

import base64
import os
import subprocess

from lifecycle.forge.api import Forge
from lifecycle.forge.web import Refused

MAIL = "41898282+github-actions[bot]@users.noreply.github.com"  # shows the robot's picture; harmless elsewhere


def git(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """What a Git command prints; raises Refused with Git's own words."""
    given = os.environ | (environment or {})
    done = subprocess.run(["git", *arguments], env=given, capture_output=True, text=True)
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.startswith(("fatal: ", "error: ", " ! "))]
        raise Refused(f"git {arguments[0]} failed: {'; '.join(said)[:300] or done.returncode}.")
    return done.stdout.strip()


def commit(message: str, robot: str) -> bool:
    """Commit every changed and new file; whether there was any. The robot signs where Git knows nobody."""
    git("add", "--all")
    if not git("diff", "--cached", "--name-only"):
        return False
    known = subprocess.run(["git", "config", "user.email"], capture_output=True).returncode == 0
    signature = [] if known else ["-c", f"user.name={robot}", "-c", f"user.email={MAIL}"]
    git(*signature, "commit", "--quiet", "--message", message)
    return True


def login(user: str, token: str) -> str:
    """The header with which Git signs in, given in its environment alone."""
    return f"Authorization: Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"


def push(at: Forge, name: str, own: bool) -> None:
    """Push HEAD to a branch of origin; only a branch of our own may lose what it held."""
    environment = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{at.host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": login(at.git_user, at.token),
        "GIT_TERMINAL_PROMPT": "0",
    }
    lease = []
    if own:
        there = git("ls-remote", "origin", f"refs/heads/{name}", environment=environment).split("\t")[0]
        lease = [f"--force-with-lease=refs/heads/{name}:{there}"]
    git("push", "--quiet", *lease, "origin", f"HEAD:refs/heads/{name}", environment=environment)
