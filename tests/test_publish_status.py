"""`publish status` sets the status that a merge needs, and waits for a person where a request edits its own checks."""

from typing import Any

import pytest

from tests.forge import Forge
from tests.publishing import Publish

pytest_plugins = ["tests.publishing"]
FORK = {"owner": {"login": "forker"}, "full_name": "forker/repo"}
RUN = {
    "head_sha": "abc",
    "head_branch": "topic",
    "head_repository": FORK,
    "path": ".github/workflows/ci.yml",
    "conclusion": "success",
    "html_url": "https://github.example/owner/repo/actions/runs/1",
}
EDITED = {"filename": ".github/workflows/ci.yml"}
UNREAD = "`.github/` differs from main: a maintainer must approve this commit, then re-run this workflow"


@pytest.fixture
def request_at_run(forge: Forge) -> dict[str, Any]:
    """An open request of a fork at the commit of run 1, which has no artifact."""
    forge.runs["1"] = dict(RUN)
    return forge.add("requests", "author", source="topic", owner="forker", sha="abc")


def last(forge: Forge, publish: Publish) -> tuple[str, str, str]:
    """Commit, state and description of the status after run 1."""
    publish("github", "status", "--run", "1")
    return forge.reviewed()[-1]


def review(name: str, state: str = "APPROVED", commit: str = "abc") -> dict[str, Any]:
    """A review as GitHub lists it."""
    return {"user": {"login": name}, "state": state, "commit_id": commit, "author_association": "NONE"}


@pytest.mark.usefixtures("request_at_run")
@pytest.mark.parametrize(
    ("conclusion", "state"), [("success", "success"), ("failure", "failure"), ("cancelled", "failure")]
)
def test_status_is_the_conclusion_of_the_run(conclusion: str, state: str, forge: Forge, publish: Publish) -> None:
    """The commit of a run, which needs no report, gets the status `reviewed` with the run's conclusion."""
    forge.runs["1"]["conclusion"] = conclusion
    forge.edits = [{"filename": "docs/.github/x"}, {"filename": "params.yaml"}]
    assert last(forge, publish) == ("abc", state, f"ci: {conclusion}")


@pytest.mark.usefixtures("request_at_run")
@pytest.mark.parametrize(
    "edits",
    [
        [EDITED],
        [{"filename": "notes/ci.yml", "previous_filename": ".github/workflows/ci.yml"}],
        [{"filename": f"data/{number}"} for number in range(150)] + [EDITED],
        [{"filename": f"data/{number}"} for number in range(3000)] + [EDITED],
    ],
    ids=["edited", "moved", "second page", "more than GitHub lists"],
)
def test_edited_workflows_wait_for_a_maintainer(edits: list[dict[str, str]], forge: Forge, publish: Publish) -> None:
    """A request that touches `.github/` stays pending, with the reason, until a maintainer approves its commit."""
    forge.edits, forge.permissions = edits, {"author": "admin", "keeper": "write", "reader": "read"}
    for reviews in (
        [],
        [review("author")],  # the author's own
        [review("reader")],  # anybody may approve a request of a public repository
        [review("keeper", commit="old")],  # of an earlier commit
        [review("keeper"), review("keeper", "CHANGES_REQUESTED")],  # withdrawn
        [review("keeper", "COMMENTED")],
    ):
        forge.reviews = reviews
        assert last(forge, publish) == ("abc", "pending", UNREAD)
    forge.reviews = [review("keeper", "CHANGES_REQUESTED"), review("keeper"), review("keeper", "COMMENTED")]
    assert last(forge, publish) == ("abc", "success", "ci: success")
    forge.runs["1"]["conclusion"] = "failure"
    assert last(forge, publish)[1] == "failure"


def test_status_belongs_to_ci_of_the_newest_commit(
    forge: Forge, publish: Publish, request_at_run: dict[str, Any]
) -> None:
    """Another workflow, an older commit and a request into another branch set no status."""
    for facts, entry in (
        ({"path": ".github/workflows/fake.yml"}, {}),
        ({"head_sha": "old"}, {}),
        ({"head_repository": None}, {}),
        ({}, {"sha": "new"}),
        ({}, {"base": "elsewhere"}),
    ):
        forge.runs["1"] = RUN | facts
        before = dict(request_at_run)
        request_at_run.update(entry)
        assert "no status" in publish("github", "status", "--run", "1").stdout
        request_at_run.clear()
        request_at_run.update(before)
    assert forge.reviewed() == []
    forge.runs["1"] = dict(RUN)
    assert last(forge, publish)[1] == "success"
