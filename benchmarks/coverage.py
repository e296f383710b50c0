"""How often the gate is wrong: `make coverage` simulates changes with a known loss and writes docs/coverage.md.

Uses the project's own functions: pair, changes, slices and judge. Simulates for 20 minutes, on all cores.
"""

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import count
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one process a core
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "{{cookiecutter.project_slug}}"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from lifecycle.project import ROW, UNIT, Contract, scorer  # noqa: E402
from lifecycle.review.bootstrap import changes, enough, pair  # noqa: E402
from lifecycle.review.limits import FAIL, INCONCLUSIVE, PASS, Gate, Metric, evidence, judge  # noqa: E402
from lifecycle.review.slices import slices  # noqa: E402

UNITS = (10, 20, 50, 100, 300, 1_000, 3_000, 10_000)
STATED = 0.025  # on each side
DRAWS, LEVEL = 400, 0.95  # of the metrics in each simulation; params.yaml has 1000
EVERY = {300: 1, 3_000: 2, math.inf: 4}  # of the rounds in which fewer units than this are simulated
CORES = os.cpu_count() or 1
POPULATION = 1_000_000, 4  # rows, and how often: the true loss
LOWER = "rmse", "mae", "log_loss"  # the others are better if higher
TARGET = {"type": "category", "role": "target", "missing": False, "values": ["no", "yes"]}
VALUES = ["a", "b", "c", "d"]
SLICED = {"type": "category", "role": "feature", "missing": False, "values": VALUES}
CONTRACT = Contract.model_validate({"task": "classification", "columns": {"one": SLICED, "two": SLICED, "y": TARGET}})
RATES = "fail", "better", "passes", "inconclusive", "power", "usual", "usual power"
OUTPUT = HERE.parent / "docs" / "coverage.md"
HEADS = "| metric | loss | units | fails | better | passes | inconclusive | detects | usual: fails | usual: detects |"
HEADER = """\
# How often the gate is wrong

Written by `make coverage`: simulated changes, and the verdicts of the project's own functions at a confidence of 95 %,
with {draws} draws. All numbers but loss and units are per cent of {most} simulations, with many units of at least
{least}. Loss: how much worse the new model really is.

- fails: the loss is exactly the allowed drop, and the verdict is "fail". Stated: at most 2.5. The mean of the {cells}
  rows: {fail}.
- better: the models are equally good, and the evidence is "better", in half as many simulations. Stated: at most 2.5.
  The mean: {better}.
- passes, inconclusive: the other verdicts where the loss is exactly the allowed drop. A metric that cannot be
  computed on the test rows is inconclusive.
- detects: "fail" where the loss is twice the allowed drop.
- usual: the common practice, which fails a change if the new value is worse by more than the allowed drop.

± is the standard error of the simulation. A unit is what counts as one observation: a row, or the rows of a group. In
the scenario with slices a simulation fails if any of its comparisons does, since all of them share the confidence.
"""
Frames = tuple[pd.DataFrame, pd.DataFrame]


def regression(rng: np.random.Generator, units: int, skewed: str = "", rows: int = 1, equal: bool = False) -> Frames:
    """Errors of two models; `skewed`: the model whose errors are lognormal; `rows` of a unit share half of an error."""
    size = units * rows
    y, noise = rng.normal(size=(2, size)) * [[3], [1]]
    if rows > 1:
        noise = (noise + np.repeat(rng.normal(size=units), rows)) / math.sqrt(2)
    own = rng.normal(size=(2, size))
    errors = {"old": 0.8 * noise + 0.6 * own[0], "new": 0.8 * noise + (0.6 if equal else 0.8) * own[1]}
    if skewed:
        sign = rng.choice([-1, 1], size)
        large, even = sign * rng.lognormal(0, 0.8, size), sign * rng.uniform(1, 2, size)
        small = sign * rng.uniform(0.5, 1, size)
        if equal:
            return keyed([frame(y, sign * rng.lognormal(0, 0.8, size)) for _ in range(2)], units, rows)
        errors = {"old": large, "new": 1.4 * even} if skewed == "old" else {"old": small, "new": large}
    return keyed([frame(y, errors["old"]), frame(y, errors["new"])], units, rows)


def frame(y: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"actual": y, "predicted": y + errors})


def classification(
    rng: np.random.Generator, units: int, share: float = 0.5, confident: str = "", rows: int = 1, equal: bool = False
) -> Frames:
    """Two classes, one with a `share`; `confident`: the model that is too sure of itself on a tenth of the rows."""
    size = units * rows
    y, common = rng.random(size) < share, rng.normal(size=size)
    if rows > 1:
        common = (common + np.repeat(rng.normal(size=units), rows)) / math.sqrt(2)
    sure = np.where(rng.random(size) < 0.1, 4, 1)
    frames = []
    for name, distance in (("old", 2.0), ("new", 2.0 if equal else 1.5)):
        x = distance * y + 0.9 * common + math.sqrt(1 - 0.9**2) * rng.normal(size=size)
        log_odds = math.log(share / (1 - share)) + distance * x - distance**2 / 2
        p = 1 / (1 + np.exp(-log_odds * (sure if name == confident and not equal else 1)))
        predicted = np.where(p > min(share * 10, 0.5), "yes", "no")
        actual = np.where(y, "yes", "no")
        frames.append(pd.DataFrame({"actual": actual, "predicted": predicted, "p(no)": 1 - p, "p(yes)": p}))
    return keyed(frames, units, rows)


def keyed(frames: list[pd.DataFrame], units: int, rows: int) -> Frames:
    keys = {ROW: np.arange(units * rows, dtype="uint64"), UNIT: np.repeat(np.arange(units, dtype="uint64"), rows)}
    return frames[0].assign(**keys), frames[1].assign(**keys)


SCENARIOS: dict[str, tuple[str, Callable[..., Frames], dict[str, Any]]] = {
    "normal errors": ("regression", regression, {}),
    "skewed errors of the old model": ("regression", regression, {"skewed": "old"}),
    "skewed errors of the new model": ("regression", regression, {"skewed": "new"}),
    "normal errors, 3 rows a unit": ("regression", regression, {"rows": 3}),
    "balanced classes": ("classification", classification, {}),
    "balanced classes, 3 rows a unit": ("classification", classification, {"rows": 3}),
    "1 % class": ("classification", classification, {"share": 0.01}),
    "1 % class, 3 rows a unit": ("classification", classification, {"share": 0.01, "rows": 3}),
    "too confident old model": ("classification", classification, {"confident": "old"}),
    "8 slices": ("classification", classification, {}),
}


def true_losses(name: str) -> dict[str, float]:
    """How much worse the new model really is."""
    task, make, options = SCENARIOS[name]
    rows, repeats = POPULATION
    tables = []
    for seed in range(repeats):
        frames = make(np.random.default_rng([9, seed]), rows // options.get("rows", 1), **options)
        old, new = (scorer(frame, task)(np.ones(len(frame))) for frame in frames)
        tables.append({metric: (new[metric] - old[metric]) * (1 if metric in LOWER else -1) for metric in new})
    return {metric: loss for metric, loss in pd.DataFrame(tables).mean().items() if loss > 0}


def simulate_equal(name: str, units: int, losses: dict[str, float], seeds: range) -> list[dict[str, Any]]:
    """A row for each pair of equally good models and metric: whether the gate calls the new one better."""
    task, make, options = SCENARIOS[name]
    rows = []
    for seed in seeds:
        both = pair(*make(np.random.default_rng([8, units, seed]), units, **options, equal=True))
        found = changes(both, task, DRAWS, LEVEL, seed) if enough(both) else {}
        for metric in losses:
            side = "lower" if metric in LOWER else "higher"
            rows.append({"metric": metric, "better": metric in found and evidence(side, found[metric]) == "better"})
    return rows


def simulate(name: str, units: int, losses: dict[str, float], seeds: range) -> list[dict[str, Any]]:
    """A row for each simulated change and metric: what the gate says."""
    task, make, options = SCENARIOS[name]
    rows = []
    for seed in seeds:
        both = pair(*make(np.random.default_rng([units, seed]), units, **options))
        if name == "8 slices":
            rows.append(sliced(both, losses, seed))
            continue
        found = changes(both, task, DRAWS, LEVEL, seed) if enough(both) else {}
        for metric, loss in losses.items():
            better = "lower" if metric in LOWER else "higher"
            if metric not in found:
                rows.append({"metric": metric, **dict.fromkeys(RATES, 0), "inconclusive": 1, "better": None})
                continue
            change, sign = found[metric], 1 if better == "higher" else -1
            at, half = (verdict(metric, better, drop, change, units) for drop in (loss, loss / 2))
            estimate = sign * (change.old - change.new)
            rows.append({
                "metric": metric, "fail": at == FAIL, "inconclusive": at == INCONCLUSIVE, "passes": at == PASS,
                "power": half == FAIL, "usual": estimate > loss, "usual power": estimate > loss / 2,
            })  # fmt: skip
    return rows


def verdict(name: str, better: Any, drop: float, change: Any, rows: int) -> str:
    result = judge(name, Metric(better=better, drop=drop), change, gate({name: (better, drop)}), rows)
    return str(result["verdict"])


def gate(metrics: dict[str, tuple[Any, float]]) -> Gate:
    limits = {name: Metric(better=better, drop=drop) for name, (better, drop) in metrics.items()}
    return Gate(metrics=limits, slices="all", slice_rows=10, confidence=LEVEL, draws=DRAWS, seed=0)


def sliced(both: Any, losses: dict[str, float], seed: int) -> dict[str, Any]:
    """Two columns of four values, with all metrics: whether any slice fails."""
    rng = np.random.default_rng([7, seed])
    test = both.new[[ROW]].assign(**{name: rng.choice(VALUES, len(both.new)) for name in ("one", "two")})
    result: dict[str, Any] = {"metric": "any"}
    for key, factor in (("fail", 1.0), ("power", 0.5)):
        settings = gate({m: ("lower" if m in LOWER else "higher", loss * factor) for m, loss in losses.items()})
        compared, rows = slices(both, test, CONTRACT, settings, dict.fromkeys(losses, 0.0))
        result[key] = any(row["verdict"] == FAIL for row in rows)
        result.setdefault("inconclusive", compared == 0 or (bool(rows) and not result["fail"]))
        beyond = any(abs(row["new"] - row["old"]) > losses[row["name"]] * factor for row in rows)
        result[{"fail": "usual", "power": "usual power"}[key]] = beyond  # a slice within its drop is not in rows
    return result


def jobs() -> Iterator[tuple[Callable[..., list[dict[str, Any]]], str, int, range]]:
    """Without end: ten simulations of each kind in turn; those of many units, which take long, in some rounds only."""
    for turn in count():
        seeds = range(10 * turn, 10 * turn + 10)
        for name in SCENARIOS:
            for units in UNITS:
                if turn % next(every for most, every in EVERY.items() if units < most) == 0:
                    yield simulate, name, units, seeds
                    if name != "8 slices":
                        yield simulate_equal, name, units, seeds[::2]


def collected(waiting: dict[Future[list[dict[str, Any]]], tuple[str, int]], until: str) -> list[pd.DataFrame]:
    done = wait(waiting, return_when=until).done
    return [pd.DataFrame(job.result()).assign(scenario=n, units=u) for job in done for n, u in [waiting.pop(job)]]


def measure(seconds: float) -> pd.DataFrame:
    """The rates of every scenario, metric and number of units, from as many simulations as there is time for."""
    tables = []
    with ProcessPoolExecutor(CORES) as pool:
        losses = dict(zip(SCENARIOS, pool.map(true_losses, SCENARIOS)))
        deadline = time.monotonic() + seconds
        waiting: dict[Future[list[dict[str, Any]]], tuple[str, int]] = {}
        for job in jobs():
            if time.monotonic() > deadline:
                break
            what, name, units, seeds = job
            waiting[pool.submit(what, name, units, losses[name], seeds)] = name, units
            if len(waiting) > 2 * CORES:
                tables += collected(waiting, FIRST_COMPLETED)
        tables += collected(waiting, ALL_COMPLETED)
    table = pd.concat(tables).astype(dict.fromkeys(RATES, float))
    groups = table.groupby(["scenario", "metric", "units"], sort=False)
    means = groups[[*RATES]].mean().assign(runs=groups["fail"].count()).reset_index()
    return means.assign(loss=[losses[s].get(m, math.nan) for s, m in zip(means["scenario"], means["metric"])])


def page(table: pd.DataFrame) -> str:
    """The tables as Markdown: one a scenario."""
    noise = STATED + 2 * np.sqrt(STATED * (1 - STATED) / table["runs"])
    known = {"draws": DRAWS, "cells": len(table), "most": table["runs"].max(), "least": table["runs"].min()}
    for name in ("fail", "better"):
        known[name] = (
            f"{table[name].mean():.1%}; more than two standard errors above 2.5: {(table[name] > noise).sum()}"
        )
    lines = [HEADER.format(**known)]
    table = table.sort_values(
        ["scenario", "metric", "units"], key=lambda c: c.map([*SCENARIOS].index) if c.name == "scenario" else c
    )
    for name, rows in table.groupby("scenario", sort=False):
        lines += [f"\n## {str(name).capitalize()}\n", HEADS, "| --- | --: |" + " --: |" * 8]
        lines += [line(row) for row in rows.to_dict("records")]
    return "\n".join(lines) + "\n"


def line(row: dict[str, Any]) -> str:
    names = [name for name in RATES if name != "fail"]
    rates = ["-" if math.isnan(row[name]) else f"{100 * row[name]:.{int(name == 'better')}f}" for name in names]
    share = max(row["fail"], STATED)
    fails = f"{100 * row['fail']:.1f} ± {100 * math.sqrt(share * (1 - share) / row['runs']):.1f}"
    loss = "" if math.isnan(row["loss"]) else f"{row['loss']:.2g}"
    return f"| {' | '.join([row['metric'], loss, str(row['units']), fails, *rates])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=20, help="how long to simulate, after about 2 minutes of setting up"
    )
    options = parser.parse_args()
    start = time.monotonic()
    text = page(measure(60 * options.minutes))
    OUTPUT.write_text(text, "utf-8")
    print(f"coverage: {OUTPUT} after {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
