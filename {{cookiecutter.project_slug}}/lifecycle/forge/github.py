"""GitHub."""

from lifecycle.forge.api import Forge

MEMBERS = {"OWNER", "MEMBER", "COLLABORATOR"}  # anybody may approve a request of a public repository
DECISIONS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


class GitHub(Forge):
    home, server = "{GITHUB_API_URL}/repos/{GITHUB_REPOSITORY}", "{GITHUB_SERVER_URL}"
    token_name, git_user = "GITHUB_TOKEN", "x-access-token"
    advice = "give this step `GITHUB_TOKEN: ${{ github.token }}`"
    number, text = "number", "body"
    update_method, closed = "PATCH", {"state": "closed"}
    issues, issue_comments = "/issues?state=open", "/issues/{}/comments"
    comments, comment = "/issues/{}/comments", "/issues/comments/{1}"
    requests, requests_from = "/pulls", "/pulls?state=open&head={owner}:{branch}"
    source, target = "head", "base"
    branches, lineage = "/branches/{}", ("sha", "parents")
    checks = "/actions/workflows/ci.yml/dispatches"  # what a run pushes starts no workflow by itself

    def me(self) -> str:
        """GitHub does not tell whose a run's own token is."""
        return "github-actions[bot]"

    def approvers(self, commit: str) -> set[str]:
        """By the last decision of each member of the repository."""
        names = set()
        for pull in self.pages(f"/commits/{commit}/pulls"):
            if not pull.get("merged_at"):
                continue
            last: dict[str, str] = {}
            for review in self.pages(f"/pulls/{pull['number']}/reviews"):
                if review["state"] in DECISIONS and review.get("user") and review["author_association"] in MEMBERS:
                    last[review["user"]["login"]] = review["state"]
            author = (pull.get("user") or {}).get("login")
            names |= {name for name, state in last.items() if state == "APPROVED" and name != author}
        return names
