"""DVC: the one place where its commands are run, the remote, the cache, and clean checkouts that share both."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path

from lifecycle.errors import LifecycleError, RemoteError
from lifecycle.git import commits
from lifecycle.git.run import ENVIRONMENT, git
from lifecycle.storage.lock import File

# The stages' `python` is the one that runs this
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def dvc(*arguments: str, stream: bool = False) -> subprocess.CompletedProcess[str]:
    """The finished DVC command, failed or not; `stream` prints its output on stderr while it runs."""
    # DVC folds its tables, addresses included, to the width of the terminal
    environment = ENVIRONMENT | {"PATH": PATH, "DVC_NO_ANALYTICS": "1", "COLUMNS": "9999"}
    command = [sys.executable, "-m", "dvc", *arguments]
    if not stream:
        return subprocess.run(command, env=environment, capture_output=True, text=True)
    printed = []
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            printed.append(line)
    return subprocess.CompletedProcess(command, process.returncode, "", "".join(printed))


def reason(done: subprocess.CompletedProcess[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return (errors or done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0].rstrip(".")


def default_remote() -> tuple[str, str]:
    """Name and address of the default remote, a folder as an absolute path; raises LifecycleError if none is set."""
    lines = dvc("remote", "list").stdout.splitlines()
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


def missing_in_remote() -> list[str]:
    """The files that dvc.lock and the .dvc files of the work tree name and the remote does not have."""
    check_remote()
    done = dvc("data", "status", "--not-in-remote", "--granular", "--json")
    if done.returncode:
        raise RemoteError(f"the DVC remote cannot be read ({reason(done)}): check address, network and credentials.")
    return sorted(json.loads(done.stdout).get("not_in_remote", []))


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Work in a clean clone at a commit, without data, that shares the cache, the remote and the credentials."""
    name, address = default_remote()
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
