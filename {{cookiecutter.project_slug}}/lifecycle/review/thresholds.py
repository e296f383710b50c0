"""Which limits apply: the base's where it has some; floors and ceilings; and what a person must look at."""

from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.git.run import git
from lifecycle.project import parse_yaml
from lifecycle.review import limits
from lifecycle.review.limits import NOT_SHARED, Gate
from lifecycle.storage.version import Version, flat

CHECKS = ("lifecycle/", "pipeline/metrics.py", ".dvc/config", ".github/", ".gitlab-ci.yml")


def thresholds(base: str | None, old: Version | None, new: Version) -> tuple[Gate, list[dict[str, Any]]]:
    """The gate that applies, which is the base's if it has one, and the changes that would be made to it."""
    own = check_names(limits.gate(new.parameters, "params.yaml"), new)
    before = parse_yaml(commits.show(base, "params.yaml"), "params.yaml of the base") if base else {}
    if "gate" not in before:
        return own, []
    edited = changed({"gate": before["gate"]}, {"gate": new.parameters["gate"]})
    theirs = limits.gate(before, f"params.yaml of the base {str(base)[:9]}")
    return check_names(check_names(theirs, old) if old else theirs, new), edited


def changed(old: Any, new: Any) -> list[dict[str, Any]]:
    before, after = flat(old), flat(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [{"name": name, "old": before.get(name, "-"), "new": after.get(name, "-")} for name in names]


def check_names(settings: Gate, version: Version) -> Gate:
    """The same settings; raises LifecycleError for a metric with limits, or a slice, that the version lacks."""
    for name, metric in settings.metrics.items():
        if metric.limited and not isinstance(version.scores.get(name), int | float):
            has = ", ".join(key for key, value in version.scores.items() if isinstance(value, float))
            raise LifecycleError(f"the gate needs {name}; metrics.json of {version.commit[:9]} has {has}: correct one.")
    names = [*version.contract.features, version.contract.target]
    for name in [] if settings.slices == "all" else settings.slices:
        if name not in names:
            has = ", ".join(names)
            raise LifecycleError(f"params.yaml, gate.slices: no column {name!r}; the test rows have {has}.")
    return settings


def notes(settings: Gate, new: Version, old: Version | None, direct: bool) -> list[str]:
    unknown = [name for name in settings.metrics if name not in new.scores and not (old and name in old.scores)]
    messages = [f"The gate names {name}, which metrics.json does not have: it was not compared." for name in unknown]
    if old is None or direct:  # between two versions, the changes were reviewed one by one
        return messages
    if settings.slices == "all":
        gone = [name for name in limits.categories(old.contract) if name not in new.contract.features]
        messages += [f"{name} is no longer a feature, so its slices were not compared." for name in gone]
    names = git("diff", "--name-only", "--relative", old.commit, new.commit).splitlines()
    if edited := [name for name in names if name.startswith(CHECKS)]:
        more = f" and {len(edited) - 3} more" if len(edited) > 3 else ""
        messages.append(f"This change edits the code that checks it: read {', '.join(edited[:3])}{more} first.")
    return messages


def limit_faults(settings: Gate, old: Version | None, new: Version) -> list[str]:
    """A sentence for each broken floor or ceiling; raises LifecycleError if there are fewer test rows than before."""
    rows = new.intervals["test_rows"]
    if old and rows < (before := old.intervals["test_rows"]):
        raise LifecycleError(f"{rows} test rows instead of {before}: fewer rows could hide a loss{NOT_SHARED}")
    baseline = new.intervals.get("baseline", {})
    return [
        message
        for name, metric in settings.metrics.items()
        if name in new.scores
        for message in limits.broken_limits(name, metric, new.scores[name], baseline)
    ]
