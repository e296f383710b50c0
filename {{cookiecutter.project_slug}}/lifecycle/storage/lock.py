"""dvc.lock at a commit or in the work tree: what each stage read and wrote, and which of it DVC stores."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import Field

from lifecycle.errors import LifecycleError, reading
from lifecycle.git import commits
from lifecycle.project import Block, check, parse_yaml

Entry = dict[str, Any]
Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=1000)]  # one line in what Git reads and writes


class Recorded(Block, extra="ignore"):
    """A file or folder in dvc.lock or a .dvc file, as far as it is read here."""

    path: Name
    md5: str = Field(default="", pattern=r"^([0-9a-f]{32}(\.dir)?)?$")
    size: int = Field(default=0, ge=0, lt=2**63)


class Source(Recorded):
    """Where imported data comes from: an address, or a database without a path."""

    path: str = ""


class DataFile(Block, extra="ignore"):
    """A .dvc file."""

    deps: list[Source] = []
    outs: list[Recorded] = []


class Stage(Block, extra="ignore"):
    """What a stage read and wrote."""

    deps: list[Recorded] = []
    outs: list[Recorded] = []
    params: dict[str, dict[str, Any]] = {}


class LockFile(Block, extra="ignore"):
    """dvc.lock."""

    stages: dict[Name, Stage] | None = None


@dataclass(frozen=True)
class File:
    """A file or folder as dvc.lock or a .dvc file records it; `stored` by DVC, or else tracked by Git."""

    path: str
    md5: str
    size: int
    stored: bool


@dataclass(frozen=True)
class Lock:
    """`stages`: the entries of dvc.lock; `outputs`: what stages write; `data`: what people put under DVC.

    `in_git`: the files that Git has, and their folders.
    """

    stages: dict[str, Entry]
    outputs: dict[str, File]
    data: dict[str, File]
    in_git: frozenset[str] = frozenset()

    @property
    def stored(self) -> dict[str, File]:
        return {path: file for path, file in (self.data | self.outputs).items() if file.stored}


def recorded_stages(text: str, where: str) -> dict[str, Entry]:
    """The stages of a dvc.lock; raises LifecycleError if it is not one."""
    content = parse_yaml(text, where)
    check(LockFile, content, where)
    return content.get("stages") or {}


def recorded_data(text: str, where: str) -> Entry:
    """A .dvc file; raises LifecycleError if it is not one."""
    content = parse_yaml(text, where)
    check(DataFile, content, where)
    return content


def check_readable(revision: str) -> None:
    """Raise LifecycleError for files that DVC would read without a limit, such as aliases without end."""
    for name in ("dvc.yaml", "params.yaml"):
        parse_yaml(commits.show(revision, name), name)


def lock(revision: str) -> Lock | None:
    """dvc.lock and the .dvc files at a revision; None if there is no dvc.lock."""
    text = commits.show(revision, "dvc.lock")
    if text is None:
        return None
    tracked = commits.tracked(revision)
    check_readable(revision)
    stages = recorded_stages(text, "dvc.lock")
    data = [
        out | {"path": str(PurePosixPath(name).parent / out["path"])}
        for name in sorted(tracked)
        if name.endswith(".dvc")
        for out in recorded_data(commits.show(revision, name) or "", name).get("outs", [])
    ]
    in_git = with_folders(tracked)
    return Lock(stages, files(entries(stages, "outs"), in_git), files(data, in_git), in_git)


def entries(stages: dict[str, Entry], *sides: str) -> list[Entry]:
    return [entry for stage in stages.values() for side in sides for entry in stage.get(side) or []]


def with_folders(tracked: set[str]) -> frozenset[str]:
    return frozenset(tracked | {str(parent) for name in tracked for parent in PurePosixPath(name).parents})


def check_names() -> None:
    """Raise LifecycleError for a name that is not UTF-8 where DVC reads it: DVC would fail, or not end at all."""
    if odd := [name for name in commits.tracked(commits.WORK_TREE) if re.search("[\udc80-\udcff]", name)]:
        stages = parse_yaml(commits.show(commits.WORK_TREE, "dvc.lock"), "dvc.lock").get("stages") or {}
        read = tuple(f"{entry['path']}/" for entry in entries(stages, "deps", "outs"))
        if names := [name for name in odd if name.endswith((".dvc", "/dvc.yaml")) or name.startswith(read)]:
            raise LifecycleError(f"the name {names[0]} is not UTF-8, and DVC cannot read it: rename the file.")


def files(recorded: list[Entry], in_git: Collection[str]) -> dict[str, File]:
    """Recorded files by path; DVC stores a file unless Git tracks it, or something below it."""
    return {
        entry["path"]: File(entry["path"], entry.get("md5", ""), entry.get("size", 0), entry["path"] not in in_git)
        for entry in recorded
    }


def inconsistent(lock: Lock) -> list[tuple[str, str]]:
    """(stage, path) of each input whose recorded hash is not that of the stage or .dvc file that it comes from."""
    source = lock.data | lock.outputs
    return [
        (stage, dep["path"])
        for stage, entry in lock.stages.items()
        for dep in entry.get("deps", [])
        if dep["path"] in source and dep.get("md5") != source[dep["path"]].md5
    ]


def changed_stages(old: Lock | None, new: Lock, edited: Collection[str] = ()) -> list[str]:
    """The stages whose entries differ, or that were `edited` in dvc.yaml, in the order in which they run.

    All stages without an old lock.
    """
    maker = {out["path"]: stage for stage, entry in new.stages.items() for out in entry.get("outs", [])}
    needs = {
        stage: {maker[dep["path"]] for dep in entry.get("deps", []) if dep["path"] in maker}
        for stage, entry in new.stages.items()
    }
    with reading("dvc.lock"):  # stages that read each other's outputs
        ordered = [*TopologicalSorter(needs).static_order()]
    return [stage for stage in ordered
            if old is None or stage.split("@")[0] in edited or old.stages.get(stage) != new.stages[stage]]  # fmt: skip
