"""Finished runs of GitHub's ci.yml: their request, their report, and whether the request may be merged.

Which request and commit a run was for is GitHub's word; everything that the run wrote is anybody's.
"""

import io
import os
import zipfile
from typing import Any

from lifecycle.errors import ForgeError
from lifecycle.forge.comments import comment
from lifecycle.forge.github import GitHub

LARGEST = 1_000_000  # bytes of a report.json
CONTEXT = "reviewed"  # the status that .github/ruleset.json requires
UNREAD = "`.github/` differs from main: a maintainer must approve this commit, then re-run this workflow"


def publish(what: str, run: int) -> str:
    """Comment or status on the request that a run was for: its number comes from GitHub, never from the artifact."""
    github = GitHub()
    facts = github.call("GET", f"/actions/runs/{run}")
    pull = request_of(github, facts)
    if pull is None:
        return f"No open request is at the commit of run {run}: no {what}."
    if what == "status":
        return set_status(github, facts, pull)
    content = report(github, run)
    if content is None:
        return f"Run {run} has no report: no comment."
    ours = facts["head_repository"]["full_name"] == os.environ["GITHUB_REPOSITORY"]
    return comment(github, pull["number"], content, ours)


def request_of(github: GitHub, run: dict[str, Any]) -> dict[str, Any] | None:
    """The open request into the default branch whose newest commit a run of ci.yml was for."""
    home = run["head_repository"]  # null after a fork was deleted
    if not home or run["path"].split("@")[0] != ".github/workflows/ci.yml":
        return None
    pull = github.open_request(run["head_branch"], home["owner"]["login"], github.default_branch())
    return pull if pull and pull["head"]["sha"] == run["head_sha"] else None


def report(github: GitHub, run: int) -> bytes | None:
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


def set_status(github: GitHub, run: dict[str, Any], pull: dict[str, Any]) -> str:
    """A request's runs follow its own workflow files: where it edits them, a person must have read them."""
    sha, number, author = run["head_sha"], pull["number"], (pull.get("user") or {}).get("login")
    state = "success" if run["conclusion"] == "success" else "failure"
    text = f"ci: {run['conclusion']}"
    if github.edits(number, sha, ".github/") and not github.approved(number, sha, author):
        state, text = "pending", UNREAD
    status = {"state": state, "context": CONTEXT, "description": text, "target_url": run["html_url"]}
    github.call("POST", f"/statuses/{sha}", status)
    return f"Set the status {CONTEXT} of {sha[:9]} to {state} ({text})."
