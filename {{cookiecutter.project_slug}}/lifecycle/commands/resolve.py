"""Settles a conflict in dvc.lock and the results during a merge or rebase: runs the pipeline and adds what it writes.

Code, parameters and data in conflict must be settled by people first; nothing is changed before they are.

  git merge main; uv run lifecycle resolve; git commit
"""

import argparse

from lifecycle.errors import LifecycleError
from lifecycle.git.commits import WORK_TREE
from lifecycle.git.run import attempt, git
from lifecycle.outcome import Outcome
from lifecycle.storage import status
from lifecycle.storage.dvc import dvc, reason
from lifecycle.storage.lock import lock

HEADS = ("HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")  # those that exist


def run(_: argparse.Namespace) -> Outcome:
    """0 with the stages that ran; 1 if a person must settle something first."""
    locks = [side for revision in HEADS if (side := lock(revision))]
    results = {"dvc.lock", *(path for side in locks for path in side.outputs)}
    unmerged = status.unmerged()
    conflicts = unmerged | status.marked()
    ours = {path for path in conflicts if path in results or any(path.startswith(f"{result}/") for result in results)}
    if people := sorted(conflicts - ours):
        how = "edit it, or take one side (`git checkout --ours FILE` or `--theirs FILE`), then `git add FILE`"
        return Outcome(1, [f"{', '.join(people)}: a conflict that only people can settle: {how}; then run this again."])
    if lost := status.lost_in_merge():
        return Outcome(1, lost)
    if not conflicts and not status.findings(committed=True):
        return Outcome(0, ["There is no conflict, and dvc.lock is up to date."])
    take_one_side(ours, unmerged)
    pull_changed_data()
    done = dvc("repro", "--pull", "--allow-missing", stream=True)
    now = lock(WORK_TREE)
    if done.returncode or now is None:
        raise LifecycleError(f"the pipeline stopped ({reason(done)}): correct the cause, then run this again.")
    git("add", "--all", "--", "dvc.lock", *(path for path, file in now.outputs.items() if not file.stored))
    ran = [line.split("'")[1] for line in done.stderr.splitlines() if line.startswith("Running stage")]
    rebasing = attempt("rev-parse", "--verify", "--quiet", "REBASE_HEAD").returncode == 0
    proceed = "`git rebase --continue`" if rebasing else "`git commit`"
    return Outcome(0, [f"{', '.join(ran) or 'No stage'} ran again; continue with {proceed}."], {"stages": ran})


def take_one_side(paths: set[str], unmerged: set[str]) -> None:
    """Replace results in conflict by one side's: the pipeline writes them again."""
    for path in sorted(paths):
        if path not in unmerged:  # added with its markers
            git("checkout", "HEAD", "--", path)
        elif attempt("checkout", "--ours", "--", path).returncode:  # we have deleted it
            git("checkout", "--theirs", "--", path)


def pull_changed_data() -> None:
    """Pull the data that the merge brought, which no hook has checked out yet; raises LifecycleError."""
    if changed := status.changed_data():
        done = dvc("pull", *changed)
        if done.returncode:
            raise LifecycleError(
                f"the data of {', '.join(changed)} differs from the merged version ({reason(done)}): keep it with "
                "`uv run dvc add`, or drop it with `uv run dvc checkout --force`; then run this again."
            )
