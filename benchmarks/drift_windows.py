"""Simulated windows of a prediction log, and whether the monitor and the usual methods alarm.

Each window is compared with a new reference. The usual methods see the same windows: the population stability index
(PSI) over 0.2 in any column, and a Kolmogorov-Smirnov or chi-squared test of each column with Bonferroni's correction.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one process a core
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "{{cookiecutter.project_slug}}"))

import numpy as np
import pandas as pd
from lifecycle.monitoring.drift import movements
from scipy import stats

ALPHA, EFFECT, PERMUTATIONS, SAMPLE = 0.05, 0.1, 199, 5000
ROWS, COLUMNS, KINDS = (50, 500, 5_000, 100_000), (5, 20, 100), ("independent", "dependent")
DETECTED, WIDE = 500, 20  # rows of a window, and columns, where something moves
SLOW, PER_WINDOW = 30, 0.03  # windows of a slow drift, standard deviations in each
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


class Verdicts(NamedTuple):
    """Whether each method alarms. `alarm`: p and the effect's floor; `p_alone`: without the floor."""

    p_alone: bool
    alarm: bool
    psi: bool
    bonferroni: bool


def table(rng: np.random.Generator, rows: int, columns: int, kind: str) -> pd.DataFrame:
    """Numbers, skewed ones among them, and a category in every fifth column; dependent ones share 90 % of a factor."""
    weight = 0.9 if kind == "dependent" else 0.0
    factor = rng.normal(size=(rows, 1))
    values = np.sqrt(weight) * factor + np.sqrt(1 - weight) * rng.normal(size=(rows, columns))
    data = {}
    for number in range(columns):
        column = values[:, number]
        if number % 5 == 4:
            data[f"c{number}"] = np.array(list("abcde"), dtype=object)[np.digitize(column, [-1, 0, 1, 2])]
        else:
            data[f"x{number}"] = np.exp(column) if number % 5 == 3 else column
    return pd.DataFrame(data)


def psi(reference: pd.Series, window: pd.Series) -> float:
    """The population stability index over the reference's deciles, or its categories."""
    if pd.api.types.is_numeric_dtype(reference):
        edges = np.unique(np.nanquantile(reference, np.linspace(0, 1, 11)[1:-1]))
        counts = [np.bincount(np.digitize(t.dropna(), edges), minlength=len(edges) + 1) for t in (reference, window)]
    else:
        levels = pd.unique(pd.concat([reference, window]))
        counts = [t.value_counts().reindex(levels, fill_value=0).to_numpy() for t in (reference, window)]
    p, q = (np.maximum(count / max(count.sum(), 1), 1e-4) for count in counts)
    return float(((p - q) * np.log(p / q)).sum())


def p_value(reference: pd.Series, window: pd.Series) -> float:
    """The usual test of one column."""
    if pd.api.types.is_numeric_dtype(reference):
        return float(stats.ks_2samp(reference.dropna(), window.dropna(), method="asymp").pvalue)
    both = pd.concat([reference, window], keys=[0, 1]).reset_index(level=0)
    return float(stats.chi2_contingency(pd.crosstab(both.iloc[:, 1], both["level_0"])).pvalue)


def sampled(data: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return data if len(data) <= SAMPLE else data.iloc[np.sort(rng.choice(len(data), SAMPLE, replace=False))]


def verdicts(reference: pd.DataFrame, window: pd.DataFrame, seed: int, usual: bool = True) -> Verdicts:
    """Whether each method alarms in a window."""
    rng = np.random.default_rng([5, seed])
    few = sampled(window, rng)
    moved = movements(reference, few, np.arange(len(reference) + len(few)), ALPHA, PERMUTATIONS, seed)
    unlikely = [move for move in moved if move.p <= ALPHA]
    alarm = any(move.effect >= EFFECT for move in unlikely)
    if not usual:
        return Verdicts(bool(unlikely), alarm, False, False)
    index = any(psi(reference[name], window[name]) > 0.2 for name in reference)
    tests = min(p_value(reference[name], window[name]) for name in reference) * reference.shape[1] <= ALPHA
    return Verdicts(bool(unlikely), alarm, index, tests)


def quiet(rows: int, columns: int, kind: str, seeds: range, usual: bool = True) -> list[Verdicts]:
    """Windows without drift, each with a reference of its own."""
    results = []
    for seed in seeds:
        rng = np.random.default_rng([rows, columns, kind == "dependent", seed])
        reference, window = table(rng, SAMPLE, columns, kind), table(rng, rows, columns, kind)
        results.append(verdicts(reference, window, seed, usual))
    return results


def shift(size: float) -> Change:
    return lambda data, _: data.assign(x0=data["x0"] + size)


def missing(share: float) -> Change:
    return lambda data, rng: data.assign(x0=data["x0"].where(rng.random(len(data)) >= share))


def new_category(share: float) -> Change:
    return lambda data, rng: data.assign(c4=data["c4"].where(rng.random(len(data)) >= share, "new"))


CHANGES: dict[str, tuple[int, Change]] = {  # columns, and what moves
    "nothing": (WIDE, lambda data, _: data),
    "mean by 0.1 standard deviations": (WIDE, shift(0.1)),
    "mean by 0.25": (WIDE, shift(0.25)),
    "mean by 0.5": (WIDE, shift(0.5)),
    "mean by 0.5, one column of 100": (100, shift(0.5)),
    "spread by half": (WIDE, lambda data, _: data.assign(x0=data["x0"] * 1.5)),
    "a new category in 5 % of the rows": (WIDE, new_category(0.05)),
    "a new category in 20 %": (WIDE, new_category(0.2)),
    "kilometres for miles": (WIDE, lambda data, _: data.assign(x3=data["x3"] * 1.609)),
    "5 % missing": (WIDE, missing(0.05)),
    "20 % missing": (WIDE, missing(0.2)),
    "two columns swapped": (WIDE, lambda data, _: data.assign(x0=data["x3"], x3=data["x0"])),
}


def moved(name: str, seeds: range) -> list[Verdicts]:
    """Windows in which one thing moves."""
    columns, change = CHANGES[name]
    results = []
    for seed in seeds:
        rng = np.random.default_rng([77, columns, seed])
        reference, window = table(rng, SAMPLE, columns, "dependent"), table(rng, DETECTED, columns, "dependent")
        results.append(verdicts(reference, change(window, rng), seed))
    return results


def slow(seeds: range) -> list[list[int]]:
    """For each method, the first of 30 windows in which it alarms while a mean moves a little in each; 0 for none."""
    first = []
    for seed in seeds:
        rng = np.random.default_rng([78, seed])
        reference, when = table(rng, SAMPLE, WIDE, "dependent"), [0, 0, 0, 0]
        for number in range(1, SLOW + 1):
            window = shift(PER_WINDOW * number)(table(rng, DETECTED, WIDE, "dependent"), rng)
            for place, alarm in enumerate(verdicts(reference, window, seed * 100 + number)):
                when[place] = when[place] or number * alarm
        first.append(when)
    return first
