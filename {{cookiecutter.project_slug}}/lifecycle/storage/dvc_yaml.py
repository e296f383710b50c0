"""What dvc.yaml says that DVC itself does not hold against dvc.lock: a status that is fine may hide it."""

import posixpath
from typing import Any

from lifecycle import git
from lifecycle.lock import Lock, parse

OUTS = ("outs", "metrics", "plots")


def findings(found: Lock) -> list[str]:
    """A sentence for what nobody would check: frozen, never pushed, or recorded and no longer declared."""
    stages = parse(git.show(git.WORK, "dvc.yaml") or "", "dvc.yaml").get("stages") or {}
    said = [f"dvc.lock records a stage {name}, dvc.yaml has none: take it out of dvc.lock"
            for name in found.stages if name.split("@")[0] not in stages]  # fmt: skip
    for name, stage in stages.items():
        if stage.get("frozen"):
            said.append(f"stage {name} is frozen, so nothing says whether it is out of date: take that out of dvc.yaml")
        kept = [path for key in OUTS for path, how in entries(stage.get(key)) if how.get("push") is False]
        said += [f"{path} is never pushed (push: false), so nobody else can have it: take that out of dvc.yaml"
                 for path in kept]  # fmt: skip
        if name in found.stages and not {"foreach", "matrix", "wdir"} & {*stage} and "${" not in str(stage):
            gone = sorted(recorded(found.stages[name]) - declared(stage))
            said += [f"dvc.lock records {what} for stage {name}, dvc.yaml does not: `uv run dvc repro --force {name}`"
                     for what in gone]  # fmt: skip
    return said


def entries(listed: Any) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a list of dvc.yaml, with the options of each."""
    pairs = [pair for one in listed or [] for pair in (one.items() if isinstance(one, dict) else [(one, None)])]
    return [(posixpath.normpath(str(path)), how if isinstance(how, dict) else {}) for path, how in pairs]


def declared(stage: dict[str, Any]) -> set[str]:
    """The paths that a stage of dvc.yaml reads and writes, and its parameters."""
    paths = {path for key in ("deps", *OUTS) for path, _ in entries(stage.get(key))}
    given = [one if isinstance(one, dict) else {"params.yaml": [one]} for one in stage.get("params") or []]
    return paths | {f"{file}: {key}" for one in given for file, keys in one.items() for key in keys or []}


def recorded(stage: dict[str, Any]) -> set[str]:
    """The same of a stage of dvc.lock."""
    paths = {posixpath.normpath(one["path"]) for side in ("deps", "outs") for one in stage.get(side) or []}
    return paths | {f"{file}: {key}" for file, keys in (stage.get("params") or {}).items() for key in keys}
