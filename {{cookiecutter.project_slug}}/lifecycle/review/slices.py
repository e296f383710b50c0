"""The slices of the test rows that are each compared, so that an average cannot hide a slice that got worse."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from lifecycle.errors import LifecycleError
from lifecycle.project import ROW, Contract, slice_label
from lifecycle.review.bootstrap import Pair, changes
from lifecycle.review.limits import PASS, Gate, categories, judge

FEW, MANY = 10, 50  # values of a column that is sliced by default, and of one that is asked for
DRAWS = 200  # enough for a standard deviation


def columns(test: pd.DataFrame, contract: Contract, settings: Gate) -> list[str]:
    """The columns to slice by; raises LifecycleError for one with too many values, or that differs within a group."""
    constant = test.groupby(ROW).nunique(dropna=False).max() == 1  # one customer's rows stay together
    if settings.slices == "all":
        return [name for name in categories(contract) if test[name].nunique() <= FEW and constant[name]]
    for name in settings.slices:
        where = f"params.yaml, gate.slices: {name!r}"
        if not constant[name]:
            raise LifecycleError(f"{where} differs within rows that the split keeps together.")
        if test[name].nunique() > MANY:
            raise LifecycleError(f"{where} has more than {MANY} values: use another column.")
    return list(settings.slices)


def slices(
    both: Pair, test: pd.DataFrame, contract: Contract, settings: Gate, overall: dict[str, float]
) -> tuple[int, list[dict[str, Any]]]:
    """The number of comparisons, and those that did not pass; all share the confidence (Bonferroni).

    `overall`: the old metrics over all rows.
    """
    values = test.drop_duplicates(ROW).set_index(ROW)
    parts = []
    for name in columns(test, contract, settings):
        by_row = both.new[ROW].map(values[name])
        for value in sorted(by_row.dropna().unique()):
            chosen = (by_row == value).to_numpy()
            if both.new.loc[chosen, ROW].nunique() >= settings.slice_rows:
                parts.append((name, slice_label(value, contract.features.get(name)), both.part(chosen)))
    limited = {name: metric for name, metric in settings.metrics.items() if metric.drop is not None}
    count = len(parts) * len(limited)
    not_passed = []
    for name, value, part in parts:
        level = 1 - (1 - settings.confidence) / count
        moved = changes(part, contract.task, min(DRAWS, settings.draws), level, settings.seed, normal=True)
        for metric in (metric for metric in limited if metric in moved):
            title = f"{metric} where {name} is {value}"
            result = judge(title, limited[metric], moved[metric], settings, len(part.new), overall[metric])
            if result["verdict"] != PASS:
                row = {"column": name, "value": value, "rows": len(part.new), "name": metric}
                not_passed.append(row | asdict(moved[metric]) | result)
    return count, not_passed
