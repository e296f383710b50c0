"""Runs the stages that changed since BASE again in a clean checkout, and compares what they write with the commit.

Reads commits, never the work tree. Pulls only what those stages read, and nothing if no stage changed.

  uv run lifecycle reproduce origin/main
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import Field

from lifecycle.errors import LifecycleError
from lifecycle.git import commits
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.paths import path
from lifecycle.project import Block, check, parse_yaml
from lifecycle.storage import dvc, status
from lifecycle.storage.lock import Lock, changed_stages, entries, lock

IDENTICAL, SAME = "identical", "the same values"
CLOSE, OTHER = "within the tolerance", "other bytes"
CAUSES = (
    "Usual causes: a result that was edited by hand, a stage that ran before its code or data was saved, or a seed "
    "that is not set."
)


class Reproduce(Block):
    """`tolerance`: how far values of another processor may differ, relative, or absolute below 1."""

    tolerance: float = Field(ge=0, lt=0.1)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", help="the branch that HEAD was made from; without it every stage runs")
    parser.add_argument("--all", action="store_true", help="run every stage")
    parser.add_argument(
        "--report", metavar="DIR", dest="leave", type=path, help="leave the outcome for the gate's report"
    )


def run(options: argparse.Namespace) -> Outcome:
    """`details`: the stages that ran, the bytes pulled, and the result of each output."""
    new = lock("HEAD")
    if new is None:
        raise LifecycleError("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    uncommitted = commits.uncommitted()
    base = None if options.all or options.base is None else commits.merge_base(options.base)
    stages = changed_stages(lock(base) if base else None, new)
    with dvc.checkout("HEAD"):
        if messages := status.findings(committed=True):
            return Outcome(1, messages + uncommitted)
        if not stages:
            message = f"No stage changed since {options.base}: nothing was pulled or run."
            return Outcome(0, [message, *uncommitted], {"stages": [], "bytes": 0, "outputs": {}})
        block = parse_yaml(Path("params.yaml").read_text("utf-8"), "params.yaml").get("reproduce")
        settings = check(Reproduce, block, "params.yaml, block reproduce,")
        pulled = run_stages(new, stages)
        results = compare(new, stages, settings.tolerance)
    code, messages = summary(results, stages)
    return Outcome(code, messages + uncommitted, {"stages": stages, "bytes": pulled, "outputs": results})


def run_stages(recorded: Lock, stages: list[str]) -> int:
    """Run stages in the checkout from pulled inputs, without the run cache; returns the bytes pulled."""
    chosen = {stage: recorded.stages[stage] for stage in stages}
    needed = {entry["path"] for entry in entries(chosen, "deps")} - {entry["path"] for entry in entries(chosen, "outs")}
    inputs = [
        f for path, f in recorded.stored.items() if path in needed or any(n.startswith(f"{path}/") for n in needed)
    ]
    pulled = dvc.fetch(inputs)
    done = dvc.dvc("repro", "--force", "--single-item", "--no-run-cache", "--no-commit", *stages, stream=True)
    if done.returncode or any(f"Running stage '{stage}'" not in done.stderr for stage in stages):
        raise LifecycleError(f"the stages could not be run again ({dvc.reason(done)}): see their messages above.")
    return pulled


def compare(recorded: Lock, stages: list[str], tolerance: float) -> dict[str, str | list[str]]:
    """For each output IDENTICAL, SAME, CLOSE, OTHER (bytes of an unknown format), or a list of what differs."""
    from lifecycle.review.compare_files import differences  # takes half a second

    paths = [entry["path"] for entry in entries({stage: recorded.stages[stage] for stage in stages}, "outs")]
    now = lock(commits.WORK_TREE)
    assert now is not None
    changed = [path for path in paths if now.outputs[path].md5 != recorded.outputs[path].md5]
    renamed = {recorded.outputs[path].md5: now.outputs[path].md5 for path in changed}
    results: dict[str, str | list[str]] = dict.fromkeys(paths, IDENTICAL)
    git("checkout", "--quiet", "HEAD", "--", "dvc.lock")  # so that DVC fetches what was recorded
    with TemporaryDirectory() as folder:
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


def summary(results: dict[str, Any], stages: list[str]) -> tuple[int, list[str]]:
    """Exit code and messages; other bytes are excused only if some values differ as another processor's do."""
    wrong = {path: lines for path, lines in results.items() if isinstance(lines, list)}
    same, close, other = ([path for path, result in results.items() if result == kind] for kind in (SAME, CLOSE, OTHER))
    if all(path.endswith(".md") for path in close):  # numbers in a text are rounded, and prove nothing
        wrong |= {path: ["its bytes differ, and no value explains it"] for path in [*other, *close]}
    if wrong:
        return 1, [f"{path} cannot be reproduced: {'; '.join(lines)}." for path, lines in wrong.items()] + [CAUSES]
    messages = [f"Reproduced in a clean checkout: {len(results)} output(s) of {', '.join(stages)}."]
    if close:
        messages.append(f"Equal within the tolerance, as on another processor: {', '.join(close + other)}.")
    if same:
        messages.append(f"Other bytes, but the same values: {', '.join(same)}.")
    return 0, messages
