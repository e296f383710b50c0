"""What GitHub and GitLab have in common: a few calls, with the names that each of them uses as class attributes.

Reads the variables that both set in CI.
"""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import IO, Any, ClassVar, NamedTuple
from urllib.parse import quote

from lifecycle.errors import ForgeError
from lifecycle.forge.http import save, send


class Trained(NamedTuple):
    """Branch and commit of a training run, and the path of its results as a zip archive."""

    branch: str
    commit: str
    packed: str


class Forge(ABC):
    """One repository; raises ForgeError if a variable is missing."""

    home = server = token_name = git_user = advice = ""  # addresses from variables, and how to sign in
    number = text = update_method = source = target = ""  # keys of an issue or request, and how to change it
    issues = issue_comments = comments = comment = requests = requests_from = branches = checks = ""  # paths
    closed: ClassVar[dict[str, str]] = {}
    lineage = "", ""  # keys of a commit's hash and parents

    def __init__(self) -> None:
        try:
            self.address, self.host = self.home.format_map(os.environ), self.server.format_map(os.environ)
        except KeyError as name:
            raise ForgeError(f"{name} is not set: this runs in CI, on GitHub or GitLab.") from None
        self.token = os.environ.get(self.token_name, "")
        if not self.token:
            raise ForgeError(f"{self.token_name} is not set: {self.advice}.")

    @abstractmethod
    def me(self) -> str:
        """The name of the token's owner."""

    def start_checks(self, branch: str) -> None:
        """Start the checks of a branch that a run has pushed, if they do not start by themselves."""
        if self.checks:
            self.call("POST", self.checks, {"ref": branch})

    @abstractmethod
    def trained(self, run: int) -> Trained:
        """What the forge says of a training run; raises ForgeError if it is not one of this repository."""

    @abstractmethod
    def approvers(self, commit: str) -> set[str]:
        """Who approved the merged request of a commit, without its author."""

    def send(self, method: str, path: str, body: Any = None) -> bytes:
        return send(method, self.address + path, self.token, body)

    def save(self, path: str, file: IO[bytes], most: int) -> None:
        save(file, most, "GET", self.address + path, self.token)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            return json.loads(self.send(method, path, body) or b"null")
        except (ValueError, RecursionError):
            raise ForgeError(f"{method} {self.address}{path}: the answer is not valid JSON.") from None

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while entries := self.call("GET", f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}"):
            yield from entries
            page += 1

    def mine(self, path: str, key: str, marker: str) -> dict[str, Any] | None:
        me = self.me()
        for entry in self.pages(path):
            author = entry.get("user") or entry.get("author") or {}
            if me in (author.get("login"), author.get("username")) and str(entry[key]).startswith(marker):
                return entry
        return None

    def default_branch(self) -> str:
        return str(self.call("GET", "")["default_branch"])

    def open_request(self, branch: str, owner: str = "", target: str = "") -> dict[str, Any] | None:
        """The open request from a branch of this repository, or of the owner's fork, into any or one branch."""
        whose = quote(owner or os.environ.get("GITHUB_REPOSITORY", "").split("/")[0], safe="")
        into = f"&{self.target}={quote(target, safe='')}" if target else ""
        entries = self.call("GET", self.requests_from.format(owner=whose, branch=quote(branch, safe=""), into=into))
        return entries[0] if entries else None

    def tip(self, branch: str) -> list[str]:
        """The last commit of a branch and its parents; empty if there is no such branch."""
        try:
            last = self.call("GET", self.branches.format(quote(branch, safe="")))["commit"]
        except ForgeError as error:
            if error.status == 404:
                return []
            raise
        commit, parents = self.lineage
        return [last[commit], *(parent["sha"] if isinstance(parent, dict) else parent for parent in last[parents])]
