"""The record of a registered version: its tags, its results, and where they disagree."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git.batch import Batch
from lifecycle.git.run import git
from lifecycle.registry.read import Registry
from lifecycle.registry.tag import Tag
from lifecycle.registry.write import date
from lifecycle.storage.lock import entries, inconsistent
from lifecycle.storage.version import Version, versions


@dataclass(frozen=True)
class Record:
    """One version; `stored`: path and size of each object in the remote by hash; `faults`: one sentence each."""

    version: str
    commit: str
    date: str
    by: str
    approved_by: list[str]
    gate: str
    moves: list[dict[str, Any]]  # the stages that pointed to it, with kind, date, by, reason and tag
    lock: str  # the hash of dvc.lock
    model: str  # the hash of the model file
    data: dict[str, str]
    rows: int
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    libraries: dict[str, str]
    stored: dict[str, tuple[str, int]]
    faults: list[str]


def records(folder: str, registry: Registry) -> list[Record]:
    """One record per version, from the lowest; from Git alone, with few commands however many versions there are."""
    batch = Batch(folder, git("rev-parse", "--show-prefix"))
    results = versions(batch, [tag.commit for tag in registry.versions.values()])
    return [record(tag, registry, results[tag.commit]) for tag in registry.versions.values()]


def record(tag: Tag, registry: Registry, version: Version | None) -> Record:
    """The record of the version that a tag registers."""
    moves = [move for moves in registry.stages.values() for move in moves if move.commit == tag.commit]
    content = tag.content or next((move.content for move in moves), {})
    faults: list[str] = []
    results = results_of(version, faults) if version else {}
    if version:
        faults += [f"{path} is not what stage {stage} read" for stage, path in inconsistent(version.lock)]
        faults += wrong_lock(version, [tag, *moves]) + wrong_files(version) + wrong_parameters(version)
        faults += wrong_model(version, registry.artifact, results["manifest.json"])
    else:
        faults.append(f"commit {tag.commit[:9]} has no dvc.lock that can be read")
    return Record(
        version=tag.version,
        commit=tag.commit,
        date=date(tag.time),
        by=f"{tag.by} <{tag.mail}>",
        approved_by=content.get("approved_by", []),
        gate=str(content.get("gate") or "not recorded"),
        moves=[move_of(move, registry) for move in moves],
        lock=version.batch.digest(tag.commit, "dvc.lock") if version else "",
        model=model_hash(version) if version else "",
        data={path: file.md5 for path, file in version.lock.data.items()} if version else {},
        rows=results.get("profile.json", {}).get("rows", 0),
        parameters=recorded_parameters(version) if version else {},
        metrics=results.get("metrics.json", {}),
        libraries=results.get("libraries", {}),
        stored={file.md5: (path, file.size) for path, file in version.lock.stored.items()} if version else {},
        faults=faults,
    )


def move_of(move: Tag, registry: Registry) -> dict[str, Any]:
    """A promotion or rollback as plain values."""
    return {
        "stage": move.stage,
        "tag": move.name,
        "kind": move.kind,
        "date": date(move.time),
        "by": move.by,
        "approved_by": move.content.get("approved_by", []),
        "reason": move.content.get("reason", ""),
        "now": registry.current(move.stage) == move,
    }


def results_of(version: Version, faults: list[str]) -> dict[str, dict[str, Any]]:
    """The content of the files that a record shows; what cannot be read is added to `faults`."""
    results: dict[str, dict[str, Any]] = {}
    for name in ("manifest.json", "metrics.json", "profile.json"):
        try:
            results[name] = version.json(name)
        except LifecycleError as error:
            results[name] = {}
            faults.append(str(error).rstrip("."))
    try:
        results["libraries"] = version.libraries
    except LifecycleError as error:
        faults.append(str(error).rstrip("."))
    return results


def model_hash(version: Version) -> str:
    """The hash of the model file, empty if dvc.yaml does not name it."""
    try:
        return version.model.md5
    except LifecycleError:
        return ""


def recorded_parameters(version: Version) -> dict[str, Any]:
    """The blocks of params.yaml that stages were run with."""
    blocks: dict[str, Any] = {}
    for stage in version.lock.stages.values():
        blocks |= (stage.get("params") or {}).get("params.yaml", {})
    return blocks


def wrong_lock(version: Version, tags: list[Tag]) -> list[str]:
    """A fault for each tag that records another dvc.lock."""
    real = version.batch.digest(version.commit, "dvc.lock")
    recorded = {str(tag.content["lock"]) for tag in tags if "lock" in tag.content}
    return [f"dvc.lock has the hash {real}, its tag says {other}" for other in sorted(recorded - {real})]


def wrong_files(version: Version) -> list[str]:
    """A fault for each file or folder in Git whose hash is not the one in dvc.lock."""
    faults = []
    recorded = {entry["path"]: entry["md5"] for entry in entries(version.lock.stages, "deps", "outs") if "md5" in entry}
    for path, md5 in recorded.items():
        real = version.batch.digest(version.commit, path)
        if real not in ("", md5):
            faults.append(f"{path} has the hash {real} in Git, {md5} in dvc.lock")
    return faults


def wrong_parameters(version: Version) -> list[str]:
    """A fault for each block of params.yaml that is not the one that a stage was run with."""
    try:
        now = version.parameters
    except LifecycleError as error:
        return [str(error).rstrip(".")]
    recorded = recorded_parameters(version)
    return [f"the block {b} of params.yaml is not the one in dvc.lock" for b in recorded if now.get(b) != recorded[b]]


def wrong_model(version: Version, name: str, manifest: dict[str, Any]) -> list[str]:
    """A fault for each way in which dvc.yaml, dvc.lock and the manifest disagree about the model."""
    try:
        real, called = version.model.md5, version.artifact.name
    except LifecycleError as error:
        return [str(error).rstrip(".")]
    faults = [] if called == name else [f"dvc.yaml calls the model {called}, not {name}"]
    if (stated := (manifest.get("model") or {}).get("md5", "")) != real:
        faults.append(f"the manifest was written for a model with the hash {stated}, dvc.lock has {real}")
    known = {(entry["path"], entry.get("md5")) for entry in entries(version.lock.stages, "deps")}
    for path, md5 in (manifest.get("inputs") or {}).items():
        if (path, md5) not in known:
            faults.append(f"the manifest names another {PurePath(path)} than dvc.lock")
    return faults
