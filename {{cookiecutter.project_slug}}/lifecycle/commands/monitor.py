"""Compares what production saw with the test rows that the promoted version was evaluated on.

Reads a window of the prediction log, while the service goes on writing. Reports faults of what was sent, drift of the
columns and predictions and, with --labels, the metrics beside the reference's. Quiet is 0; an alert is 1: a frequent
fault, worse metrics, or drift in several of the last windows (params.yaml of origin's default branch, block monitor).

  uv run lifecycle monitor --log logs --since 7d --report report
"""

import argparse
import re
from datetime import UTC, datetime, timedelta

from lifecycle.errors import LifecycleError, Refused
from lifecycle.git import origin
from lifecycle.outcome import Outcome
from lifecycle.paths import path
from lifecycle.registry import policy
from lifecycle.registry.delivery import registered
from lifecycle.registry.rules import settled

tip = origin.tip
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log", required=True, metavar="PLACE", help="the folder of the prediction log, or its address"
    )
    parser.add_argument("--stage", help="whose version is the reference; default: the last one in params.yaml")
    parser.add_argument("--since", type=duration, default=timedelta(days=7), help="length of the window; default: 7d")
    parser.add_argument("--until", type=when, help="end of the window, such as 2026-11-25T00:00Z; default: now")
    parser.add_argument("--labels", metavar="FILE", type=path, help="what came true: a table with id and the target")
    parser.add_argument("--report", metavar="DIR", type=path, help="write monitor.html, monitor.md and monitor.json")


def duration(text: str) -> timedelta:
    """7d, 12h or 30m."""
    found = re.fullmatch(r"(\d{1,6})([dhm])", text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 7d, 12h or 30m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def when(text: str) -> datetime:
    """A moment; without a time zone in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date and time such as 2026-11-25T00:00Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def run(options: argparse.Namespace) -> Outcome:
    """`details`: the faults, movements, metrics, and the history that the verdict rests on."""
    from lifecycle.monitoring import log, performance  # pandas and scipy take a second
    from lifecycle.monitoring.compare import Evidence
    from lifecycle.monitoring.settings import Monitor
    from lifecycle.monitoring.verdict import verdict
    from lifecycle.review.limits import Gate

    with policy.registry() as (folder, _, stages):
        stage = options.stage or [*stages][-1]
        settings, _where = settled(folder, Monitor, "monitor")
        gate, _where = settled(folder, Gate, "gate")
    try:
        name, version = registered(stage, None)
    except Refused as refusal:  # not an alert
        raise LifecycleError(str(refusal)) from None
    known = performance.labels(options.labels, version.contract) if options.labels else {}
    until = options.until or datetime.now(UTC)
    window = log.read(options.log, until - options.since, until, name, settings.sample, settings.seed, known)
    evidence = Evidence(stage, name, version, window, settings, gate, known)
    result = verdict(evidence, options.log)
    if options.report:
        from lifecycle.report.monitor import write

        write(result.details, options.report)
        result.messages.append(f"The report is {options.report}/monitor.html.")
    return Outcome(int(result.alert), result.messages, result.details)
