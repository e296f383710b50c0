"""A test double of GitHub and GitLab: the state of one repository and the API responses that depend on it."""

import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

TOKEN = "right-token"
FIELDS = {  # our field name -> the platform's
    "github": {"number": "number", "text": "body", "author": "user", "login": "login", "open": "open"},
    "gitlab": {"number": "iid", "text": "description", "author": "author", "login": "username", "open": "opened"},
}
BOT = {"github": "github-actions[bot]", "gitlab": "project_1_bot"}


class Request(NamedTuple):
    """A recorded request."""

    method: str
    path: str
    body: Any
    authorization: str


class Forge:
    """The state of one repository, shown by both APIs."""

    def __init__(self, origin: Path) -> None:
        self.origin = origin  # a bare repository
        self.received: list[Request] = []
        self.statuses: list[int] = []  # status codes that override the next responses; 0: no override
        self.entries: dict[str, list[dict[str, Any]]] = {"comments": [], "issues": [], "requests": []}
        self.runs: dict[str, dict[str, Any]] = {}  # of GitHub's workflows, or GitLab's jobs
        self.edits: list[dict[str, str]] = []  # the changed files of every request
        self.reviews: list[dict[str, Any]] = []
        self.permissions: dict[str, str] = {}
        self.artifact: bytes | None = None
        self.artifact_tokens: list[str] = []  # Authorization headers sent to the artifact's host
        self.url = self.files = ""  # set while the servers run

    def add(self, kind: str, author: str, **fields: Any) -> dict[str, Any]:
        """Add an entry with the next number."""
        number = 1 + sum(map(len, self.entries.values()))
        entry = {"number": number, "author": author, "state": "open", "text": "", "on": 0, **fields}
        self.entries[kind].append(entry)
        return entry

    def texts(self, kind: str) -> list[str]:
        """The texts of all entries of a kind, including closed ones."""
        return [entry["text"] for entry in self.entries[kind]]

    def dispatched(self) -> list[str]:
        """The branches whose checks were started."""
        return [request.body["ref"] for request in self.received if request.path.endswith("/ci.yml/dispatches")]

    def reviewed(self) -> list[tuple[str, str, str]]:
        """Commit, state and description of each status `reviewed`."""
        posts = [request for request in self.received if "/statuses/" in request.path]
        assert {request.body["context"] for request in posts} <= {"reviewed"}
        return [(post.path.split("/")[-1], post.body["state"], post.body["description"]) for post in posts]

    def branch(self, name: str) -> list[str]:
        """The last commit of a branch and its parents, as Git reports them."""
        command = ["git", "-C", str(self.origin), "log", "-1", "--format=%H %P", f"refs/heads/{name}"]
        return subprocess.run(command, capture_output=True, text=True).stdout.split()

    def variables(self, platform: str) -> dict[str, str]:
        """The variables that CI sets for `publish`."""
        if platform == "github":
            variables = {"GITHUB_API_URL": f"{self.url}/github", "GITHUB_REPOSITORY": "owner/repo"}
            return variables | {"GITHUB_SERVER_URL": self.url, "GITHUB_TOKEN": TOKEN, "RETRY_SECONDS": "0.01"}
        variables = {"CI_API_V4_URL": f"{self.url}/gitlab", "CI_PROJECT_ID": "1", "CI_SERVER_URL": self.url}
        return variables | {"GITLAB_TOKEN": TOKEN, "RETRY_SECONDS": "0.01"}


def payload(entry: dict[str, Any], platform: str, kind: str) -> dict[str, Any]:
    """An entry with the field names of a platform."""
    fields = FIELDS[platform]
    text = "body" if kind == "comments" else fields["text"]
    author = {fields["author"]: {fields["login"]: entry["author"]}}
    head = {"head": {"ref": entry.get("source"), "sha": (entry.get("sha") or "")}} if kind == "requests" else {}
    return {"id": entry["number"] + 1000, fields["number"]: entry["number"], text: entry["text"], **author, **head}


def request_details(forge: Forge, entry: dict[str, Any], platform: str) -> dict[str, Any]:
    """A single request, with what its entry in a list does not have."""
    project = {"source_branch": entry.get("source"), "source_project_id": 1, "target_project_id": 1}
    return payload(entry, platform, "requests") | {"changed_files": len(forge.edits)} | project


def respond(forge: Forge, platform: str, method: str, path: str, query: dict[str, str], body: Any) -> Any:
    """The body of the response, or None if nothing exists at this path."""
    fields, bot = FIELDS[platform], BOT[platform]
    comments = r"/issues/(\d+)/comments" if platform == "github" else r"/(?:issues|merge_requests)/(\d+)/notes"
    single_comment = r"/issues/comments/(\d+)" if platform == "github" else r"/merge_requests/\d+/notes/(\d+)"
    if path == "/user":
        return {"username": bot} if platform == "gitlab" else None
    if path == "":
        return {"default_branch": "main"}
    if match := re.fullmatch(r"/branches/(.+)|/repository/branches/(.+)", path):
        commits = forge.branch(unquote(match[1] or match[2]))
        github = {"sha": commits[0], "parents": [{"sha": sha} for sha in commits[1:]]} if commits else {}
        gitlab = {"id": commits[0], "parent_ids": commits[1:]} if commits else {}
        return {"commit": {"github": github, "gitlab": gitlab}[platform]} if commits else None
    if method == "GET" and (match := re.fullmatch(r"/(?:actions/runs|jobs)/(\d+)(/artifacts)?", path)):
        if not match[2]:
            return forge.runs.get(match[1])
        return {"artifacts": [] if forge.artifact is None else [{"id": 5, "name": query["name"]}]}
    if path == "/actions/workflows/ci.yml/dispatches":
        return ""
    if path.startswith("/statuses/"):
        return body
    if match := re.fullmatch(r"/collaborators/(.+)/permission", path):
        return {"permission": forge.permissions.get(match[1], "read")}
    if match := re.fullmatch(r"/pulls/\d+/(files|reviews)", path):
        page, listed = int(query["page"]), {"files": forge.edits[:3000], "reviews": forge.reviews}[match[1]]
        return listed[(page - 1) * 100 : page * 100]
    if match := re.fullmatch(single_comment, path):
        (entry,) = [entry for entry in forge.entries["comments"] if entry["number"] + 1000 == int(match[1])]
        entry["text"] = body["body"]
        return payload(entry, platform, "comments")
    kind = "issues" if path.startswith("/issues") else "requests"
    if match := re.fullmatch(comments, path):
        if method == "POST":
            return payload(forge.add("comments", bot, text=body["body"], on=int(match[1])), platform, "comments")
        entries, kind = [entry for entry in forge.entries["comments"] if entry["on"] == int(match[1])], "comments"
    elif method == "POST":
        source = body.get("head") or body.get("source_branch")
        return payload(
            forge.add(kind, bot, text=body[fields["text"]], title=body["title"], source=source), platform, kind
        )
    elif match := re.fullmatch(r"/(?:issues|pulls|merge_requests)/(\d+)", path):
        (entry,) = [entry for entry in forge.entries[kind] if entry["number"] == int(match[1])]
        if method == "GET":
            return request_details(forge, entry, platform)
        entry["text"] = body.get(fields["text"], entry["text"])
        if body.get("state") == "closed" or body.get("state_event") == "close":
            entry["state"] = "closed"
        return payload(entry, platform, kind)
    else:
        entries = [
            entry for entry in forge.entries[kind] if query.get("state") != fields["open"] or entry["state"] == "open"
        ]
        head = query.get("head") or f"owner:{query.get('source_branch')}"
        entries = [e for e in entries if kind == "issues" or f"{e.get('owner', 'owner')}:{e.get('source')}" == head]
        entries = [e for e in entries if query.get("base") in (None, e.get("base", "main"))]
    page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
    return [payload(entry, platform, kind) for entry in entries[(page - 1) * size : page * size]]
