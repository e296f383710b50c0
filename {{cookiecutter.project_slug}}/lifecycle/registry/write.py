"""The one way in which a stage is pointed to a version: tags that origin takes all together, or not at all."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lifecycle import git
from lifecycle.outcome import CouldNot, Outcome
from lifecycle.versions import origin
from lifecycle.versions.registry import Registry, read


def point(folder: str, found: Registry, says: dict[str, Any], signed: bool) -> Outcome:
    """Write `says` into a tag for the stage, and one for the version if it is new; both reach origin, or neither."""
    stage, version = says["stage"], says["version"]
    new = [] if version in found.versions else [f"{found.artifact}@{version}"]
    names = [*new, f"{found.artifact}#{stage}#{max(found.numbers(stage), default=0) + 1}"]
    when = max(int(time.time()), found.newest + 1)  # a clock that went back confuses neither GTO nor people
    for name in names:
        write(folder, name, says, when, signed)
    agree(folder, found.artifact, stage, version)
    made = read(folder, found.artifact).hashes
    done = git.attempt("push", "--quiet", "--atomic", origin.NAME, *(f"refs/tags/{name}" for name in names), cwd=folder)
    if done.returncode or origin.address() != origin.address(push=True):
        origin.refresh(folder)
        now = read(folder, found.artifact)
        if any(now.hashes.get(name) != made[name] for name in names):  # else only the answer was lost
            return lost(now, stage, names, done.stderr)
    origin.bring(names)
    moves = f"{stage} now points to {version}, commit {says['commit'][:9]}"
    told = [f"{version} is registered."] * bool(new) + [f"{moves}: {' and '.join(names)} on origin."]
    return Outcome(0, told, {**says, "tags": names, "date": moment(when)})


def write(folder: str, name: str, says: dict[str, Any], when: int, signed: bool) -> None:
    """Make an annotated tag in the scratch repository; raises CouldNot, as where Git knows no name or no key."""
    title = f"{says['version']} to {says['stage']} ({says['kind']})" if "#" in name else says["version"]
    message = f"{title}\n\n{json.dumps(says, ensure_ascii=False)}\n"
    command = ["git", "tag", "--sign" if signed else "--annotate", "--file=-", name, says["commit"]]
    given = git.ENVIRONMENT | {"GIT_COMMITTER_DATE": f"{when} +0000"}
    done = subprocess.run(command, cwd=folder, env=given, input=message, capture_output=True, text=True)
    if done.returncode == 0 and signed:
        done = git.attempt("verify-tag", name, cwd=folder)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("fatal: ")
        settings = "user.signingkey, gpg.format and, for SSH, gpg.ssh.allowedSignersFile"
        needs = settings if signed else "user.name and user.email"
        raise CouldNot(f"the tag cannot be {'signed' if signed else 'made'} ({why}): set Git's {needs}.")


def agree(folder: str, artifact: str, stage: str, version: str) -> None:
    """Raise CouldNot unless we and GTO's own command both read from the tags what they are to say."""
    owner = read(folder, artifact).owner(stage)
    command = [str(Path(sys.executable).with_name("gto")), "show", "--json", "--repo", folder]
    done = subprocess.run(command, cwd=folder, env=git.ENVIRONMENT, capture_output=True, text=True)
    try:
        theirs = json.loads(done.stdout)[artifact]["stage"].get(stage, "nothing")
    except (ValueError, KeyError):
        raise CouldNot(f"GTO cannot read the tags ({done.stderr.strip()[-200:]}): nothing was written.") from None
    ours = owner.version if owner else "nothing"
    if not ours == theirs == version:
        raise CouldNot(
            f"{stage} would be {ours} by our reading, {theirs} by GTO's, not {version}: audit names the tag that "
            "misleads; nothing was written."
        )


def lost(now: Registry, stage: str, names: list[str], said: str) -> Outcome:
    """What to tell whose push was refused: who was faster, or why origin did not want it."""
    owner = now.owner(stage)
    if owner and owner.name in names:
        who = f"{owner.by} <{owner.mail}> pointed {stage} to {owner.version} at {moment(owner.when)}"
        return Outcome(1, [f"Somebody was faster: {who}; nothing of yours was written, so look and decide anew."])
    taken = [name for name in names if name in now.hashes]
    if taken:
        by = next((f" by {one.by} <{one.mail}>" for one in now.versions.values() if one.name in taken), "")
        return Outcome(1, [f"Somebody was faster: {taken[0]} was made{by}; nothing of yours was written: try again."])
    why = [line.strip() for line in said.splitlines() if line.lstrip().startswith(("!", "fatal:", "error:"))]
    raise CouldNot(f"origin did not take the tags ({'; '.join(why)[:300] or 'no reason given'}): nothing was written.")


def moment(when: int) -> str:
    """Seconds since 1970 as people write it."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M UTC")
