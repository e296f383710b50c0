"""What DVC stores, as the verbs see it: the remote, the cache, and clean checkouts that share both with this clone."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import chdir, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from lifecycle import git
from lifecycle.lock import File
from lifecycle.outcome import CouldNot, NoRemote

# The stages' `python` is the one that runs this
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def attempt(*arguments: str, aloud: bool = False) -> subprocess.CompletedProcess[str]:
    """The finished DVC command, failed or not; `aloud` shows on stderr what it prints while it runs."""
    # DVC folds its tables, addresses and all, to the width of the terminal
    environment = git.ENVIRONMENT | {"PATH": PATH, "DVC_NO_ANALYTICS": "1", "COLUMNS": "9999"}
    command = [sys.executable, "-m", "dvc", *arguments]
    if not aloud:
        return subprocess.run(command, env=environment, capture_output=True, text=True)
    said = []
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            said.append(line)
    return subprocess.CompletedProcess(command, process.returncode, "", "".join(said))


def last(done: subprocess.CompletedProcess[str]) -> str:
    """The sentence in which a failed DVC command says why."""
    errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return (errors or done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0].rstrip(".")


def remote() -> tuple[str, str]:
    """Name and address of the default remote, a folder's made absolute; raises CouldNot where none is set."""
    lines = attempt("remote", "list").stdout.splitlines()
    found = [line.removesuffix("(default)").split(None, 1) for line in lines if line.endswith("(default)")]
    if not found:
        raise CouldNot("no default DVC remote is set: `uv run dvc remote add --default NAME ADDRESS`.")
    return found[0][0], found[0][1].strip()


def check_remote() -> None:
    """Raise NoRemote if the remote is a folder that is not there; DVC itself would call all its files missing."""
    name, address = remote()
    if "://" not in address and not Path(address).is_dir():
        raise NoRemote(
            f"the DVC remote {name} is the folder {address}, which is not on this machine: mount it, "
            "or let a first `uv run dvc push` make it; CI needs one that it reaches: "
            f"`uv run dvc remote modify {name} url ADDRESS`."
        )


def missing() -> list[str]:
    """The files that the work tree's dvc.lock and .dvc files name and the remote does not hold."""
    check_remote()
    done = attempt("data", "status", "--not-in-remote", "--granular", "--json")
    if done.returncode:
        raise NoRemote(f"the DVC remote cannot be asked ({last(done)}): check address, network and credentials.")
    found: dict[str, Any] = json.loads(done.stdout)
    return sorted(found.get("not_in_remote", []))


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Work in a clean clone at a commit, without data, that shares the cache, the remote and the credentials."""
    name, address = remote()
    with tempfile.TemporaryDirectory(prefix="lifecycle-") as folder:
        git.git("clone", "--quiet", "--shared", "--no-checkout", git.git("rev-parse", "--show-toplevel"), folder)
        git.git("-c", "advice.detachedHead=false", "checkout", "--quiet", git.commit(revision), cwd=folder)
        project = Path(folder, git.git("rev-parse", "--show-prefix"))
        settings = ConfigParser(interpolation=None)
        settings.read(".dvc/config.local", "utf-8")
        settings.read_dict({"cache": {"dir": cache()}, "core": {"site_cache_dir": f"{folder}/.git/dvc"}})
        if "://" not in address:
            settings.read_dict({f"'remote \"{name}\"'": {"url": address}})
        with open(project / ".dvc" / "config.local", "w", encoding="utf-8") as file:
            settings.write(file)
        with chdir(project):
            yield project


def cached(file: File) -> Path:
    """Where the cache keeps a file, whether it is there or not."""
    return Path(cache(), "files", "md5", file.md5[:2], file.md5[2:])


@lru_cache(1)
def cache() -> str:
    """The folder of DVC's cache, which checkouts share."""
    return attempt("cache", "dir").stdout.strip()


def fetch(files: list[File], checked_out: bool = True) -> int:
    """Bring stored files from the remote into cache and checkout; returns the bytes that came; raises NoRemote."""
    absent = [file for file in files if not cached(file).exists()]
    if not files or not (absent or checked_out):
        return 0
    if absent:
        check_remote()
    done = attempt("pull" if checked_out else "fetch", *(file.path for file in files))
    still = [file.path for file in absent if not cached(file).exists()]  # which `dvc fetch` calls a success
    if done.returncode or still:
        why = f" ({last(done)})" if done.returncode else ", since the remote does not hold it"
        raise NoRemote(
            f"{', '.join(still) or 'a file'} could not be pulled{why}: whoever made it types `uv run dvc push`, or "
            "the remote's address and credentials are to be checked."
        )
    return sum(file.size for file in absent)
