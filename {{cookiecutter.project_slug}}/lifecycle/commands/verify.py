"""Is dvc.lock up to date with code, data, parameters and environment, and is all data in the remote?

Reads the work tree, dvc.lock and the remote's list of files. Downloads nothing, so it works in a clone without data.

  uv run lifecycle verify
"""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor

from lifecycle.errors import LifecycleError
from lifecycle.git.run import attempt
from lifecycle.outcome import Outcome, failure
from lifecycle.paths import path
from lifecycle.storage import status
from lifecycle.storage.dvc import missing_in_remote


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--committed", action="store_true", help="ignore data that no commit contains (pre-push hook)")
    parser.add_argument(
        "--merging", action="store_true", help="do nothing unless a merge is in progress; skip the remote (hook)"
    )
    parser.add_argument(
        "--report", metavar="DIR", dest="leave", type=path, help="leave the outcome for the gate's report"
    )


def run(options: argparse.Namespace) -> Outcome:
    # Git sets MERGE_HEAD only after its own hooks
    no_merge = attempt("rev-parse", "--verify", "MERGE_HEAD").returncode and "GIT_REFLOG_ACTION" not in os.environ
    if options.merging and no_merge:
        return Outcome(0, ["No merge is in progress."])
    if messages := status.conflicts():
        return Outcome(1, messages)
    with ThreadPoolExecutor() as pool:
        missing = pool.submit(lambda: [] if options.merging else missing_in_remote())
        findings = status.findings(options.committed or options.merging) + status.lost_in_merge()
        try:
            findings += [f"{path} is not in the remote: run `uv run dvc push`" for path in missing.result()]
        except LifecycleError as error:
            unknown = failure(error)
            return Outcome(1 if findings else unknown.code, findings + unknown.messages, unknown.details)
    if findings and options.merging:
        findings.append("settle this before the merge is committed: run `uv run lifecycle resolve`")
    remote = "" if options.merging else ", and all data is in the remote"
    return Outcome(1, findings) if findings else Outcome(0, [f"dvc.lock is up to date{remote}."])
