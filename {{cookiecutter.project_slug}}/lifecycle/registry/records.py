"""The dossier of every registered version, from Git alone and by few commands however many versions there are."""

import hashlib
from typing import Any

from lifecycle import git
from lifecycle.outcome import CouldNot
from lifecycle.versions.batch import Batch
from lifecycle.versions.dossier import Dossier, lock, yaml
from lifecycle.versions.record import moment
from lifecycle.versions.registry import Registry
from lifecycle.versions.tag import Tag


def dossiers(folder: str, found: Registry) -> list[Dossier]:
    """One for each version, from the lowest."""
    batch = Batch(folder, git.git("rev-parse", "--show-prefix"))
    commits = {one.commit for one in found.versions.values()}
    batch.load({(commit, name) for commit in commits for name in ("dvc.lock", "dvc.yaml", "params.yaml")})
    wanted = {(commit, out["path"]) for commit in commits for out in outs_and_deps(batch, commit)}
    batch.load(wanted)
    return [dossier(batch, found, tag) for tag in found.versions.values()]


def outs_and_deps(batch: Batch, commit: str) -> list[dict[str, Any]]:
    """The entries of dvc.lock at a commit; none where there is no dvc.lock, or none that can be read."""
    try:
        stages = yaml((batch.get(commit, "dvc.lock") or b"").decode("utf-8", "replace")).get("stages", {})
    except CouldNot:
        return []
    return [one for entry in stages.values() for side in ("outs", "deps") for one in entry.get(side, [])]


def dossier(batch: Batch, found: Registry, tag: Tag) -> Dossier:
    """What the commit of a version holds."""
    told = {one.stage: one.says for tags in found.stages.values() for one in tags if one.commit == tag.commit}
    says = tag.says or next(iter(told.values()), {})
    one = Dossier(tag.version, tag.commit, moment(tag.when), f"{tag.by} <{tag.mail}>",
                  says.get("approved_by", []), str(says.get("gate") or "not recorded"))  # fmt: skip
    one.stages = [
        {"stage": each.stage, "tag": each.name, "kind": each.kind, "date": moment(each.when), "by": each.by,
         "approved_by": each.says.get("approved_by", []), "reason": each.says.get("reason", ""),
         "now": found.owner(each.stage) == each}
        for tags in found.stages.values() for each in tags if each.commit == tag.commit
    ]  # fmt: skip
    entries, text = outs_and_deps(batch, tag.commit), batch.get(tag.commit, "dvc.lock")
    if not text or not entries:
        one.faults.append(f"commit {tag.commit[:9]} has no dvc.lock that can be read")
        return one
    one.lock = hashlib.md5(text).hexdigest()
    said = {str(each["lock"]) for each in [tag.says, *told.values()] if "lock" in each}
    one.faults += [f"dvc.lock has the hash {one.lock}, its tag says {other}" for other in sorted(said - {one.lock})]
    lock(batch, one, found.artifact, yaml(text.decode("utf-8", "replace"))["stages"])
    return one
