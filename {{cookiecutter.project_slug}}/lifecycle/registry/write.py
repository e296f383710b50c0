"""The only way in which a stage is pointed to a version: tags that origin accepts all together, or not at all."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError, Refused
from lifecycle.git import origin
from lifecycle.git.run import ENVIRONMENT, attempt, git, reason
from lifecycle.outcome import Outcome
from lifecycle.registry.chain import head_ref
from lifecycle.registry.read import Registry, read
from lifecycle.registry.tag import LONGEST, clean


def point(folder: str, registry: Registry, content: dict[str, Any], signed: bool) -> Outcome:
    """Write `content` into a tag for the stage, and one for the version if it is new.

    Origin gets both, and the ref that names the newest, or nothing.
    """
    if (length := len(content.get("reason", ""))) > LONGEST:
        raise Refused(f"the reason has {length:,} characters, and a tag holds {LONGEST:,}: shorten it.")
    content = clean(content)  # GTO cannot read a tag that is not UTF-8
    stage, version = content["stage"], content["version"]
    new = [] if version in registry.versions else [f"{registry.artifact}@{version}"]
    names = [*new, f"{registry.artifact}#{stage}#{max(registry.numbers(stage), default=0) + 1}"]
    when = max(int(time.time()), registry.newest + 1)  # a clock that went back confuses neither GTO nor people
    previous = registry.unrecorded
    for name in names:
        write(folder, name, {**content, "tags": names, "previous": previous}, when, signed)
        previous = {name: git("rev-parse", f"refs/tags/{name}", cwd=folder)}
    cross_check(folder, registry.artifact, stage, version)
    made = read(folder, registry.artifact).hashes
    ref, tags = head_ref(registry.artifact), [f"refs/tags/{name}" for name in names]
    push = ["push", "--quiet", "--atomic", f"--force-with-lease={ref}:{registry.head}", origin.NAME]
    done = attempt(*push, *tags, f"{made[names[-1]]}:{ref}", cwd=folder)
    if done.returncode or origin.address() != origin.address(push=True):
        origin.refresh(folder)
        now = read(folder, registry.artifact)
        if any(now.hashes.get(name) != made[name] for name in names):  # otherwise only the answer was lost
            return not_accepted(now, stage, names, registry.head, done)
    origin.bring(names)
    moves = f"{stage} now points to {version}, commit {content['commit'][:9]}"
    messages = [f"{version} is registered."] * bool(new) + [f"{moves}: {' and '.join(names)} on origin."]
    return Outcome(0, messages, {**content, "tags": names, "date": date(when)})


def write(folder: str, name: str, content: dict[str, Any], when: int, signed: bool) -> None:
    title = f"{content['version']} to {content['stage']} ({content['kind']})" if "@" not in name else content["version"]
    message = f"{title}\n\n{json.dumps(content, ensure_ascii=False)}\n"
    kind = ["--sign"] if signed else ["--annotate", "--no-sign"]  # whatever tag.gpgSign says
    command = ["tag", *kind, "--cleanup=verbatim", "--file=-", name, content["commit"]]
    done = attempt(*command, cwd=folder, text=message, variables={"GIT_COMMITTER_DATE": f"{when} +0000"})
    if done.returncode == 0 and signed:
        done = attempt("verify-tag", f"refs/tags/{name}", cwd=folder)
    if done.returncode:
        how, needs = "made", "user.name and user.email"
        if signed:
            how, needs = "signed", "user.signingkey, gpg.format and, for SSH, gpg.ssh.allowedSignersFile"
        raise LifecycleError(f"the tag {name} cannot be {how} ({reason(done)}): check Git's {needs}.")


def cross_check(folder: str, artifact: str, stage: str, version: str) -> None:
    """Raise LifecycleError unless we and GTO's own command read the version from the tags."""
    tag = read(folder, artifact).current(stage)
    command = [str(Path(sys.executable).with_name("gto")), "show", "--json", "--repo", folder]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, errors="replace")
    try:
        gto = json.loads(done.stdout)[artifact]["stage"].get(stage, "nothing")
    except (ValueError, KeyError):
        raise LifecycleError(f"GTO cannot read the tags ({done.stderr.strip()[-200:]}); nothing was written.") from None
    ours = tag.version if tag else "nothing"
    if not ours == gto == version:
        raise LifecycleError(
            f"{stage} would be {ours} for lifecycle and {gto} for GTO instead of {version}; nothing was written. "
            "`uv run lifecycle audit` names the tag that causes it."
        )


def not_accepted(
    now: Registry, stage: str, names: list[str], head: str, done: subprocess.CompletedProcess[str]
) -> Outcome:
    current = now.current(stage)
    if current and current.name in names:
        who = f"{current.by} <{current.mail}> pointed {stage} to {current.version} at {date(current.time)}"
        return Outcome(
            1, [f"Another change of the stage came first: {who}. Nothing was written: check it, then decide again."]
        )
    newest = [name for name, value in now.hashes.items() if value == now.head != head]
    if taken := [name for name in names if name in now.hashes] or newest:
        made = [*now.versions.values(), *(tag for tags in now.stages.values() for tag in tags)]
        by = next((f" by {tag.by} <{tag.mail}>" for tag in made if tag.name in taken), "")
        return Outcome(1, [f"Another change came first: {taken[0]} was made{by}. Nothing was written: try again."])
    raise LifecycleError(f"origin did not accept the tags ({reason(done)}); nothing was written.")


def date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
