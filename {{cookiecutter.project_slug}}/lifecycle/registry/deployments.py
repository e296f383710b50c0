"""Deployments and their outcomes: annotated tags that GTO does not read, such as `deployment/model/prod.3`.

They are written after the fact and decide nothing: stages are read from their own tags alone.
"""

import re
import time
from dataclasses import dataclass
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.run import attempt, git, reason
from lifecycle.outcome import printable
from lifecycle.registry.read import Registry
from lifecycle.registry.tag import FORMAT, LATEST, clean, parse_body, rows, short
from lifecycle.registry.write import date, write
from lifecycle.storage.dvc_yaml import NAME

KIND, VERIFIED, FAILED = "deployment", "verified", "failed"
TRIES = 5  # others may record deployments of the stage at the same time


@dataclass(frozen=True)
class Deployment:
    """One deployment; `content`: the JSON of its tag, with the figures and, for a failed one, the reason."""

    name: str
    stage: str
    version: str
    commit: str
    by: str
    time: int
    outcome: str
    content: dict[str, Any]
    number: int

    @property
    def facts(self) -> dict[str, Any]:
        """For the record of the version."""
        return {"date": date(self.time), "by": self.by, "name": self.name, "reason": ""} | self.content


def prefix(artifact: str) -> str:
    return f"deployment/{artifact}/"


def deployments(folder: str, registry: Registry) -> tuple[list[Deployment], list[str]]:
    """All deployments, the newest last, and why other tags of such names are ignored."""
    known, ignored = [], []
    for row in listed(folder, registry.artifact):
        tag = parse(row, registry)
        if isinstance(tag, str):
            ignored.append(printable(f"{row[0].removeprefix('refs/tags/')} {tag}."))
        else:
            known.append(tag)
    return sorted(known, key=lambda tag: (tag.time, tag.number)), ignored


def listed(folder: str, artifact: str) -> list[list[str]]:
    return rows(git("for-each-ref", f"refs/tags/{prefix(artifact)}", f"--format={FORMAT}", cwd=folder))


def parse(row: list[str], registry: Registry) -> Deployment | str:
    """The deployment in a row, or the reason why it is ignored."""
    ref, kind, _, target_kind, commit, by, mail, when, body, signature, title, target = row
    name = ref.removeprefix("refs/tags/")
    match = re.fullmatch(rf"{re.escape(prefix(registry.artifact))}({NAME})\.([1-9]\d{{0,8}})", name, re.ASCII)
    if not match or kind != "tag" or (target_kind, target, title) != ("commit", commit, name):
        return "is not an annotated tag of a deployment"
    content = parse_body(body.removesuffix(signature))
    outcome, stage = content.get("outcome"), match[1]
    if (content.get("kind"), content.get("stage")) != (KIND, stage) or outcome not in (VERIFIED, FAILED):
        return "does not say what was deployed, and with which outcome"
    if content.get("commit") != commit or registry.version_of(commit) != content.get("version"):
        return f"is on commit {commit[:9]}, which is not the version that it names"
    if not re.fullmatch(r"\d{1,12}", when, re.ASCII) or int(when) > LATEST:
        return "has a date after the year 9999, or one that is not a number"
    by = f"{short(by)} {short(mail)}"
    return Deployment(name, stage, content["version"], commit, by, int(when), outcome, content, int(match[2]))


def record(folder: str, registry: Registry, content: dict[str, Any]) -> str:
    """Write the outcome of a deployment into a new tag on origin; returns its name."""
    content = clean({"kind": KIND, **content})
    start = f"refs/tags/{prefix(registry.artifact)}{content['stage']}."
    for _ in range(TRIES):
        origin.refresh(folder)
        names = [row[0].removeprefix(start) for row in listed(folder, registry.artifact) if row[0].startswith(start)]
        number = max((int(name) for name in names if re.fullmatch(r"\d{1,9}", name, re.ASCII)), default=0) + 1
        name = f"{start.removeprefix('refs/tags/')}{number}"
        write(folder, name, content, int(time.time()), signed=False)
        done = attempt("push", "--quiet", origin.NAME, f"refs/tags/{name}", cwd=folder)
        if done.returncode == 0:
            origin.bring([name])
            return name
        git("tag", "--delete", name, cwd=folder)
    raise LifecycleError(f"origin did not accept the tag {name} of the deployment ({reason(done)}).")


def image_of(known: list[Deployment], version: str) -> str:
    """The image with which a version was last verified or, failing that, deployed; empty if there is none."""
    ordered = sorted(known, key=lambda tag: tag.outcome == VERIFIED)
    images = [str(tag.content.get("image", "")) for tag in ordered if tag.version == version]
    return next((image for image in reversed(images) if image), "")
