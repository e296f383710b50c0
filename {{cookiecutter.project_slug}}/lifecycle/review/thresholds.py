"""What counts in a comparison: the base's limits where it has some, floors and ceilings, and what a person must see."""

from typing import Any

from lifecycle import git
from lifecycle.lock import parse
from lifecycle.outcome import CouldNot
from lifecycle.review import limits
from lifecycle.review.contents import Version, changed
from lifecycle.review.limits import MOVED, Gate

CHECKS = ("lifecycle/", "pipeline/metrics.py", ".dvc/config", ".github/", ".gitlab-ci.yml")


def thresholds(left: str | None, old: Version | None, new: Version) -> tuple[Gate, list[dict[str, Any]]]:
    """The gate that counts, which is the base's where it has one, and what the change would change in it."""
    own = named(limits.gate(new.parameters, "params.yaml"), new)
    before = parse(git.show(left, "params.yaml") or "", "params.yaml of the base") if left else {}
    if "gate" not in before:
        return own, []
    edited = changed({"gate": before["gate"]}, {"gate": new.parameters["gate"]})
    theirs = limits.gate(before, f"params.yaml of the base {str(left)[:9]}")
    return named(named(theirs, old) if old else theirs, new), edited


def named(settings: Gate, one: Version) -> Gate:
    """The same settings; raises CouldNot for a metric with limits, or a slice, that the version does not have."""
    for name, metric in settings.metrics.items():
        if metric.limited and not isinstance(one.scores.get(name), int | float):
            has = ", ".join(key for key, value in one.scores.items() if isinstance(value, float))
            raise CouldNot(f"the gate asks for {name}; metrics.json of {one.commit[:9]} has {has}: correct either.")
    columns = [*one.contract.features, one.contract.target]
    for name in [] if settings.slices == "all" else settings.slices:
        if name not in columns:
            raise CouldNot(f"params.yaml, gate.slices: no column {name!r}; the test rows have {', '.join(columns)}.")
    return settings


def cautions(settings: Gate, new: Version, old: Version | None, exactly: bool) -> list[str]:
    """What a person has to look at, whatever the figures say."""
    unknown = [name for name in settings.metrics if name not in new.scores and not (old and name in old.scores)]
    said = [f"The gate names {name}, which metrics.json does not have: it was not compared." for name in unknown]
    if old is None or exactly:  # between two versions, whose changes were reviewed one by one
        return said
    if settings.slices == "all":
        sliced = [name for name, column in old.contract.features.items() if column.type in ("category", "boolean")]
        gone = [name for name in sliced if name not in new.contract.features]
        said += [f"{name} is no feature any more, so its groups were not compared." for name in gone]
    names = git.git("diff", "--name-only", "--relative", old.commit, new.commit).splitlines()
    if edited := [name for name in names if name.startswith(CHECKS)]:
        more = f" and {len(edited) - 3} more" if len(edited) > 3 else ""
        said.append(f"This change edits what checks it: read {', '.join(edited[:3])}{more} before you believe this.")
    return said


def check(settings: Gate, old: Version | None, new: Version) -> list[str]:
    """A sentence for each broken floor or ceiling; raises CouldNot where the test set shrank."""
    if old and new.scores["test_rows"] < old.scores["test_rows"]:
        rows = f"{new.scores['test_rows']} test rows instead of {old.scores['test_rows']}"
        raise CouldNot(f"{rows}: fewer rows could hide what got worse, so bring them back{MOVED}")
    baseline = new.scores.get("baseline", {})
    known = {name: metric for name, metric in settings.metrics.items() if name in new.scores}
    return [said for name, metric in known.items() for said in limits.bounds(name, metric, new.scores[name], baseline)]
