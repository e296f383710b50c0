"""Verb: brings a report to where people look: the one comment, an issue, a branch, a request, on GitHub or GitLab.

Reads a report folder, or the artifact of a run, which anybody may have written; has the standard library only.
"""

import argparse
import io
import json
import os
import sys
import zipfile
from pathlib import Path

from lifecycle.forge.api import Forge, forge
from lifecycle.forge.branch import commit, git, push
from lifecycle.forge.posts import comment, issue, request
from lifecycle.forge.web import Refused

LARGEST = 1_000_000  # bytes of a report.json


def read(path: Path) -> bytes:
    """The content of a file of a report; raises Refused."""
    if path.exists():
        return path.read_bytes()
    verb = "gate" if path.stem == "report" else path.stem
    raise Refused(f"{path} is not there: run `python -m lifecycle.{verb} --report {path.parent}` first.")


def artifact(at: Forge, run: int) -> bytes | None:
    """The report.json that a run left, None if it left no report; raises Refused for one that cannot be read."""
    found = at.call("GET", f"/actions/runs/{run}/artifacts?name=report")["artifacts"]
    if not found:
        return None
    packed = at.send("GET", f"/actions/artifacts/{max(entry['id'] for entry in found)}/zip")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return archive.open("report.json").read(LARGEST)
    except Exception as why:  # whatever it is: anybody may have packed it
        raise Refused(f"The artifact of run {run} has no readable report.json ({type(why).__name__}).") from None


def comment_on_run(run: int) -> str:
    """Comment on the request that a run was for: its number comes from GitHub, never from the artifact."""
    at = Forge()
    facts = at.call("GET", f"/actions/runs/{run}")
    home = facts["head_repository"]  # null once a fork is deleted
    pull = at.open_request(facts["head_branch"], home["owner"]["login"]) if home else None
    if pull is None or pull["head"]["sha"] != facts["head_sha"]:
        return f"No open request is at the commit of run {run}: no comment."
    content, ours = artifact(at, run), home["full_name"] == os.environ["GITHUB_REPOSITORY"]
    return f"Run {run} left no report: no comment." if content is None else comment(at, pull["number"], content, ours)


def comment_on_request(number: str | None, folder: Path) -> str:
    """Comment on a request by its number; without secrets there is nobody to comment as."""
    if not number:
        return "This run belongs to no request: no comment."
    try:
        at = forge()
    except Refused as why:
        if os.environ.get("WITHOUT_SECRETS") == "true":
            return f"No comment: {why}"
        raise
    return comment(at, int(number), read(folder / "report.json"))


def branch(at: Forge, to: str | None, message: str) -> str:
    """Commit what changed and push it; raises Refused rather than overwrite anybody's work."""
    name = to or os.environ.get("BRANCH") or git("branch", "--show-current")
    if to and to == at.default():
        raise Refused(f"{to} is everybody's branch: --to names one that only this verb writes.")
    if not commit(message, at.me()):
        return "Nothing changed: nothing to publish."
    push(at, name, own=to is not None)
    at.check(name)
    return f"Pushed {git('rev-parse', '--short', 'HEAD')} to {name}."


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="what", required=True)
    report = argparse.ArgumentParser(add_help=False)
    report.add_argument("--report", type=Path, default=Path("report"), metavar="DIR")
    one = verbs.add_parser("comment", parents=[report], help="the one comment of a request")
    one.add_argument("--run", type=int, help="GitHub's number of a finished run")
    one.add_argument("--number", default=os.environ.get("CI_MERGE_REQUEST_IID"), help="of the request")
    verbs.add_parser("issue", parents=[report], help="an issue while main cannot be reproduced")
    two = verbs.add_parser("branch", help="what changed, committed and pushed")
    two.add_argument("--to", metavar="NAME", help="a branch of our own, which is overwritten")
    two.add_argument("--message", required=True)
    three = verbs.add_parser("request", parents=[report], help="the one request of a branch")
    three.add_argument("--from", dest="name", required=True)
    three.add_argument("--title", required=True)
    return parser.parse_args()


def act(given: argparse.Namespace) -> str:
    """What was done, in a sentence."""
    if given.what == "comment":
        return comment_on_run(given.run) if given.run else comment_on_request(given.number, given.report)
    if given.what == "branch":
        return branch(forge(), given.to, given.message)
    if given.what == "request":
        return request(forge(), given.name, given.title, read(given.report / "report.json"))
    if not (left := given.report / "reproduce.json").exists():
        return issue(forge(), 2, ["The proof could not be run: the log of the last run says why."])
    proof = json.loads(read(left))
    return issue(forge(), proof["code"], proof["says"])


if __name__ == "__main__":
    try:
        print(f"publish: {act(arguments())}", flush=True)
    except Refused as why:
        print(f"publish: {why}", file=sys.stderr)
        sys.exit(2)
