"""The record of a registered version: its tags, its results, and where they disagree."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lifecycle.errors import LifecycleError
from lifecycle.git.batch import Batch
from lifecycle.git.run import git
from lifecycle.registry.deployments import Deployment
from lifecycle.registry.read import Registry
from lifecycle.registry.tag import Tag
from lifecycle.registry.write import date
from lifecycle.storage.lock import entries, inconsistent
from lifecycle.storage.version import Version, versions

Value = TypeVar("Value")


@dataclass(frozen=True)
class Record:
    """One version. `lock`, `model`: hashes; `stored`: path and size of each object in the remote, by hash."""

    version: str
    commit: str
    date: str
    by: str
    approved_by: list[str]
    gate: str
    moves: list[dict[str, Any]]  # the promotions and rollbacks that pointed a stage to it
    faults: list[str]
    deployments: list[dict[str, Any]] = field(default_factory=list)  # of it to a stage's services, with their outcomes
    lock: str = ""
    model: str = ""
    data: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    proven: dict[str, float] = field(default_factory=dict)  # the metrics that were computed when it was promoted
    libraries: dict[str, str] = field(default_factory=dict)
    stored: dict[str, tuple[str, int]] = field(default_factory=dict)


def records(folder: str, registry: Registry, deployed: list[Deployment]) -> list[Record]:
    """One record per version, from the lowest; from Git alone, with few commands however many versions there are."""
    batch = Batch(folder, git("rev-parse", "--show-prefix"))
    results = versions(batch, [tag.commit for tag in registry.versions.values()])
    every = [record(tag, registry, results[tag.commit]) for tag in registry.versions.values()]
    return [replace(one, deployments=[d.facts for d in deployed if d.version == one.version]) for one in every]


def record(tag: Tag, registry: Registry, version: Version | None) -> Record:
    moves = [move for moves in registry.stages.values() for move in moves if move.commit == tag.commit]
    content = tag.content or next((move.content for move in moves), {})
    known: dict[str, Any] = {
        "version": tag.version,
        "commit": tag.commit,
        "date": date(tag.time),
        "by": f"{tag.by} <{tag.mail}>",
        "approved_by": content.get("approved_by", []),
        "gate": str(content.get("gate") or "not recorded"),
        "proven": numbers(content.get("metrics")),
        "moves": [move_of(move, registry.current(move.stage) == move) for move in moves],
    }
    if version is None:
        return Record(**known, faults=[f"commit {tag.commit[:9]} has no dvc.lock that can be read"])
    return Record(
        **known,
        faults=faults(version, [tag, *moves], registry.artifact),
        lock=version.batch.digest(tag.commit, "dvc.lock"),
        model=readable(lambda: version.model.md5, ""),
        data={path: file.md5 for path, file in version.lock.data.items()},
        rows=readable(lambda: version.json("profile.json").get("rows", 0), 0),
        parameters=version.run_with,
        metrics=readable(lambda: version.scores, {}),
        libraries=readable(lambda: version.libraries, {}),
        stored={file.md5: (path, file.size) for path, file in version.lock.stored.items()},
    )


def numbers(values: object) -> dict[str, float]:
    pairs = values.items() if isinstance(values, dict) else ()
    return {str(name): value for name, value in pairs if isinstance(value, float)}


def move_of(move: Tag, current: bool) -> dict[str, Any]:
    kept = {key: move.content.get(key, default) for key, default in (("approved_by", []), ("reason", ""))}
    what = {"stage": move.stage, "tag": move.name, "kind": move.kind, "date": date(move.time), "by": move.by}
    return what | kept | {"now": current}


def readable(read: Callable[[], Value], default: Value) -> Value:
    """A value, or the default where its file cannot be read, which is a fault of its own."""
    try:
        return read()
    except LifecycleError:
        return default


def faults(version: Version, tags: list[Tag], name: str) -> list[str]:
    checks = [
        wrong_lock(version, tags),
        wrong_files(version),
        wrong_parameters(version),
        wrong_model(version, name),
        unreadable(version),
    ]
    messages = []
    for check in checks:
        try:
            messages += list(check)
        except LifecycleError as error:
            messages.append(str(error).rstrip("."))
    return messages


def unreadable(version: Version) -> Iterator[str]:
    for read in (lambda: version.scores, lambda: version.json("profile.json"), lambda: version.libraries):
        try:
            read()
        except LifecycleError as error:
            yield str(error).rstrip(".")


def wrong_lock(version: Version, tags: list[Tag]) -> Iterator[str]:
    real = version.batch.digest(version.commit, "dvc.lock")
    for other in sorted({str(tag.content["lock"]) for tag in tags if "lock" in tag.content} - {real}):
        yield f"dvc.lock has the hash {real}, its tag says {other}"
    for stage, path in inconsistent(version.lock):
        yield f"{path} is not what stage {stage} read"


def wrong_files(version: Version) -> Iterator[str]:
    for entry in entries(version.lock.stages, "deps", "outs"):
        real = version.batch.digest(version.commit, entry["path"])
        if real not in ("", entry.get("md5", real)):
            yield f"{entry['path']} has the hash {real} in Git, {entry['md5']} in dvc.lock"


def wrong_parameters(version: Version) -> Iterator[str]:
    for block, values in version.run_with.items():
        if version.parameters.get(block) != values:
            yield f"the block {block} of params.yaml is not the one in dvc.lock"


def wrong_model(version: Version, name: str) -> Iterator[str]:
    if version.artifact.name != name:
        yield f"dvc.yaml calls the model {version.artifact.name}, not {name}"
    yield from version.wrong_manifest()
