"""Origin, which alone says what is registered: its branches and tags in a scratch repository with our objects.

Nothing that is made in the scratch repository is seen in this clone before origin has taken it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from lifecycle import git
from lifecycle.forge import branch
from lifecycle.outcome import CouldNot

NAME = "registry"  # of origin in the scratch repository, whose settings include this clone's


def address(push: bool = False) -> str:
    """The URL of origin; a folder's made absolute."""
    done = git.attempt("remote", "get-url", *(["--push"] if push else []), "origin")
    if done.returncode:
        raise CouldNot("this clone has no remote called origin: `git remote add origin URL`, and push to it.")
    url = done.stdout.strip()
    folder = Path(git.git("rev-parse", "--show-toplevel"), url)
    return str(folder) if folder.is_dir() else url


def sign_in() -> None:
    """Give Git the token of a run in CI, in its environment alone; elsewhere Git asks as it always does."""
    token, server, user = (os.environ.get(name) for name in ("GITHUB_TOKEN", "GITHUB_SERVER_URL", "GITHUB_ACTOR"))
    login = "x-access-token"
    if not os.environ.get("GITHUB_REPOSITORY"):
        names = ("GITLAB_TOKEN", "CI_SERVER_URL", "GITLAB_USER_LOGIN")
        (token, server, user), login = (os.environ.get(name) for name in names), "oauth2"
    if not (token and server):
        return
    host = urlsplit(server).hostname
    settings = {
        f"http.{server}/.extraHeader": branch.login(login, token),
        "user.name": user or login,
        "user.email": os.environ.get("GITLAB_USER_EMAIL") or f"{user or login}@users.noreply.{host}",
    }
    count = int(git.ENVIRONMENT.get("GIT_CONFIG_COUNT", "0"))
    for place, (key, value) in enumerate(settings.items(), start=count):
        git.ENVIRONMENT |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    git.ENVIRONMENT |= {"GIT_CONFIG_COUNT": str(count + len(settings)), "GIT_TERMINAL_PROMPT": "0"}


@contextmanager
def scratch() -> Iterator[str]:
    """A bare repository with origin's branches and tags as they are now; raises CouldNot where they cannot be had."""
    if git.shallow():
        raise CouldNot("this clone is shallow, and what is registered may lie further back: `git fetch --unshallow`.")
    sign_in()
    common = git.git("rev-parse", "--path-format=absolute", "--git-common-dir")
    with TemporaryDirectory(prefix="lifecycle-", ignore_cleanup_errors=True) as folder:
        git.git("init", "--quiet", "--bare", folder)
        Path(folder, "objects", "info", "alternates").write_text(f"{common}/objects\n", "utf-8")
        own = Path(folder, "config").read_text("utf-8")  # after identity, keys and credentials of this clone
        Path(folder, "config").write_text(f'[include]\n\tpath = "{common}/config"\n{own}', "utf-8")
        for name, url in (("url", address()), ("pushurl", address(push=True))):
            git.git("config", f"remote.{NAME}.{name}", url, cwd=folder)
        refresh(folder)
        yield folder


def refresh(folder: str) -> None:
    """Bring the scratch repository's branches and tags to where origin's are; raises CouldNot."""
    wanted = [f"+refs/{kind}/*:refs/{kind}/*" for kind in ("heads", "tags", "exps")]  # the last: DVC's experiments
    done = git.attempt("fetch", "--quiet", "--prune", "--no-write-fetch-head", NAME, *wanted, cwd=folder)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        said = next((line[7:] for line in lines if line.startswith("fatal: ")), lines[-1]).rstrip(".")
        raise CouldNot(f"origin cannot be asked what is registered ({said}): check address, network and credentials.")


def default(folder: str) -> str:
    """The branch that requests are merged into, by origin's HEAD."""
    said = git.git("ls-remote", "--symref", NAME, "HEAD", cwd=folder).split()
    named = said[1] if said[:1] == ["ref:"] else "refs/heads/main"
    if git.attempt("rev-parse", "--verify", "--quiet", named, cwd=folder).returncode:
        raise CouldNot(f"origin has no branch {named.removeprefix('refs/heads/')}: `git push origin HEAD` first.")
    return named


def bring(names: list[str]) -> None:
    """Fetch these tags, and the commits of origin's branches, into this clone."""
    git.attempt("fetch", "--quiet", "--no-tags", "origin", *(f"refs/tags/{name}:refs/tags/{name}" for name in names))
