"""The way back: the version that a stage is pointed back to, and the tag that does it."""

from lifecycle.errors import Refused
from lifecycle.git import origin
from lifecycle.outcome import Outcome
from lifecycle.registry import checks
from lifecycle.registry.read import Registry
from lifecycle.registry.tag import Tag
from lifecycle.registry.write import point


def point_back(folder: str, registry: Registry, now: Tag, before: Tag, reason: str, signed: bool) -> Outcome:
    """Point a stage from its tag `now` back to the version of an earlier tag, after checking that version."""
    content = {
        "kind": "rollback",
        "stage": now.stage,
        "version": before.version,
        "commit": before.commit,
        "reason": reason,
        "from": now.version,
        "approved_by": before.content.get("approved_by", []),
        **checks.before_rollback(registry.artifact, before.commit, origin.default_commit(folder)),
    }
    return point(folder, registry, content, signed)


def target(history: list[Tag], stage: str, version: str | None) -> Tag:
    had, trail = sorted({tag.version for tag in history}), path_back(history)
    if version is not None and version not in had:
        listed = ", ".join(had) or "no version"
        raise Refused(f"{stage} never pointed to {version}: it had {listed}. Promote a version that is new to it.")
    if version is None and len(trail) < 2:
        raise Refused(f"{stage} has no version before {trail[0]}." if trail else f"{stage} has no version yet.")
    return next(tag for tag in reversed(history) if tag.version == (version or trail[-2]))


def path_back(history: list[Tag]) -> list[str]:
    """The versions that rollbacks can still go back to, the current one last."""
    trail: list[str] = []
    for tag in history:
        if tag.kind == "rollback" and tag.version in trail:
            while trail[-1] != tag.version:
                trail.pop()
        else:
            trail.append(tag.version)
    return trail
