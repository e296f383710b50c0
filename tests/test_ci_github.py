"""GitHub's workflows, run by act: what a person would see on a request, on a schedule and after the label."""

import json
from typing import Any

import pytest

from tests.hub import BAD, TUNED, Hub
from tests.publishing import packed
from tests.runners import act

pytest_plugins = ["tests.hub"]
pytestmark = pytest.mark.slow


def pull(hub: Hub, name: str, sha: str, repo: str = "owner/repo", **more: Any) -> dict[str, Any]:
    """The event of a request that would merge a branch into main."""
    main = hub.forge.branch("main")[0]
    head = {"sha": sha, "ref": name, "repo": {"full_name": repo, "owner": {"login": repo.split("/")[0]}}}
    request = {"number": 1, "base": {"sha": main, "ref": "main"}, "head": head, "user": {"login": "person"}}
    return {"pull_request": request, "repository": {"full_name": "owner/repo", "default_branch": "main"}, **more}


def test_documentation_alone_is_green_and_pulls_nothing(hub: Hub) -> None:
    """Every step runs, none is red, not one object leaves the S3 server, and the run shows the report."""
    sha, before = hub.branch("docs", ("README.md", "# Penguin Species", "# Penguins")), hub.served()
    said = act(hub, "pull_request", "ci", "docs", pull(hub, "docs", sha), secret=hub.secret)
    assert hub.served() == before
    for step in ("pre-commit run", "pytest", "lifecycle verify", "lifecycle reproduce", "lifecycle gate"):
        assert f"Success - Main uv run {step}" in said or f"Success - Main uv run python -m {step}" in said, step
    assert "Summary - " in said
    assert "nothing was pulled" in (hub.report / "report.md").read_text()


def test_bad_model_is_red_and_the_comment_says_why(hub: Hub) -> None:
    """A model that got worse fails the gate alone; the report's own workflow comments, and writes anew after a push."""
    sha = hub.branch("bad", *BAD, dvc=("repro", "push"))
    said = act(hub, "pull_request", "ci", "bad", pull(hub, "bad", sha), code=1, secret=hub.secret, quick=True)
    assert "Success - Main uv run lifecycle verify" in said
    assert "Success - Main uv run lifecycle reproduce" in said
    assert "Failure - Main uv run lifecycle gate" in said
    text = (hub.report / "report.md").read_text()
    assert text.startswith("## ❌ fail")
    number = hub.forge.add("requests", "person", source="bad", sha=sha)["number"]
    for run_id in (11, 12):
        home = {"owner": {"login": "owner"}, "full_name": "owner/repo"}
        facts = {"head_sha": sha, "head_branch": "bad", "head_repository": home}
        hub.forge.runs[str(run_id)] = facts
        report = json.loads((hub.report / "report.json").read_text()) | {"name": f"run {run_id}"}
        hub.forge.artifact = packed(report_json=json.dumps(report).encode())
        event = {"workflow_run": {"id": run_id, "event": "pull_request", **facts}}
        assert "lifecycle publish comment" in act(hub, "workflow_run", "report", "main", event)
    (comment,) = (entry for entry in hub.forge.entries["comments"] if entry["on"] == number)
    assert comment["text"].startswith("<!-- lifecycle:report -->\n## ❌ fail")
    assert "run 12" in comment["text"]
    event["workflow_run"]["event"] = "push"
    assert "lifecycle publish" not in act(hub, "workflow_run", "report", "main", event)


def test_fork_without_secrets_is_told_what_was_not_checked(hub: Hub) -> None:
    """No step is red for want of a secret, and the report says what could not be checked, and who can."""
    sha = hub.branch("fork", *TUNED, dvc=("repro", "push"))
    act(hub, "pull_request", "ci", "fork", pull(hub, "fork", sha, repo="forker/repo"), quick=True)
    text = (hub.report / "report.md").read_text()
    assert "not compared" in text
    assert text.count("Not checked, since a fork") >= 3
    act(hub, "pull_request", "ci", "fork", pull(hub, "fork", sha), code=1, quick=True)


def test_training_in_ci_commits_results_once(hub: Hub) -> None:
    """The label trains: results on the branch, objects on S3, one check started; a second time changes nothing."""
    sha = hub.branch("tune", *TUNED)
    hub.forge.asked.clear()
    event = pull(hub, "tune", sha, label={"name": "train"})
    for _ in range(2):
        act(hub, "pull_request", "train", "tune", event, secret=hub.secret)
        tip, parent = hub.forge.branch("tune")
        assert parent == sha
        assert hub.forge.dispatched() == ["tune"]
    assert "learning_rate: 0.05" in hub.run("git", "show", f"{tip}:dvc.lock", cwd=hub.origin).stdout
    hub.check("tune")
    for other in ({"label": {"name": "bug"}}, pull(hub, "tune", sha, repo="forker/repo")):
        assert "uv sync" not in act(hub, "pull_request", "train", "tune", event | other, secret=hub.secret)


def test_weekly_proof_opens_and_closes_an_issue(hub: Hub) -> None:
    """While main is untrue one issue says how; the proof that all can be made again closes it."""
    for name, old, new in (("manifest", '"max_iter": 100', '"max_iter": 99'), ("manifest", '"boosting"', '"linear"')):
        hub.branch("main", (f"models/{name}.json", old, new))
        act(hub, "schedule", "rerun", "main", code=1, secret=hub.secret)
    (issue,) = hub.forge.entries["issues"]
    assert (issue["state"], "models/manifest.json" in issue["text"]) == ("open", True)
    hub.branch("main")
    act(hub, "schedule", "rerun", "main", secret=hub.secret)
    assert [issue["state"] for issue in hub.forge.entries["issues"]] == ["closed"]


def test_monthly_update_asks_for_review(hub: Hub) -> None:
    """Newer data comes as a branch with its results and one request with the report; without imports nothing does."""
    before = len(hub.forge.entries["requests"])
    act(hub, "schedule", "update", "main", secret=hub.secret)
    assert hub.forge.branch("update-data") == []
    with hub.newer_data():
        act(hub, "schedule", "update", "main", secret=hub.secret)
        hub.check("update-data")
        (request,) = hub.forge.entries["requests"][before:]
        assert request["source"] == "update-data"
        assert "lifecycle:report" in request["text"]
        assert hub.forge.branch("update-data")[1:] == hub.forge.branch("main")[:1]
