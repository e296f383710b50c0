"""May the change go in? Compares HEAD with the commit where it left BASE: pass 0, look closer 0, fail 1, could not 2.

Reads both commits and the stored predictions of both; `--report DIR` writes report.md, report.html, report.json and
metrics.txt, with what verify and reproduce left in DIR.
"""

import argparse
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import git, limits, store
from lifecycle.change import FEWEST, changes, pair
from lifecycle.contents import Version, changed, version
from lifecycle.limits import CLOSER, FAIL, PASS, WORST, Gate, judged
from lifecycle.outcome import CouldNot, Outcome, excused, run
from lifecycle.report import write
from lifecycle.slices import slices
from pipeline import metrics
from pipeline.files import read_table
from pipeline.stage import Refused
from pipeline.threads import threads

FORGED = 1e-6  # relative distance between metrics.json and its own predictions that rounding cannot explain


def compare(base: str) -> dict[str, Any]:
    """The report; raises CouldNot where the comparison cannot be made."""
    new = version("HEAD")
    if new is None:
        raise CouldNot("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    # Zeros are GitHub's and GitLab's name for the commit before the first
    old = None if set(base) == {"0"} else version(git.merge_base(base))
    settings, edited = thresholds(old, new)
    report = {"base": old.commit if old else None, "head": new.commit, "name": base, "gate": edited}
    broken = check(settings, old, new)
    if old is None:
        none = "There are no results to compare with: only floors and ceilings were checked."
        return report | {"says": [*broken, none], "verdict": FAIL if broken else PASS, "metrics": alone(settings, new)}
    report |= {
        "parameters": changed(without_gate(old), without_gate(new)),
        "libraries": changed(old.libraries, new.libraries),
        "data": changed(old.data, new.data),
    }
    if old.file("predictions.parquet").md5 == new.file("predictions.parquet").md5 and old.scores == new.scores:
        same = "The predictions are the same, row for row."
        return report | {"says": [*broken, same], "verdict": FAIL if broken else PASS, "metrics": alone(settings, new)}
    return report | judge(settings, old, new, broken)


def thresholds(old: Version | None, new: Version) -> tuple[Gate, list[dict[str, Any]]]:
    """The gate that counts, which is the base's where it has one, and what the change would change in it."""
    own = limits.gate(new.parameters, "params.yaml")
    if old is None or "gate" not in old.parameters:
        return own, []
    edited = changed({"gate": old.parameters["gate"]}, {"gate": new.parameters["gate"]})
    return limits.gate(old.parameters, f"params.yaml of the base {old.commit[:9]}"), edited


def without_gate(one: Version) -> dict[str, Any]:
    """The parameters but for the gate, whose changes are shown by themselves."""
    return {name: block for name, block in one.parameters.items() if name != "gate"}


def check(settings: Gate, old: Version | None, new: Version) -> list[str]:
    """A sentence for each broken floor or ceiling; raises CouldNot for a metric that is missing, or for fewer rows."""
    said = []
    for name, metric in settings.metrics.items():
        for one in (new, old) if old else (new,):
            if metric.limited and name not in one.scores:
                has = ", ".join(key for key, value in one.scores.items() if isinstance(value, float))
                raise CouldNot(f"the gate asks for {name}; metrics.json of {one.commit[:9]} has {has}: correct either.")
        if name in new.scores:
            said += limits.bounds(name, metric, new.scores[name], new.scores.get("baseline", {}))
    if old and new.scores["test_rows"] < old.scores["test_rows"]:
        rows = f"{new.scores['test_rows']} test rows instead of {old.scores['test_rows']}"
        raise CouldNot(f"{rows}: fewer rows could hide what got worse, so bring them back, or let a person decide.")
    return said


def alone(settings: Gate, new: Version) -> list[dict[str, Any]]:
    """The metrics where nothing changed, or where there is nothing to compare with."""
    names = dict.fromkeys([*settings.metrics, *new.scores])
    return [{"name": name, "new": new.scores[name]} for name in names if isinstance(new.scores.get(name), float)]


def judge(settings: Gate, old: Version, new: Version, broken: list[str]) -> dict[str, Any]:
    """Verdict, metrics and slices of two versions by their predictions."""
    (before,) = tables(old, ["predictions.parquet"])
    after, test = tables(new, ["predictions.parquet", "test.parquet"])
    task, both = new.contract.task, pair(before, after)
    if len(both.new) < FEWEST:
        raise CouldNot(f"{len(both.new)} test rows are in both versions, so they cannot be paired. {' '.join(broken)}")
    broken = broken + forged(after, task, new.scores)
    rows = [
        {"name": name, **asdict(change), **judged(name, settings.metrics.get(name), change)}
        for name, change in changes(both, task, settings.draws, settings.confidence, settings.seed).items()
    ]
    count, worse = slices(both, test, new.contract, settings, {row["name"]: row["old"] for row in rows})
    says = broken + [row["why"] for row in [*rows, *worse] if row["verdict"] != PASS]
    grave = max([row["verdict"] for row in [*rows, *worse]] + [FAIL] * bool(broken), key=WORST.index)
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


def gate(base: str, folder: str | None, strict: bool) -> Outcome:
    """The verdict as an exit code; a comparison that cannot be made never reads as a pass."""
    try:
        report = compare(base)
        code = {PASS: 0, CLOSER: int(strict), FAIL: 1}[report["verdict"]]
        outcome = Outcome(code, [f"{report['verdict']}.", *report["says"]], report)
    except (CouldNot, Refused) as why:
        outcome = excused(why)
        outcome.details |= {"verdict": "not compared", "says": outcome.says, "name": base, "head": git.commit("HEAD")}
    if folder:
        write(outcome.details, Path(folder))
    return outcome


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.gate", description=__doc__)
    parser.add_argument("base", help="the branch or commit that the change goes into")
    parser.add_argument("--strict", action="store_true", help="exit 1 where it says look closer")
    parser.add_argument("--report", metavar="DIR", help="write report.md, .html and .json into DIR")
    run("gate", parser, lambda given: gate(given.base, given.report, given.strict))
