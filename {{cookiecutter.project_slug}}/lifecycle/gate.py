"""May the change go in? Compares HEAD with the commit where it left BASE: pass 0, look closer 0, fail 1, could not 2.

Reads both commits and the stored predictions of both; `--report DIR` writes report.md, report.html, report.json and
metrics.txt, with what verify and reproduce left in DIR.
"""

import argparse
from pathlib import Path
from typing import Any

from lifecycle import git
from lifecycle.outcome import CouldNot, Outcome, excused, run
from lifecycle.review import limits
from lifecycle.review.contents import Version, changed, version
from lifecycle.review.limits import CLOSER, FAIL, PASS, Gate
from lifecycle.review.report import write
from lifecycle.review.verdict import judge
from pipeline.stage import Refused


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
    own = named(limits.gate(new.parameters, "params.yaml"), new)
    if old is None or "gate" not in old.parameters:
        return own, []
    edited = changed({"gate": old.parameters["gate"]}, {"gate": new.parameters["gate"]})
    theirs = limits.gate(old.parameters, f"params.yaml of the base {old.commit[:9]}")
    return named(named(theirs, old), new), edited


def named(settings: Gate, one: Version) -> Gate:
    """The same settings; raises CouldNot for a metric with limits, or a slice, that the version does not have."""
    for name, metric in settings.metrics.items():
        if metric.limited and name not in one.scores:
            has = ", ".join(key for key, value in one.scores.items() if isinstance(value, float))
            raise CouldNot(f"the gate asks for {name}; metrics.json of {one.commit[:9]} has {has}: correct either.")
    columns = [*one.contract.features, one.contract.target]
    for name in [] if settings.slices == "all" else settings.slices:
        if name not in columns:
            raise CouldNot(f"params.yaml, gate.slices: no column {name!r}; the test rows have {', '.join(columns)}.")
    return settings


def without_gate(one: Version) -> dict[str, Any]:
    """The parameters but for the gate, whose changes are shown by themselves."""
    return {name: block for name, block in one.parameters.items() if name != "gate"}


def check(settings: Gate, old: Version | None, new: Version) -> list[str]:
    """A sentence for each broken floor or ceiling; raises CouldNot where the test set shrank."""
    if old and new.scores["test_rows"] < old.scores["test_rows"]:
        rows = f"{new.scores['test_rows']} test rows instead of {old.scores['test_rows']}"
        raise CouldNot(f"{rows}: fewer rows could hide what got worse, so bring them back, or let a person decide.")
    baseline = new.scores.get("baseline", {})
    known = {name: metric for name, metric in settings.metrics.items() if name in new.scores}
    return [said for name, metric in known.items() for said in limits.bounds(name, metric, new.scores[name], baseline)]


def alone(settings: Gate, new: Version) -> list[dict[str, Any]]:
    """The metrics where nothing changed, or where there is nothing to compare with."""
    names = dict.fromkeys([*settings.metrics, *new.scores])
    return [{"name": name, "new": new.scores[name]} for name in names if isinstance(new.scores.get(name), float)]


def gate(base: str, folder: str | None, strict: bool) -> Outcome:
    """The verdict as an exit code; a comparison that cannot be made never reads as a pass."""
    try:
        report = compare(base)
        code = {PASS: 0, CLOSER: int(strict), FAIL: 1}[report["verdict"]]
        outcome = Outcome(code, [f"{report['verdict']}.", *report["says"], *git.unseen()], report)
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
