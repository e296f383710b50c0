"""The chain of an artifact's tags: each tag that promote or rollback makes records those that no tag recorded before.

The newest tag is recorded by the ref refs/lifecycle/ARTIFACT on origin, which is pushed together with it. So a tag that
was deleted or moved leaves a record that nothing agrees with, in any clone.
"""

from lifecycle.registry.tag import Tag

DELETED = "is missing: it was deleted"
Chain = dict[str, tuple[str, str]]  # the hash of each recorded tag, and what recorded it


def head_ref(artifact: str) -> str:
    return f"refs/lifecycle/{artifact}"


def chain(ref: str, head: Tag | None, head_hash: str, tags: dict[str, Tag], hashes: dict[str, str]) -> Chain:
    """What can be reached from the newest tag; the records of other tags prove nothing."""
    if not head:
        return {}
    known, ahead = {head.name: (head_hash, ref)}, [head]
    while ahead:
        tag = ahead.pop()
        for name, value in tag.content.get("previous", {}).items():
            if name not in known and hashes.get(name) == value and name in tags:
                ahead.append(tags[name])
            known.setdefault(name, (value, tag.name))
    return known


def breaks(ref: str, known: Chain, tags: dict[str, Tag], hashes: dict[str, str]) -> list[str]:
    """A sentence, with the command that repairs it, for each record that no tag agrees with."""
    messages = []
    for name, (value, by) in known.items():
        if hashes.get(name) != value:
            what, force = ("is another tag: it was moved", "--force ") if name in hashes else (DELETED, "")
            push = f"`git push {force}origin {value}:refs/tags/{name}`"
            how = f"`git fetch origin {ref}` and {push}" if by == ref else f"{push} in a clone that has it"
            messages.append(f"{name} {what} (recorded by {by}). To restore it: {how}.")
    together = {name for tag in tags.values() if tag.name in known for name in tag.content.get("tags", [])}
    for name in sorted(together - hashes.keys() - known.keys()):
        messages.append(f"{name} {DELETED}. To restore it: `git push origin tag {name}` in a clone that has it.")
    made = [tag for tag in tags.values() if "previous" in tag.content and tag.name not in known]
    if made and not messages:
        newest = max(made, key=lambda tag: (tag.time, tag.stage))
        push = f"`git push --force origin {hashes[newest.name]}:{ref}`"
        messages.append(
            f"{ref} on origin does not lead to {newest.name}: it was deleted or changed, so a deleted tag could not be "
            f"seen. Compare the tags with those of another clone, then {push}."
        )
    return messages
