"""The only way in which a stage is pointed to a version: tags that origin accepts all together, or not at all."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.run import ENVIRONMENT, attempt, reason
from lifecycle.outcome import Outcome
from lifecycle.registry.read import Registry, read


def point(folder: str, registry: Registry, content: dict[str, Any], signed: bool) -> Outcome:
    """Write `content` into a tag for the stage, and one for the version if it is new; origin gets both or neither."""
    stage, version = content["stage"], content["version"]
    new = [] if version in registry.versions else [f"{registry.artifact}@{version}"]
    names = [*new, f"{registry.artifact}#{stage}#{max(registry.numbers(stage), default=0) + 1}"]
    when = max(int(time.time()), registry.newest + 1)  # a clock that went back confuses neither GTO nor people
    for name in names:
        write(folder, name, content, when, signed)
    cross_check(folder, registry.artifact, stage, version)
    made = read(folder, registry.artifact).hashes
    done = attempt("push", "--quiet", "--atomic", origin.NAME, *(f"refs/tags/{name}" for name in names), cwd=folder)
    if done.returncode or origin.address() != origin.address(push=True):
        origin.refresh(folder)
        now = read(folder, registry.artifact)
        if any(now.hashes.get(name) != made[name] for name in names):  # otherwise only the answer was lost
            return not_accepted(now, stage, names, done)
    origin.bring(names)
    moves = f"{stage} now points to {version}, commit {content['commit'][:9]}"
    messages = [f"{version} is registered."] * bool(new) + [f"{moves}: {' and '.join(names)} on origin."]
    return Outcome(0, messages, {**content, "tags": names, "date": date(when)})


def write(folder: str, name: str, content: dict[str, Any], when: int, signed: bool) -> None:
    title = f"{content['version']} to {content['stage']} ({content['kind']})" if "#" in name else content["version"]
    message = f"{title}\n\n{json.dumps(content, ensure_ascii=False)}\n"
    command = ["tag", "--sign" if signed else "--annotate", "--file=-", name, content["commit"]]
    done = attempt(*command, cwd=folder, text=message, variables={"GIT_COMMITTER_DATE": f"{when} +0000"})
    if done.returncode == 0 and signed:
        done = attempt("verify-tag", name, cwd=folder)
    if done.returncode:
        how, needs = "made", "user.name and user.email"
        if signed:
            how, needs = "signed", "user.signingkey, gpg.format and, for SSH, gpg.ssh.allowedSignersFile"
        raise LifecycleError(f"the tag {name} cannot be {how} ({reason(done)}): check Git's {needs}.")


def cross_check(folder: str, artifact: str, stage: str, version: str) -> None:
    """Raise LifecycleError unless we and GTO's own command read the version from the tags."""
    tag = read(folder, artifact).current(stage)
    command = [str(Path(sys.executable).with_name("gto")), "show", "--json", "--repo", folder]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
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


def not_accepted(now: Registry, stage: str, names: list[str], done: subprocess.CompletedProcess[str]) -> Outcome:
    current = now.current(stage)
    if current and current.name in names:
        who = f"{current.by} <{current.mail}> pointed {stage} to {current.version} at {date(current.time)}"
        return Outcome(
            1, [f"Another change of the stage came first: {who}. Nothing was written: check it, then decide again."]
        )
    if taken := [name for name in names if name in now.hashes]:
        by = next((f" by {tag.by} <{tag.mail}>" for tag in now.versions.values() if tag.name in taken), "")
        return Outcome(1, [f"Another change came first: {taken[0]} was made{by}. Nothing was written: try again."])
    raise LifecycleError(f"origin did not accept the tags ({reason(done)}); nothing was written.")


def date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
