"""All that a commit knows of the version that it is, and where it disagrees with itself."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath
from typing import Any

from lifecycle.lock import Lock, files, parse, torn
from lifecycle.versions.batch import TREE, Batch

SHOWN = ("manifest.json", "metrics.json", "environment.txt", "profile.json")


@dataclass
class Dossier:
    """One version; `faults` are sentences, `stored` the size of each object by hash, `model` the hash of its model."""

    version: str
    commit: str
    date: str
    by: str
    approved_by: list[str]
    gate: str
    lock: str = ""
    model: str = ""
    data: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    stages: list[dict[str, Any]] = field(default_factory=list)
    stored: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@cache
def yaml(text: str) -> dict[str, Any]:
    """The mapping in a text, which many versions share."""
    return parse(text, "dvc.lock")


def lock(batch: Batch, one: Dossier, name: str, stages: dict[str, Any]) -> None:
    """Fill in what dvc.lock and the files that it names say, and where they differ; `name`: of the artifact."""
    held = {path for (commit, path), oid in batch.named.items() if commit == one.commit and oid}
    outs = [out for entry in stages.values() for out in entry.get("outs", [])]
    deps = [dep for entry in stages.values() for dep in entry.get("deps", [])]
    made = files(outs, held)
    given = {path: file for path, file in files(deps, held).items() if path not in made and file.stored}
    one.faults += [f"{path} is not what the lock of stage {stage} read" for stage, path in torn(Lock(stages, made, {}))]
    one.data = {path: file.md5 for path, file in given.items()}
    every = given | {path: file for path, file in made.items() if file.stored}
    one.stored, one.paths = {f.md5: f.size for f in every.values()}, {f.md5: path for path, f in every.items()}
    one.model = next((file.md5 for path, file in made.items() if PurePath(path).name == "model.skops"), "")
    named = yaml((batch.get(one.commit, "dvc.yaml") or b"").decode("utf-8", "replace")).get("artifacts") or {}
    named_file = made.get(str((named.get(name) or {}).get("path")))
    if named_file is None or named_file.md5 != one.model:
        one.faults.append(f"dvc.yaml gives the name {name} to something else than the model")
    texts = {}
    for out in [*outs, *deps]:
        content = batch.get(one.commit, out["path"])
        if content not in (None, TREE) and out["path"] not in texts:
            texts[out["path"]] = content
            if (real := hashlib.md5(content or b"").hexdigest()) != out["md5"]:
                one.faults.append(f"{out['path']} has the hash {real} in Git, dvc.lock knows {out['md5']}")
    show(one, {PurePath(path).name: text or b"" for path, text in texts.items() if PurePath(path).name in SHOWN}, deps)
    parameters = yaml((batch.get(one.commit, "params.yaml") or b"").decode("utf-8", "replace"))
    for stage, entry in stages.items():
        one.parameters |= entry.get("params", {}).get("params.yaml", {})
        for block, values in entry.get("params", {}).get("params.yaml", {}).items():
            if parameters.get(block) != values:
                one.faults.append(f"params.yaml has another block {block} than stage {stage} was run with")


def show(one: Dossier, texts: dict[str, bytes], deps: list[dict[str, Any]]) -> None:
    """Fill in metrics, libraries and rows, and compare the model's manifest with dvc.lock."""
    try:
        made, one.metrics, profile = (json.loads(texts.get(name, b"{}")) for name in (SHOWN[0], SHOWN[1], SHOWN[3]))
    except ValueError:
        one.faults.append("manifest.json, metrics.json or profile.json is no JSON")
        return
    one.rows = profile.get("rows", 0)
    lines = texts.get("environment.txt", b"").decode("utf-8", "replace").splitlines()
    one.libraries = dict(line.split("==", 1) for line in lines if "==" in line)
    if (stated := made.get("model", {}).get("md5", "")) != one.model:
        one.faults.append(f"the manifest was made for a model of hash {stated}, dvc.lock has {one.model}")
    known = {(dep["path"], dep["md5"]) for dep in deps}
    for path, md5 in made.get("inputs", {}).items():
        if (path, md5) not in known:
            one.faults.append(f"the manifest says that the model was made from another {path} than dvc.lock knows")
