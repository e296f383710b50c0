"""dvc.yaml: the artifact that is promoted, and what DVC's own status does not check against dvc.lock."""

import posixpath
from typing import Any, NamedTuple

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.project import Block, check, parse_yaml
from lifecycle.storage.lock import Lock, Name

OUTS = ("outs", "metrics", "plots")
Listed = Name | dict[Name, Any]
TRAIN = "train"  # the stage that writes the model


class Artifact(NamedTuple):
    name: str
    path: str


class Stage(Block, extra="ignore"):
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

    stages: dict[Name, Stage] | None = None
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
    path = posixpath.normpath(str(entry.get("path")))
    if path not in outputs(content["stages"].get(TRAIN, {})):
        raise LifecycleError(f"dvc.yaml: the artifact {name} is {path}, which the stage {TRAIN} does not write.")
    return Artifact(str(name), path)


def findings(lock: Lock) -> list[str]:
    """A sentence for each result that nothing would check: frozen, never pushed, or no longer declared."""
    stages = declarations(commits.show(commits.WORK_TREE, "dvc.yaml"))["stages"]
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
