"""What is registered, read from tags alone: each version's commit, and each stage's history.

Only annotated tags in GTO's formats that agree with each other are believed; all others are named as doubts.
"""

import re
import subprocess
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePath

from lifecycle import git
from lifecycle.lock import parse
from lifecycle.outcome import CouldNot
from lifecycle.versions.tag import FORMAT, Tag, order, rows, tag


@dataclass
class Registry:
    """The versions from the lowest, each stage's tags from the first; `hashes` of all our tags, believed or not."""

    artifact: str
    versions: dict[str, Tag] = field(default_factory=dict)
    stages: dict[str, list[Tag]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    newest: int = 0  # the date of the newest tag

    def owner(self, stage: str) -> Tag | None:
        """The tag with the highest number, whatever its date: clocks go back, numbers do not."""
        return self.stages[stage][-1] if self.stages.get(stage) else None

    def at(self, commit: str) -> str | None:
        """The version of a commit."""
        return next((name for name, one in self.versions.items() if one.commit == commit), None)

    def after(self, bump: str) -> str:
        """The next version: higher than any that a tag, believed or not, ever named."""
        named = [re.match(rf"{re.escape(self.artifact)}@v(\d+)\.(\d+)\.(\d+)", name) for name in self.hashes]
        high = max((tuple(map(int, found.groups())) for found in named if found), default=(0, 0, 0))
        place = ("major", "minor", "patch").index(bump)
        return "v" + ".".join(str(n + (i == place)) if i <= place else "0" for i, n in enumerate(high))

    def numbers(self, stage: str) -> set[int]:
        """The numbers of the stage's tags, believed or not."""
        named = (re.match(rf"{re.escape(self.artifact)}#{re.escape(stage)}!?#(\d+)", name) for name in self.hashes)
        return {int(found[1]) for found in named if found}


def artifact() -> str:
    """The name of the model in dvc.yaml."""
    named = parse(git.show(git.WORK, "dvc.yaml") or "", "dvc.yaml").get("artifacts") or {}
    models = [name for name, one in named.items() if PurePath(str((one or {}).get("path"))).name == "model.skops"]
    if len(models) != 1:
        raise CouldNot("dvc.yaml names no artifact, or several, of the path of model.skops: restore its `artifacts`.")
    return str(models[0])


def read(folder: str, name: str) -> Registry:
    """The registry of the repository in a folder, by one Git command."""
    command = ["git", "for-each-ref", "refs/tags", f"--format={FORMAT}"]
    done = subprocess.run(
        command, cwd=folder, env=git.ENVIRONMENT, capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        raise CouldNot(f"the tags cannot be read: {done.stderr.strip()}.")
    found = Registry(name)
    for row in (row for row in rows(done.stdout) if re.match(rf"{re.escape(name)}[@#]", row[0])):
        one = tag(row, name)
        found.hashes[row[0]] = row[2]
        found.newest = max(found.newest, int(row[7] or 0))
        if isinstance(one, str):
            found.doubts.append(f"{row[0]} {one}")
        elif one.stage:
            found.stages.setdefault(one.stage, []).append(one)
        else:
            found.versions[one.version] = one
    settle(found)
    return found


def settle(found: Registry) -> None:
    """Sort, and turn into doubts the tags that contradict others, and those that are gone."""
    commits: dict[str, str] = {}
    for version in sorted(found.versions, key=order):
        one = found.versions.pop(version)
        first = commits.setdefault(one.commit, version)
        if first == version:
            found.versions[version] = one
        else:
            found.doubts.append(f"{one.name} is a second version of the commit that is {first}: it is not believed.")
    for stage, tags in found.stages.items():
        believed = []
        for one in sorted(tags, key=lambda each: each.number):
            if why := contradiction(one, found, commits):
                found.doubts.append(f"{one.name} {why}: it is not believed.")
            else:
                believed.append(replace(one, version=commits[one.commit]))
        found.stages[stage] = believed
        for last, number in pairwise([0, *sorted(found.numbers(stage))]):
            names = " to ".join(f"{found.artifact}#{stage}#{one}" for one in sorted({last + 1, number - 1}))
            found.doubts += [f"{names} is missing: somebody deleted it."] * (number > last + 1)


def contradiction(one: Tag, found: Registry, commits: dict[str, str]) -> str:
    """Why a stage's tag cannot be believed beside the versions; empty if it can."""
    if one.version and one.version not in found.versions:
        return f"points to {one.version}, a version that does not exist"
    if one.version and found.versions[one.version].commit != one.commit:
        return f"stands on commit {one.commit[:9]}, {one.version} on {found.versions[one.version].commit[:9]}"
    return "" if one.commit in commits else f"stands on commit {one.commit[:9]}, which is no version"


def moved(theirs: Registry) -> list[str]:
    """A sentence for each tag that is another here than on origin, or that origin does not have."""
    here = read(".", theirs.artifact).hashes
    said = [f"{name} is another tag here than on origin: somebody moved it." for name, value in here.items()
            if theirs.hashes.get(name, value) != value]  # fmt: skip
    return said + [f"{name} is here and not on origin: it was deleted there, or never pushed."
                   for name in here if name not in theirs.hashes]  # fmt: skip
