"""How many test rows does a decision need? For each metric with an allowed drop: the smallest loss that is detected.

Detected: the interval of the change lies on the worse side, with a probability of 80 %. Reads the stored predictions of
HEAD, and of BASE or the last earlier commit with other ones, whose paired differences are as uncertain as those of the
next change. Without any, the uncertainty of HEAD's own metrics times the square root of 2 is an upper bound.

  uv run lifecycle power
"""

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifecycle.errors import LifecycleError
from lifecycle.git.batch import Batch
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.review import limits
from lifecycle.storage.version import Version, head, version, versions

if TYPE_CHECKING:
    import pandas as pd

EARLIER = 200  # commits with results that are searched
PREDICTIONS = "predictions.parquet"


@dataclass(frozen=True)
class Precision:
    """The value of each metric, the loss that is detected in it, and the units that both come from."""

    value: dict[str, float]
    detectable: dict[str, float]
    rows: int
    units: int
    source: str


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", help="the version that HEAD is compared with, instead of the last other one")


def run(options: argparse.Namespace) -> Outcome:
    new = head()
    settings = limits.gate(new.parameters, "params.yaml")
    limited = {name: metric for name, metric in settings.metrics.items() if metric.drop is not None}
    if not limited:
        raise LifecycleError("no metric in params.yaml, block gate, has an allowed drop: add one, such as `drop: 5%`.")
    known = precision(new, other(new, options.base), settings)
    rows = [row(name, metric, known) for name, metric in limited.items() if name in known.detectable]
    undefined = [f"{name} cannot be computed on these rows." for name in limited if name not in known.detectable]
    details = {"rows": known.rows, "units": known.units, "source": known.source, "metrics": rows}
    size = f"{known.rows} test rows" if known.rows == known.units else f"{known.rows} test rows in {known.units} units"
    return Outcome(0, [f"{size} now; {known.source}.", *map(sentence, rows), *undefined], details)


def other(new: Version, base: str | None) -> Version | None:
    """The version to compare with: BASE, or the last one before HEAD with other predictions, if there is one."""
    md5 = new.file(PREDICTIONS).md5
    if base:
        old = version(base)
        if old is None or old.file(PREDICTIONS).md5 == md5:
            what = "has no dvc.lock" if old is None else "has the same predictions as HEAD"
            raise LifecycleError(f"{base} {what}: name another commit, or none.")
        return old
    earlier = git("log", f"--max-count={EARLIER}", "--format=%H", "--", "dvc.lock").split()
    for old in versions(Batch(".", git("rev-parse", "--show-prefix")), earlier).values():
        files = old.lock.outputs.items() if old else []
        if any(path.endswith(PREDICTIONS) and file.md5 != md5 for path, file in files):
            return old
    return None


def precision(new: Version, old: Version | None, settings: limits.Gate) -> Precision:
    from lifecycle.review import bootstrap, verdict  # takes half a second

    task, how = new.contract.task, (settings.draws, settings.confidence, settings.seed)
    (after,) = verdict.tables(new, [PREDICTIONS])
    if old is None:
        return alone(after, task, how, "an upper bound, since no earlier commit has other predictions")
    (before,) = verdict.tables(old, [PREDICTIONS])
    both = bootstrap.pair(before, after)
    if not bootstrap.enough(both):
        return alone(after, task, how, f"an upper bound, since {old.commit[:9]} has too few of these test rows")
    found = bootstrap.changes(both, task, *how)
    value, least = ({n: getattr(change, key) for n, change in found.items()} for key in ("old", "detectable"))
    return Precision(value, least, len(both.new), bootstrap.units(both), f"from the change since {old.commit[:9]}")


def alone(predictions: "pd.DataFrame", task: str, how: tuple[int, float, int], source: str) -> Precision:
    from lifecycle import project
    from lifecycle.review import bootstrap

    with project.threads(len(predictions)):
        found = project.intervals([predictions], task, *how)
    value = {name: edge.value for name, edge in found.items()}
    least = {n: math.sqrt(2) * bootstrap.detectable(e.value, e.low, e.high, e.error) for n, e in found.items()}
    return Precision(value, least, len(predictions), int(project.unit_codes(predictions).max()) + 1, source)


def row(name: str, metric: limits.Metric, known: Precision) -> dict[str, Any]:
    drop, least = metric.allowed_drop(known.value[name]) or 0.0, known.detectable[name]
    needed = math.ceil(known.units * (least / drop) ** 2) if drop else None
    return {"name": name, "allowed_drop": drop, "detectable": least, "needed": needed}


def sentence(row: dict[str, Any]) -> str:
    least = f"{row['name']}: a loss of {row['detectable']:.2g} is detected"
    if row["needed"] is None:
        return f"{least}; no number of rows detects an allowed drop of 0."
    return f"{least}; the allowed drop of {row['allowed_drop']:.2g} needs about {row['needed']:,} units."
