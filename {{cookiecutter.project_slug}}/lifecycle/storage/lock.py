"""dvc.lock as it stands at a commit: what each stage read and wrote, and which of it DVC stores."""

from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import PurePosixPath
from typing import Any

import yaml

from lifecycle import git
from lifecycle.outcome import CouldNot


@dataclass(frozen=True)
class File:
    """A file or folder as dvc.lock or a .dvc file records it; `stored` by DVC, or else held by Git."""

    path: str
    md5: str
    size: int
    stored: bool


@dataclass(frozen=True)
class Lock:
    """`stages`: the entries of dvc.lock; `made`: what stages write; `given`: what .dvc files name."""

    stages: dict[str, dict[str, Any]]
    made: dict[str, File]
    given: dict[str, File]

    @property
    def stored(self) -> dict[str, File]:
        """Everything that must be in the DVC remote."""
        return {path: file for path, file in (self.given | self.made).items() if file.stored}


def parse(text: str, name: str) -> dict[str, Any]:
    """The mapping in a YAML text."""
    try:
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        raise CouldNot(
            f"{name} is no valid YAML: after a merge `uv run python -m lifecycle.resolve` settles it."
        ) from None
    return found if isinstance(found, dict) else {}


def lock(revision: str) -> Lock | None:
    """dvc.lock and the .dvc files at a commit or in the work tree; None where there is no dvc.lock."""
    text = git.show(revision, "dvc.lock")
    if text is None:
        return None
    held = git.tracked(revision)
    if other := [name for name in held if name.endswith("/dvc.lock")]:
        raise CouldNot(f"{other[0]} is a second pipeline, which nothing here checks: move its stages to ./dvc.yaml.")
    stages = parse(text, "dvc.lock").get("stages") or {}
    outs = [out for entry in stages.values() for out in entry.get("outs", [])]
    given = [
        out | {"path": str(PurePosixPath(name).parent / out["path"])}
        for name in sorted(held)
        if name.endswith(".dvc")
        for out in parse(git.show(revision, name) or "", name).get("outs", [])
    ]
    return Lock(stages, files(outs, held), files(given, held))


def files(outs: list[dict[str, Any]], held: set[str]) -> dict[str, File]:
    """The recorded files by path; one is stored by DVC unless Git holds it, or something below it."""
    folders = {str(parent) for name in held for parent in PurePosixPath(name).parents}
    return {
        out["path"]: File(
            out["path"], out.get("md5", ""), out.get("size", 0), out["path"] not in held and out["path"] not in folders
        )
        for out in outs
    }


def torn(found: Lock) -> list[tuple[str, str]]:
    """(stage, path) of each input that the lock records otherwise than the stage or .dvc file that it comes from."""
    source = found.given | found.made
    return [
        (stage, dep["path"])
        for stage, entry in found.stages.items()
        for dep in entry.get("deps", [])
        if dep["path"] in source and dep.get("md5") != source[dep["path"]].md5
    ]


def differing(old: Lock | None, new: Lock) -> list[str]:
    """The stages, each after those it reads from, whose entries differ; all if there is nothing to compare with."""
    maker = {out["path"]: stage for stage, entry in new.stages.items() for out in entry.get("outs", [])}
    needs = {
        stage: {maker[dep["path"]] for dep in entry.get("deps", []) if dep["path"] in maker}
        for stage, entry in new.stages.items()
    }
    ordered = TopologicalSorter(needs).static_order()
    return [stage for stage in ordered if old is None or old.stages.get(stage) != new.stages[stage]]
