"""GitHub's workflows, run by act for requests, schedules and the label `train`."""

import json
import re
from typing import Any

import pytest

from tests.hub import BAD, BLIND, SHORT_DRILL, TUNED, Hub
from tests.publishing import packed, zipped
from tests.runners import act

pytest_plugins = ["tests.hub"]
pytestmark = pytest.mark.slow


def pull(hub: Hub, name: str, sha: str, repo: str = "owner/repo", **more: Any) -> dict[str, Any]:
    """The event of a request to merge a branch into main."""
    main = hub.forge.branch("main")[0]
    head = {"sha": sha, "ref": name, "repo": {"full_name": repo, "owner": {"login": repo.split("/")[0]}}}
    request = {"number": 1, "base": {"sha": main, "ref": "main"}, "head": head, "user": {"login": "person"}}
    return {"pull_request": request, "repository": {"full_name": "owner/repo", "default_branch": "main"}, **more}


def finished(hub: Hub, run: int, sha: str, branch: str, workflow: str = "ci", conclusion: str = "success") -> Any:
    """The event after a run of a workflow, which GitHub knows."""
    home = {"owner": {"login": "owner"}, "full_name": "owner/repo"}
    facts = {"head_sha": sha, "head_branch": branch, "head_repository": home, "conclusion": conclusion}
    facts |= {"path": f".github/workflows/{workflow}.yml", "html_url": "https://github.example/run"}
    hub.forge.runs[str(run)] = facts
    return {"workflow_run": {"id": run, "event": "pull_request", **facts}}


def test_documentation_change_passes_and_pulls_nothing(hub: Hub) -> None:
    """Every step passes, no object leaves the S3 server, and the run has a summary."""
    sha, before = hub.branch("docs", ("README.md", "# Penguin Species", "# Penguins")), hub.downloads()
    output = act(hub, "pull_request", "ci", "docs", pull(hub, "docs", sha), secret=hub.secret)
    assert hub.downloads() == before
    for step in ("pre-commit run", "pytest", 'lifecycle reproduce "$BASE" --run rerun'):
        assert re.search(rf"ci/change.*Success - Main uv run {re.escape(step)}", output), step
    for verb in ("verify", "reproduce", "gate"):
        assert re.search(rf"ci/review.*Success - Main uv run --locked --project \S+ lifecycle {verb} ", output), verb
    assert "Summary - " in output
    assert "nothing was pulled" in (hub.report / "report.md").read_text()


def test_worse_model_that_edits_its_judge_fails_with_a_comment(hub: Hub) -> None:
    """A worse model fails only main's gate, though the request's own gate passes all; status and comment say so.

    While GitHub lists an edited workflow file, the status waits for a person.
    """
    sha = hub.branch("bad", *BAD, *BLIND, dvc=("repro", "push"))
    output = act(hub, "pull_request", "ci", "bad", pull(hub, "bad", sha), code=1, secret=hub.secret, quick=True)
    assert "Job 'change' failed" not in output
    assert re.search("Success - Main uv run --locked .* lifecycle verify", output)
    assert re.search("Success - Main uv run --locked .* lifecycle reproduce", output)
    assert re.search("Failure - Main uv run --locked .* lifecycle gate", output)
    text = (hub.report / "report.md").read_text()
    assert text.startswith("## ❌ fail")
    number = hub.forge.add("requests", "person", source="bad", sha=sha)["number"]
    for run_id, edits in ((11, [{"filename": ".github/workflows/ci.yml"}]), (12, [])):
        report = json.loads((hub.report / "report.json").read_text()) | {"name": f"run {run_id}"}
        hub.forge.artifact, hub.forge.edits = zipped(report_json=json.dumps(report).encode()), edits
        event = finished(hub, run_id, sha, "bad", conclusion="failure")
        assert "lifecycle publish comment" in act(hub, "workflow_run", "report", "main", event)
    assert [status[:2] for status in hub.forge.reviewed()] == [(sha, "pending"), (sha, "failure")]
    (comment,) = (entry for entry in hub.forge.entries["comments"] if entry["on"] == number)
    assert comment["text"].startswith("<!-- lifecycle:report -->\n## ❌ fail")
    assert "run 12" in comment["text"]
    event["workflow_run"]["event"] = "push"
    assert "lifecycle publish" not in act(hub, "workflow_run", "report", "main", event)


def test_fork_without_secrets_passes_with_skipped_checks(hub: Hub) -> None:
    """A fork passes without secrets and the report lists skipped checks; without secrets any other branch fails."""
    sha = hub.branch("fork", *TUNED, dvc=("repro", "push"))
    act(hub, "pull_request", "ci", "fork", pull(hub, "fork", sha, repo="forker/repo"), quick=True)
    text = (hub.report / "report.md").read_text()
    assert "not compared" in text
    assert text.count("Not checked, since requests from forks") >= 3
    act(hub, "pull_request", "ci", "fork", pull(hub, "fork", sha), code=1, quick=True)


def test_training_in_ci_commits_results_once(hub: Hub) -> None:
    """The label starts training, which writes nothing; main's code then stores and commits the results.

    A second run changes nothing.
    """
    sha = hub.branch("tune", *TUNED)
    hub.forge.received.clear()
    event = pull(hub, "tune", sha, label={"name": "train"})
    tips = [sha]
    for run_id in (21, 22):
        act(hub, "pull_request", "train", "tune", event, secret=hub.secret)
        assert hub.forge.branch("tune")[0] == tips[-1]
        hub.forge.artifact = packed(hub.folder / "kept" / "results")
        done = finished(hub, run_id, tips[-1], "tune", "train")
        act(hub, "workflow_run", "results", "main", done, secret=hub.secret)
        tips.append(hub.forge.branch("tune")[0])
        assert hub.forge.dispatched() == ["tune"]
    assert (tips[1], hub.forge.branch("tune")[1]) == (tips[2], sha)
    assert "learning_rate: 0.05" in hub.run("git", "show", f"{tips[1]}:dvc.lock", cwd=hub.origin).stdout
    hub.check("tune")
    for skipped in ({"label": {"name": "bug"}}, pull(hub, "tune", sha, repo="forker/repo")):
        assert "uv sync" not in act(hub, "pull_request", "train", "tune", event | skipped, secret=hub.secret)
    done["workflow_run"]["conclusion"] = "failure"
    assert "uv sync" not in act(hub, "workflow_run", "results", "main", done, secret=hub.secret)


def test_weekly_check_opens_and_closes_an_issue(hub: Hub) -> None:
    """While main cannot be reproduced, or an attack of the drill gets through, one issue is open; then it is closed."""
    for fault, reason in (
        (("models/manifest.json", '"max_iter": 100', '"max_iter": 99'), "reproduce: models/manifest.json"),
        (("lifecycle/commands/drill.py", "attack.caught in output", "not output"), "drill: 1 forged, 0 caught"),
    ):
        hub.branch("main", SHORT_DRILL, fault)
        act(hub, "schedule", "rerun", "main", code=1, secret=hub.secret)
        (issue,) = hub.forge.entries["issues"]
        assert (issue["state"], reason in issue["text"]) == ("open", True)
    hub.branch("main", SHORT_DRILL)
    act(hub, "schedule", "rerun", "main", secret=hub.secret)
    assert [issue["state"] for issue in hub.forge.entries["issues"]] == ["closed"]
    hub.branch("main")


def test_monthly_update_opens_a_request(hub: Hub) -> None:
    """New data gives a branch with its results and one request with the report; without imports nothing happens."""
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
