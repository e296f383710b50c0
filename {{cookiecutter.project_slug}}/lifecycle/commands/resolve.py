"""Settles a conflict in dvc.lock and the results: runs the pipeline on what people settled, and adds what it wrote.

Reads and changes the work tree in the middle of a merge or rebase; people settle code, parameters and data themselves.
"""

import argparse

from lifecycle import git, stale, store
from lifecycle.lock import lock
from lifecycle.outcome import CouldNot, Outcome, run

HEADS = ("HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")  # whichever there are


def resolve() -> Outcome:
    """0 with what ran again; 1 where a person has to settle something first; nothing is changed then."""
    locks = [found for side in HEADS if (found := lock(side))]
    results = {"dvc.lock", *(path for found in locks for path in found.made)}
    unmerged = stale.unmerged()
    conflicts = unmerged | stale.marked()
    mine = {path for path in conflicts if path in results or any(path.startswith(f"{one}/") for one in results)}
    if theirs := sorted(conflicts - mine):
        how = "edit it, or take one side (`git checkout --ours FILE` or `--theirs FILE`), then `git add FILE`"
        return Outcome(1, [f"{', '.join(theirs)}: a conflict that only people can settle: {how}, and come again."])
    if lost := stale.dropped():
        return Outcome(1, lost)
    if not conflicts and not stale.findings(committed=True):
        return Outcome(0, ["There is no conflict, and dvc.lock is up to date."])
    for path in sorted(mine):
        if path not in unmerged:  # added with its markers
            git.git("checkout", "HEAD", "--", path)
        elif git.attempt("checkout", "--ours", "--", path).returncode:  # we have deleted it
            git.git("checkout", "--theirs", "--", path)
    if strays := stale.strays():  # the data that the merge brought, which no hook has checked out yet
        brought = store.attempt("pull", *strays)
        if brought.returncode:
            raise CouldNot(
                f"the data of {', '.join(strays)} is not what the merge settled ({store.last(brought)}): "
                "`uv run dvc add` what is there, or drop it by `uv run dvc checkout --force`, and come again."
            )
    done = store.attempt("repro", "--pull", "--allow-missing", aloud=True)
    now = lock(git.WORK)
    if done.returncode or now is None:
        raise CouldNot(f"the pipeline stopped ({store.last(done)}): mend what it says, and come again.")
    git.git("add", "--all", "--", "dvc.lock", *(path for path, file in now.made.items() if not file.stored))
    ran = [line.split("'")[1] for line in done.stderr.splitlines() if line.startswith("Running stage")]
    merging = git.attempt("rev-parse", "--verify", "--quiet", "REBASE_HEAD").returncode
    ends = "`git commit` ends the merge" if merging else "`git rebase --continue` goes on"
    return Outcome(0, [f"{', '.join(ran) or 'No stage'} ran again: {ends}."], {"stages": ran})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.resolve", description=__doc__)
    run("resolve", parser, lambda _: resolve())
