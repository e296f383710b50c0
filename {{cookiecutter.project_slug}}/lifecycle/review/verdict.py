"""Verdict, metrics and groups of two versions, by their stored predictions."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import store
from lifecycle.outcome import CouldNot
from lifecycle.review.change import FEWEST, changes, pair
from lifecycle.review.contents import Version
from lifecycle.review.limits import CLOSER, FAIL, MOVED, PASS, WORST, Gate, judged
from lifecycle.review.slices import slices
from pipeline import metrics
from pipeline.files import read_table
from pipeline.stage import ROW
from pipeline.threads import threads

FORGED = 1e-6  # relative distance between metrics.json and its own predictions that rounding cannot explain


def judge(settings: Gate, old: Version, new: Version, broken: list[str]) -> dict[str, Any]:
    """Verdict, metrics and slices of two versions by their predictions."""
    (before,) = tables(old, ["predictions.parquet"])
    after, test = tables(new, ["predictions.parquet", "test.parquet"])
    task, both = new.contract.task, pair(before, after)
    if (shared := both.new[ROW].nunique()) < FEWEST:
        raise CouldNot(
            "; ".join([*broken, f"{shared} different test rows are in both versions, too few to pair{MOVED}"])
        )
    broken = broken + forged(after, task, new.scores)
    doubts = [f"In the base, {said}: this change counts otherwise." for said in forged(before, task, old.scores)]
    if len(both.old) < len(before) / 2:
        doubts.append(f"Only {len(both.old)} of the base's {len(before)} test rows are in both versions.")
    rows = [
        {"name": name, **asdict(change), **judged(name, settings.metrics.get(name), change)}
        for name, change in changes(both, task, settings.draws, settings.confidence, settings.seed).items()
    ]
    compared = {row["name"] for row in rows}
    if lost := [n for n, m in settings.metrics.items() if m.drop is not None and n not in compared]:
        raise CouldNot(f"{', '.join(lost)} cannot be computed on the {len(both.new)} rows that both versions have.")
    count, worse = slices(both, test, new.contract, settings, {row["name"]: row["old"] for row in rows})
    says = broken + [row["why"] for row in [*rows, *worse] if row["verdict"] != PASS]
    says += doubts
    verdicts = [row["verdict"] for row in [*rows, *worse]] + [FAIL] * bool(broken) + [CLOSER] * bool(doubts)
    grave = max(verdicts, key=WORST.index)
    pairs = {"old": len(before), "new": len(after), "shared": len(both.new), "relabelled": both.relabelled}
    found = {"verdict": grave, "says": says, "metrics": rows, "rows": pairs, "confidence": settings.confidence}
    return found | {"slices": worse, "slices_compared": count}


def tables(one: Version, names: list[str]) -> list[pd.DataFrame]:
    """Stored tables of a version, from the cache or the remote."""
    with store.checkout(one.commit):
        files = [one.file(name) for name in names]
        store.fetch(files, checked_out=False)
        return [read_table(str(store.cached(file))) for file in files]


def forged(predictions: pd.DataFrame, task: str, scores: dict[str, Any]) -> list[str]:
    """A sentence for each metric that is not what the predictions give."""
    with threads(len(predictions)):
        real = metrics.scorer(predictions, task)(np.ones(len(predictions)))
    return [
        f"metrics.json says {name} {scores[name]:.6g}, its predictions give {value:.6g}"
        for name, value in real.items()
        if name in scores and not math.isclose(scores[name], value, rel_tol=FORGED, abs_tol=FORGED)
    ]
