"""GitLab's pipeline, run by gitlab-ci-local: what a person would see on a request, on a schedule and by hand."""

import re

import pytest

from tests.hub import BAD, TUNED, Hub
from tests.runners import gitlab

pytest_plugins = ["tests.hub"]
pytestmark = pytest.mark.slow


def request(hub: Hub, number: int, source: str = "owner/repo") -> dict[str, str]:
    """The variables of a request that would merge a branch into main."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": str(number),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": hub.forge.branch("main")[0],
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source,
        "CI_MERGE_REQUEST_PROJECT_PATH": "owner/repo",
    }


def ended(said: str, how: str) -> set[str]:
    """The jobs that ended so."""
    return set(re.findall(rf"^ {how}  (\w+)", said, re.MULTILINE))


def comment(hub: Hub, number: int) -> str:
    """The text of the only comment of a request."""
    (entry,) = (entry for entry in hub.forge.entries["comments"] if entry["on"] == number)
    return str(entry["text"])


def test_documentation_alone_is_green_and_pulls_nothing(hub: Hub) -> None:
    """Every job passes, and not one object leaves the S3 server."""
    hub.branch("docs", ("README.md", "# Penguin Species", "# Penguins"))
    before = hub.served()
    said = gitlab(hub, "docs", request(hub, 101), secret=hub.secret)
    assert hub.served() == before
    assert ended(said, "PASS") == {"check", "verify", "reproduce", "gate", "comment"}
    assert "## ✅ pass" in comment(hub, 101)
    assert "nothing was pulled" in comment(hub, 101)


def test_bad_model_is_red_and_the_comment_says_why(hub: Hub) -> None:
    """A model that got worse fails the gate alone, and the request's comment says so."""
    hub.branch("bad", *BAD, dvc=("repro", "push"))
    said = gitlab(hub, "bad", request(hub, 102), "comment", code=1, secret=hub.secret)
    assert (ended(said, "FAIL"), ended(said, "PASS")) == ({"gate"}, {"verify", "reproduce", "comment"})
    assert "## ❌ fail" in comment(hub, 102)
    assert "log_loss " in (hub.report / "metrics.txt").read_text()


def test_fork_without_secrets_is_told_what_was_not_checked(hub: Hub) -> None:
    """No job is red for want of a secret; the report says what could not be checked; without a token, no comment."""
    hub.branch("fork", *TUNED, dvc=("repro", "push"))
    fork = request(hub, 103, source="forker/repo")
    said = gitlab(hub, "fork", fork | {"GITLAB_TOKEN": ""}, "comment")
    assert "No comment: GITLAB_TOKEN is not set" in said
    assert (hub.report / "report.md").read_text().count("Not checked, since a fork") >= 3
    assert "train" not in gitlab(hub, "fork", fork, "--list")


def test_training_in_ci_commits_results_once(hub: Hub) -> None:
    """The manual job trains: results on the branch, and objects on S3; it never starts by itself."""
    sha = hub.branch("tune", *TUNED)
    source = {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "tune"}
    listed = gitlab(hub, "tune", request(hub, 104), "--list")
    assert re.search(r"^train +test +manual +true", listed, re.MULTILINE)
    gitlab(hub, "tune", request(hub, 104) | source, "train", secret=hub.secret)
    assert hub.forge.branch("tune")[1:] == [sha]
    hub.check("tune")


def test_weekly_proof_opens_and_closes_an_issue(hub: Hub) -> None:
    """While main is untrue one issue says how; the proof that all can be made again closes it."""
    schedule = {"CI_PIPELINE_SOURCE": "schedule", "TASK": "rerun"}
    before = len(hub.forge.entries["issues"])
    hub.branch("main", ("models/manifest.json", '"max_iter": 100', '"max_iter": 99'))
    gitlab(hub, "main", schedule, code=1, secret=hub.secret)
    (issue,) = hub.forge.entries["issues"][before:]
    assert (issue["state"], "models/manifest.json" in issue["text"]) == ("open", True)
    hub.branch("main")
    said = gitlab(hub, "main", schedule, secret=hub.secret)
    assert issue["state"] == "closed"
    assert ended(said, "PASS") == {"rerun", "issue"}


def test_monthly_update_asks_for_review(hub: Hub) -> None:
    """Newer data comes as a branch with its results and one request with the report."""
    before = len(hub.forge.entries["requests"])
    with hub.newer_data():
        gitlab(hub, "main", {"CI_PIPELINE_SOURCE": "schedule", "TASK": "update"}, secret=hub.secret)
        hub.check("update-data")
        (opened,) = hub.forge.entries["requests"][before:]
        assert opened["source"] == "update-data"
        assert "lifecycle:report" in opened["text"]
