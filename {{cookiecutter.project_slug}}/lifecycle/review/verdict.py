"""Verdict, metrics and slices of two versions, from their stored predictions."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.errors import LifecycleError
from lifecycle.project import ROW
from lifecycle.review.bootstrap import MINIMUM, changes, pair
from lifecycle.review.limits import FAIL, INCONCLUSIVE, NOT_SHARED, PASS, VERDICTS, Gate, judge
from lifecycle.review.slices import slices
from lifecycle.storage import dvc
from lifecycle.storage.version import Version

ROUNDING = 1e-6  # relative difference between metrics.json and the metrics of its predictions


def compare(settings: Gate, old: Version, new: Version, faults: list[str]) -> dict[str, Any]:
    """The report on two versions; `faults`: broken limits."""
    (before,) = tables(old, ["predictions.parquet"])
    after, test = tables(new, ["predictions.parquet", "test.parquet"])
    task, both = new.contract.task, pair(before, after)
    if (shared := both.new[ROW].nunique()) < MINIMUM:
        few = f"only {shared} distinct test rows are in both versions, too few to compare{NOT_SHARED}"
        raise LifecycleError("; ".join([*faults, few]))
    faults = faults + contradictions(after, task, new.scores)
    doubts = [f"The base's metrics.json does not match its own predictions: {message}."
              for message in contradictions(before, task, old.scores)]  # fmt: skip
    if len(both.old) < len(before) / 2:
        doubts.append(f"Only {len(both.old)} of the base's {len(before)} test rows are in both versions.")
    rows = [
        {"name": name, **asdict(change), **judge(name, settings.metrics.get(name), change, settings, len(both.new))}
        for name, change in changes(both, task, settings.draws, settings.confidence, settings.seed).items()
    ]
    for row in rows:
        row["limited"] = row["name"] in settings.metrics and settings.metrics[row["name"]].limited
    compared = {row["name"] for row in rows}
    if lost := [n for n, m in settings.metrics.items() if m.drop is not None and n not in compared]:
        raise LifecycleError(f"{', '.join(lost)} cannot be computed on the {len(both.new)} rows in both versions.")
    count, failed = slices(both, test, new.contract, settings, {row["name"]: row["old"] for row in rows})
    messages = faults + [row["why"] for row in [*rows, *failed] if row["verdict"] != PASS] + doubts
    verdicts = [row["verdict"] for row in [*rows, *failed]] + [FAIL] * bool(faults) + [INCONCLUSIVE] * bool(doubts)
    counts = {"old": len(before), "new": len(after), "shared": len(both.new), "relabelled": both.relabelled}
    return {
        "verdict": max(verdicts, key=VERDICTS.index),
        "messages": messages,
        "metrics": rows,
        "rows": counts,
        "confidence": settings.confidence,
        "slices": failed,
        "slices_compared": count,
    }


def tables(version: Version, names: list[str]) -> list[pd.DataFrame]:
    """Stored tables of a version, from the cache or the remote."""
    with dvc.checkout(version.commit):
        files = [version.file(name) for name in names]
        dvc.fetch(files, checked_out=False)
        return [
            project.stored_table(dvc.cached(file.md5), version.contract, f"{file.path} of commit {version.commit[:9]}")
            for file in files
        ]


def contradictions(predictions: pd.DataFrame, task: str, scores: dict[str, Any]) -> list[str]:
    """A sentence for each metric in metrics.json that is not the metric of the predictions."""
    with project.threads(len(predictions)):
        real = project.scorer(predictions, task)(np.ones(len(predictions)))
    return [
        f"metrics.json has {name} {scores[name]!r}, the predictions give {value:.6g}"
        for name, value in real.items()
        if name in scores
        and not (
            isinstance(scores[name], float | int)
            and math.isclose(scores[name], value, rel_tol=ROUNDING, abs_tol=ROUNDING)
        )
    ]
