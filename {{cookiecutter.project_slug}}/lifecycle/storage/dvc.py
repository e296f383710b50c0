"""DVC: the one place where its commands are run, the remote, the cache, and clean checkouts that share both."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path

from lifecycle.code import stage_python
from lifecycle.errors import LifecycleError, RemoteError
from lifecycle.git import commits
from lifecycle.git.run import ENVIRONMENT, git
from lifecycle.storage.lock import File, check_names

ESCAPED = "backslashreplace"  # what is not UTF-8


def environment() -> dict[str, str]:
    """Of DVC and of stages, whose `python` is that of the change's own environment."""
    path = os.pathsep.join([str(Path(stage_python()).parent), os.environ.get("PATH", os.defpath)])
    # DVC folds its tables, addresses included, to the width of the terminal
    return ENVIRONMENT | {"PATH": path, "DVC_NO_ANALYTICS": "1", "COLUMNS": "9999"}


def dvc(*arguments: str, stream: bool = False) -> subprocess.CompletedProcess[str]:
    """The finished DVC command, failed or not; `stream` prints its output on stderr while it runs."""
    if arguments[0] not in ("remote", "cache"):
        check_names()
    command = [sys.executable, "-m", "dvc", *arguments]
    if not stream:
        return subprocess.run(command, env=environment(), capture_output=True, text=True, errors=ESCAPED)
    printed = []
    with subprocess.Popen(
        command, env=environment(), stdout=-1, stderr=subprocess.STDOUT, text=True, errors=ESCAPED
    ) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            printed.append(line)
    return subprocess.CompletedProcess(command, process.returncode, "", "".join(printed))


def reason(done: subprocess.CompletedProcess[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return (errors or done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0].rstrip(".")


def default_remote(text: str | None = None) -> tuple[str, str]:
    """Name and address of the default remote, a folder as an absolute path; raises LifecycleError if none is set.

    `text`: of another .dvc/config than the one here, such as that of the base.
    """
    config = ConfigParser(interpolation=None, strict=False)
    try:
        config.read_string(commits.show(commits.WORK_TREE, ".dvc/config") or "" if text is None else text)
        config.read(".dvc/config.local", "utf-8")
    except ConfigError as error:
        raise LifecycleError(f".dvc/config cannot be read ({' '.join(str(error).split())}): correct it.") from None
    name = config.get("core", "remote", fallback="")
    if url := re.sub(r"""^(["'])(.*)\1$""", r"\2", config.get(f"'remote \"{name}\"'", "url", fallback="")):
        return name, url if "://" in url else str(Path(".dvc", Path(url).expanduser()).resolve())
    lines = dvc("remote", "list").stdout.splitlines()  # set for the machine or the person
    defaults = [line.removesuffix("(default)").split(None, 1) for line in lines if line.endswith("(default)")]
    if not defaults:
        raise LifecycleError("no default DVC remote is set: `uv run dvc remote add --default NAME ADDRESS`.")
    return defaults[0][0], defaults[0][1].strip()


def check_remote() -> None:
    """Raise RemoteError if the remote is a folder that does not exist; DVC would report all its files as missing."""
    name, address = default_remote()
    if "://" not in address and not Path(address).is_dir():
        raise RemoteError(
            f"the DVC remote {name} is the folder {address}, which does not exist on this machine: mount it, or create "
            f"it with a first `uv run dvc push`. CI needs a remote that it can reach: `uv run dvc remote modify {name} "
            "url ADDRESS`."
        )


@contextmanager
def checkout(revision: str, settings: str | None = None) -> Iterator[Path]:
    """Work in a clean clone at a commit, without data, that shares the cache, the remote and the credentials.

    `settings`: the commit whose .dvc/config applies; without it the one here.
    """
    text = commits.show(settings or commits.WORK_TREE, ".dvc/config")
    name, address = default_remote(text)
    with tempfile.TemporaryDirectory(prefix="lifecycle-") as folder:
        git("clone", "--quiet", "--shared", "--no-checkout", git("rev-parse", "--show-toplevel"), folder)
        git("-c", "advice.detachedHead=false", "checkout", "--quiet", commits.full_hash(revision), cwd=folder)
        project = Path(folder, git("rev-parse", "--show-prefix"))
        config = ConfigParser(interpolation=None)
        config.read(".dvc/config.local", "utf-8")
        config.read_dict({"cache": {"dir": quoted(cache_folder())}, "core": {"site_cache_dir": f"{folder}/.git/dvc"}})
        if "://" not in address:
            config.read_dict({f"'remote \"{name}\"'": {"url": quoted(address)}})
        with open(project / ".dvc" / "config.local", "w", encoding="utf-8") as file:
            config.write(file)
        if text is not None:
            (project / ".dvc" / "config").write_text(text, "utf-8", newline="\n")
        with chdir(project):
            yield project


def quoted(text: str) -> str:
    """A value of DVC's configuration, where a `#` or `,` would end it."""
    return f"'{text}'" if '"' in text else f'"{text}"'


def cached(md5: str) -> Path:
    return Path(cache_folder(), "files", "md5", md5[:2], md5[2:])


@cache
def cache_folder() -> str:
    return dvc("cache", "dir").stdout.strip()


def fetch(files: list[File], checked_out: bool = True) -> int:
    """Bring stored files from the remote into the cache and the checkout; returns the bytes downloaded."""
    absent = [file for file in files if not cached(file.md5).exists()]
    if not files or not (absent or checked_out):
        return 0
    if absent:
        check_remote()
    done = dvc("pull" if checked_out else "fetch", *(file.path for file in files))
    still = [file.path for file in absent if not cached(file.md5).exists()]  # `dvc fetch` calls this a success
    if done.returncode or still:
        why = f" ({reason(done)})" if done.returncode else ": the remote does not have it"
        raise RemoteError(
            f"{', '.join(still) or 'a file'} could not be pulled{why}. Run `uv run dvc push` where it was made, or "
            "check the remote's address and credentials."
        )
    return sum(file.size for file in absent)
