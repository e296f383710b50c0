"""Brings a file of a registered version from the DVC remote, checked against what its tags and dvc.lock record."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from lifecycle.errors import LifecycleError, Refused
from lifecycle.git.batch import Batch
from lifecycle.git.run import git
from lifecycle.registry import policy
from lifecycle.registry.read import Registry
from lifecycle.registry.record import wrong_lock
from lifecycle.registry.tag import Tag
from lifecycle.storage import objects
from lifecycle.storage.lock import File
from lifecycle.storage.version import Version, versions


class Unfit(Refused):
    """A version that exists and cannot be delivered as it was recorded."""

    def __init__(self, version: str, message: str) -> None:
        super().__init__(message)
        self.version = version


def registered(stage: str | None, name: str | None) -> tuple[str, Version]:
    """The version of this name, or the one that the stage points to now, as origin has it; raises Refused."""
    if stage:
        with policy.stage_of(stage) as (folder, registry, _):
            current = registry.current(stage)
            if current is None:
                raise Refused(f"{stage} has no version yet.")
            return current.version, results(folder, registry, current.version)
    with policy.registry() as (folder, registry, _):
        if name not in registry.versions:
            raise Refused(f"{name} is not registered: there {registry.listed()}.")
        return str(name), results(folder, registry, str(name))


def results(folder: str, registry: Registry, name: str) -> Version:
    """The results of a version, whose tags all record the dvc.lock that its commit has."""
    tag = registry.versions[name]
    batch = Batch(folder, git("rev-parse", "--show-prefix"))
    found = versions(batch, [tag.commit])[tag.commit]
    if found is None:
        raise Unfit(name, f"commit {tag.commit[:9]} of {name} has no dvc.lock that can be read.")
    moves: list[Tag] = [move for moves in registry.stages.values() for move in moves if move.commit == tag.commit]
    if wrong := list(wrong_lock(found, [tag, *moves])):
        raise Unfit(name, f"{name} is not what was promoted: {wrong[0]}.")
    for text in ("dvc.yaml", "params.yaml"):  # read while the scratch repository is there
        found.batch.content(found.commit, text)
    with suppress(LifecycleError):
        found.contract  # noqa: B018
    return found


def stored(name: str, results: Version, file: str) -> File:
    """A file of a version as its dvc.lock records it; raises Unfit if it has none of that name."""
    try:
        return results.file(file)
    except (LifecycleError, KeyError):
        raise Unfit(name, f"{name} has no {file}, which newer versions have: promote one.") from None


def bring(name: str, file: File, folder: Path) -> Path:
    """The file in `folder` under its hash, downloaded unless it is there; raises Unfit if it is not what it was."""
    path = folder / f"{file.md5}{Path(file.path).suffix}"
    if path.is_file() and hashlib.md5(path.read_bytes()).hexdigest() == file.md5:
        return path
    try:
        content = objects.content(file.md5)
    except FileNotFoundError:
        message = f"{file.path} of {name} is missing in the remote: `uv run dvc push` where it was made."
        raise Unfit(name, message) from None
    if (real := hashlib.md5(content).hexdigest()) != file.md5:
        raise Unfit(name, f"{file.path} of {name} is corrupt in the remote: its hash is {real}, not {file.md5}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(content)
                target.flush()
                os.fsync(target.fileno())
            Path(part).chmod(0o644)
            Path(part).replace(path)
        finally:
            Path(part).unlink(missing_ok=True)
    except OSError as error:
        raise LifecycleError(f"{folder} cannot be written ({error.strerror}): free space, or choose another.") from None
    return path
