"""Verdict, metrics and slices of two versions, from stored predictions, by the metrics of the code that runs."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.code import CODE
from lifecycle.project import OWN, ROW, Contract
from lifecycle.review.bootstrap import Pair, changes, enough, pair
from lifecycle.review.limits import FAIL, INCONCLUSIVE, NOT_SHARED, PASS, VERDICTS, Gate, judge
from lifecycle.review.slices import slices
from lifecycle.review.thresholds import check_metrics, limit_faults
from lifecycle.storage import dvc
from lifecycle.storage.version import Version

METRICS = "pipeline/metrics.py"
NAMED = 10  # columns that a sentence names
ROUNDING = 1e-6  # relative difference between metrics.json and the metrics of its predictions
FIRST = "There are no results to compare with: only floors and ceilings were checked."


def compare(settings: Gate, old: Version | None, new: Version) -> dict[str, Any]:
    """The report on two versions, or on a first one."""
    after, test = tables(new, ["predictions.parquet", "test.parquet"])
    scores = metrics(after, new.contract.task)
    check_metrics(settings, scores, "pipeline/metrics.py")
    faults, doubts = contradictions(scores, new.scores), []
    if faults and not same_metrics(new):
        faults, doubts = [], [f"Scored by another pipeline/metrics.py: {message}." for message in faults]
    faults += labels(after, test, new.contract)
    compared: dict[str, Any] = {}
    before, paired = after.head(0), False
    if old:
        (before,) = tables(old, ["predictions.parquet"])
        both, test, more = matched(old, new, before, after, test)
        doubts += more
        paired = not more
        if enough(both):
            compared = by_rows(settings, both, test, new, before, after)
            doubts += compared.pop("doubts")
    baseline = metrics(project.baseline(new.json("profile.json"), after, new.contract), new.contract.task)
    faults += limit_faults(settings, len(after), len(before) if paired else 0, scores, baseline)
    rows = compared.get("metrics") or [{"name": name, "new": value} for name, value in scores.items()]
    rows += [{"name": name, "new": value, "stated": True} for name, value in new.scores.items()
             if isinstance(value, float) and name not in scores]  # fmt: skip
    failed = [row for row in [*rows, *compared.get("slices", [])] if row.get("verdict", PASS) != PASS]
    verdicts = [row["verdict"] for row in failed] + [FAIL] * bool(faults) + [INCONCLUSIVE] * bool(doubts)
    messages = [*faults, *(row["why"] for row in failed), *doubts, *([] if old else [FIRST])]
    return compared | {
        "verdict": max([PASS, *verdicts], key=VERDICTS.index),
        "messages": messages,
        "metrics": rows,
    }


def matched(
    old: Version, new: Version, before: pd.DataFrame, after: pd.DataFrame, test: pd.DataFrame
) -> tuple[Pair, pd.DataFrame, list[str]]:
    """The rows of both versions, the new test rows with the keys that match them, and what a person must know."""
    both = pair(before, after)
    if enough(both):
        return both, test, []
    (old_test,) = tables(old, ["test.parquet"])
    names = sorted({*old.contract.columns, new.contract.target} & {*old_test.columns} & {*test.columns} - {ROW})
    ours, theirs = (pd.util.hash_pandas_object(frame[names], index=False).to_numpy() for frame in (test, old_test))
    both = pair(before.assign(**{ROW: theirs}), after.assign(**{ROW: ours}))
    count = len(both.new)
    by = ", ".join(names) if len(names) <= NAMED else f"the {len(names)} columns that both versions have"
    doubt = f"Columns changed, so rows were matched by {by}: {count} test rows are in both versions"
    return (
        both,
        test.assign(**{ROW: ours}),
        [f"{doubt}." if enough(both) else f"{doubt}, too few to compare{NOT_SHARED}"],
    )


def by_rows(
    settings: Gate, both: Pair, test: pd.DataFrame, new: Version, before: pd.DataFrame, after: pd.DataFrame
) -> dict[str, Any]:
    """The verdict on each metric and slice over the rows of both versions."""
    rows = [
        {"name": name, **asdict(change), **judge(name, settings.metrics.get(name), change, settings, len(both.new))}
        for name, change in changes(both, new.contract.task, settings.draws, settings.confidence, settings.seed).items()
    ]
    for row in rows:
        row["limited"] = row["name"] in settings.metrics and settings.metrics[row["name"]].limited
    compared = {row["name"] for row in rows}
    lost = [name for name, metric in settings.metrics.items() if metric.drop is not None and name not in compared]
    undefined = f"{', '.join(lost)} cannot be computed on the {len(both.new)} rows in both versions."
    count, failed = slices(both, test, new.contract, settings, {row["name"]: row["old"] for row in rows})
    few = f"Only {len(both.old)} of the base's {len(before)} test rows are in both versions."
    return {
        "metrics": rows,
        "rows": {"old": len(before), "new": len(after), "shared": len(both.new), "relabelled": both.relabelled},
        "confidence": settings.confidence,
        "slices": failed,
        "slices_compared": count,
        "doubts": [few] * (len(both.old) < len(before) / 2) + [undefined] * bool(lost),
    }


def tables(version: Version, names: list[str]) -> list[pd.DataFrame]:
    """Stored tables of a version, from the cache or the remote; raises LifecycleError for one that is not valid."""
    with dvc.checkout(version.commit):
        files = [version.file(name) for name in names]
        dvc.fetch(files, checked_out=False)
        pairs = [(dvc.cached(file.md5), version.where(name)) for name, file in zip(names, files)]
        return [project.stored_table(path, version.contract, where) for path, where in pairs]


def metrics(predictions: pd.DataFrame, task: str) -> dict[str, float]:
    with project.threads(len(predictions)):
        return project.scorer(predictions, task)(np.ones(len(predictions)))


def same_metrics(version: Version) -> bool:
    """Whether a version computed its metrics by the code that runs."""
    return version.batch.digest(version.commit, METRICS) == project.digest(str(CODE / METRICS))


def contradictions(real: dict[str, float], stated: dict[str, Any]) -> list[str]:
    """A sentence for each metric in metrics.json that is not the metric of the predictions."""
    known = {name: value if isinstance(value, float | int) else math.nan for name, value in stated.items()}
    return [
        f"metrics.json has {name} {known[name]:.6g}, the predictions give {value:.6g}"
        for name, value in real.items()
        if name in known and not math.isclose(known[name], value, rel_tol=ROUNDING, abs_tol=ROUNDING)
    ]


def labels(predictions: pd.DataFrame, test: pd.DataFrame, contract: Contract) -> list[str]:
    """A sentence if the predictions are not of the test rows, in their order and with their labels and weights."""
    own = [name for name in OWN if name in predictions or name in test]
    here = len(predictions) == len(test) and {*own} <= {*predictions} & {*test}
    if here and all((predictions[ours].to_numpy() == test[theirs].to_numpy()).all()
                    for ours, theirs in [*zip(own, own), ("actual", contract.target)]):  # fmt: skip
        return []
    return ["predictions.parquet does not have the rows, labels and weights of test.parquet"]
