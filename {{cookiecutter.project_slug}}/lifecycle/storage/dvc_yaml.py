"""dvc.yaml: the artifact that is promoted, and what DVC's own status does not check against dvc.lock."""

import hashlib
import json
import posixpath
import re
from pathlib import Path
from typing import Any, NamedTuple

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.project import Block, check, digest, parse_yaml
from lifecycle.storage import imports
from lifecycle.storage.lock import Lock, Name, entries
from lifecycle.storage.stages import Stage

LONGEST = 100  # characters of a name
OUTS = ("outs", "metrics", "plots")
# A name that Git and GTO accept in a tag, of an artifact or a stage
NAME = r"[A-Za-z0-9](?:(?:/?[A-Za-z0-9_-])*/?[A-Za-z0-9])?"
Listed = Name | dict[Name, Any]
TRAIN = "train"  # the stage that writes the model
REPRO = "run `uv run dvc repro`"


class Artifact(NamedTuple):
    name: str
    path: str


class StageEntry(Block, extra="ignore"):
    """A stage of dvc.yaml, as far as it is read here; the values of its lists may have options."""

    deps: list[Listed] | None = None
    outs: list[Listed] | None = None
    metrics: list[Listed] | None = None
    plots: list[Listed] | None = None
    params: list[Name | dict[Name, list[Name] | None]] | None = None


class Model(Block, extra="ignore"):
    """An artifact of dvc.yaml."""

    path: Name
    type: str | None = None


class DvcYaml(Block, extra="ignore"):
    """dvc.yaml; `plots` may be a mapping or a list."""

    stages: dict[Name, StageEntry] | None = None
    artifacts: dict[Name, Model] | None = None
    plots: list[Listed] | dict[str, Any] | None = None


def declarations(text: str | None, where: str = "dvc.yaml") -> dict[str, Any]:
    """The stages, artifacts and plots of a dvc.yaml, empty where it has none; raises LifecycleError."""
    content = parse_yaml(text, where)
    check(DvcYaml, content, where)
    plots = content.get("plots") or []
    listed = [item for item in plots if isinstance(item, dict)] if isinstance(plots, list) else [plots]
    return {"plots": listed} | {name: content.get(name) or {} for name in ("stages", "artifacts")}


def artifact(text: str | None) -> Artifact:
    """The one artifact of type model in a dvc.yaml; raises LifecycleError unless the train stage writes it."""
    content = declarations(text)
    models = {name: entry for name, entry in content["artifacts"].items() if entry.get("type") == "model"}
    if len(models) != 1:
        raise LifecycleError(f"dvc.yaml must name one artifact of type model, it names {len(models)}: see `artifacts`.")
    ((name, entry),) = models.items()
    check_name(str(name), "dvc.yaml, block artifacts:")
    path = posixpath.normpath(str(entry.get("path")))
    if path not in outputs(content["stages"].get(TRAIN, {})):
        raise LifecycleError(f"dvc.yaml: the artifact {name} is {path}, which the stage {TRAIN} does not write.")
    return Artifact(str(name), path)


def check_name(name: str, where: str) -> None:
    """Raise LifecycleError unless a tag can have the name of an artifact or stage."""
    if not re.fullmatch(NAME, name) or len(name) > LONGEST:
        rule = f"letters and digits, with - _ / between them, at most {LONGEST} characters"
        raise LifecycleError(f"{where} {name[:LONGEST]!r} cannot be part of a tag: a name has {rule}.")


def outputs(stage: dict[str, Any]) -> set[str]:
    items = [item for key in OUTS for item in stage.get(key) or []]
    return {posixpath.normpath(str(path)) for item in items for path in (item if isinstance(item, dict) else [item])}


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
            for ours, theirs, paths in (("dvc.lock", "dvc.yaml", known - stage.declared),
                                        ("dvc.yaml", "dvc.lock", stage.declared - known)):  # fmt: skip
                repro = f"run `uv run dvc repro --force {name}`"
                messages += [
                    f"{ours} has {what} for stage {name}, {theirs} does not: {repro}" for what in sorted(paths)
                ]
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
            listing = [
                {"md5": digest(name), "relpath": name[len(path) + 1 :]} for name in inside if Path(name).is_file()
            ]
            real = hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"
        elif path in tracked and Path(path).is_file():
            real = digest(path)
        else:
            continue
        if real != md5:
            paths.append(path)
    return paths
