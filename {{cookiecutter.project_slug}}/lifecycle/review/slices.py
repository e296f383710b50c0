"""The groups of test rows that are each compared, so that an average cannot hide a group that got worse."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from lifecycle.outcome import CouldNot
from lifecycle.review.change import Pair, changes
from lifecycle.review.limits import PASS, Gate, judged
from pipeline.contract import Contract
from pipeline.stage import ROW

FEW, MANY = 10, 50  # categories of a column that is taken by itself, and of one that is asked for
DRAWS = 200  # enough for a standard deviation


def columns(test: pd.DataFrame, contract: Contract, settings: Gate) -> list[str]:
    """The columns to slice by; raises CouldNot for one of too many categories, or that parts rows of one ROW hash."""
    whole = test.groupby(ROW).nunique(dropna=False).max() == 1  # one customer's rows stay together
    if settings.slices == "all":
        kinds = {name: column.type for name, column in contract.features.items()}
        return [n for n, k in kinds.items() if k in ("category", "boolean") and test[n].nunique() <= FEW and whole[n]]
    for name in settings.slices:
        if not whole[name]:
            raise CouldNot(f"params.yaml, gate.slices: {name!r} differs within rows that the split keeps together.")
        if test[name].nunique() > MANY:
            raise CouldNot(f"params.yaml, gate.slices: {name!r} has more than {MANY} values: name a column of few.")
    return list(settings.slices)


def slices(
    both: Pair, test: pd.DataFrame, contract: Contract, settings: Gate, whole: dict[str, float]
) -> tuple[int, list[dict[str, Any]]]:
    """How many comparisons were made, and those that did not pass; the confidence is shared by all (Bonferroni).

    `whole`: the old metrics over all rows.
    """
    known = test.drop_duplicates(ROW).set_index(ROW)
    parts = []
    for name in columns(test, contract, settings):
        value = both.new[ROW].map(known[name])
        for group in sorted(value.dropna().unique()):
            chosen = (value == group).to_numpy()
            if both.new.loc[chosen, ROW].nunique() >= settings.slice_rows:
                parts.append((name, str(group), both.part(chosen)))
    limited = {name: metric for name, metric in settings.metrics.items() if metric.drop is not None}
    count = len(parts) * len(limited)
    found = []
    for name, group, part in parts:
        level = 1 - (1 - settings.confidence) / count
        moved = changes(part, contract.task, min(DRAWS, settings.draws), level, settings.seed, normal=True)
        for metric in (metric for metric in limited if metric in moved):
            where = f"where {name} is {group}, {metric}"
            result = judged(where, limited[metric], moved[metric], whole[metric])
            if result["verdict"] != PASS:
                row = {"column": name, "group": group, "rows": len(part.new), "name": metric}
                found.append(row | asdict(moved[metric]) | result)
    return count, found
