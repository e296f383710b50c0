"""How often the monitor alarms, without drift and with it: `make drift` simulates windows and writes docs/drift.md."""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

from drift_windows import (
    ALPHA,
    CHANGES,
    COLUMNS,
    DETECTED,
    KINDS,
    PER_WINDOW,
    PERMUTATIONS,
    ROWS,
    SAMPLE,
    SLOW,
    Verdicts,
    moved,
    np,
    quiet,
    slow,
)

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "drift.md"


def k_of_n(alarms: np.ndarray, k: int = 2, n: int = 3) -> float:
    """The share of series of n windows in which k alarm."""
    whole = alarms[: len(alarms) // n * n].reshape(-1, n)
    return float((whole.sum(axis=1) >= k).mean())


def shares(results: list[Verdicts]) -> list[str]:
    return [f"{np.mean([row[place] for row in results]):.1%}" for place in range(4)]


def lines(heads: list[str], rows: list[list[Any]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|{' --- |' * len(heads)}",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
    ]


def main() -> None:
    """Simulate all and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=1000, help="in each cell (default: %(default)s)")
    options = parser.parse_args()
    start, count = time.monotonic(), options.windows
    parts = [range(first, min(first + 50, count)) for first in range(0, count, 50)]
    few = [range(first, first + 10) for first in range(0, min(count, 200), 10)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        cells = {
            (size, columns, kind): [pool.submit(quiet, size, columns, kind, part) for part in parts]
            for size, columns, kind in product(ROWS, COLUMNS, KINDS)
        }
        changes = {name: [pool.submit(moved, name, part) for part in few] for name in CHANGES}
        slowly = [pool.submit(slow, part) for part in (range(first, first + 5) for first in range(0, 50, 5))]
        heads = ["rows", "columns", "kind", "p ≤ 5 %", "alarm", "2 of 3", "PSI > 0.2", "tests with Bonferroni"]
        noise = ALPHA + 2.6 * np.sqrt(ALPHA * (1 - ALPHA) / count)
        rows, above = [], 0
        for (size, columns, kind), jobs in cells.items():
            results = [row for job in jobs for row in job.result()]
            p_alone, alarm, *usual = shares(results)
            called = k_of_n(np.array([row.p_alone for row in results]))
            above += np.mean([row.p_alone for row in results]) > noise
            rows.append([f"{size:,}", columns, kind, p_alone, alarm, f"{called:.1%}", *usual])
            print(*rows[-1], flush=True)
        text = HEADER.format(windows=count, above=above, cells=len(rows), noise=f"{noise:.1%}", sample=f"{SAMPLE:,}",
                             permutations=PERMUTATIONS)  # fmt: skip
        detected = [[name, *shares([row for job in jobs for row in job.result()])] for name, jobs in changes.items()]
        delays = np.array([row for job in slowly for row in job.result()])
        medians = [
            f"{np.median(column[column > 0]):.0f} (in {np.mean(column > 0):.0%})" if (column > 0).any() else "never"
            for column in delays.T
        ]
    body = [text, *lines(heads, rows), "", DETECTION.format(windows=len(few) * 10, rows=DETECTED), ""]
    body += lines(["what moves", "p ≤ 5 %", "alarm", "PSI > 0.2", "tests with Bonferroni"], detected)
    body += ["", DELAY.format(each=PER_WINDOW, windows=SLOW), ""]
    body += lines(["p ≤ 5 %", "alarm", "PSI > 0.2", "tests with Bonferroni"], [medians])
    OUTPUT.write_text("\n".join([*body, ""]), "utf-8")
    print(f"drift: {OUTPUT} after {time.monotonic() - start:.0f} s")


HEADER = """\
# How often the monitor alarms

Written by `make drift`, with the functions of the generated project: {permutations} permutations at an alpha of 5 %,
and a floor of 0.1 for the effect. Each window is compared with a new reference of {sample} rows.

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
