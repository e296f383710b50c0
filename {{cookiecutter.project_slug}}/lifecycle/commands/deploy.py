"""Checks that every replica of a service serves the version that a stage points to, and points the stage back if not.

Waits until all replicas report the version, asks them for the golden predictions, then watches errors and latency. If
that fails, the stage gets a new tag for the version before, which is checked the same way. The settings, and commands
that bring an image to the service, are the block deploy of params.yaml on origin's default branch. Each outcome is
recorded in a tag. SERVE_TOKEN is sent if it is set.

  uv run lifecycle deploy prod --url http://10.0.0.1:8000 --url http://10.0.0.2:8000
"""

import argparse
from typing import Any

from lifecycle.deployment import service
from lifecycle.deployment.commands import read_image
from lifecycle.deployment.release import Release, bring, released
from lifecycle.deployment.watch import Findings
from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.outcome import Outcome
from lifecycle.registry import policy
from lifecycle.registry.back import point_back, target
from lifecycle.registry.deployments import record
from lifecycle.registry.tag import LONGEST

tip = origin.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stage", help="a stage of params.yaml, block promote")
    url_help = "address of a replica, once for each; default: the variable DEPLOY_URLS"
    parser.add_argument("--url", action="append", default=[], help=url_help)
    image_help = "NAME@sha256:HASH for deploy.commands, or a file with it; default: the version's last deployed image"
    parser.add_argument("--image", default="", help=image_help)


def run(options: argparse.Namespace) -> Outcome:
    urls, stage = service.addresses(options.url), options.stage
    release = released(stage, read_image(options.image))
    found = bring(release, urls)
    version, content = release.tag.version, release.record(found)
    if not found.faults:
        return Outcome(0, [f"{stage} serves {version}: {summary(found)}.", noted(content)], content)
    pointed_back, messages = back(release, found)
    if pointed_back:
        messages += after_rollback(stage, urls)
    return Outcome(1, messages, content)


def back(failed: Release, found: Findings) -> tuple[bool, list[str]]:
    """Record the failure and point the stage back, once: whether that was done, and what happened."""
    stage, version = failed.tag.stage, failed.tag.version
    messages = [f"{stage} does not serve {version} as it should: {fault}." for fault in found.faults]
    try:
        with policy.stage_of(stage) as (folder, registry, rule):
            now = registry.current(stage)
            if now is None or now.name != failed.tag.name:
                moved = f"{stage} was moved to {now.version if now else 'nothing'} meanwhile: nothing was written."
                return False, [*messages, moved]
            content = failed.record(found)
            messages.append(noted_if_possible(content))
            if now.kind == "rollback":
                return False, [*messages, f"{stage} was pointed back to {version} already: it is not done twice."]
            before = target(registry.stages[stage], stage, None)
            origin.bring([before.name])
            reason = f"The deployment of {version} failed: {content['reason']}"[:LONGEST]
            done = point_back(folder, registry, now, before, reason, rule.signed)
    except LifecycleError as error:
        return False, [*messages, f"{stage} still points to {version}: {error}"]
    return done.code == 0, messages + done.messages


def after_rollback(stage: str, urls: list[str]) -> list[str]:
    """Bring and check the version that the stage points to now, and record the outcome."""
    try:
        release = released(stage)
    except LifecycleError as error:
        return [f"What {stage} serves now was not checked: {error}"]
    try:
        found = bring(release, urls)
    except LifecycleError as error:
        found = Findings([str(error).rstrip(".")])
    state = "; ".join(found.faults) or f"served again: {summary(found)}"
    message = f"{release.tag.version} after the rollback: {state}."
    return [message, noted_if_possible(release.record(found))]


def noted(content: dict[str, Any]) -> str:
    with policy.stage_of(content["stage"]) as (folder, registry, _):
        return f"Recorded in {record(folder, registry, content)}."


def noted_if_possible(content: dict[str, Any]) -> str:
    try:
        return noted(content)
    except LifecycleError as error:
        return f"Not recorded: {error}"


def summary(found: Findings) -> str:
    golden, count = "golden predictions as recorded", found.figures.get("requests", 0)
    if not count:
        return f"{golden}, no requests while it was watched"
    errors, p99 = found.figures["errors"], found.figures.get("p99", 0)
    return f"{golden}, {count:.0f} requests while it was watched, {errors:.0f} failed, p99 {p99:.3g} s"
