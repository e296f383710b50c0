"""The figures of a benchmark and their table. Writes results.md for people and results.json for programs."""

import json
import statistics
from pathlib import Path
from typing import Any, NamedTuple

GOALS = {  # the highest acceptable ratio
    ("bake", "-"): 2.0,
    ("from nothing", "100000"): 1.8,
    ("from nothing", "1000000"): 1.15,
    ("one parameter changed", "1000000"): 1.0,
    ("nothing changed", "sample"): 1.2,
    ("nothing changed", "100000"): 1.2,
    ("nothing changed", "1000000"): 1.2,
}
HEADER = """\
# Benchmarks

Written by `make bench` on {cores} cores with {versions}.

A ratio is the median over alternating pairs of runs: it compares between machines, which seconds (medians) do not. MiB
is the peak memory of the largest process of a run. "missed" marks a ratio above its goal. What is compared:

- bake: `cookiecutter --no-input` with `set_up=no`; the same with a template of one file.
- from nothing: `dvc repro` in a fresh clone that has its raw data; `plain.py`, the same work in one process.
- one parameter changed: `dvc repro` with a learning rate never used before; `plain.py` with the same.
- nothing changed: `dvc repro`; `dvc repro` of five stages that copy one small file each.
- refusal: `lifecycle promote` that refuses at once (goal: under 0.3 s); a Python that starts and ends.

| What | Rows | Pairs | Ours, s | Baseline, s | Ratio | Goal | Ours, MiB | Baseline, MiB |
| --- | --: | --: | --: | --: | --: | --: | --: | --: |
"""
COLUMNS = ["what", "rows", "pairs", "ours_seconds", "baseline_seconds", "ratio", "goal", "ours_mib", "baseline_mib"]


class Run(NamedTuple):
    """One run of a command: its wall time, and the memory of its largest process."""

    seconds: float
    mib: float


def figure(what: str, rows: str, pairs: list[tuple[Run, Run]]) -> dict[str, Any]:
    """What came out of the pairs (ours, baseline) of one comparison."""
    ratios = [ours.seconds / baseline.seconds for ours, baseline in pairs]
    result: dict[str, Any] = {"what": what, "rows": rows, "pairs": len(pairs)}
    for name, runs in zip(("ours", "baseline"), zip(*pairs)):
        result[f"{name}_seconds"] = round(statistics.median(run.seconds for run in runs), 3)
        result[f"{name}_mib"] = round(max(run.mib for run in runs))
    result["ratio"] = round(statistics.median(ratios), 3)
    return result | {"ratios": [round(ratio, 3) for ratio in ratios], "goal": GOALS.get((what, rows))}


def cell(one: dict[str, Any], name: str) -> str:
    """A figure as text; a ratio above its goal is marked."""
    missed = name == "ratio" and one["goal"] and one["ratio"] > one["goal"]
    return f"{one[name]} (missed)" if missed else str(one[name] or "-")


def write(figures: list[dict[str, Any]], cores: int | None, versions: dict[str, str], folder: Path) -> None:
    """Both files of results."""
    content = {"cores": cores, "versions": versions, "figures": figures}
    (folder / "results.json").write_text(json.dumps(content, indent=2) + "\n")
    text = HEADER.format(cores=cores, versions=", ".join(f"{name} {version}" for name, version in versions.items()))
    rows = ["| " + " | ".join(cell(one, name) for name in COLUMNS) + " |\n" for one in figures]
    (folder / "results.md").write_text(text + "".join(rows))
