"""What DVC's own status does not check against dvc.lock: hidden, undeclared or never stored."""

import hashlib
import json
import posixpath
from pathlib import Path
from typing import Any

from lifecycle.git import commits
from lifecycle.project import digest, parse_yaml
from lifecycle.storage import imports
from lifecycle.storage.lock import Lock, entries
from lifecycle.storage.stages import Stage

REPRO = "run `uv run dvc repro`"


def findings(lock: Lock, stages: list[Stage], reported: set[str]) -> list[str]:
    """A sentence for each result that DVC would not check: hidden, never pushed, or not what dvc.yaml declares.

    `reported`: paths that DVC itself has reported as changed.
    """
    pipeline = {stage.name: stage for stage in stages if stage.file == "dvc.yaml"}
    messages = [fault for stage in stages for fault in stage.faults] + _unseen({stage.file for stage in stages})
    messages += [
        f"dvc.lock has a stage {name} that dvc.yaml does not have: remove it from dvc.lock"
        for name in lock.stages
        if name not in pipeline
    ]
    for name, stage in pipeline.items():
        messages += _undeclared(stage)
        if name in lock.stages:
            known = recorded(lock.stages[name], stage.declared)
            for what in sorted(known ^ stage.declared):
                ours, theirs = ("dvc.lock", "dvc.yaml") if what in known else ("dvc.yaml", "dvc.lock")
                repro = f"run `uv run dvc repro --force {name}`"
                messages.append(f"{ours} has {what} for stage {name}, {theirs} does not: {repro}")
    hidden = [path for path in _ignored(lock) if path not in reported]
    return messages + [
        f"{path} is not what dvc.lock records, or .dvcignore hides a part of it: {REPRO}" for path in hidden
    ]


def recorded(stage: dict[str, Any], declared: set[str]) -> set[str]:
    """What dvc.lock has for a stage, in the words of `Stage.declared`."""
    paths = {posixpath.normpath(entry["path"]) for entry in entries({"": stage}, "deps", "outs")}
    files = (stage.get("params") or {}).items()
    keys = {f"{file}: {key}" for file, values in files for key in values if f"{file}: *" not in declared}
    return paths | keys | {key for key in declared if key.endswith(": *")}


def _unseen(seen: set[str]) -> list[str]:
    """Files of DVC that Git has and DVC does not read, or a second pipeline, which is not checked."""
    tracked = sorted(commits.tracked(commits.WORK_TREE))
    second = [name for name in tracked if name.endswith(("/dvc.yaml", "/dvc.lock")) or "/.dvc/" in name]
    hidden = [name for name in tracked if name.endswith(".dvc") and name not in seen and Path(name).is_file()]
    return [f"{name} is part of a second pipeline, which is not checked: move it to ./dvc.yaml" for name in second] + [
        f"{name} is hidden from DVC: remove the pattern from .dvcignore" for name in hidden
    ]


def _undeclared(stage: Stage) -> list[str]:
    """Imported files and the stage's own block of parameters that it does not declare, so that edits go unseen."""
    folders = [Path(path) for path in stage.declared]
    files = {file for program in imports.programs(stage.command) for file in imports.imported(program)}
    missing = sorted(file for file in files if not any(file == path or path in file.parents for path in folders))
    advice = f"add it to dvc.yaml, stages.{stage.name}"
    messages = [f"stage {stage.name} imports {file}, which is not declared: {advice}.deps" for file in missing]
    block = f"params.yaml: {stage.name}"
    blocks = parse_yaml(commits.show(commits.WORK_TREE, "params.yaml"), "params.yaml")
    declares = any(key in (block, "params.yaml: *") or key.startswith(f"{block}.") for key in stage.declared)
    if files and stage.name in blocks and not declares:
        messages.append(f"stage {stage.name} does not declare its block of params.yaml: {advice}.params")
    return messages


def _ignored(lock: Lock) -> list[str]:
    """The files and folders of Git whose real content, whatever .dvcignore hides, is not what dvc.lock records."""
    tracked = commits.tracked(commits.WORK_TREE)
    paths = []
    for path, md5 in {entry["path"]: entry.get("md5") for entry in entries(lock.stages, "deps", "outs")}.items():
        inside = sorted((name for name in tracked if name.startswith(f"{path}/")), key=lambda name: name.split("/"))
        if inside and Path(path).is_dir():
            there = [name for name in inside if Path(name).is_file()]
            listing = [{"md5": digest(name), "relpath": name.removeprefix(f"{path}/")} for name in there]
            real = hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"
        elif path in tracked and Path(path).is_file():
            real = digest(path)
        else:
            continue
        if real != md5:
            paths.append(path)
    return paths
