"""Is dvc.lock up to date with code, data, parameters and environment, and is all that it names in the remote?

Reads the work tree, dvc.lock and the remote's list of files; downloads nothing, so it works in a clone without data.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

from lifecycle import stale, store
from lifecycle.outcome import CouldNot, Outcome, excused, run


def verify(committed: bool) -> Outcome:
    """A sentence and a command for each finding; `committed`: only what a commit holds, not the work tree's data."""
    broken = stale.conflicts()
    if broken:
        return Outcome(1, broken)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(store.missing)
        found = stale.findings(committed)
        try:
            found += [f"{path} is not in the remote: `uv run dvc push`" for path in asked.result()]
        except CouldNot as why:
            unknown = excused(why)
            return Outcome(1 if found else unknown.code, found + unknown.says, unknown.details)
    return (
        Outcome(1, found) if found else Outcome(0, ["dvc.lock is up to date, and all that it names is in the remote."])
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.verify", description=__doc__)
    parser.add_argument("--committed", action="store_true", help="leave out data that Git does not see (pre-push)")
    parser.add_argument("--report", metavar="DIR", dest="leave", help="leave the outcome in DIR for the gate's report")
    run("verify", parser, lambda given: verify(given.committed))
