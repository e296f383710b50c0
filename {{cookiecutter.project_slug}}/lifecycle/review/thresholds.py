"""Which limits apply: the base's where it has some; floors and ceilings; and what a person must look at."""

from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.project import parse_yaml
from lifecycle.review import limits
from lifecycle.review.limits import NOT_SHARED, Gate
from lifecycle.storage.version import Version, flat


def thresholds(limits_at: str | None, new: Version, lenient: bool) -> tuple[Gate, list[dict[str, Any]]]:
    """The gate that applies, which is that of the commit `limits_at`, and the changes that would be made to it.

    `lenient`: the change edits the code that reads its own gate, which need not be readable here.
    """
    before = parse_yaml(commits.show(limits_at, "params.yaml"), "params.yaml of the base") if limits_at else {}
    edited = changed({"gate": before["gate"]}, {"gate": new.parameters.get("gate")}) if "gate" in before else []
    try:
        own = check_names(limits.gate(new.parameters, "params.yaml"), new)
    except LifecycleError:
        if not (lenient and "gate" in before):
            raise
    if "gate" not in before:
        return own, []
    theirs = limits.gate(before, f"params.yaml of the base {str(limits_at)[:9]}")
    return check_slices(theirs, new), edited


def changed(old: Any, new: Any) -> list[dict[str, Any]]:
    before, after = flat(old), flat(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [{"name": name, "old": before.get(name, "-"), "new": after.get(name, "-")} for name in names]


def check_names(settings: Gate, version: Version) -> Gate:
    """The same settings; raises LifecycleError for a metric with limits, or a slice, that the version lacks."""
    check_metrics(settings, version.scores, f"metrics.json of {version.commit[:9]}")
    return check_slices(settings, version)


def check_metrics(settings: Gate, scores: dict[str, Any], where: str) -> None:
    for name, metric in settings.metrics.items():
        if metric.limited and not isinstance(scores.get(name), int | float):
            has = ", ".join(key for key, value in scores.items() if isinstance(value, float))
            raise LifecycleError(f"the gate needs {name}; {where} has {has}: correct one.")


def check_slices(settings: Gate, version: Version) -> Gate:
    for name in [] if settings.slices == "all" else settings.slices:
        names = [*version.contract.features, version.contract.target]
        if name not in names:
            has = ", ".join(names)
            raise LifecycleError(f"params.yaml, gate.slices: no column {name!r}; the test rows have {has}.")
    return settings


def notes(settings: Gate, new: Version, old: Version | None, direct: bool) -> list[str]:
    unknown = [name for name in settings.metrics if name not in new.scores and not (old and name in old.scores)]
    messages = [f"The gate names {name}, which metrics.json does not have: it was not compared." for name in unknown]
    if old is None or direct or settings.slices != "all":
        return messages
    gone = [name for name in limits.categories(old.contract) if name not in new.contract.features]
    return messages + [f"{name} is no longer a feature, so its slices were not compared." for name in gone]


def limit_faults(settings: Gate, rows: int, before: int, scores: dict[str, Any], baseline: dict[str, Any]) -> list[str]:
    """A sentence for each broken floor or ceiling; raises LifecycleError if there are fewer test rows than before."""
    if rows < before:
        raise LifecycleError(f"{rows} test rows instead of {before}: fewer rows could hide a loss{NOT_SHARED}")
    return [
        message
        for name, metric in settings.metrics.items()
        if name in scores
        for message in limits.broken_limits(name, metric, scores[name], baseline)
    ]
