"""The promotion job, run by both providers' runners: data on S3, tags pushed over HTTP with the run's token."""

from pathlib import Path

import pytest

from tests.hub import Hub
from tests.replicas import replicas
from tests.runners import QUICK, act, gitlab

pytest_plugins = ["tests.hub"]
pytestmark = pytest.mark.slow


def tags(hub: Hub) -> list[str]:
    """Name and tagger of the tags on origin."""
    form = "--format=%(refname:strip=2) by %(taggername)"
    return hub.run("git", "for-each-ref", "refs/tags", form, cwd=hub.origin).stdout.splitlines()


def remove_tags(hub: Hub) -> None:
    """Leave origin without tags, for the next test."""
    hub.run("git", "update-ref", "-d", "refs/lifecycle/model", cwd=hub.origin)
    hub.run("git", "tag", "--delete", *(line.split(" by ")[0] for line in tags(hub)), cwd=hub.origin)


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
    remove_tags(hub)


def test_promotion_is_deployed_and_a_bad_one_is_pointed_back(hub: Hub, reproduced: Path, tmp_path: Path) -> None:
    """GitHub's promotion calls the deployment, which points a bad version back; GitLab's job checks what is left."""
    quick = [("params.yaml", "watch: 60", "watch: 1"), ("params.yaml", "timeout: 300", "timeout: 10")]
    event = {"ref": "refs/heads/main", "repository": {"full_name": "owner/repo", "default_branch": "main"}}
    newest = [
        "for-each-ref",
        "--sort=-v:refname",
        "--count=1",
        "--format=%(contents:body)",
        "refs/tags/model#staging#*",
    ]

    def version() -> str:
        body = hub.run("git", *newest, cwd=hub.origin).stdout
        return "v0.0.2" if '"version": "v0.0.2"' in body else "v0.0.1"

    with replicas(reproduced / "models" / "golden.json", version) as (replica,):
        services = {"DEPLOY": "yes", "DEPLOY_URLS": replica.url}
        hub.branch("main", *quick)
        output = act(hub, "push", "promote", "main", event, 0, hub.secret, variables=services)
        assert "No name, no image" in output
        assert "staging serves v0.0.1: golden predictions as recorded" in output
        hub.branch("main", *quick, ("README.md", "# ", "# The "))
        replica.broken = {"v0.0.2": "golden"}
        output = act(hub, "push", "promote", "main", event, 1, hub.secret, variables=services)
        assert "staging now points to v0.0.1" in output
        assert "v0.0.1 after the rollback: served again" in output
        main = {"CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
        (tmp_path / "apt-get").write_text("#!/bin/sh\n")  # the builder is here already, and not needed
        (tmp_path / "apt-get").chmod(0o755)
        path = {"PATH": f"{tmp_path}:{hub.environment['PATH']}"}
        lab = hub._replace(environment=hub.environment | path)
        gitlab_only = {"TASK": "deploy", "DEPLOY_URLS": replica.url}
        assert "staging serves v0.0.1" in gitlab(lab, "main", main | gitlab_only, "deploy", secret=hub.secret)
    names = [line.split(" by ")[0] for line in tags(hub)]
    assert names == [f"deployment/model/staging.{number}" for number in (1, 2, 3, 4)] + [
        *(f"model#staging#{number}" for number in (1, 2, 3)),
        "model@v0.0.1",
        "model@v0.0.2",
    ]
    remove_tags(hub)
