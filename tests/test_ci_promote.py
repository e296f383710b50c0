"""The promotion job, run by both providers' runners: data on S3, tags pushed over HTTP with the run's token."""

import pytest

from tests.hub import Hub
from tests.runners import QUICK, act, gitlab

pytest_plugins = ["tests.hub"]
pytestmark = pytest.mark.slow


def tags(hub: Hub) -> list[str]:
    """Name and tagger of the tags on origin."""
    form = "--format=%(refname:strip=2) by %(taggername)"
    return hub.run("git", "for-each-ref", "refs/tags", form, cwd=hub.origin).stdout.splitlines()


def test_push_registers_a_version_and_a_manual_run_promotes_it(hub: Hub) -> None:
    """GitHub's job creates a version and fills the first stage; GitLab's manual job promotes it to another stage."""
    hub.branch("main")
    event = {"ref": "refs/heads/main", "repository": {"full_name": "owner/repo", "default_branch": "main"}}
    output = act(hub, "push", "promote", "main", event, secret=hub.secret)
    assert "v0.0.1 is registered" in output
    first = tags(hub)
    assert [line.split(" by ")[0] for line in first] == ["model#staging#1", "model@v0.0.1"]
    assert all(line.split(" by ")[1] for line in first)
    manual = event | {"inputs": {"stage": "nowhere", "version": ""}}
    assert "there is no stage nowhere" in act(hub, "workflow_dispatch", "promote", "main", manual, 1, hub.secret)
    main = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    main["CI_COMMIT_BEFORE_SHA"] = "0" * 40
    person = {"GITLAB_USER_LOGIN": "person", "GITLAB_USER_EMAIL": "person@example.com", "STAGE": "prod"}
    quick_hub = hub._replace(environment=hub.environment | QUICK)
    output = gitlab(quick_hub, "main", main | person, "promote", secret=hub.secret)
    assert "prod now points to v0.0.1" in output
    assert tags(hub) == sorted(["model#prod#1 by person", *first])
    hub.run("git", "update-ref", "-d", "refs/lifecycle/model", cwd=hub.origin)
    hub.run("git", "tag", "--delete", *(line.split(" by ")[0] for line in tags(hub)), cwd=hub.origin)
