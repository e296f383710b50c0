"""Writes a result where people see it: the one comment, status, issue, branch or request, on GitHub or GitLab.

Reads a report folder, or what a run of CI has uploaded. CI runs all but `results` with the standard library only.

  python3 -m lifecycle publish comment --report report
"""

import argparse
import json
import os
from pathlib import Path

from lifecycle.errors import ForgeError
from lifecycle.forge import runs
from lifecycle.forge.api import Forge
from lifecycle.forge.branch import commit, publish_results, push
from lifecycle.forge.comments import comment, issue, request
from lifecycle.forge.current import forge
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.paths import path

WEEKLY = ("reproduce", "drill")  # verbs whose outcomes make the issue


def arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", required=True)
    report = argparse.ArgumentParser(add_help=False)
    report.add_argument("--report", type=path, default=Path("report"), metavar="DIR")
    on_request = kinds.add_parser("comment", parents=[report], help="the one comment of a request")
    on_request.add_argument("--run", type=int, help="the id of a finished run on GitHub")
    on_request.add_argument(
        "--number", default=os.environ.get("CI_MERGE_REQUEST_IID") or None, type=int, help="the number of the request"
    )
    status = kinds.add_parser("status", help="the status that a merge on GitHub needs")
    status.add_argument("--run", type=int, required=True, help="the id of a finished run on GitHub")
    kinds.add_parser("issue", parents=[report], help="an issue while the weekly check of main fails")
    changed = kinds.add_parser("branch", help="what changed, committed and pushed")
    changed.add_argument("--to", metavar="NAME", help="a branch that only this verb writes, which is overwritten")
    changed.add_argument("--message", required=True)
    trained = kinds.add_parser("results", help="what a training run made, stored and committed to its branch")
    either = trained.add_mutually_exclusive_group(required=True)
    either.add_argument("--pack", type=path, metavar="DIR", help="only pack it, where it was made")
    either.add_argument("--trained", type=int, metavar="ID", help="of the run on GitHub, of the job on GitLab")
    new = kinds.add_parser("request", parents=[report], help="the one request of a branch")
    new.add_argument("--from", dest="name", required=True)
    new.add_argument("--title", required=True)


def run(options: argparse.Namespace) -> Outcome:
    if options.what == "comment" and not options.run:
        done = comment_on_request(options.number, options.report)
    elif options.what in ("comment", "status"):
        done = runs.publish(options.what, options.run)
    elif options.what == "branch":
        done = branch(forge(), options.to, options.message)
    elif options.what == "results":
        done = pack(options.pack) if options.pack else publish_results(forge(), options.trained)
    elif options.what == "request":
        done = request(forge(), options.name, options.title, read(options.report / "report.json"))
    else:
        done = weekly(forge(), options.report)
    return Outcome(0, [done])


def read(file: Path) -> bytes:
    if file.exists():
        return file.read_bytes()
    raise ForgeError(f"{file} does not exist: run `uv run lifecycle gate --report {file.parent}` first.")


def weekly(forge: Forge, folder: Path) -> str:
    """The issue from the outcomes of all verbs; one that left none did not run."""
    messages: list[str] = []
    for verb in WEEKLY:
        left = folder / f"{verb}.json"
        missing = '{"code": 2, "messages": ["it could not be run: see the log of the last run."]}'
        outcome = json.loads(left.read_bytes() if left.exists() else missing)
        if outcome["code"]:
            messages += [f"{verb}: {message}" for message in outcome["messages"]]
    return issue(forge, messages)


def comment_on_request(number: int | None, folder: Path) -> str:
    """Comment on a request by its number; without secrets there is no account to comment with."""
    if not number:
        return "This run belongs to no request: no comment."
    try:
        gitlab = forge()
    except ForgeError as error:
        if os.environ.get("WITHOUT_SECRETS") == "true":
            return f"No comment: {error}"
        raise
    return comment(gitlab, number, read(folder / "report.json"))


def branch(forge: Forge, to: str | None, message: str) -> str:
    """Commit what changed and push it; raises ForgeError rather than overwrite anybody's work."""
    name = to or os.environ.get("BRANCH") or git("branch", "--show-current")
    if to and to == forge.default_branch():
        raise ForgeError(f"{to} is the default branch: --to takes a branch that only this verb writes.")
    if not commit(message, forge.me()):
        return "Nothing changed: nothing to publish."
    push(forge, name, own=to is not None)
    forge.start_checks(name)
    return f"Pushed {git('rev-parse', '--short', 'HEAD')} to {name}."


def pack(folder: Path) -> str:
    from lifecycle.storage import results  # not in the standard library alone

    return f"Packed {results.pack(folder)} changed output(s) into {folder}."
