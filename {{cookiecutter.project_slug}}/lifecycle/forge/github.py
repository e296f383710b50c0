"""GitHub."""

import os
from collections.abc import Iterator
from typing import Any

from lifecycle.errors import ForgeError
from lifecycle.forge.api import Forge, Trained

MEMBERS = {"OWNER", "MEMBER", "COLLABORATOR"}  # anybody may approve a request of a public repository
WRITERS = {"admin", "maintain", "write"}
TRAIN = ".github/workflows/train.yml"
DECISIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


class GitHub(Forge):
    home, server = "{GITHUB_API_URL}/repos/{GITHUB_REPOSITORY}", "{GITHUB_SERVER_URL}"
    token_name, git_user = "GITHUB_TOKEN", "x-access-token"
    advice = "give this step `GITHUB_TOKEN: ${{ github.token }}`"
    number, text = "number", "body"
    update_method, closed = "PATCH", {"state": "closed"}
    issues, issue_comments = "/issues?state=open", "/issues/{}/comments"
    comments, comment = "/issues/{}/comments", "/issues/comments/{1}"
    requests, requests_from = "/pulls", "/pulls?state=open&head={owner}:{branch}{into}"
    source, target = "head", "base"
    branches, lineage = "/branches/{}", ("sha", "parents")
    checks = "/actions/workflows/ci.yml/dispatches"  # what a run pushes starts no workflow by itself

    def me(self) -> str:
        """GitHub does not tell whose a run's own token is."""
        return "github-actions[bot]"

    def trained(self, run: int) -> Trained:
        facts = self.call("GET", f"/actions/runs/{run}")
        home = (facts["head_repository"] or {}).get("full_name")
        if (home, facts["path"].split("@")[0]) != (os.environ["GITHUB_REPOSITORY"], TRAIN):
            raise ForgeError(f"Run {run} is not a run of {TRAIN} on a branch of this repository: nothing was read.")
        entries = self.call("GET", f"/actions/runs/{run}/artifacts?name=results")["artifacts"]
        if not entries:
            raise ForgeError(f"Run {run} has no artifact called results: see its log, and train again.")
        packed = f"/actions/artifacts/{max(entry['id'] for entry in entries)}/zip"
        return Trained(facts["head_branch"], facts["head_sha"], packed)

    def edits(self, number: int, commit: str, folder: str) -> bool:
        """Whether a request touches a folder; yes if GitHub lists fewer files than it has, or it has moved on."""
        files = list(self.pages(f"/pulls/{number}/files"))
        names = [name for file in files for name in (file["filename"], file.get("previous_filename") or "")]
        now = self.call("GET", f"/pulls/{number}")
        unknown = len(files) < now["changed_files"] or now["head"]["sha"] != commit
        return unknown or any(name.startswith(folder) for name in names)

    def approved(self, number: int, commit: str, author: str | None) -> bool:
        """Whether somebody with write access, other than the author, approved a request at exactly this commit."""
        last = dict(self.decisions(number))
        names = [n for n, r in last.items() if (r["state"], r["commit_id"]) == ("APPROVED", commit) and n != author]
        return any(self.call("GET", f"/collaborators/{n}/permission")["permission"] in WRITERS for n in names)

    def decisions(self, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each review that decides, with its author's name, in their order."""
        for review in self.pages(f"/pulls/{number}/reviews"):
            if review["state"] in DECISIONS and review.get("user"):
                yield review["user"]["login"], review

    def approvers(self, commit: str) -> set[str]:
        """By the last decision of each member of the repository."""
        names = set()
        for pull in self.pages(f"/commits/{commit}/pulls"):
            if not pull.get("merged_at"):
                continue
            reviews = [entry for entry in self.decisions(pull["number"]) if entry[1]["author_association"] in MEMBERS]
            last = {name: review["state"] for name, review in reviews}
            author = (pull.get("user") or {}).get("login")
            names |= {name for name, state in last.items() if state == "APPROVED" and name != author}
        return names
