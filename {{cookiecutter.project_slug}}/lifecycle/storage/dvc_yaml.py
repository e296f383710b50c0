"""dvc.yaml: the artifact that is promoted, and what DVC's own status does not check against dvc.lock."""

import posixpath
import re
from typing import Any, NamedTuple

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.project import parse_yaml
from lifecycle.storage.lock import Lock

LONGEST = 100  # characters of a name
OUTS = ("outs", "metrics", "plots")
# A name that Git and GTO accept in a tag, of an artifact or a stage
NAME = r"[A-Za-z0-9](?:(?:/?[A-Za-z0-9_-])*/?[A-Za-z0-9])?"
TRAIN = "train"  # the stage that writes the model


class Artifact(NamedTuple):
    name: str
    path: str


def artifact(text: str | None) -> Artifact:
    """The one artifact of type model in a dvc.yaml; raises LifecycleError unless the train stage writes it."""
    content = parse_yaml(text, "dvc.yaml")
    artifacts = content.get("artifacts") or {}
    models = {name: entry for name, entry in artifacts.items()
              if isinstance(entry, dict) and entry.get("type") == "model"}  # fmt: skip
    if len(models) != 1:
        raise LifecycleError(f"dvc.yaml must name one artifact of type model, it names {len(models)}: see `artifacts`.")
    ((name, entry),) = models.items()
    check_name(str(name), "dvc.yaml, block artifacts:")
    path = posixpath.normpath(str(entry.get("path")))
    if path not in outputs((content.get("stages") or {}).get(TRAIN) or {}):
        raise LifecycleError(f"dvc.yaml: the artifact {name} is {path}, which the stage {TRAIN} does not write.")
    return Artifact(str(name), path)


def check_name(name: str, where: str) -> None:
    """Raise LifecycleError unless a tag can have the name of an artifact or stage."""
    if not re.fullmatch(NAME, name) or len(name) > LONGEST:
        rule = f"letters and digits, with - _ / between them, at most {LONGEST} characters"
        raise LifecycleError(f"{where} {name[:LONGEST]!r} cannot be part of a tag: a name has {rule}.")


def findings(lock: Lock) -> list[str]:
    """A sentence for each result that nothing would check: frozen, never pushed, or no longer declared."""
    stages = parse_yaml(commits.show(commits.WORK_TREE, "dvc.yaml"), "dvc.yaml").get("stages") or {}
    messages = [
        f"dvc.lock has a stage {name} that dvc.yaml does not have: remove it from dvc.lock"
        for name in lock.stages
        if name.split("@")[0] not in stages
    ]
    for name, stage in stages.items():
        if stage.get("frozen"):
            messages.append(f"stage {name} is frozen, so nothing checks it: remove `frozen` from dvc.yaml")
        unpushed = [path for key in OUTS for path, options in listed(stage.get(key)) if options.get("push") is False]
        messages += [f"{path} is never pushed, so nobody else can have it: remove `push: false`" for path in unpushed]
        if name in lock.stages and not {"foreach", "matrix", "wdir"} & {*stage} and "${" not in str(stage):
            undeclared = sorted(recorded(lock.stages[name]) - declared(stage))
            messages += [
                f"dvc.lock has {what} for stage {name}, dvc.yaml does not: run `uv run dvc repro --force {name}`"
                for what in undeclared
            ]
    return messages


def listed(items: Any) -> list[tuple[str, dict[str, Any]]]:
    """The paths in a list of dvc.yaml, each with its options."""
    pairs = [pair for item in items or [] for pair in (item.items() if isinstance(item, dict) else [(item, None)])]
    return [(posixpath.normpath(str(path)), options if isinstance(options, dict) else {}) for path, options in pairs]


def outputs(stage: dict[str, Any]) -> set[str]:
    return {path for key in OUTS for path, _ in listed(stage.get(key))}


def declared(stage: dict[str, Any]) -> set[str]:
    params = [item if isinstance(item, dict) else {"params.yaml": [item]} for item in stage.get("params") or []]
    keys = {f"{file}: {key}" for item in params for file, keys in item.items() for key in keys or []}
    return outputs(stage) | {path for path, _ in listed(stage.get("deps"))} | keys


def recorded(stage: dict[str, Any]) -> set[str]:
    paths = {posixpath.normpath(item["path"]) for side in ("deps", "outs") for item in stage.get(side) or []}
    return paths | {f"{file}: {key}" for file, keys in (stage.get("params") or {}).items() for key in keys}
