"""dvc.yaml: the artifact that is promoted, and the names in it that become parts of tags."""

import posixpath
import re
from typing import Any, NamedTuple

from lifecycle.errors import LifecycleError
from lifecycle.project import Block, check, parse_yaml
from lifecycle.storage.lock import Name

LONGEST = 100  # characters of a name
OUTS = ("outs", "metrics", "plots")
# A name that Git and GTO accept in a tag, of an artifact or a stage
NAME = r"[A-Za-z0-9](?:(?:/?[A-Za-z0-9_-])*/?[A-Za-z0-9])?"
Listed = Name | dict[Name, Any]
TRAIN = "train"  # the stage that writes the model


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
