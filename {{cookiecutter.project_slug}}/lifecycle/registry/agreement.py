"""Which tags of a registry agree with each other: one version per commit, and each stage on a commit of a version."""

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from lifecycle.registry.tag import Tag, order

if TYPE_CHECKING:
    from lifecycle.registry.read import Registry


def check_agreement(registry: "Registry") -> None:
    """Keep the tags that agree; report the others as ignored, and the numbers that no tag has."""
    check_versions(registry)
    for stage in registry.stages:
        check_stage(registry, stage)


def check_versions(registry: "Registry") -> None:
    first: dict[str, str] = {}
    for version in sorted(registry.versions, key=order):
        tag = registry.versions.pop(version)
        if first.setdefault(tag.commit, version) == version:
            registry.versions[version] = tag
        else:
            registry.ignored.append(f"{tag.name} is a second version of the commit of {first[tag.commit]}.")


def check_stage(registry: "Registry", stage: str) -> None:
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


def contradiction(tag: Tag, registry: "Registry") -> str:
    if tag.version and tag.version not in registry.versions:
        return f"points to {tag.version}, a version that does not exist"
    if tag.version and registry.versions[tag.version].commit != tag.commit:
        return f"is on commit {tag.commit[:9]}, {tag.version} on {registry.versions[tag.version].commit[:9]}"
    return "" if registry.version_of(tag.commit) else f"is on commit {tag.commit[:9]}, which is no version"
