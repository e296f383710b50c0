"""The proof: executes the stages that changed since BASE again in a clean checkout, and compares what they write.

Reads commits, never the work tree; pulls only what those stages read, and nothing where the lock does not differ.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import Field

from lifecycle import git, stale, store
from lifecycle.lock import Lock, differing, lock
from lifecycle.outcome import CouldNot, Outcome, run
from lifecycle.review.values import differences
from pipeline.stage import Block, checked, load_yaml

IDENTICAL, SAME = "identical", "the same values"
EQUAL, OTHER = "equal within the tolerance", "other bytes"
CAUSES = (
    "What usually causes it: a result that was edited by hand, a stage that was run before its code or data was saved, "
    "or a seed that is not set."
)


class Reproduce(Block):
    """How far apart two values may be, relative or below 1 absolute, that another processor computed."""

    tolerance: float = Field(ge=0, lt=0.1)


def reproduce(base: str | None, every: bool) -> Outcome:
    """The outcome; `details` has the stages that were executed, the bytes pulled, and the verdict on each output."""
    new = lock("HEAD")
    if new is None:
        raise CouldNot("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
    unseen = git.unseen()
    left = None if every or base is None else git.merge_base(base)
    stages = differing(lock(left) if left else None, new)
    with store.checkout("HEAD"):
        if faults := stale.findings(committed=True):
            return Outcome(1, faults + unseen)
        if not stages:
            said = f"No stage differs from {base}: nothing was pulled, nothing was run."
            return Outcome(0, [said, *unseen], {"stages": [], "bytes": 0, "outputs": {}})
        settings = checked(Reproduce, load_yaml("params.yaml").get("reproduce"), "params.yaml, block reproduce")
        pulled = execute(new, stages)
        found = judge(new, stages, settings.tolerance)
    code, says = tell(found, stages)
    return Outcome(code, says + unseen, {"stages": stages, "bytes": pulled, "outputs": found})


def execute(recorded: Lock, stages: list[str]) -> int:
    """Run the stages in the checkout from pulled inputs, without the run cache; returns the bytes pulled."""
    made = {out["path"] for stage in stages for out in recorded.stages[stage].get("outs", [])}
    needed = {dep["path"] for stage in stages for dep in recorded.stages[stage].get("deps", [])} - made
    inputs = [
        f for path, f in recorded.stored.items() if path in needed or any(n.startswith(f"{path}/") for n in needed)
    ]
    pulled = store.fetch(inputs)
    done = store.attempt("repro", "--force", "--single-item", "--no-run-cache", "--no-commit", *stages, aloud=True)
    if done.returncode or any(f"Running stage '{stage}'" not in done.stderr for stage in stages):
        raise CouldNot(f"the stages could not be executed again ({store.last(done)}); their own words stand above.")
    return pulled


def judge(recorded: Lock, stages: list[str], tolerance: float) -> dict[str, str | list[str]]:
    """For each output IDENTICAL, the SAME values, EQUAL within the tolerance, OTHER bytes of no format that is known
    here, or what differs."""
    paths = [out["path"] for stage in stages for out in recorded.stages[stage].get("outs", [])]
    now = lock(git.WORK)
    assert now is not None
    changed = [path for path in paths if now.made[path].md5 != recorded.made[path].md5]
    renamed = {recorded.made[path].md5: now.made[path].md5 for path in changed}
    found: dict[str, str | list[str]] = dict.fromkeys(paths, IDENTICAL)
    git.git("checkout", "--quiet", "HEAD", "--", "dvc.lock")  # so that DVC fetches what was recorded
    with TemporaryDirectory() as folder:
        git.git("worktree", "add", "--quiet", "--detach", folder, "HEAD")
        for path in changed:
            file, old = recorded.made[path], Path(folder, path)
            if file.stored and not file.md5.endswith(".dir"):
                store.fetch([file], checked_out=False)
                old = store.cached(file)
            known = old.exists() or not file.stored
            exact = differences(old, Path(path), 0, renamed) if known else None
            near = exact and differences(old, Path(path), tolerance, renamed)
            found[path] = OTHER if exact is None else near or (EQUAL if exact else SAME)
    return found


def tell(found: dict[str, str | list[str]], stages: list[str]) -> tuple[int, list[str]]:
    """Exit code and sentences; other bytes are excused only where some values differ as another processor's do."""
    wrong = {path: lines for path, lines in found.items() if isinstance(lines, list)}
    same, close, other = ([path for path, said in found.items() if said == one] for one in (SAME, EQUAL, OTHER))
    if all(path.endswith(".md") for path in close):  # figures in a text are rounded, and prove nothing
        wrong |= {path: ["its bytes differ, and no value that could explain it"] for path in [*other, *close]}
    if wrong:
        return 1, [f"{path} cannot be reproduced: {'; '.join(lines)}." for path, lines in wrong.items()] + [CAUSES]
    says = [f"{len(found)} outputs of {', '.join(stages)} came out again from a clean checkout."]
    if close:
        says.append(f"Equal within the tolerance, as on another processor: {', '.join(close + other)}.")
    if same:
        says.append(f"Other bytes, but the same values: {', '.join(same)}.")
    return 0, says


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.reproduce", description=__doc__)
    parser.add_argument("base", nargs="?", help="stages that do not differ from where HEAD left it are not executed")
    parser.add_argument("--all", action="store_true", help="execute every stage; so it is without BASE")
    parser.add_argument("--report", metavar="DIR", dest="leave", help="leave the outcome in DIR for the gate's report")
    run("reproduce", parser, lambda given: reproduce(given.base, given.all))
