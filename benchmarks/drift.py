"""How often the monitor alarms, without drift and with it: `make drift` simulates windows and writes docs/drift.md.

Each window is compared with a reference drawn anew. The usual practice is judged on the same windows: the population
stability index (PSI) over 0.2 in any column, and a Kolmogorov-Smirnov or chi-squared test of each with Bonferroni.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one process a core
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "{{cookiecutter.project_slug}}"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from lifecycle.monitoring.drift import movements  # noqa: E402
from scipy import stats  # noqa: E402

ALPHA, EFFECT, PERMUTATIONS, SAMPLE = 0.05, 0.1, 199, 5000
ROWS, COLUMNS, KINDS = (50, 500, 5_000, 100_000), (5, 20, 100), ("independent", "dependent")
DETECTED, WIDE = 500, 20  # rows of a window, and columns, where something moves
SLOW, PER_WINDOW = 30, 0.03  # windows of a slow drift, standard deviations in each
OUTPUT = HERE.parent / "docs" / "drift.md"
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


def judge(reference: pd.DataFrame, window: pd.DataFrame, seed: int, usual: bool = True) -> Verdicts:
    """Every method's verdict on a window."""
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
    found = []
    for seed in seeds:
        rng = np.random.default_rng([rows, columns, kind == "dependent", seed])
        reference, window = table(rng, SAMPLE, columns, kind), table(rng, rows, columns, kind)
        found.append(judge(reference, window, seed, usual))
    return found


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
    found = []
    for seed in seeds:
        rng = np.random.default_rng([77, columns, seed])
        reference, window = table(rng, SAMPLE, columns, "dependent"), table(rng, DETECTED, columns, "dependent")
        found.append(judge(reference, change(window, rng), seed))
    return found


def slow(seeds: range) -> list[list[int]]:
    """For each method, the first of 30 windows in which it alarms while a mean moves a little in each; 0 for none."""
    first = []
    for seed in seeds:
        rng = np.random.default_rng([78, seed])
        reference, when = table(rng, SAMPLE, WIDE, "dependent"), [0, 0, 0, 0]
        for number in range(1, SLOW + 1):
            window = shift(PER_WINDOW * number)(table(rng, DETECTED, WIDE, "dependent"), rng)
            for place, alarm in enumerate(judge(reference, window, seed * 100 + number)):
                when[place] = when[place] or number * alarm
        first.append(when)
    return first


def k_of_n(alarms: np.ndarray, k: int = 2, n: int = 3) -> float:
    """The share of series of n windows in which k alarm."""
    whole = alarms[: len(alarms) // n * n].reshape(-1, n)
    return float((whole.sum(axis=1) >= k).mean())


def shares(found: list[Verdicts]) -> list[str]:
    return [f"{np.mean([row[place] for row in found]):.1%}" for place in range(4)]


def lines(heads: list[str], rows: list[list[Any]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|{' --- |' * len(heads)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=1000, help="in each cell (default: %(default)s)")
    options = parser.parse_args()
    start, count = time.monotonic(), options.windows
    parts = [range(first, min(first + 50, count)) for first in range(0, count, 50)]
    few = [range(first, first + 10) for first in range(0, min(count, 200), 10)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        cells = {cell: [pool.submit(quiet, *cell, part) for part in parts] for cell in product(ROWS, COLUMNS, KINDS)}
        changes = {name: [pool.submit(moved, name, part) for part in few] for name in CHANGES}
        slowly = [pool.submit(slow, part) for part in (range(first, first + 5) for first in range(0, 50, 5))]
        heads = ["rows", "columns", "kind", "p ≤ 5 %", "alarm", "2 of 3", "PSI > 0.2", "tests with Bonferroni"]
        noise = ALPHA + 2.6 * np.sqrt(ALPHA * (1 - ALPHA) / count)
        rows, above = [], 0
        for (size, columns, kind), jobs in cells.items():
            found = [row for job in jobs for row in job.result()]
            p_alone, alarm, *usual = shares(found)
            called = k_of_n(np.array([row.p_alone for row in found]))
            above += np.mean([row.p_alone for row in found]) > noise
            rows.append([f"{size:,}", columns, kind, p_alone, alarm, f"{called:.1%}", *usual])
            print(*rows[-1], flush=True)
        text = HEADER.format(windows=count, above=above, cells=len(rows), noise=f"{noise:.1%}", sample=f"{SAMPLE:,}",
                             permutations=PERMUTATIONS)  # fmt: skip
        told = [[name, *shares([row for job in jobs for row in job.result()])] for name, jobs in changes.items()]
        delays = np.array([row for job in slowly for row in job.result()])
        medians = [
            f"{np.median(column[column > 0]):.0f} (in {np.mean(column > 0):.0%})" if (column > 0).any() else "never"
            for column in delays.T
        ]
    body = [text, *lines(heads, rows), "", DETECTION.format(windows=len(few) * 10, rows=DETECTED), ""]
    body += lines(["what moves", "p ≤ 5 %", "alarm", "PSI > 0.2", "tests with Bonferroni"], told)
    body += ["", DELAY.format(each=PER_WINDOW, windows=SLOW), ""]
    body += lines(["p ≤ 5 %", "alarm", "PSI > 0.2", "tests with Bonferroni"], [medians])
    OUTPUT.write_text("\n".join([*body, ""]), "utf-8")
    print(f"drift: {OUTPUT} after {time.monotonic() - start:.0f} s")


HEADER = """\
# How often the monitor alarms

Written by `make drift`, with the functions of the generated project: {permutations} permutations at an alpha of 5 %,
and a floor of 0.1 for the effect. Each window is compared with a reference of {sample} rows that is drawn anew.

## Without drift

Share of {windows} windows in which the monitor alarms although nothing moved. "p ≤ 5 %" leaves out the floor: at most
5 % are stated. {above} of {cells} cells are above {noise}, which a cell at exactly 5 % exceeds with a chance of 0.5 %.
"2 of 3": two of three windows have p ≤ 5 %, each with a reference of its own. Beside it, on the same windows, what is
usual: PSI over 0.2 in any column, and a test of each column with Bonferroni's correction.
"""
DETECTION = (
    "## With drift\n\nShare of {windows} windows of {rows} rows in which one thing moved, and the alarm is right."
)
DELAY = """\
A mean that moves by {each} standard deviations in each of {windows} windows: the median of the first window that
alarms, and in how many of 50 series there was one."""

if __name__ == "__main__":
    main()
