"""`publish` keeps one issue, branch and request, overwrites no other work and stores no token."""

import base64
from pathlib import Path

from tests.conftest import Run
from tests.forge import BOT, TOKEN, Forge
from tests.publishing import GOOD, Publish, commit, write_report

pytest_plugins = ["tests.publishing"]


def test_issue_is_opened_once_then_updated_then_closed(
    platform: str, forge: Forge, publish: Publish, tmp_path: Path
) -> None:
    """While the weekly check fails one issue states the reasons; it is closed with a comment afterwards."""
    theirs = forge.add("issues", "mallory", text="<!-- lifecycle:reproduce -->\n")
    write_report(tmp_path, {"code": 1, "messages": ["model.skops is another."]}, "reproduce.json")
    write_report(tmp_path, {"code": 0, "messages": ["No attack got through."]}, "drill.json")
    publish(platform, "issue")
    write_report(tmp_path, {"code": 2, "messages": ["No remote."]}, "reproduce.json")
    publish(platform, "issue")
    theirs, ours = forge.entries["issues"]
    assert ours["title"] == "The weekly check of main failed"
    assert (ours["author"], ours["state"]) == (BOT[platform], "open")
    assert ours["text"].endswith("-->\n- reproduce: No remote.\n")
    write_report(tmp_path, {"code": 0, "messages": ["All 5 stages give the same."]}, "reproduce.json")
    write_report(tmp_path, {"code": 1, "messages": ["A forged metric got through."]}, "drill.json")
    publish(platform, "issue")
    assert ours["text"].endswith("-->\n- drill: A forged metric got through.\n")
    write_report(tmp_path, {"code": 0, "messages": ["No attack got through."]}, "drill.json")
    publish(platform, "issue")
    assert (theirs["state"], ours["state"]) == ("open", "closed")
    assert [(entry["on"], entry["text"]) for entry in forge.entries["comments"]] == [
        (ours["number"], "All results were reproduced, and no attack of the drill got through.")
    ]
    assert "no issue" in publish(platform, "issue").stdout
    for verb in ("reproduce", "drill"):
        (tmp_path / "work" / "report" / f"{verb}.json").unlink()
        publish(platform, "issue")
        assert f"- {verb}: it could not be run" in forge.entries["issues"][-1]["text"]
    assert len(forge.entries["issues"]) == 3


def test_changes_are_pushed_to_the_branch(
    platform: str, forge: Forge, publish: Publish, run: Run, tmp_path: Path
) -> None:
    """Changed and new files are committed and pushed to an existing branch, and one check is started."""
    work = tmp_path / "work"
    assert "Nothing changed" in publish(platform, "branch", "--message", "Results", BRANCH="topic").stdout
    assert forge.branch("topic") == []
    run("git", "push", "--quiet", str(forge.origin), "HEAD:topic", cwd=work)
    (work / "dvc.lock").write_text("new\n")
    (work / "lifecycle" / "__init__.py").write_text('"""Changed."""\n')
    publish(platform, "branch", "--message", "Results", BRANCH="topic", HOME=str(home_without_identity(tmp_path)))
    shown = run("git", "show", "--stat", "--format=%an %s", "topic", cwd=forge.origin).stdout
    assert shown.startswith(f"{BOT[platform]} Results")
    assert "2 files changed" in shown
    assert forge.dispatched() == (["topic"] if platform == "github" else [])
    assert run("git", "status", "--porcelain", cwd=work).stdout == ""
    basic = [base64.b64encode(f"{user}:{TOKEN}".encode()) for user in ("x-access-token", "oauth2")]
    git_files = b"".join(path.read_bytes() for path in (work / ".git").rglob("*") if path.is_file())
    assert not any(secret in git_files for secret in [TOKEN.encode(), *basic])


def home_without_identity(tmp_path: Path) -> Path:
    """A home without a Git identity."""
    (tmp_path / "nobody").mkdir(exist_ok=True)
    return tmp_path / "nobody"


def test_diverged_branch_is_not_overwritten(
    platform: str, forge: Forge, publish: Publish, run: Run, tmp_path: Path
) -> None:
    """If the branch has new commits, the push fails with one message, and both commits are kept."""
    work, other_clone = tmp_path / "work", tmp_path / "other"
    run("git", "clone", "--quiet", str(forge.origin), str(other_clone), cwd=tmp_path)
    (other_clone / "theirs").touch()
    theirs = commit(other_clone, run, "Theirs")
    run("git", "push", "--quiet", "origin", "HEAD:main", cwd=other_clone)
    (work / "ours").touch()
    errors = publish(platform, "branch", "--message", "Ours", BRANCH="main", code=2).stderr
    assert "`git push" in errors
    assert "rejected" in errors
    assert forge.branch("main")[0] == theirs
    assert run("git", "log", "-1", "--format=%s", cwd=work).stdout == "Ours\n"
    assert forge.dispatched() == []
    wrong = {"GITHUB_TOKEN": "wrong", "GITLAB_TOKEN": "wrong"}
    (work / "more").touch()
    publish(platform, "branch", "--message", "Ours", BRANCH="new", code=2, **wrong)
    assert forge.branch("new") == []


def test_update_branch_is_overwritten_but_not_main(
    platform: str, forge: Forge, publish: Publish, run: Run, tmp_path: Path
) -> None:
    """--to always starts from the current commit and refuses the default branch."""
    work, main = tmp_path / "work", forge.branch("main")[0]
    for text in ("first", "second"):
        run("git", "reset", "--quiet", "--hard", main, cwd=work)
        (work / "data.dvc").write_text(text)
        publish(platform, "branch", "--to", "update-data", "--message", text)
        assert forge.branch("update-data")[1:] == [main]
    assert run("git", "show", "update-data:data.dvc", cwd=forge.origin).stdout == "second"
    (work / "data.dvc").write_text("third")
    assert "is the default branch" in publish(platform, "branch", "--to", "main", "--message", "No", code=2).stderr
    assert forge.branch("main") == [main]


def test_request_is_opened_once_and_then_updated(
    platform: str, forge: Forge, publish: Publish, run: Run, tmp_path: Path
) -> None:
    """One request shows the latest report of a branch; a missing or outdated branch gets none."""
    work, main = tmp_path / "work", forge.branch("main")[0]
    command = ["request", "--from", "update-data", "--title", "Newer data"]
    write_report(tmp_path, GOOD)
    assert "nothing new" in publish(platform, *command).stdout
    for text in ("first", "second"):
        run("git", "reset", "--quiet", "--hard", main, cwd=work)
        (work / "data.dvc").write_text(text)
        publish(platform, "branch", "--to", "update-data", "--message", text)
        write_report(tmp_path, GOOD | {"messages": [text]})
        if text == "second":  # as another job would, on the commit of main
            run("git", "reset", "--quiet", "--hard", main, cwd=work)
        publish(platform, *command)
    (request,) = forge.entries["requests"]
    assert (request["source"], request["title"]) == ("update-data", "Newer data")
    assert "second" in request["text"]
    commit(work, run, "Later")
    assert "nothing new" in publish(platform, *command).stdout
