"""Is the change good enough? Compares HEAD with the commit where it left BASE: pass, inconclusive or fail.

Exit code 0 for pass and inconclusive, 1 for fail, 2 if the versions cannot be compared. Reads both commits and their
stored predictions. `--report DIR` writes report.md, report.html, report.json and metrics.txt into DIR, with what verify
and reproduce left there.

  uv run lifecycle gate origin/main --report report
"""

import argparse
from typing import Any

from lifecycle.git import commits
from lifecycle.git.run import attempt
from lifecycle.outcome import Outcome, failure
from lifecycle.paths import path
from lifecycle.review.limits import FAIL, INCONCLUSIVE, PASS, VERDICTS, Gate
from lifecycle.review.thresholds import changed, limit_faults, notes, thresholds
from lifecycle.storage.version import Version, head, version


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", help="the branch or commit that the change goes into")
    parser.add_argument("--direct", action="store_true", help="compare with BASE itself, not with the merge base")
    parser.add_argument("--strict", action="store_true", help="exit 1 if the verdict is inconclusive")
    parser.add_argument("--report", metavar="DIR", type=path, help="write report.md, .html and .json into DIR")


def run(options: argparse.Namespace) -> Outcome:
    """The verdict as an exit code; versions that cannot be compared never pass."""
    try:
        report = review(options.base, options.direct)
        code = {PASS: 0, INCONCLUSIVE: int(options.strict), FAIL: 1}[report["verdict"]]
        outcome = Outcome(code, [f"{report['verdict']}.", *report["messages"], *commits.uncommitted()], report)
    except Exception as error:  # the report says so in any case
        outcome = failure(error)
        known = {"verdict": "not compared", "messages": outcome.messages, "name": options.base}
        known["head"] = attempt("rev-parse", "HEAD").stdout.strip()
        outcome = Outcome(outcome.code, outcome.messages, outcome.details | known)
    if options.report:
        from lifecycle.report.review import write  # takes a second

        write(outcome.details, options.report)
    return outcome


def review(base: str, direct: bool) -> dict[str, Any]:
    new = head()
    left = commits.merge_base(base)
    if left and direct:
        left = commits.full_hash(base)
    old = version(left) if left else None
    settings, edited = thresholds(left, old, new)
    known = {"base": old.commit if old else None, "head": new.commit, "name": base, "gate": edited}
    report = known | compare(settings, old, new)
    if messages := notes(settings, new, old, direct):
        report["messages"] = [*report["messages"], *messages]
        report["verdict"] = max(report["verdict"], INCONCLUSIVE, key=VERDICTS.index)
    return report


def compare(settings: Gate, old: Version | None, new: Version) -> dict[str, Any]:
    faults = limit_faults(settings, old, new)
    verdict = FAIL if faults else PASS
    if old is None:
        nothing = "There are no results to compare with: only floors and ceilings were checked."
        return {"messages": [*faults, nothing], "verdict": verdict, "metrics": values(settings, new)}
    report = {
        "parameters": changed(without_gate(old), without_gate(new)),
        "libraries": changed(old.libraries, new.libraries),
        "data": changed(old.data, new.data),
    }
    if old.file("predictions.parquet").md5 == new.file("predictions.parquet").md5 and old.scores == new.scores:
        same = "The predictions are identical, row by row."
        return report | {"messages": [*faults, same], "verdict": verdict, "metrics": values(settings, new)}
    from lifecycle.review import verdict as by_predictions  # takes half a second

    return report | by_predictions.compare(settings, old, new, faults)


def without_gate(version: Version) -> dict[str, Any]:
    """The parameters without the gate, whose changes are shown separately."""
    return {name: block for name, block in version.parameters.items() if name != "gate"}


def values(settings: Gate, new: Version) -> list[dict[str, Any]]:
    names = dict.fromkeys([*settings.metrics, *new.scores])
    return [{"name": name, "new": new.scores[name]} for name in names if isinstance(new.scores.get(name), float)]
