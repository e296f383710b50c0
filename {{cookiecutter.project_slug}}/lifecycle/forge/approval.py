"""Who approved the merged request that a commit came in by, as GitHub or GitLab says, but for its own author."""

from typing import Any

from lifecycle.forge.api import Forge, GitLab, forge
from lifecycle.forge.web import Refused
from lifecycle.outcome import CouldNot

OURS = {"OWNER", "MEMBER", "COLLABORATOR"}  # a stranger, too, may approve a request of a public repository


def approvers(commit: str) -> list[str]:
    """Their names, empty if nobody approved; raises CouldNot where this cannot be asked."""
    try:
        at = forge()
        return sorted(on_gitlab(at, commit) if isinstance(at, GitLab) else on_github(at, commit))
    except (Refused, KeyError, TypeError) as why:
        raise CouldNot(
            f"the stage demands an approval, and nobody can be asked for it here ({why}): promote by the job "
            "`promote` in CI, or with its variables set."
        ) from None


def on_github(at: Forge, commit: str) -> set[str]:
    """By the last review of each of the repository's people that approves or asks for changes."""
    found = set()
    for pull in merged(at, f"/commits/{commit}/pulls", "merged_at", None):
        last: dict[str, str] = {}
        for review in at.pages(f"/pulls/{pull['number']}/reviews"):
            decides = review["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
            if decides and review.get("user") and review["author_association"] in OURS:
                last[review["user"]["login"]] = review["state"]
        author = (pull.get("user") or {}).get("login")
        found |= {who for who, state in last.items() if state == "APPROVED" and who != author}
    return found


def on_gitlab(at: Forge, commit: str) -> set[str]:
    """By the approvals that stood when it was merged."""
    found = set()
    for request in merged(at, f"/repository/commits/{commit}/merge_requests", "state", "merged"):
        said = at.call("GET", f"/merge_requests/{request['iid']}/approvals")
        author = request["author"]["username"]
        found |= {one["user"]["username"] for one in said["approved_by"]} - {author}
    return found


def merged(at: Forge, path: str, field: str, value: str | None) -> list[dict[str, Any]]:
    """The merged requests in a list; `value` None: the field is set."""
    return [one for one in at.pages(path) if (one.get(field) == value if value else one.get(field))]
