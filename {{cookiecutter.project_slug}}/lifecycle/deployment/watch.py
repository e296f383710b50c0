"""Watches what replicas answer others: errors and latency, from the differences of each replica's own counters."""

import time
from collections import Counter
from dataclasses import dataclass, field

from pydantic import Field

from lifecycle.deployment import service
from lifecycle.deployment.service import NoAnswer
from lifecycle.deployment.verify import SECOND, not_serving
from lifecycle.project import Block

MISSED = 3  # looks in a row that a replica may leave without an answer
ENOUGH = 100  # requests after which too many errors end the watch early


class Deploy(Block):
    """`timeout`, `watch`, `p99`: seconds; `errors`: the allowed share; `commands`: bring an image to the service."""

    timeout: float = Field(gt=0, le=86_400)
    watch: float = Field(ge=0, le=86_400)
    errors: float = Field(ge=0, lt=1)
    p99: float = Field(gt=0)
    commands: list[str] = []


@dataclass(frozen=True)
class Findings:
    """`faults`: why the version is not verified, empty if it is; `figures`: what was counted."""

    faults: list[str]
    figures: dict[str, float] = field(default_factory=dict)


def watch(urls: list[str], version: str, settings: Deploy) -> Findings:
    end, missed = time.monotonic() + settings.watch, Counter[str]()
    last: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    while True:
        over = time.monotonic() >= end
        for url, answer in service.each(urls, service.counters).items():
            if isinstance(answer, NoAnswer):
                missed[url] += 1
                if missed[url] >= MISSED or over:
                    return Findings([f"{url} {answer} while it was watched"], figures(total))
                continue
            before = last.get(url, answer)
            restarted = any(answer[key] < count for key, count in before.items())
            total += answer if restarted else answer - before
            last[url], missed[url] = answer, 0
        counted = figures(total)
        faults = limits(counted, settings)
        if over or (faults and counted["requests"] >= ENOUGH):
            break
        time.sleep(min(SECOND, max(end - time.monotonic(), 0)))
    answers = service.each(urls, service.version)
    moved = [f"{url} {fault}" for url, answer in answers.items() if (fault := not_serving(answer, version))]
    return Findings(faults + moved, counted)


def figures(total: Counter[str]) -> dict[str, float]:
    codes = {key.split()[1]: count for key, count in total.items() if key.startswith("code ")}
    failed = sum(count for code, count in codes.items() if code.startswith("5"))
    slowest = quantile(total, 0.99)
    return {"requests": sum(codes.values()), "errors": failed} | ({"p99": slowest} if slowest else {})


def quantile(total: Counter[str], share: float) -> float:
    """Within its bucket by linear interpolation, as Prometheus computes it; 0 without requests."""
    buckets = sorted((float(key.split()[1]), count) for key, count in total.items() if key.startswith("le "))
    rank = share * max((count for _, count in buckets), default=0)
    low = below = 0.0
    for high, count in buckets:
        if rank and count >= rank:
            return low if high == float("inf") else low + (high - low) * (rank - below) / (count - below)
        low, below = high, count
    return 0.0


def limits(counted: dict[str, float], settings: Deploy) -> list[str]:
    faults, (requests, errors) = [], (counted["requests"], counted["errors"])
    if errors > settings.errors * requests:
        faults.append(f"{errors:.0f} of {requests:.0f} requests failed, more than {settings.errors:.2%}")
    if counted.get("p99", 0) > settings.p99:
        faults.append(f"99 % of the requests took up to {counted['p99']:.3g} s, more than {settings.p99:g} s")
    return faults
