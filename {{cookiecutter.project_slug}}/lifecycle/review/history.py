"""How many models were evaluated on the same test rows before: the best of many is partly luck."""

from statistics import NormalDist
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git.run import git
from lifecycle.review.limits import Gate
from lifecycle.storage.version import Version, versions

COMMITS = 500  # the newest ones with results; reading one takes some milliseconds
SHOWN = 3  # models from which the report says how many there were


def evaluated(new: Version, base: str | None) -> int:
    """The number of different models in the history of the change and its base that were evaluated on these rows.

    Appended data adds test rows: a version counts as long as it had at least half as many by the same split.
    """
    tips = [new.commit, *([base] if base else [])]
    commits = git("rev-list", f"--max-count={COMMITS}", *tips, "--", "dvc.lock").split()
    models = {new.model.md5}
    for version in versions(new.batch, commits).values():
        try:
            if version and _same_rows(version, new):
                models.add(version.model.md5)
        except LifecycleError:  # results that nobody can read were not compared with anything
            continue
    return len(models)


def _same_rows(old: Version, new: Version) -> bool:
    enough = 2 * int(old.intervals["test_rows"]) >= int(new.intervals["test_rows"])
    return enough and old.run_with.get("prepare") == new.run_with.get("prepare")


def luck(count: int, deviation: float) -> float:
    """What the best of `count` equal models gains by luck: the expected largest of normal numbers (Blom 1958)."""
    return deviation * NormalDist().inv_cdf((count - 0.375) / (count + 0.25))


def remarks(count: int, metrics: list[dict[str, Any]], settings: Gate) -> list[str]:
    """What the report says of the number of models, for the first metric with a limit."""
    rows = {row["name"]: row for row in metrics if row.get("limited") and row.get("error")}
    row = next((rows[name] for name in settings.metrics if name in rows), None)
    if not row or count < SHOWN:
        return []
    gain = f"{luck(count, row['error']):.4g} in {row['name']}"
    return [f"{count} models were evaluated on these test rows: the best of as many equal ones gains {gain} by luck."]
