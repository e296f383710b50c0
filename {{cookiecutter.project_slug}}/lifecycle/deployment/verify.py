"""Does every replica report the version, and give its golden predictions?"""

import time
from dataclasses import dataclass

from lifecycle.deployment import service
from lifecycle.deployment.service import NoAnswer
from lifecycle.errors import LifecycleError
from lifecycle.project import Golden, contradictions

SECOND = 1.0


@dataclass(frozen=True)
class Expected:
    """What the replicas should answer. `tolerance`: how far golden predictions may differ."""

    version: str
    golden: Golden
    tolerance: float


def wait(urls: list[str], version: str, timeout: float) -> tuple[list[str], list[str]]:
    """The address of each replica, and what is wrong with those that do not report the version in time or refused it.

    Replicas come and go while a version is rolled out, so names are looked up each time. Raises LifecycleError if no
    service could be reached, which says nothing about the version.
    """
    end, reached = time.monotonic() + timeout, False
    while True:
        answers = service.each(service.replicas(urls), service.version)
        reached = reached or any(not isinstance(answer, NoAnswer) or answer.reached for answer in answers.values())
        wrong = {url: fault for url, answer in answers.items() if (fault := not_serving(answer, version))}
        refused = [f"{url} {fault}" for url, fault in wrong.items() if fault.startswith("refused")]
        if not wrong or refused:
            return [*answers], refused
        if time.monotonic() + SECOND > end:
            break
        time.sleep(SECOND)
    listed = [f"{url} {fault}" for url, fault in wrong.items()]
    if not reached:
        raise LifecycleError(f"no replica could be reached: {'; '.join(listed[:3])}.")
    return [*answers], [f"{fault} after {timeout:g} s" for fault in listed]


def not_serving(answer: dict[str, object] | NoAnswer, version: str) -> str:
    if isinstance(answer, NoAnswer):
        return str(answer)
    if answer["version"] == version:
        return ""
    refused = answer.get("refused")
    for entry in refused if isinstance(refused, list) else []:
        if isinstance(entry, dict) and entry.get("version") == version:
            return f"refused {version}: {entry.get('reason')}"
    return f"serves {answer['version'] or 'no version'}, not {version}"


def golden_faults(urls: list[str], expected: Expected) -> list[str]:
    """What each replica does not predict as it is recorded; every answer must come from the version."""
    answers = service.each(urls, lambda url: service.predict(url, expected.golden.rows))
    faults = []
    for url, answer in answers.items():
        if isinstance(answer, NoAnswer):
            faults.append(f"{url} {answer}")
        elif answer["version"] != expected.version:
            faults.append(f"{url} predicts with {answer['version']}, not {expected.version}")
        elif wrong := contradictions(expected.golden.predictions, answer["predictions"], expected.tolerance):
            faults.append(f"{url} contradicts the golden predictions: {'; '.join(wrong[:3])}")
    return faults
