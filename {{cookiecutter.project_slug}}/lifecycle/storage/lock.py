"""dvc.lock at a commit or in the work tree: what each stage read and wrote, and which of it DVC stores."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import PurePosixPath
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.project import parse_yaml

Entry = dict[str, Any]


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


def lock(revision: str) -> Lock | None:
    """dvc.lock and the .dvc files at a revision; None if there is no dvc.lock."""
    text = commits.show(revision, "dvc.lock")
    if text is None:
        return None
    tracked = commits.tracked(revision)
    stages = parse_yaml(text, "dvc.lock").get("stages") or {}
    data = [
        out | {"path": str(PurePosixPath(name).parent / out["path"])}
        for name in sorted(tracked)
        if name.endswith(".dvc")
        for out in parse_yaml(commits.show(revision, name), name).get("outs", [])
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
    ordered = TopologicalSorter(needs).static_order()
    return [stage for stage in ordered
            if old is None or stage.split("@")[0] in edited or old.stages.get(stage) != new.stages[stage]]  # fmt: skip
