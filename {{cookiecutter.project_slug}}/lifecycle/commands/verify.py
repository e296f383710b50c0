"""Is dvc.lock up to date with code, data, parameters and environment, and is all data in the remote?

Reads the work tree; with BASE the commit HEAD, checked by BASE's code and with BASE's remote. Downloads nothing, so it
works in a clone without data.

  uv run lifecycle verify
"""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lifecycle import code
from lifecycle.errors import LifecycleError
from lifecycle.git.run import HOOK, attempt
from lifecycle.outcome import Outcome, failure
from lifecycle.paths import path
from lifecycle.storage import dvc, objects, status
from lifecycle.storage.lock import lock

tip = code.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", help="the branch that the change goes into; its code and remote are used")
    parser.add_argument(
        "--pushed", action="store_true", help="supply and check the data of the commit that is pushed (hook)"
    )
    parser.add_argument(
        "--merging", action="store_true", help="do nothing unless a merge is in progress; skip the remote (hook)"
    )
    parser.add_argument(
        "--report", metavar="DIR", dest="leave", type=path, help="leave the outcome for the gate's report"
    )


def run(options: argparse.Namespace) -> Outcome:
    # Git sets MERGE_HEAD only after its own hooks
    no_merge = attempt("rev-parse", "--verify", "MERGE_HEAD").returncode and "GIT_REFLOG_ACTION" not in HOOK
    if options.merging and no_merge:
        return Outcome(0, ["No merge is in progress."])
    if messages := status.conflicts():
        return Outcome(1, messages)
    notes, details = code.notes(options)
    with place(options), ThreadPoolExecutor() as pool:
        missing = pool.submit(lambda: [] if options.merging else not_stored(options.pushed))
        committed = bool(options.base or options.pushed or options.merging)
        findings = status.findings(committed) + status.lost_in_merge()
        try:
            findings += missing.result()
        except LifecycleError as error:
            unknown = failure(error)
            return Outcome(1 if findings else unknown.code, findings + unknown.messages, unknown.details)
    if findings and options.merging:
        findings.append("settle this before the merge is committed: run `uv run lifecycle resolve`")
    remote = "" if options.merging else ", and all data is in the remote"
    return Outcome(int(bool(findings)), notes + (findings or [f"dvc.lock is up to date{remote}."]), details)


@contextmanager
def place(options: argparse.Namespace) -> Iterator[None]:
    """The work tree, or a clean checkout of the commit that is checked."""
    if not options.base and not options.pushed:
        yield
        return
    pushed = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")  # as pre-commit says
    with dvc.checkout((options.pushed and pushed) or "HEAD", code.base(options)):
        yield


def not_stored(supply: bool) -> list[str]:
    dvc.check_remote()
    recorded = lock("")
    return objects.not_stored(recorded, supply) if recorded else []
