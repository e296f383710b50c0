"""The one place where Git is run."""

import os
import subprocess
from collections.abc import Mapping

from lifecycle.errors import LifecycleError

# A hook's variables would lead every command to the repository that the hook runs in
MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_REFLOG_ACTION")
HOOK = {name: os.environ.pop(name) for name in MISLEADING if name in os.environ}
# A change's folder is never searched for modules of a check; replacements and grafts of a clone hide no commit
ENVIRONMENT = os.environ | {"PYTHONSAFEPATH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull}
UTF8 = "utf-8", "surrogateescape"  # a file name may not be UTF-8, and must be found again
# Without hooks, which would call the verbs again
OPTIONS = ("-c", "core.quotePath=false", "-c", f"core.hooksPath={os.devnull}")


def attempt(
    *arguments: str, cwd: str = ".", text: str | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The finished Git command, failed or not; `text` is its standard input."""
    done = attempt_bytes(*arguments, cwd=cwd, given=text.encode(*UTF8) if text else b"", variables=variables)
    output, error = done.stdout.decode(*UTF8), done.stderr.decode(*UTF8)
    return subprocess.CompletedProcess(done.args, done.returncode, output, error)


def attempt_bytes(
    *arguments: str, cwd: str = ".", given: bytes = b"", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command, environment = ["git", *OPTIONS, *arguments], ENVIRONMENT | dict(variables or {})
    return subprocess.run(command, cwd=cwd, env=environment, input=given, capture_output=True)


def git(*arguments: str, cwd: str = ".", variables: Mapping[str, str] | None = None) -> str:
    """What a Git command prints, stripped; raises LifecycleError with Git's own message."""
    done = attempt(*arguments, cwd=cwd, variables=variables)
    if done.returncode:
        raise LifecycleError(f"`git {' '.join(arguments)}` failed: {reason(done)}.")
    return done.stdout.strip()


def reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    faults = [line for line in lines if line.startswith(("fatal:", "error:", "!"))]
    text = "; ".join(line.removeprefix("fatal: ") for line in faults or lines[-1:])
    return text[:300].rstrip(".") or f"exit code {done.returncode}"
