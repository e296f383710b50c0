"""GitLab."""

import json
import os
import re

from lifecycle.errors import ForgeError
from lifecycle.forge.api import Forge, Trained
from lifecycle.forge.http import send


class GitLab(Forge):
    home, server = "{CI_API_V4_URL}/projects/{CI_PROJECT_ID}", "{CI_SERVER_URL}"
    token_name, git_user = "GITLAB_TOKEN", "oauth2"
    advice = "make a project access token with the scope api, and keep it as a masked variable of this name"
    number, text = "iid", "description"
    update_method, closed = "PUT", {"state_event": "close"}
    issues, issue_comments = "/issues?state=opened", "/issues/{}/notes"
    comments, comment = "/merge_requests/{}/notes", "/merge_requests/{}/notes/{}"
    requests, requests_from = "/merge_requests", "/merge_requests?state=opened&source_branch={branch}{into}"
    source, target = "source_branch", "target_branch"
    branches, lineage = "/repository/branches/{}", ("id", "parent_ids")

    def me(self) -> str:
        return str(json.loads(send("GET", os.environ["CI_API_V4_URL"] + "/user", self.token))["username"])

    def trained(self, run: int) -> Trained:
        job = self.call("GET", f"/jobs/{run}")
        branch = job["ref"]
        if match := re.fullmatch(r"refs/merge-requests/(\d+)/head", branch):
            request = self.call("GET", f"/merge_requests/{match[1]}")
            branch = request["source_branch"]
            if request["source_project_id"] != request["target_project_id"]:
                raise ForgeError(f"Job {run} is of a request from a fork, whose branch is not in this project.")
        return Trained(branch, job["commit"]["id"], f"/jobs/{run}/artifacts")

    def approvers(self, commit: str) -> set[str]:
        """By the approvals at the time of the merge."""
        names = set()
        for request in self.pages(f"/repository/commits/{commit}/merge_requests"):
            if request.get("state") != "merged":
                continue
            answer = self.call("GET", f"/merge_requests/{request['iid']}/approvals")
            author = request["author"]["username"]
            names |= {entry["user"]["username"] for entry in answer["approved_by"]} - {author}
        return names
