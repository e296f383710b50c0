"""Tags that were made, moved or dated by hand, a thousand of them, and clones without: origin and formats decide."""

import subprocess
import time

import pytest

from tests.registered import World

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def test_tags_by_hand_are_named_and_believed_by_nobody(made: World) -> None:
    """Undo, lightweight, malformed and stray tags, also newer ones, move no stage; the audit names each."""
    light = {"model#prod#8": (), "model@v0.0.7": ()}
    stray = ("model#prod#3", "model#prod!#4", "model@v1", "model#prod#x")
    made.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "no version")
    made.by_hand(*stray, GIT_COMMITTER_DATE="2040-01-01T00:00:00Z")
    made.by_hand(*light, options=())
    found = made.verb("audit", code=1)
    assert found["details"]["stages"] == {"prod": "v0.0.2"}
    for name in [*stray, *light]:
        assert any(said.startswith(f"{name} ") for said in found["messages"]), name
    done = made.verb("rollback", "--stage", "prod")["details"]
    assert (done["version"], done["tags"]) == ("v0.0.1", ["model#prod#9"])
    assert made.shows() == {"prod": "v0.0.1"}  # GTO goes by dates


def test_clock_that_went_back_confuses_nobody(made: World) -> None:
    """After a promotion dated in the future both GTO and we take the later one."""
    made.git("switch", "--quiet", "--detach", "model@v0.0.1")
    made.by_hand("model#prod#3", GIT_COMMITTER_DATE="2040-01-01T00:00:00Z")
    made.verb("promote", "v0.0.2", "--stage", "prod")
    assert made.shows() == {"prod": "v0.0.2"}
    made.verb("rollback", "--stage", "prod")
    assert made.shows() == {"prod": "v0.0.1"}


def test_clone_without_tags_or_history_believes_origin(made: World) -> None:
    """A clone without tags sees what origin has; a shallow one refuses to guess."""
    for name, option in (("bare-of-tags", "--no-tags"), ("shallow", "--depth=1")):
        made.git("clone", "--quiet", option, f"file://{made.origin}", str(made.folder / name), cwd=made.folder)
    one = World(made.folder, made.run, "bare-of-tags").settle()
    assert "already" in one.says("promote", "--stage", "prod")
    assert one.verb("rollback", "--stage", "prod")["details"]["version"] == "v0.0.1"
    other = World(made.folder, made.run, "shallow").settle()
    other.git("remote", "set-url", "origin", f"file://{made.origin}")
    for verb in (["promote", "--stage", "prod"], ["rollback", "--stage", "prod"], ["audit"], ["clean"]):
        assert "git fetch --unshallow" in other.says(*verb, code=2)


def test_moved_tag_stops_everything(made: World) -> None:
    """A tag that is another one here than on origin is named by the audit, and nobody is promoted over it."""
    made.git("tag", "--force", "-a", "-m", "moved", "model#prod#2", "model@v0.0.1^{}")
    assert "model#prod#2 is a different tag here than on origin" in made.says("audit", code=1)
    for verb in ("promote", "rollback"):
        assert "model#prod#2" in made.says(verb, "--stage", "prod", code=2)
    made.git("push", "--quiet", "--no-verify", "--force", "origin", "refs/tags/model#prod#2")


def test_a_thousand_tags_are_audited_in_seconds(made: World) -> None:
    """500 versions, each promoted once: every one is read from Git and compared, in less than 20 seconds."""
    tree, parent = made.git("rev-parse", "HEAD^{tree}"), made.git("rev-parse", "HEAD")
    lines = []
    for number in range(3, 503):
        who = f"Tester <t@example.com> {1900000000 + number} +0000"
        lines.append(f"commit refs/heads/main\nmark :{number}\ncommitter {who}\ndata 1\nc")
        lines.append((f"from {parent}\n" if number == 3 else "") + f'M 040000 {tree} ""')
        for name in (f"model@v0.0.{number}", f"model#prod#{number}"):
            lines.append(f"tag {name}\nfrom :{number}\ntagger {who}\ndata 1\nt")
    text = "\n".join([*lines, ""])
    subprocess.run(["git", "fast-import", "--quiet"], cwd=made.origin, input=text, text=True, check=True)
    made.git("fetch", "--quiet", "--tags", "origin")
    start = time.monotonic()
    found = made.verb("audit")["details"]
    taken = time.monotonic() - start
    print(f"{len(made.tags())} tags audited in {taken:.1f} s")
    assert len(found["versions"]) == 502
    assert found["stages"] == {"prod": "v0.0.502"}
    assert taken < 20
