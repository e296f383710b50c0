"""Is dvc.lock up to date with code, data, parameters and environment, and is all that it names in the remote?

Reads the work tree, dvc.lock and the remote's list of files; downloads nothing, so it works in a clone without data.
"""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor

from lifecycle import git, stale, store
from lifecycle.outcome import CouldNot, Outcome, excused, run


def verify(committed: bool, merging: bool) -> Outcome:
    """A sentence and a command for each finding.

    `committed`: leave out data that a commit does not hold; `merging`: also the remote, and look only during a merge.
    """
    # Git makes MERGE_HEAD after its own hooks
    if (
        merging
        and git.attempt("rev-parse", "--verify", "MERGE_HEAD").returncode
        and "GIT_REFLOG_ACTION" not in os.environ
    ):
        return Outcome(0, ["No merge is going on."])
    if broken := stale.conflicts():
        return Outcome(1, broken)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(lambda: [] if merging else store.missing())
        found = stale.findings(committed or merging) + stale.dropped()
        try:
            found += [f"{path} is not in the remote: `uv run dvc push`" for path in asked.result()]
        except CouldNot as why:
            unknown = excused(why)
            return Outcome(1 if found else unknown.code, found + unknown.says, unknown.details)
    remote = "" if merging else ", and all that it names is in the remote"
    return Outcome(1, found) if found else Outcome(0, [f"dvc.lock is up to date{remote}."])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.verify", description=__doc__)
    parser.add_argument(
        "--committed", action="store_true", help="leave out data that a commit does not hold (pre-push)"
    )
    parser.add_argument(
        "--merging", action="store_true", help="only while a merge is being committed, without the remote"
    )
    parser.add_argument("--report", metavar="DIR", dest="leave", help="leave the outcome in DIR for the gate's report")
    run("verify", parser, lambda given: verify(given.committed, given.merging))
