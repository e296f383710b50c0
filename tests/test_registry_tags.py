"""Manual, moved, misdated and many tags, and incomplete clones: origin and the tag format decide."""

import subprocess
import time

import pytest

from tests.registered import Repo

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def test_invalid_manual_tags_are_reported_and_ignored(repo: Repo) -> None:
    """Lightweight, malformed and stray tags, even newer ones, move no stage, and the audit reports each."""
    lightweight = {"model#prod#8": (), "model@v0.0.7": ()}
    stray = ("model#prod#3", "model#prod!#4", "model@v1", "model#prod#x")
    repo.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "no version")
    repo.tag_by_hand(*stray, GIT_COMMITTER_DATE="2040-01-01T00:00:00Z")
    repo.tag_by_hand(*lightweight, options=())
    outcome = repo.verb("audit", code=1)
    assert outcome["details"]["stages"] == {"prod": "v0.0.2"}
    for name in [*stray, *lightweight]:
        assert any(message.startswith(f"{name} ") for message in outcome["messages"]), name
    result = repo.verb("rollback", "--stage", "prod")["details"]
    assert (result["version"], result["tags"]) == ("v0.0.1", ["model#prod#9"])
    assert repo.stages() == {"prod": "v0.0.1"}  # GTO sorts by date


def test_stage_order_ignores_tag_dates(repo: Repo) -> None:
    """After a promotion dated in the future, GTO and the registry use the later promotion."""
    repo.git("switch", "--quiet", "--detach", "model@v0.0.1")
    repo.tag_by_hand("model#prod#3", GIT_COMMITTER_DATE="2040-01-01T00:00:00Z")
    repo.verb("promote", "v0.0.2", "--stage", "prod")
    assert repo.stages() == {"prod": "v0.0.2"}
    repo.verb("rollback", "--stage", "prod")
    assert repo.stages() == {"prod": "v0.0.1"}


def test_incomplete_clone_is_handled(repo: Repo) -> None:
    """A clone without tags reads them from origin; a shallow clone is refused."""
    for name, option in (("bare-of-tags", "--no-tags"), ("shallow", "--depth=1")):
        repo.git("clone", "--quiet", option, f"file://{repo.origin}", str(repo.folder / name), cwd=repo.folder)
    without_tags = Repo(repo.folder, repo.run, "bare-of-tags").configure()
    assert "already" in without_tags.messages("promote", "--stage", "prod")
    assert without_tags.verb("rollback", "--stage", "prod")["details"]["version"] == "v0.0.1"
    shallow = Repo(repo.folder, repo.run, "shallow").configure()
    shallow.git("remote", "set-url", "origin", f"file://{repo.origin}")
    for verb in (["promote", "--stage", "prod"], ["rollback", "--stage", "prod"], ["audit"], ["clean"]):
        assert "git fetch --unshallow" in shallow.messages(*verb, code=2)


def test_moved_tag_is_reported_and_stops_promotion(repo: Repo) -> None:
    """A tag that differs from origin's is reported by the audit, and nothing is promoted or rolled back."""
    repo.git("tag", "--force", "-a", "-m", "moved", "model#prod#2", "model@v0.0.1^{}")
    assert "model#prod#2 is a different tag here than on origin" in repo.messages("audit", code=1)
    for verb in ("promote", "rollback"):
        assert "model#prod#2" in repo.messages(verb, "--stage", "prod", code=2)
    repo.git("push", "--quiet", "--no-verify", "--force", "origin", "refs/tags/model#prod#2")


def test_thousand_tags_are_audited_within_20_seconds(repo: Repo) -> None:
    """500 versions, each promoted once, are read from Git and compared in less than 20 seconds."""
    tree, parent = repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", "HEAD")
    lines = []
    for number in range(3, 503):
        tagger = f"Tester <t@example.com> {1900000000 + number} +0000"
        lines.append(f"commit refs/heads/main\nmark :{number}\ncommitter {tagger}\ndata 1\nc")
        lines.append((f"from {parent}\n" if number == 3 else "") + f'M 040000 {tree} ""')
        for name in (f"model@v0.0.{number}", f"model#prod#{number}"):
            lines.append(f"tag {name}\nfrom :{number}\ntagger {tagger}\ndata 1\nt")
    text = "\n".join([*lines, ""])
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.origin, input=text, text=True, check=True)
    repo.git("fetch", "--quiet", "--tags", "origin")
    start = time.monotonic()
    details = repo.verb("audit")["details"]
    seconds = time.monotonic() - start
    print(f"{len(repo.tags())} tags audited in {seconds:.1f} s")
    assert len(details["versions"]) == 502
    assert details["stages"] == {"prod": "v0.0.502"}
    assert seconds < 20
