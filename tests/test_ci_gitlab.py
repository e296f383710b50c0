"""GitLab's pipeline, run by gitlab-ci-local for requests, schedules and manual jobs."""

import re

import pytest

from tests.hub import BAD, BLIND, SHORT_DRILL, TUNED, Hub
from tests.publishing import packed
from tests.runners import gitlab

pytest_plugins = ["tests.hub"]
pytestmark = pytest.mark.slow


def request(number: int, source: str = "owner/repo") -> dict[str, str]:
    """The variables of a request to merge a branch into main."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": str(number),
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source,
        "CI_MERGE_REQUEST_PROJECT_PATH": "owner/repo",
    }


def jobs_with(output: str, status: str) -> set[str]:
    """The jobs with a status."""
    return set(re.findall(rf"^ {status}  (\w+)", output, re.MULTILINE))


def comment(hub: Hub, number: int) -> str:
    """The text of the only comment of a request."""
    (entry,) = (entry for entry in hub.forge.entries["comments"] if entry["on"] == number)
    return str(entry["text"])


def test_documentation_change_passes_and_pulls_nothing(hub: Hub) -> None:
    """Every job passes, and no object leaves the S3 server."""
    hub.branch("docs", ("README.md", "# Penguin Species", "# Penguins"))
    before = hub.downloads()
    output = gitlab(hub, "docs", request(101), secret=hub.secret)
    assert hub.downloads() == before
    assert jobs_with(output, "PASS") == {"check", "change", "verify", "reproduce", "gate", "comment"}
    assert "## ✅ pass" in comment(hub, 101)
    assert "nothing was pulled" in comment(hub, 101)


def test_worse_model_that_edits_its_judge_fails_with_a_comment(hub: Hub) -> None:
    """A worse model fails only main's gate, though the request's own gate passes all, and the comment reports it."""
    hub.branch("bad", *BAD, *BLIND, dvc=("repro", "push"))
    output = gitlab(hub, "bad", request(102), "comment", code=1, secret=hub.secret)
    passed = {"change", "verify", "reproduce", "comment"}
    assert (jobs_with(output, "FAIL"), jobs_with(output, "PASS")) == ({"gate"}, passed)
    assert "## ❌ fail" in comment(hub, 102)
    assert "log_loss " in (hub.report / "metrics.txt").read_text()


def test_fork_without_secrets_passes_with_skipped_checks(hub: Hub) -> None:
    """A fork passes without secrets, and the report lists what was not checked; without a token there is no comment."""
    hub.branch("fork", *TUNED, dvc=("repro", "push"))
    fork = request(103, source="forker/repo")
    output = gitlab(hub, "fork", fork | {"COMMENT_TOKEN": ""}, "comment")
    assert "No comment: GITLAB_TOKEN is not set" in output
    assert (hub.report / "report.md").read_text().count("Not checked, since requests from forks") >= 3
    assert "train" not in gitlab(hub, "fork", fork, "--list")


def test_training_in_ci_commits_results_once(hub: Hub) -> None:
    """The manual job only trains; a job of main, started with its id, commits the results and stores the objects."""
    sha = hub.branch("tune", *TUNED)
    number = hub.forge.add("requests", "person", source="tune", sha=sha)["number"]
    listed = gitlab(hub, "tune", request(number), "--list")
    assert re.search(r"^train +test +manual +true", listed, re.MULTILINE)
    gitlab(hub, "tune", request(number), "train", secret=hub.secret)
    assert hub.forge.branch("tune")[0] == sha
    hub.forge.artifact = packed(hub.folder / "kept" / "results")
    hub.forge.runs["5"] = {"ref": f"refs/merge-requests/{number}/head", "commit": {"id": sha}}
    start = {"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    output = gitlab(hub, "main", start | {"TASK": "results", "TRAINED": "5"}, secret=hub.secret)
    assert jobs_with(output, "PASS") == {"results"}
    assert hub.forge.branch("tune")[1:] == [sha]
    hub.check("tune")


def test_weekly_rerun_opens_and_closes_an_issue(hub: Hub) -> None:
    """While main cannot be reproduced one issue is open; a successful rerun closes it."""
    schedule = {"CI_PIPELINE_SOURCE": "schedule", "TASK": "rerun"}
    before = len(hub.forge.entries["issues"])
    hub.branch("main", SHORT_DRILL, ("models/manifest.json", '"max_iter": 100', '"max_iter": 99'))
    gitlab(hub, "main", schedule, code=1, secret=hub.secret)
    (issue,) = hub.forge.entries["issues"][before:]
    assert (issue["state"], "models/manifest.json" in issue["text"]) == ("open", True)
    hub.branch("main", SHORT_DRILL)
    output = gitlab(hub, "main", schedule, secret=hub.secret)
    assert issue["state"] == "closed"
    assert jobs_with(output, "PASS") == {"rerun", "drill", "issue"}
    hub.branch("main")


def test_monthly_update_opens_a_request(hub: Hub) -> None:
    """New data gives a branch with its results and one request with the report."""
    before = len(hub.forge.entries["requests"])
    with hub.newer_data():
        gitlab(hub, "main", {"CI_PIPELINE_SOURCE": "schedule", "TASK": "update"}, secret=hub.secret)
        hub.check("update-data")
        (opened,) = hub.forge.entries["requests"][before:]
        assert opened["source"] == "update-data"
        assert "lifecycle:report" in opened["text"]
