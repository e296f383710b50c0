"""A tag that was deleted or moved on origin, even the newest one, is found in any clone and stops the registry."""

import json
import re

import pytest

from tests.registered import Repo

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
HEAD = "refs/lifecycle/model"


def fresh(repo: Repo) -> Repo:
    """A new clone of origin, which has never seen what was deleted."""
    repo.git("clone", "--quiet", str(repo.origin), str(repo.folder / "fresh"), cwd=repo.folder)
    return Repo(repo.folder, repo.run, "fresh").configure()


def restore(repo: Repo, messages: str) -> None:
    """Run the Git commands that the messages show, as a person would."""
    commands = re.findall(r"`(git (?:fetch|push) [^`]+)`", messages)
    assert commands, messages
    for command in commands:
        repo.git(*command.split()[1:], *(["--no-verify"] if "push" in command else []))


def assert_stopped(repo: Repo, *faults: str) -> str:
    """The audit names each fault and exits with 1, promote and rollback stop with 2; returns the audit's messages."""
    before, newest = repo.tags(), repo.git("for-each-ref", "refs/lifecycle", cwd=repo.origin)
    messages = repo.messages("audit", code=1)
    for fault in faults:
        assert fault in messages, messages
    for verb in ("promote", "rollback"):
        assert faults[0] in repo.messages(verb, "--stage", "prod", code=2)
    assert (repo.tags(), repo.git("for-each-ref", "refs/lifecycle", cwd=repo.origin)) == (before, newest)
    return messages


@pytest.mark.parametrize("kind", ["promotion", "rollback"])
def test_deleted_newest_tag_is_found_and_can_be_restored(kind: str, repo: Repo) -> None:
    """A new clone reports the newest tag that origin no longer has, and restores it with the command shown."""
    if kind == "rollback":
        repo.verb("rollback", "--stage", "prod")
    before = repo.tags()
    name = {"promotion": "model#prod#2", "rollback": "model#prod#3"}[kind]
    repo.git("update-ref", "-d", f"refs/tags/{name}", before[name], cwd=repo.origin)
    clone = fresh(repo)
    restore(clone, assert_stopped(clone, f"{name} is missing: it was deleted (recorded by {HEAD})"))
    assert repo.tags() == before
    clone.verb("audit")


def test_deleted_and_moved_older_tags_are_found_and_can_be_restored(repo: Repo) -> None:
    """Each tag has the hash that a later tag records; what a clone still has can be pushed again."""
    before, last = repo.tags(), repo.git("rev-parse", "HEAD")
    for name in ("model@v0.0.1", "model@v0.0.2"):
        repo.git("update-ref", "-d", f"refs/tags/{name}", cwd=repo.origin)
    repo.git("tag", "--force", "-a", "-m", "moved", "model#prod#1", last, cwd=repo.origin)
    clone = fresh(repo)
    messages = assert_stopped(clone, "model@v0.0.2 is missing: it was deleted (recorded by model#prod#2)")
    for fault in ("model#prod#1 is another tag: it was moved (recorded by model@v0.0.2)",
                  "model@v0.0.1 is missing: it was deleted (recorded by model#prod#1)"):  # fmt: skip
        restore(repo, messages)  # what a deleted tag records is seen when that tag is back
        messages = clone.messages("audit", code=1)
        assert fault in messages
    restore(repo, messages)
    assert repo.tags() == before
    clone.git("fetch", "--quiet", "--force", "--tags")
    clone.verb("audit")


@pytest.mark.parametrize("change", ["deleted", "older", "no tag"])
def test_changed_ref_of_the_newest_tag_is_found(change: str, repo: Repo) -> None:
    """The ref is neither deleted, nor moved back, nor pointed to something else unseen; the command repairs it."""
    value = {"deleted": "", "older": repo.tags()["model#prod#1"], "no tag": repo.git("rev-parse", "HEAD")}[change]
    newest = repo.newest()
    repo.git("update-ref", *([HEAD, value] if value else ["-d", HEAD]), cwd=repo.origin)
    restore(repo, assert_stopped(repo, f"{HEAD} on origin does not lead to model#prod#2"))
    assert repo.newest() == newest
    repo.verb("audit")


def test_tags_by_hand_stay_valid_and_are_recorded(repo: Repo) -> None:
    """Tags without a record count as before; the next promotion records them, and then they are missed too."""
    repo.git("update-ref", "-d", HEAD, cwd=repo.origin)
    repo.git("tag", "--delete", *repo.tags(), cwd=repo.origin)
    repo.git("tag", "--delete", *repo.tags(repo.clone))
    for name, commit in (("model@v0.0.1", "HEAD~1"), ("model#prod#1", "HEAD~1")):
        repo.tag_by_hand(name, options=("-a", "-m", "by hand"))
        repo.git("tag", "--force", "-a", "-m", "by hand", name, commit)
        repo.git("push", "--quiet", "--no-verify", "--force", "origin", f"refs/tags/{name}")
    repo.verb("audit")
    by_hand = repo.tags()
    assert repo.verb("promote", "--stage", "prod")["details"]["tags"] == ["model@v0.0.2", "model#prod#2"]
    body = repo.git("for-each-ref", "refs/tags/model@v0.0.2", "--format=%(contents:body)")
    assert json.loads(body)["previous"] == by_hand
    repo.verb("audit")
    assert repo.newest() == repo.tags()["model#prod#2"]
    repo.git("update-ref", "-d", "refs/tags/model#prod#1", cwd=repo.origin)
    assert_stopped(repo, "model#prod#1 is missing: it was deleted (recorded by model@v0.0.2)")


def test_replacements_and_grafts_change_nothing(repo: Repo) -> None:
    """What `git replace` and a file of grafts show in one clone is not what origin has, and is not believed."""
    before = repo.verb("gate", "HEAD~1")["details"]
    metrics = repo.git("show", "HEAD:reports/metrics.json").replace('"accuracy": 0.9', '"accuracy": 0.1')
    (repo.folder / "worse").write_text(metrics)
    worse = repo.git("hash-object", "-w", str(repo.folder / "worse"))
    repo.git("replace", repo.git("rev-parse", "HEAD:reports/metrics.json"), worse)
    assert repo.verb("gate", "HEAD~1")["details"] == before
    (repo.clone / ".git" / "info").mkdir(exist_ok=True)
    (repo.clone / ".git" / "info" / "grafts").write_text(repo.git("rev-parse", "HEAD") + "\n")  # without parents
    assert repo.verb("gate", "HEAD~1")["details"] == before


@pytest.mark.parametrize("pattern", ["tags/model@*", "tags/model#*", "lifecycle/*"])
def test_partially_refused_push_leaves_no_tag(pattern: str, repo: Repo) -> None:
    """If origin refuses one of the three refs, no tag remains anywhere, and the next attempt works."""
    (repo.clone / "NEWS.md").write_text("Something new.\n")
    repo.commit("More news")
    before, hook = repo.tags(), repo.origin / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ncase "$1" in refs/{pattern}) echo "protected tag"; exit 1;; esac\n')
    hook.chmod(0o755)
    messages = repo.messages("promote", "--stage", "prod", code=2)
    assert "origin did not accept the tags" in messages
    assert repo.tags() == before == repo.tags(repo.clone)
    if pattern == "tags/model#*":
        hook.unlink()
        repo.verb("promote", "--stage", "prod")
        assert repo.stages() == {"prod": "v0.0.3"}
