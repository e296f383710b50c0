"""The registry, read from tags alone: the commit of each version and the history of each stage.

Only annotated tags in GTO's formats that agree with each other count; all others are reported as ignored.
"""

import re
from dataclasses import dataclass, field

from lifecycle.errors import LifecycleError
from lifecycle.git.run import attempt, reason
from lifecycle.outcome import printable
from lifecycle.registry.agreement import check_agreement
from lifecycle.registry.chain import breaks, chain, head_ref
from lifecycle.registry.tag import FORMAT, LATEST, Tag, parse, rows


@dataclass
class Registry:
    """Versions from the lowest, each stage's tags from the first; `hashes` of all tags, ignored or not.

    `head`: the hash that refs/lifecycle/ARTIFACT names; `broken`: where the chain of tags does not agree with itself.
    """

    artifact: str
    versions: dict[str, Tag] = field(default_factory=dict)
    stages: dict[str, list[Tag]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    newest: int = 0  # the time of the newest tag
    head: str = ""
    broken: list[str] = field(default_factory=list)
    unrecorded: dict[str, str] = field(default_factory=dict)  # valid tags that the next one has to record

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
    ref = head_ref(artifact)
    done = attempt("for-each-ref", "refs/tags", ref, f"--format={FORMAT}", cwd=folder)
    if done.returncode:
        raise LifecycleError(f"the tags cannot be read: {reason(done)}.")
    registry = Registry(artifact)
    tags: dict[str, Tag] = {}
    head: Tag | str = ""
    for full, *row in rows(done.stdout):
        if full == ref:
            head, registry.head = parse([row[9], *row], artifact), row[1]
        name = full.removeprefix("refs/tags/")
        if not re.match(rf"{re.escape(artifact)}[@#]", name):
            continue
        tag = parse([name, *row], artifact)
        registry.hashes[name] = row[1]
        registry.newest = max(registry.newest, int(row[6] or 0) if len(row[6]) < len(str(LATEST)) else 0)
        if isinstance(tag, str):
            registry.ignored.append(printable(f"{name} {tag}"))
            continue
        tags[name] = tag
        if tag.stage:
            registry.stages.setdefault(tag.stage, []).append(tag)
        else:
            registry.versions[tag.version] = tag
    known = chain(ref, head if isinstance(head, Tag) else None, registry.head, tags, registry.hashes)
    registry.broken = breaks(ref, known, tags, registry.hashes)
    check_agreement(registry)
    valid = [*registry.versions.values(), *(tag for moves in registry.stages.values() for tag in moves)]
    others = {tag.name: registry.hashes[tag.name] for tag in valid if tag.name not in known}
    registry.unrecorded = others | {name: value for name, (value, by) in known.items() if by == ref}
    return registry


def differences(origin: Registry) -> list[str]:
    here = read(".", origin.artifact).hashes
    moved = [name for name, value in here.items() if origin.hashes.get(name, value) != value]
    absent = [name for name in here if name not in origin.hashes]
    return (
        origin.broken
        + [f"{name} is a different tag here than on origin: it was moved." for name in moved]
        + [f"{name} is here but not on origin: it was deleted there, or never pushed." for name in absent]
    )
