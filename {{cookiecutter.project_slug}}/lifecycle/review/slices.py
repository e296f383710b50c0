"""The slices of the test rows that are each compared, so that an average cannot hide a slice that got worse."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from lifecycle.errors import LifecycleError
from lifecycle.project import ROW, Contract, slice_label
from lifecycle.review.bootstrap import Pair, changes, units
from lifecycle.review.limits import PASS, Gate, categories, judge

FEW, MANY = 10, 50  # values of a column that is sliced by default, and of one that is asked for
DRAWS = 200  # enough for a standard error


def columns(test: pd.DataFrame, contract: Contract, settings: Gate) -> list[str]:
    """The columns to slice by; raises LifecycleError for one with too many values."""
    if settings.slices == "all":
        return [name for name in categories(contract) if test[name].nunique() <= FEW]
    for name in settings.slices:
        if test[name].nunique() > MANY:
            raise LifecycleError(f"params.yaml, gate.slices: {name!r} has more than {MANY} values: use another column.")
    return list(settings.slices)


def slices(
    both: Pair, test: pd.DataFrame, contract: Contract, settings: Gate, overall: dict[str, float]
) -> tuple[int, list[dict[str, Any]]]:
    """The number of comparisons, and those that did not pass; all share the confidence (Bonferroni).

    `overall`: the old metrics over all rows.
    """
    copies, others = (frame.groupby(ROW).cumcount() for frame in (test, both.new))
    values = test.set_index([ROW, copies]).reindex(pd.MultiIndex.from_arrays([both.new[ROW], others]))
    parts = []
    for name in columns(test, contract, settings):
        for value in sorted(values[name].dropna().unique()):
            part = both.part((values[name] == value).to_numpy())
            if units(part) >= settings.slice_rows:
                parts.append((name, slice_label(value, contract.features.get(name)), part))
    limited = {name: metric for name, metric in settings.metrics.items() if metric.drop is not None}
    count = len(parts) * len(limited)
    not_passed = []
    for name, value, part in parts:
        level = 1 - (1 - settings.confidence) / count
        moved = changes(part, contract.task, min(DRAWS, settings.draws), level, settings.seed)
        for metric in (metric for metric in limited if metric in moved):
            title = f"{metric} where {name} is {value}"
            result = judge(title, limited[metric], moved[metric], settings, len(part.new), overall[metric])
            if result["verdict"] != PASS:
                row = {"column": name, "value": value, "rows": len(part.new), "name": metric}
                not_passed.append(row | asdict(moved[metric]) | result)
    return count, not_passed
