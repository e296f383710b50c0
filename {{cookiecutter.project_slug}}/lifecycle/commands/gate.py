"""May the change go in? Compares HEAD with the commit where it left BASE: pass 0, look closer 0, fail 1, could not 2.

Reads both commits and the stored predictions of both; `--report DIR` writes report.md, report.html, report.json and
metrics.txt, with what verify and reproduce left in DIR.
"""

import argparse
from pathlib import Path
from typing import Any

from lifecycle import git
from lifecycle.outcome import CouldNot, Outcome, excused, run
from lifecycle.review.contents import Version, changed, version
from lifecycle.review.limits import CLOSER, FAIL, PASS, WORST, Gate
from lifecycle.review.report import write
from lifecycle.review.thresholds import cautions, check, thresholds
from lifecycle.review.verdict import judge


def compare(base: str, exactly: bool) -> dict[str, Any]:
    """The report; raises CouldNot where the comparison cannot be made."""
    new = version("HEAD")
    if new is None:
        raise CouldNot("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    left = git.merge_base(base)
    if left and exactly:
        left = git.commit(base)
    old = version(left) if left else None
    settings, edited = thresholds(left, old, new)
    known = {"base": old.commit if old else None, "head": new.commit, "name": base, "gate": edited}
    report = known | contrast(settings, old, new)
    if doubts := cautions(settings, new, old, exactly):
        report["says"] = [*report["says"], *doubts]
        report["verdict"] = max(report["verdict"], CLOSER, key=WORST.index)
    return report


def contrast(settings: Gate, old: Version | None, new: Version) -> dict[str, Any]:
    """What changed, and the verdict on it."""
    broken = check(settings, old, new)
    if old is None:
        none = "There are no results to compare with: only floors and ceilings were checked."
        return {"says": [*broken, none], "verdict": FAIL if broken else PASS, "metrics": alone(settings, new)}
    report = {
        "parameters": changed(without_gate(old), without_gate(new)),
        "libraries": changed(old.libraries, new.libraries),
        "data": changed(old.data, new.data),
    }
    if old.file("predictions.parquet").md5 == new.file("predictions.parquet").md5 and old.scores == new.scores:
        same = "The predictions are the same, row for row."
        return report | {"says": [*broken, same], "verdict": FAIL if broken else PASS, "metrics": alone(settings, new)}
    return report | judge(settings, old, new, broken)


def without_gate(one: Version) -> dict[str, Any]:
    """The parameters but for the gate, whose changes are shown by themselves."""
    return {name: block for name, block in one.parameters.items() if name != "gate"}


def alone(settings: Gate, new: Version) -> list[dict[str, Any]]:
    """The metrics where nothing changed, or where there is nothing to compare with."""
    names = dict.fromkeys([*settings.metrics, *new.scores])
    return [{"name": name, "new": new.scores[name]} for name in names if isinstance(new.scores.get(name), float)]


def gate(base: str, folder: str | None, strict: bool, exactly: bool) -> Outcome:
    """The verdict as an exit code; a comparison that cannot be made never reads as a pass."""
    try:
        report = compare(base, exactly)
        code = {PASS: 0, CLOSER: int(strict), FAIL: 1}[report["verdict"]]
        outcome = Outcome(code, [f"{report['verdict']}.", *report["says"], *git.unseen()], report)
    except Exception as why:  # a report says so in any case
        outcome = excused(why)
        outcome.details |= {"verdict": "not compared", "says": outcome.says, "name": base, "head": git.commit("HEAD")}
    if folder:
        try:
            write(outcome.details, Path(folder))
        except OSError as why:
            raise CouldNot(f"the report cannot be written ({why}): --report names a folder.") from None
    return outcome


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.gate", description=__doc__)
    parser.add_argument("base", help="the branch or commit that the change goes into")
    parser.add_argument("--exactly", action="store_true", help="compare with BASE itself, not with where HEAD left it")
    parser.add_argument("--strict", action="store_true", help="exit 1 where it says look closer")
    parser.add_argument("--report", metavar="DIR", help="write report.md, .html and .json into DIR")
    run("gate", parser, lambda given: gate(given.base, given.report, given.strict, given.exactly))
