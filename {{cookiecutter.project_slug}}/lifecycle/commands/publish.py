"""Writes a report where people see it: the one comment, issue, branch or request, on GitHub or GitLab.

Reads a report folder, or a report that the CI run of a fork has uploaded. CI runs it with the standard library
only.

  python3 -m lifecycle publish comment --report report
"""

import argparse
import io
import json
import os
import zipfile
from pathlib import Path

from lifecycle.errors import ForgeError
from lifecycle.forge.api import Forge
from lifecycle.forge.branch import commit, push
from lifecycle.forge.comments import comment, issue, request
from lifecycle.forge.current import forge
from lifecycle.forge.github import GitHub
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.paths import path

LARGEST = 1_000_000  # bytes of a report.json


def arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", required=True)
    report = argparse.ArgumentParser(add_help=False)
    report.add_argument("--report", type=path, default=Path("report"), metavar="DIR")
    on_request = kinds.add_parser("comment", parents=[report], help="the one comment of a request")
    on_request.add_argument("--run", type=int, help="the id of a finished run on GitHub")
    on_request.add_argument(
        "--number", default=os.environ.get("CI_MERGE_REQUEST_IID") or None, type=int, help="the number of the request"
    )
    kinds.add_parser("issue", parents=[report], help="an issue while main cannot be reproduced")
    changed = kinds.add_parser("branch", help="what changed, committed and pushed")
    changed.add_argument("--to", metavar="NAME", help="a branch that only this verb writes, which is overwritten")
    changed.add_argument("--message", required=True)
    new = kinds.add_parser("request", parents=[report], help="the one request of a branch")
    new.add_argument("--from", dest="name", required=True)
    new.add_argument("--title", required=True)


def run(options: argparse.Namespace) -> Outcome:
    if options.what == "comment":
        done = comment_on_run(options.run) if options.run else comment_on_request(options.number, options.report)
    elif options.what == "branch":
        done = branch(forge(), options.to, options.message)
    elif options.what == "request":
        done = request(forge(), options.name, options.title, read(options.report / "report.json"))
    elif (left := options.report / "reproduce.json").exists():
        outcome = json.loads(read(left))
        done = issue(forge(), outcome["code"], outcome["messages"])
    else:
        done = issue(forge(), 2, ["The stages could not be run again: see the log of the last run."])
    return Outcome(0, [done])


def read(file: Path) -> bytes:
    if file.exists():
        return file.read_bytes()
    verb = "gate" if file.stem == "report" else file.stem
    raise ForgeError(f"{file} does not exist: run `uv run lifecycle {verb} --report {file.parent}` first.")


def comment_on_run(run: int) -> str:
    """Comment on the request that a run was for: its number comes from GitHub, never from the artifact."""
    github = GitHub()
    facts = github.call("GET", f"/actions/runs/{run}")
    home = facts["head_repository"]  # null after a fork was deleted
    pull = github.open_request(facts["head_branch"], home["owner"]["login"]) if home else None
    if pull is None or pull["head"]["sha"] != facts["head_sha"]:
        return f"No open request is at the commit of run {run}: no comment."
    content = artifact(github, run)
    if content is None:
        return f"Run {run} has no report: no comment."
    return comment(github, pull["number"], content, ours=home["full_name"] == os.environ["GITHUB_REPOSITORY"])


def artifact(github: GitHub, run: int) -> bytes | None:
    """The report.json of a run, None if it has none; raises ForgeError for one that cannot be read."""
    entries = github.call("GET", f"/actions/runs/{run}/artifacts?name=report")["artifacts"]
    if not entries:
        return None
    packed = github.send("GET", f"/actions/artifacts/{max(entry['id'] for entry in entries)}/zip")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return archive.open("report.json").read(LARGEST)
    except Exception as error:  # whatever it is: anybody may have packed it
        raise ForgeError(f"The artifact of run {run} has no readable report.json ({type(error).__name__}).") from None


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
