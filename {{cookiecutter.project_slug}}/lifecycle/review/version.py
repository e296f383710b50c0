"""A version as Git holds it: parameters, metrics, libraries, data and contract at a commit, and what changed."""

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from lifecycle import git
from lifecycle.lock import File, Lock, lock, parse
from lifecycle.outcome import CouldNot
from lifecycle.review.values import flat
from pipeline.contract import Contract
from pipeline.stage import checked

Row = dict[str, Any]  # name, old, new


@dataclass(frozen=True)
class Version:
    """A commit that has results."""

    commit: str
    lock: Lock

    def path(self, name: str) -> str:
        """The path that ends in `name` among what the stages read and write; raises CouldNot."""
        read = {dep["path"] for entry in self.lock.stages.values() for dep in entry.get("deps", [])}
        found = [path for path in sorted({*self.lock.made, *read}) if PurePath(path).name == name]
        if not found:
            raise CouldNot(f"no stage of dvc.lock reads or writes {name}: run `uv run dvc repro` and commit.")
        if len(found) > 1:
            raise CouldNot(f"dvc.yaml has {' and '.join(found)}, and a review needs one {name}: rename the other.")
        return found[0]

    def text(self, name: str) -> str:
        """The text of that file; raises CouldNot where the commit does not hold it."""
        path = self.path(name)
        text = git.show(self.commit, path)
        if text is None:
            raise CouldNot(f"{path} is not in commit {self.commit[:9]}: run `uv run dvc repro` and commit.")
        return text

    def file(self, name: str) -> File:
        """The output of that name, with its hash."""
        return self.lock.made[self.path(name)]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """params.yaml."""
        return parse(git.show(self.commit, "params.yaml") or "", "params.yaml")

    @cached_property
    def scores(self) -> dict[str, Any]:
        """metrics.json; raises CouldNot if it is no JSON, or has a figure that is no number."""
        path = self.path("metrics.json")
        try:
            found = dict(json.loads(self.text("metrics.json")))
        except ValueError:
            raise CouldNot(f"{path} is no JSON in commit {self.commit[:9]}: run `uv run dvc repro`.") from None
        for name, value in flat(found).items():
            if isinstance(value, float) and not math.isfinite(value):
                raise CouldNot(f"{path} in commit {self.commit[:9]}: {name} is {value}, which compares with nothing.")
        return found

    @cached_property
    def contract(self) -> Contract:
        """The data contract."""
        path = self.path("schema.yaml")
        return checked(Contract, parse(self.text("schema.yaml"), path), path)

    @cached_property
    def libraries(self) -> dict[str, str]:
        """The versions that results rest on."""
        return dict(line.split("==", 1) for line in self.text("environment.txt").splitlines() if "==" in line)

    @cached_property
    def data(self) -> Row:
        """Hashes of the raw data, rows, columns, the contract's entries and the size of the model."""
        profile, contract = json.loads(self.text("profile.json")), parse(self.text("schema.yaml"), "schema.yaml")
        counted = {name: profile.get(name) for name in ("rows", "rows_without_target")}
        hashes = {path: file.md5 for path, file in self.lock.given.items()}
        return {
            **hashes,
            "training rows": counted["rows"],
            "rows without a target": counted["rows_without_target"],
            "test rows": self.scores.get("test_rows"),
            "columns": len(contract.get("columns", {})),
            "contract": contract,
            "model, bytes": self.file("model.skops").size,
        }


def version(revision: str) -> Version | None:
    """The results at a commit; None where it has none."""
    found = lock(revision)
    return Version(git.commit(revision), found) if found else None


def changed(old: Any, new: Any) -> list[Row]:
    """The leaves that differ."""
    before, after = flat(old), flat(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [{"name": name, "old": before.get(name, "-"), "new": after.get(name, "-")} for name in names]
