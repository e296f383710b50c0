"""A repository on GitHub or GitLab: the few calls that `publish` needs, in the words of each.

Reads the variables that both set in CI; has the standard library only, so that nothing need be installed.
"""

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from lifecycle.forge.web import Refused, send


class Forge:
    """GitHub; raises Refused where a variable is missing."""

    home, server = "{GITHUB_API_URL}/repos/{GITHUB_REPOSITORY}", "{GITHUB_SERVER_URL}"
    token_name, git_user = "GITHUB_TOKEN", "x-access-token"
    advice = "give this step `GITHUB_TOKEN: ${{ github.token }}`"
    update, closed, number = "PATCH", {"state": "closed"}, "number"
    text = "body"  # of an issue or a request
    issues, remarks = "/issues?state=open", "/issues/{}/comments"
    comments, comment = "/issues/{}/comments", "/issues/comments/{1}"
    requests, requests_from = "/pulls", "/pulls?state=open&head={owner}:{branch}"
    source, target = "head", "base"
    branches, checks = "/branches/{}", "/actions/workflows/ci.yml/dispatches"
    lineage = "sha", "parents"

    def __init__(self) -> None:
        try:
            self.address, self.host = self.home.format_map(os.environ), self.server.format_map(os.environ)
        except KeyError as name:
            raise Refused(f"{name} is not set: publish runs in CI, on GitHub or GitLab.") from None
        self.token = os.environ.get(self.token_name, "")
        if not self.token:
            raise Refused(f"{self.token_name} is not set: {self.advice}.")

    def send(self, method: str, path: str, body: Any = None) -> bytes:
        """The answer."""
        return send(method, self.address + path, self.token, body)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The content of the answer."""
        try:
            return json.loads(self.send(method, path, body) or b"null")
        except ValueError:
            raise Refused(f"{method} {self.address}{path}: the answer is no JSON.") from None

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every entry of a list, however many pages it has."""
        page = 1
        while entries := self.call("GET", f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}"):
            yield from entries
            page += 1

    def me(self) -> str:
        """Whom the token belongs to; GitHub does not tell that of a run's own token."""
        return "github-actions[bot]"

    def mine(self, path: str, field: str, marker: str) -> dict[str, Any] | None:
        """The first entry that we wrote ourselves and that begins with the marker."""
        me = self.me()
        for entry in self.pages(path):
            author = entry.get("user") or entry.get("author") or {}
            if me in (author.get("login"), author.get("username")) and str(entry[field]).startswith(marker):
                return entry
        return None

    def default(self) -> str:
        """The branch that requests are merged into."""
        return str(self.call("GET", "")["default_branch"])

    def open_request(self, branch: str, owner: str = "") -> dict[str, Any] | None:
        """The open request that would merge a branch of this repository, or of the owner's copy of it."""
        whose = quote(owner or os.environ.get("GITHUB_REPOSITORY", "").split("/")[0], safe="")
        found = self.call("GET", self.requests_from.format(owner=whose, branch=quote(branch, safe="")))
        return found[0] if found else None

    def check(self, branch: str) -> None:
        """Start the checks of a branch that a run has pushed: on GitHub they do not start by themselves."""
        if self.checks:
            self.call("POST", self.checks, {"ref": branch})

    def tip(self, branch: str) -> list[str]:
        """The last commit of a branch and what it was made from, empty if there is no such branch."""
        try:
            last = self.call("GET", self.branches.format(quote(branch, safe="")))["commit"]
        except Refused as why:
            if why.status == 404:
                return []
            raise
        commit, parents = self.lineage
        return [last[commit], *(parent["sha"] if isinstance(parent, dict) else parent for parent in last[parents])]


class GitLab(Forge):
    """GitLab, where it differs."""

    home, server = "{CI_API_V4_URL}/projects/{CI_PROJECT_ID}", "{CI_SERVER_URL}"
    token_name, git_user = "GITLAB_TOKEN", "oauth2"
    advice = "make a project access token with the scope api, and keep it as a masked variable of this name"
    update, closed, number = "PUT", {"state_event": "close"}, "iid"
    text = "description"
    issues, remarks = "/issues?state=opened", "/issues/{}/notes"
    comments, comment = "/merge_requests/{}/notes", "/merge_requests/{}/notes/{}"
    requests, requests_from = "/merge_requests", "/merge_requests?state=opened&source_branch={branch}"
    source, target = "source_branch", "target_branch"
    branches, checks = "/repository/branches/{}", ""
    lineage = "id", "parent_ids"

    def me(self) -> str:
        """The user that the project access token belongs to."""
        return str(json.loads(send("GET", os.environ["CI_API_V4_URL"] + "/user", self.token))["username"])


def forge() -> Forge:
    """The one that this runs on."""
    return Forge() if os.environ.get("GITHUB_REPOSITORY") else GitLab()
