"""Runs the stages that changed since BASE again in a clean checkout, and compares what they write with the commit.

Reads commits, never the work tree. Pulls only what those stages read, and nothing if no stage changed. The model also
predicts the test rows again, without their target. `--run DIR` only runs, and `--results DIR` only compares, so that CI
can keep the change's code and the code that checks it in two jobs.

  uv run lifecycle reproduce origin/main
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lifecycle import code
from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.paths import path
from lifecycle.project import digest
from lifecycle.review import limits, rerun
from lifecycle.storage import dvc, status
from lifecycle.storage.lock import Lock, changed_stages, lock

IDENTICAL, SAME = "identical", "the same values"
CLOSE, OTHER = "within the tolerance", "other bytes"
CAUSES = (
    "Usual causes: a result that was edited by hand, a stage that ran before its code or data was saved, or a seed "
    "that is not set."
)
tip = code.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", help="the branch that the change goes into; without it every stage runs")
    parser.add_argument("--all", action="store_true", help="run every stage")
    parser.add_argument("--run", metavar="DIR", type=path, help="run the stages, and leave their results in DIR")
    parser.add_argument("--results", metavar="DIR", type=path, help="compare the results in DIR, and run nothing")
    parser.add_argument(
        "--report", metavar="DIR", dest="leave", type=path, help="leave the outcome for the gate's report"
    )


def run(options: argparse.Namespace) -> Outcome:
    """`details`: the stages that ran, the bytes pulled, and the result of each output."""
    new, base = lock("HEAD"), code.base(options)
    if new is None:
        raise LifecycleError("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    notes, details = code.notes(options)
    uncommitted = commits.uncommitted()
    left = None if options.all or not base else commits.merge_base(base)
    stages = changed_stages(lock(left) if left else None, new, rerun.edited(left))
    settings = limits.reproduce(base if base and code.exists(base) else "HEAD")
    results, folder = (p and p.absolute() for p in (options.results, options.run))
    with dvc.checkout("HEAD", base):
        if messages := status.findings(committed=True):
            return Outcome(1, notes + messages + uncommitted, details)
        if not stages:
            message = f"No stage changed since {options.base}: nothing was pulled or run."
            return Outcome(0, [*notes, message, *uncommitted], details | {"stages": [], "bytes": 0, "outputs": {}})
        if results is None:
            pulled = rerun.run(new, stages)
            predicted = rerun.predicted()
        else:
            predicted, pulled = rerun.take(results, new, stages), 0
        if folder:
            rerun.leave(folder, new, stages, predicted)
            return Outcome(0, [*notes, f"{', '.join(stages)} ran again; the results are in {options.run}."], details)
        compared = compare(new, stages, settings.tolerance)
        wrong = rerun.wrong_predictions(predicted, settings.tolerance)
    result, messages = summary(compared, stages, settings.may_vary)
    if wrong:
        messages = [f"the model gives other predictions without the target: {'; '.join(wrong[:3])}.", *messages]
    found = {"stages": stages, "bytes": pulled, "outputs": compared}
    return Outcome(1 if wrong else result, notes + messages + uncommitted, details | found)


def compare(recorded: Lock, stages: list[str], tolerance: float) -> dict[str, str | list[str]]:
    """For each output IDENTICAL, SAME, CLOSE, OTHER (bytes of an unknown format), or a list of what differs."""
    from lifecycle.review.compare_files import differences  # takes half a second

    every = rerun.outputs(recorded, stages)
    now = {path: digest(path) if Path(path).exists() else "" for path in every}
    changed = [path for path in every if now[path] != recorded.outputs[path].md5]
    renamed = {recorded.outputs[path].md5: now[path] for path in changed}
    results: dict[str, str | list[str]] = dict.fromkeys(every, IDENTICAL)
    with TemporaryDirectory() as folder:
        if changed:
            git("worktree", "add", "--quiet", "--detach", folder, "HEAD")
        for path in changed:
            file, old = recorded.outputs[path], Path(folder, path)
            if file.stored and not file.md5.endswith(".dir"):
                dvc.fetch([file], checked_out=False)
                old = dvc.cached(file.md5)
            comparable = old.exists() or not file.stored
            exact = differences(old, Path(path), 0, renamed) if comparable else None
            near = exact and differences(old, Path(path), tolerance, renamed)
            results[path] = OTHER if exact is None else near or (CLOSE if exact else SAME)
    return results


def summary(results: dict[str, Any], stages: list[str], may_vary: list[str]) -> tuple[int, list[str]]:
    """Exit code and messages; other bytes of an unknown format pass only if `may_vary` lists the output."""
    wrong = {path: lines for path, lines in results.items() if isinstance(lines, list)}
    same, close, other = ([path for path, result in results.items() if result == kind] for kind in (SAME, CLOSE, OTHER))
    unknown = "its bytes differ, and its format is unknown: list it in params.yaml, reproduce.may_vary, if they may"
    wrong |= {path: [unknown] for path in other if path not in may_vary}
    if close and all(path.endswith(".md") for path in close):  # numbers in a text are rounded, and prove nothing
        wrong |= {path: ["its bytes differ, and no value explains it"] for path in close}
    if wrong:
        return 1, [f"{path} cannot be reproduced: {'; '.join(lines)}." for path, lines in wrong.items()] + [CAUSES]
    messages = [f"Reproduced in a clean checkout: {len(results)} output(s) of {', '.join(stages)}."]
    if close or other:
        messages.append(f"Equal within the tolerance, as on another processor: {', '.join(close + other)}.")
    if same:
        messages.append(f"Other bytes, but the same values: {', '.join(same)}.")
    return 0, messages
