"""GitHub and GitLab as a test needs them: one repository's state, and what the few calls of their APIs say about it."""

import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

TOKEN = "right-token"
WORDS = {  # the names of fields: ours -> theirs
    "github": {"number": "number", "text": "body", "author": "user", "login": "login", "open": "open"},
    "gitlab": {"number": "iid", "text": "description", "author": "author", "login": "username", "open": "opened"},
}
BOT = {"github": "github-actions[bot]", "gitlab": "project_1_bot"}


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    body: Any
    authorization: str


class Forge:
    """The state of one repository, which both APIs show."""

    def __init__(self, origin: Path) -> None:
        self.origin = origin  # a bare repository
        self.asked: list[Asked] = []
        self.statuses: list[int] = []  # what the next requests are answered with, instead; 0: nothing else
        self.entries: dict[str, list[dict[str, Any]]] = {"comments": [], "issues": [], "requests": []}
        self.runs: dict[str, dict[str, Any]] = {}
        self.artifact: bytes | None = None
        self.elsewhere: list[str] = []  # what the artifact's own host was given as Authorization
        self.url = self.files = ""  # the addresses, while it is served

    def add(self, kind: str, author: str, **fields: Any) -> dict[str, Any]:
        """A new entry with the next number."""
        number = 1 + sum(map(len, self.entries.values()))
        entry = {"number": number, "author": author, "state": "open", "text": "", "on": 0, **fields}
        self.entries[kind].append(entry)
        return entry

    def texts(self, kind: str) -> list[str]:
        """The texts of all entries of a kind, closed ones too."""
        return [entry["text"] for entry in self.entries[kind]]

    def dispatched(self) -> list[str]:
        """The branches whose checks were started."""
        return [each.body["ref"] for each in self.asked if each.path.endswith("/ci.yml/dispatches")]

    def branch(self, name: str) -> list[str]:
        """The last commit of a branch and its parents, by Git itself."""
        command = ["git", "-C", str(self.origin), "log", "-1", "--format=%H %P", f"refs/heads/{name}"]
        return subprocess.run(command, capture_output=True, text=True).stdout.split()

    def variables(self, platform: str) -> dict[str, str]:
        """What CI would set for `publish`."""
        if platform == "github":
            place = {"GITHUB_API_URL": f"{self.url}/github", "GITHUB_REPOSITORY": "owner/repo"}
            return place | {"GITHUB_SERVER_URL": self.url, "GITHUB_TOKEN": TOKEN, "RETRY_SECONDS": "0.01"}
        place = {"CI_API_V4_URL": f"{self.url}/gitlab", "CI_PROJECT_ID": "1", "CI_SERVER_URL": self.url}
        return place | {"GITLAB_TOKEN": TOKEN, "RETRY_SECONDS": "0.01"}


def shown(entry: dict[str, Any], platform: str, kind: str) -> dict[str, Any]:
    """An entry in the words of a platform."""
    words = WORDS[platform]
    text = "body" if kind == "comments" else words["text"]
    whose = {words["author"]: {words["login"]: entry["author"]}}
    head = {"head": {"ref": entry.get("source"), "sha": (entry.get("sha") or "")}} if kind == "requests" else {}
    return {"id": entry["number"] + 1000, words["number"]: entry["number"], text: entry["text"], **whose, **head}


def answer(forge: Forge, platform: str, method: str, path: str, query: dict[str, str], body: Any) -> Any:
    """What the API says, None where there is no such thing."""
    words, bot = WORDS[platform], BOT[platform]
    comments = r"/issues/(\d+)/comments" if platform == "github" else r"/(?:issues|merge_requests)/(\d+)/notes"
    one = r"/issues/comments/(\d+)" if platform == "github" else r"/merge_requests/\d+/notes/(\d+)"
    if path == "/user":
        return {"username": bot} if platform == "gitlab" else None
    if path == "":
        return {"default_branch": "main"}
    if found := re.fullmatch(r"/branches/(.+)|/repository/branches/(.+)", path):
        commits = forge.branch(unquote(found[1] or found[2]))
        github = {"sha": commits[0], "parents": [{"sha": sha} for sha in commits[1:]]} if commits else {}
        gitlab = {"id": commits[0], "parent_ids": commits[1:]} if commits else {}
        return {"commit": {"github": github, "gitlab": gitlab}[platform]} if commits else None
    if method == "GET" and (found := re.fullmatch(r"/actions/runs/(\d+)(/artifacts)?", path)):
        if not found[2]:
            return forge.runs.get(found[1])
        return {"artifacts": [] if forge.artifact is None else [{"id": 5, "name": "report"}]}
    if path == "/actions/workflows/ci.yml/dispatches":
        return ""
    if found := re.fullmatch(one, path):
        (entry,) = [entry for entry in forge.entries["comments"] if entry["number"] + 1000 == int(found[1])]
        entry["text"] = body["body"]
        return shown(entry, platform, "comments")
    kind = "issues" if path.startswith("/issues") else "requests"
    if found := re.fullmatch(comments, path):
        if method == "POST":
            return shown(forge.add("comments", bot, text=body["body"], on=int(found[1])), platform, "comments")
        entries, kind = [entry for entry in forge.entries["comments"] if entry["on"] == int(found[1])], "comments"
    elif method == "POST":
        source = body.get("head") or body.get("source_branch")
        return shown(forge.add(kind, bot, text=body[words["text"]], title=body["title"], source=source), platform, kind)
    elif found := re.fullmatch(r"/(?:issues|pulls|merge_requests)/(\d+)", path):
        (entry,) = [entry for entry in forge.entries[kind] if entry["number"] == int(found[1])]
        entry["text"] = body.get(words["text"], entry["text"])
        if body.get("state") == "closed" or body.get("state_event") == "close":
            entry["state"] = "closed"
        return shown(entry, platform, kind)
    else:
        entries = [
            entry for entry in forge.entries[kind] if query.get("state") != words["open"] or entry["state"] == "open"
        ]
        head = query.get("head") or f"owner:{query.get('source_branch')}"
        entries = [e for e in entries if kind == "issues" or f"{e.get('owner', 'owner')}:{e.get('source')}" == head]
    page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
    return [shown(entry, platform, kind) for entry in entries[(page - 1) * size : page * size]]
