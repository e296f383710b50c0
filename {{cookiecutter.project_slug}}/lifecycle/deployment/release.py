"""A release: the version that a stage points to, how it is brought to the replicas, and whether they serve it."""

import re
import sys
from dataclasses import dataclass
from typing import Any

from lifecycle.deployment import commands
from lifecycle.deployment.verify import Expected, golden_faults, wait
from lifecycle.deployment.watch import Deploy, Findings, watch
from lifecycle.errors import Refused
from lifecycle.git import origin
from lifecycle.project import as_written
from lifecycle.registry import policy
from lifecycle.registry.deployments import FAILED, VERIFIED, deployments, image_of
from lifecycle.registry.rules import settled
from lifecycle.registry.tag import LONGEST, Tag
from lifecycle.review import limits
from lifecycle.storage import dvc
from lifecycle.storage.version import head

ADDRESS = re.compile(r"https?://\S+")  # of a service, which is nobody's business who reads the repository


@dataclass(frozen=True)
class Release:
    """`tag`: the stage's; `image`: by its digest, empty if none is known."""

    tag: Tag
    expected: Expected
    image: str
    settings: Deploy

    def record(self, found: Findings) -> dict[str, Any]:
        """What is recorded of a deployment."""
        content = {
            "stage": self.tag.stage,
            "version": self.tag.version,
            "commit": self.tag.commit,
            "tag": self.tag.name,
            "outcome": FAILED if found.faults else VERIFIED,
            "reason": ADDRESS.sub("a replica", "; ".join(found.faults))[:LONGEST],
            **found.figures,
        }
        return content | ({"image": self.image} if self.image else {})


def released(stage: str, image: str = "") -> Release:
    with policy.stage_of(stage) as (folder, registry, _):
        tag = registry.current(stage)
        if tag is None:
            raise Refused(f"{stage} has no version yet: run `uv run lifecycle promote --stage {stage}`.")
        settings, _where = settled(folder, Deploy, "deploy")
        image = image or image_of(deployments(folder, registry)[0], tag.version)
        origin.bring([tag.name])
        main = origin.default_commit(folder)
    return Release(tag, expected(tag, main), image, settings)


def expected(tag: Tag, main: str) -> Expected:
    from lifecycle.review import proof  # takes half a second

    with dvc.checkout(tag.commit, main):
        version = head()
        golden = as_written(proof.golden_of(version), version.contract)
        return Expected(tag.version, golden, limits.reproduce(main).tolerance)


def bring(release: Release, urls: list[str]) -> Findings:
    """Run the project's commands, then look; raises LifecycleError if that says nothing about the version."""
    version, settings = release.tag.version, release.settings
    commands.run(settings.commands, release.image, release.tag.stage, version)
    progress(f"waiting for {version}, at most {settings.timeout:g} s")
    replicas, faults = wait(urls, version, settings.timeout)
    count: dict[str, float] = {"replicas": len(replicas)}
    if faults := faults or golden_faults(replicas, release.expected):
        return Findings(faults, count)
    progress(f"{len(replicas)} replica(s) give the golden predictions; watching them for {settings.watch:g} s")
    found = watch(replicas, version, settings)
    return Findings(found.faults, count | found.figures)


def progress(message: str) -> None:
    print(f"deploy: {message}", file=sys.stderr, flush=True)
