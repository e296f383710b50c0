"""The one record of a version's results: what a commit says in dvc.lock, parameters, metrics, contract and data."""

import json
import math
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePath
from typing import Any

from pydantic import Field

from lifecycle.errors import LifecycleError, reading
from lifecycle.git import commits
from lifecycle.git.batch import Batch
from lifecycle.git.run import git
from lifecycle.project import Block, Contract, check, contract, parse_yaml
from lifecycle.storage.dvc_yaml import Artifact, artifact
from lifecycle.storage.lock import File, Lock, entries, files, recorded_stages

FORM = "serving.zip"  # what a service loads; versions without a service have none


class Intervals(Block, extra="ignore"):
    """intervals.json, as far as it is read here."""

    test_rows: int = Field(ge=0, lt=2**63)
    baseline: dict[str, float] = {}


@dataclass(frozen=True)
class Version:
    """A commit that has results; everything is read from Git when it is first used."""

    commit: str
    lock: Lock
    batch: Batch

    def entries(self, *sides: str) -> list[dict[str, Any]]:
        """What dvc.lock has for all stages: `deps`, `outs` or both."""
        return entries(self.lock.stages, *sides)

    def path(self, name: str) -> str:
        """The path that ends in `name` among the files that stages read and write; raises LifecycleError."""
        paths = {entry["path"] for entry in self.entries("deps", "outs")}
        matches = [path for path in sorted(paths) if PurePath(path).name == name]
        if not matches:
            raise LifecycleError(f"no stage of dvc.yaml reads or writes {name}: run `uv run dvc repro` and commit.")
        if len(matches) > 1:
            raise LifecycleError(f"dvc.yaml has {' and '.join(matches)}, but one {name} is needed: rename the other.")
        return matches[0]

    def bytes(self, path: str) -> bytes:
        content = self.batch.content(self.commit, path)
        if content is None:
            raise LifecycleError(f"{path} is not in commit {self.commit[:9]}: run `uv run dvc repro` and commit.")
        return content

    def text(self, path: str) -> str:
        """The same as text; undecodable bytes are replaced."""
        return self.bytes(path).decode("utf-8", "replace")

    def file(self, name: str) -> File:
        return self.lock.outputs[self.path(name)]

    @cached_property
    def artifact(self) -> Artifact:
        return _artifact(self.text("dvc.yaml"))

    @property
    def model(self) -> File:
        path = self.artifact.path
        if path not in self.lock.outputs:
            raise LifecycleError(f"dvc.lock of commit {self.commit[:9]} has no {path}: run `uv run dvc repro`.")
        return self.lock.outputs[path]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return parsed(self.text("params.yaml"), f"params.yaml in commit {self.commit[:9]}")

    def json(self, name: str) -> dict[str, Any]:
        """A JSON file that is a mapping of finite numbers and text; raises LifecycleError."""
        with reading(where := self.where(name)):
            content = json.loads(self.text(self.path(name)))
            if not isinstance(content, dict):
                raise TypeError("it is not a mapping")
            for key, value in flat(content).items():
                if not key.isprintable() or len(key) > 1000:
                    raise ValueError(f"{key[:50]!r} is not a name")
                if isinstance(value, float | int) and not math.isfinite(value):
                    raise LifecycleError(f"{where}: {key} is {value}, which cannot be compared.")
            return content

    def where(self, name: str) -> str:
        return f"{self.path(name)} in commit {self.commit[:9]}"

    @property
    def run_with(self) -> dict[str, Any]:
        """The blocks of params.yaml that stages were run with."""
        blocks = [(stage.get("params") or {}).get("params.yaml", {}) for stage in self.lock.stages.values()]
        return {name: values for block in blocks for name, values in block.items()}

    @cached_property
    def scores(self) -> dict[str, Any]:
        return self.json("metrics.json")

    @cached_property
    def intervals(self) -> dict[str, Any]:
        """Confidence intervals, the baseline's metrics, and the number of test rows."""
        content = self.json("intervals.json")
        check(Intervals, content, self.where("intervals.json"))
        return content

    @cached_property
    def contract(self) -> Contract:
        return contract(self.text(self.path("schema.yaml")), self.where("schema.yaml"))

    @cached_property
    def libraries(self) -> dict[str, str]:
        lines = self.text(self.path("environment.txt")).splitlines()
        return dict(line.split("==", 1) for line in lines if "==" in line)

    @cached_property
    def data(self) -> dict[str, Any]:
        """Hashes of the raw data, numbers of rows and columns, the contract, and the size of the model."""
        profile, path = self.json("profile.json"), self.path("schema.yaml")
        described = parse_yaml(self.text(path), path)
        return {
            **{path: file.md5 for path, file in self.lock.data.items()},
            "training rows": profile.get("rows"),
            "rows without a target": profile.get("rows_without_target"),
            "test rows": self.intervals.get("test_rows"),
            "columns": len(self.contract.columns),
            "contract": described,
            "model, bytes": self.model.size,
        }

    def wrong_manifest(self) -> list[str]:
        """Where the manifest does not describe the model and inputs of dvc.lock."""
        manifest, real = self.json("manifest.json"), self.model.md5
        model, inputs = (value if isinstance(value, dict) else {} for value in map(manifest.get, ("model", "inputs")))
        known = {(entry["path"], entry.get("md5")) for entry in self.entries("deps")}
        wrong = [
            f"the manifest names another {path} than dvc.lock" for path in inputs if (path, inputs[path]) not in known
        ]
        stated = model.get("md5", "")
        return wrong + [f"the manifest was written for a model with the hash {stated}, dvc.lock has {real}"] * (
            stated != real
        )


def version(revision: str) -> Version | None:
    """The results at a revision; None if it has none."""
    commit, batch = commits.full_hash(revision), Batch(".", git("rev-parse", "--show-prefix"))
    found = versions(batch, [commit])[commit]
    if found is None and (content := batch.content(commit, "dvc.lock")):  # which is not valid: say why
        recorded_stages(content.decode("utf-8", "replace"), f"dvc.lock in commit {commit[:9]}")
    return found


def head() -> Version:
    if results := version("HEAD"):
        return results
    raise LifecycleError("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")


def versions(batch: Batch, commits: list[str]) -> dict[str, Version | None]:
    """The results at many commits, with few Git commands; None where there is no readable dvc.lock."""
    batch.load({(commit, name) for commit in commits for name in ("dvc.lock", "dvc.yaml", "params.yaml")})
    stages = {commit: _stages(batch, commit) for commit in commits}
    recorded = {commit: entries(content, "deps", "outs") for commit, content in stages.items() if content}
    batch.load({(commit, entry["path"]) for commit, listed in recorded.items() for entry in listed})
    return {commit: Version(commit, _lock(batch, commit, content), batch) if content else None
            for commit, content in stages.items()}  # fmt: skip


def _stages(batch: Batch, commit: str) -> dict[str, Any]:
    text = (batch.content(commit, "dvc.lock") or b"").decode("utf-8", "replace")
    try:
        return recorded(text, "dvc.lock")
    except LifecycleError:
        return {}


def _lock(batch: Batch, commit: str, stages: dict[str, Any]) -> Lock:
    """The lock without its .dvc files: data is what stages read, no stage writes, and Git does not have."""
    in_git = {entry["path"] for entry in entries(stages, "deps", "outs") if batch.digest(commit, entry["path"])}
    outputs = files(entries(stages, "outs"), in_git)
    inputs = files(entries(stages, "deps"), in_git)
    return Lock(stages, outputs, {path: file for path, file in inputs.items() if path not in outputs and file.stored})


parsed, recorded = cache(parse_yaml), cache(recorded_stages)  # many versions have the same text
_artifact = cache(artifact)


def flat(content: Any) -> dict[str, Any]:
    """The leaves of nested mappings and lists, by dotted path."""
    leaves, left = {}, [("", content)]
    while left:
        prefix, value = left.pop()
        if isinstance(value, dict | list) and value:
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            left += [(f"{prefix}.{key}" if prefix else str(key), inner) for key, inner in pairs][::-1]
        else:
            leaves[prefix] = value
    return leaves
