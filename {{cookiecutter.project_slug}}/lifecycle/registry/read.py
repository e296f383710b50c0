"""The registry, read from tags alone: the commit of each version and the history of each stage.

Only annotated tags in GTO's formats that agree with each other count; all others are reported as ignored.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from lifecycle.errors import LifecycleError
from lifecycle.git.run import attempt, reason
from lifecycle.registry.tag import FORMAT, Tag, order, parse, rows


@dataclass
class Registry:
    """Versions from the lowest, each stage's tags from the first; `hashes` of all tags, ignored or not."""

    artifact: str
    versions: dict[str, Tag] = field(default_factory=dict)
    stages: dict[str, list[Tag]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    newest: int = 0  # the time of the newest tag

    def current(self, stage: str) -> Tag | None:
        """The stage's tag with the highest number, whatever its date: clocks may go back, numbers do not."""
        return self.stages[stage][-1] if self.stages.get(stage) else None

    def version_of(self, commit: str) -> str | None:
        return next((name for name, tag in self.versions.items() if tag.commit == commit), None)

    def next_version(self, bump: str) -> str:
        """A version higher than any that a tag, ignored or not, has."""
        pattern = rf"{re.escape(self.artifact)}@v(\d+)\.(\d+)\.(\d+)"
        matches = [re.match(pattern, name, re.ASCII) for name in self.hashes]
        highest = max((tuple(map(int, match.groups())) for match in matches if match), default=(0, 0, 0))
        place = ("major", "minor", "patch").index(bump)
        return "v" + ".".join(str(n + (i == place)) if i <= place else "0" for i, n in enumerate(highest))

    def listed(self) -> str:
        return f"are {', '.join(self.versions)}" if self.versions else "is no version yet"

    def numbers(self, stage: str) -> set[int]:
        pattern = rf"{re.escape(self.artifact)}#{re.escape(stage)}!?#(\d+)"
        return {int(match[1]) for name in self.hashes if (match := re.match(pattern, name, re.ASCII))}


def read(folder: str, artifact: str) -> Registry:
    done = attempt("for-each-ref", "refs/tags", f"--format={FORMAT}", cwd=folder)
    if done.returncode:
        raise LifecycleError(f"the tags cannot be read: {reason(done)}.")
    registry = Registry(artifact)
    for row in (row for row in rows(done.stdout) if re.match(rf"{re.escape(artifact)}[@#]", row[0])):
        tag = parse(row, artifact)
        registry.hashes[row[0]] = row[2]
        registry.newest = max(registry.newest, int(row[7] or 0))
        if isinstance(tag, str):
            registry.ignored.append(f"{row[0]} {tag}")
        elif tag.stage:
            registry.stages.setdefault(tag.stage, []).append(tag)
        else:
            registry.versions[tag.version] = tag
    check_versions(registry)
    for stage in registry.stages:
        check_stage(registry, stage)
    return registry


def check_versions(registry: Registry) -> None:
    first: dict[str, str] = {}
    for version in sorted(registry.versions, key=order):
        tag = registry.versions.pop(version)
        if first.setdefault(tag.commit, version) == version:
            registry.versions[version] = tag
        else:
            registry.ignored.append(f"{tag.name} is a second version of the commit of {first[tag.commit]}.")


def check_stage(registry: Registry, stage: str) -> None:
    valid = []
    for tag in sorted(registry.stages[stage], key=lambda tag: tag.number):
        version = registry.version_of(tag.commit)
        if fault := contradiction(tag, registry):
            registry.ignored.append(f"{tag.name} {fault}.")
        elif version:
            valid.append(replace(tag, version=version))
    registry.stages[stage] = valid
    for last, number in pairwise([0, *sorted(registry.numbers(stage))]):
        if number > last + 1:
            names = " to ".join(f"{registry.artifact}#{stage}#{n}" for n in sorted({last + 1, number - 1}))
            registry.ignored.append(f"{names} is missing: it was deleted.")


def contradiction(tag: Tag, registry: Registry) -> str:
    if tag.version and tag.version not in registry.versions:
        return f"points to {tag.version}, a version that does not exist"
    if tag.version and registry.versions[tag.version].commit != tag.commit:
        return f"is on commit {tag.commit[:9]}, {tag.version} on {registry.versions[tag.version].commit[:9]}"
    return "" if registry.version_of(tag.commit) else f"is on commit {tag.commit[:9]}, which is no version"


def differences(origin: Registry) -> list[str]:
    here = read(".", origin.artifact).hashes
    moved = [name for name, value in here.items() if origin.hashes.get(name, value) != value]
    absent = [name for name in here if name not in origin.hashes]
    return [f"{name} is a different tag here than on origin: it was moved." for name in moved] + [
        f"{name} is here but not on origin: it was deleted there, or never pushed." for name in absent
    ]
