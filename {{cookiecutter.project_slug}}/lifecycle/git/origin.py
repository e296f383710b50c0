"""Origin, which alone decides what is registered: its branches and tags in a scratch repository with our objects.

Nothing that is made in the scratch repository is visible in this clone before origin has accepted it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.git.login import header, variables
from lifecycle.git.run import ENVIRONMENT, attempt, git, reason

# The login of a token, and the variables with the token, the server and the person's name
GITHUB = ("x-access-token", "GITHUB_TOKEN", "GITHUB_SERVER_URL", "GITHUB_ACTOR")
GITLAB = ("oauth2", "GITLAB_TOKEN", "CI_SERVER_URL", "GITLAB_USER_LOGIN")
KINDS = ("heads", "tags", "exps", "lifecycle")  # of refs; exps: DVC's experiments, lifecycle: the newest tag
SIGNERS = ("gpg.ssh.allowedsignersfile", "gpg.ssh.revocationfile")  # as Git lists them
NAME = "registry"  # of origin in the scratch repository, whose settings include this clone's


def address(push: bool = False) -> str:
    done = attempt("remote", "get-url", *(["--push"] if push else []), "origin")
    if done.returncode:
        raise LifecycleError("this clone has no remote called origin: `git remote add origin URL`, then push to it.")
    url = done.stdout.strip()
    folder = Path(git("rev-parse", "--show-toplevel"), url)
    return str(folder) if folder.is_dir() else url


def sign_in() -> None:
    """Give Git the token of a CI run, in its environment alone; elsewhere Git asks as it always does."""
    login, *names = GITHUB if os.environ.get("GITHUB_REPOSITORY") else GITLAB
    token, server, user = map(os.environ.get, names)
    if not (token and server):
        return
    host = urlsplit(server).hostname
    identity = {
        "user.name": user or login,
        "user.email": os.environ.get("GITLAB_USER_EMAIL") or f"{user or login}@users.noreply.{host}",
    }
    ENVIRONMENT.update(variables(header(server, login, token) | identity))


@contextmanager
def scratch(*more: str) -> Iterator[str]:
    """A bare repository with the current branches and tags of origin; raises LifecycleError if it cannot be reached.

    `more`: other kinds of refs to fetch too.
    """
    if commits.is_shallow():
        raise LifecycleError("this clone is shallow, and versions may be older: `git fetch --unshallow`.")
    sign_in()
    common = git("rev-parse", "--path-format=absolute", "--git-common-dir")
    with TemporaryDirectory(prefix="lifecycle-", ignore_cleanup_errors=True) as folder:
        git("init", "--quiet", "--bare", folder)
        Path(folder, "objects", "info", "alternates").write_text(f"{common}/objects\n", "utf-8")
        own = Path(folder, "config").read_text("utf-8")  # after identity, keys and credentials of this clone
        Path(folder, "config").write_text(f'[include]\n\tpath = "{common}/config"\n{own}', "utf-8")
        for name, url in (("url", address()), ("pushurl", address(push=True))):
            git("config", f"remote.{NAME}.{name}", url, cwd=folder)
        for kind in (*KINDS, *more):
            git("config", "--add", f"remote.{NAME}.fetch", f"+refs/{kind}/*:refs/{kind}/*", cwd=folder)
        refresh(folder)
        ENVIRONMENT.update(variables(identity(folder)))
        yield folder


def identity(folder: str) -> dict[str, str]:
    """Who signs and whose signatures count, as this clone's settings say, which may depend on where the clone is.

    A relative path is one of this work tree; a list of signers that Git tracks is read from the default branch.
    """
    top = git("rev-parse", "--show-toplevel")
    rows = [row.partition("\n")[::2] for row in git("config", "--list", "-z").split("\0")]
    settings = {key: value for key, value in rows if value and key.startswith(("user.", "committer.", "gpg."))}
    for key, value in settings.items():
        is_path = key.endswith(("file", "signingkey")) or (key.endswith("program") and "/" in value)
        if is_path and len(value) < 200 and Path(top, value).is_file():  # not the key itself
            settings[key] = str(Path(top, value))
        if key in SIGNERS and not value.startswith(("/", "~")):
            done = attempt("show", f"{default_branch(folder)}:{value}", cwd=folder)
            if done.returncode == 0:
                settings[key] = f"{folder}/{key}"
                Path(settings[key]).write_text(done.stdout, "utf-8", "surrogateescape")
    return settings


def refresh(folder: str) -> None:
    done = attempt("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", NAME, cwd=folder)
    if done.returncode:
        raise LifecycleError(f"origin cannot be reached ({reason(done)}): check address, network and credentials.")


def default_branch(folder: str) -> str:
    """The full name of the branch that requests are merged into, from origin's HEAD."""
    answer = git("ls-remote", "--symref", NAME, "HEAD", cwd=folder).split()
    name = answer[1] if answer[:1] == ["ref:"] else "refs/heads/main"
    if attempt("rev-parse", "--verify", "--quiet", name, cwd=folder).returncode:
        raise LifecycleError(f"origin has no branch {name.removeprefix('refs/heads/')}: `git push origin HEAD` first.")
    return name


def default_commit(folder: str) -> str:
    """The tip of the default branch."""
    return git("rev-parse", default_branch(folder), cwd=folder)


def known_branch() -> str:
    """Origin's default branch as this clone knows it, without asking origin; raises LifecycleError."""
    done = attempt("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    name = done.stdout.strip().removeprefix("refs/remotes/") or "origin/main"
    if attempt("rev-parse", "--verify", "--quiet", name).returncode:
        raise LifecycleError(f"there is no {name} to compare with yet.")
    return name


def tip(_: object = None) -> str | None:
    """The tip of origin's default branch, whose code decides what is registered; None if this clone cannot have it."""
    sign_in()
    answer = git("ls-remote", "--symref", "origin", "HEAD").split()
    name, commit = (answer[1], answer[-2]) if answer[:1] == ["ref:"] else ("", "")
    if commit and attempt("cat-file", "-e", commit).returncode:
        attempt("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", name)
    return commit or None


def bring(names: list[str]) -> None:
    attempt("fetch", "--quiet", "--no-tags", "origin", *(f"refs/tags/{name}:refs/tags/{name}" for name in names))
