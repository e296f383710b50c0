"""Is the change good enough? Compares HEAD with the commit where it left BASE: pass, inconclusive or fail.

Exit code 0 for pass and inconclusive, 1 for fail, 2 if the versions cannot be compared. The code, metrics and limits of
BASE apply. Reads both commits and their stored predictions. `--report DIR` writes report.md, report.html, report.json
and metrics.txt into DIR, with what verify and reproduce left there.

  uv run lifecycle gate origin/main --report report
"""

import argparse
import os
from typing import Any

from lifecycle import code
from lifecycle.errors import LifecycleError
from lifecycle.git import commits, origin
from lifecycle.git.run import attempt
from lifecycle.outcome import Outcome, failure
from lifecycle.paths import path
from lifecycle.review import change
from lifecycle.review.limits import FAIL, INCONCLUSIVE, PASS
from lifecycle.storage import dvc
from lifecycle.storage.version import version

tip = code.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", help="the branch or commit that the change goes into")
    parser.add_argument("--direct", action="store_true", help="compare with BASE itself, not with the merge base")
    parser.add_argument("--strict", action="store_true", help="exit 1 if the verdict is inconclusive")
    parser.add_argument("--pushed", action="store_true", help="the commit that is being pushed, exit 0 (pre-push hook)")
    parser.add_argument("--report", metavar="DIR", type=path, help="write report.md, .html and .json into DIR")


def run(options: argparse.Namespace) -> Outcome:
    """The verdict as an exit code; versions that cannot be compared never pass."""
    try:
        report = review(options)
        answer = {PASS: 0, INCONCLUSIVE: int(options.strict), FAIL: 1}[report["verdict"]]
        outcome = Outcome(answer, [f"{report['verdict']}.", *report["messages"], *commits.uncommitted()], report)
    except Exception as error:  # the report says so in any case
        outcome = failure(error)
        known = {"verdict": "not compared", "messages": outcome.messages, "name": options.base}
        known["head"] = attempt("rev-parse", "HEAD").stdout.strip()
        outcome = Outcome(outcome.code, outcome.messages, outcome.details | known)
    if options.report:
        from lifecycle.report.review import write  # takes a second

        write(outcome.details, options.report)
    return Outcome(0, outcome.messages, outcome.details) if options.pushed else outcome


def review(options: argparse.Namespace) -> dict[str, Any]:
    base, pushed = options.base, "HEAD"
    if options.pushed:
        pushed = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
        base = base or origin.known_branch()
    if base is None:
        raise LifecycleError("name the branch that the change goes into, such as `lifecycle gate origin/main`.")
    new, limits = version(pushed), commits.known(base)
    if new is None:
        raise LifecycleError(f"{pushed} has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    left = limits if options.direct else commits.merge_base(base, new.commit)
    own, details = code.notes(options)
    with dvc.checkout(new.commit, None if options.direct else limits):  # with the base's remote
        report = change.review(new, version(left) if left else None, left, limits, options.direct) | details
    if own:
        report["messages"] = [*own, *report["messages"]]
        report["verdict"] = change.worst(report["verdict"], INCONCLUSIVE)
    return report | {"name": base}
