"""`publish comment` keeps one safe comment on both platforms, or fails with one message."""

import json
from pathlib import Path

import pytest

from tests.forge import BOT, Forge
from tests.publishing import GOOD, MARKER, Publish, write_report, zipped
from tests.servers import free_port

pytest_plugins = ["tests.publishing"]


def test_comment_is_created_once_and_then_updated(
    platform: str, forge: Forge, publish: Publish, tmp_path: Path
) -> None:
    """The comment is found among 250 others, some with a copied marker, and updated."""
    for number in range(120):
        forge.add("comments", "mallory", text=f"{MARKER}\nmine {number}", on=7)
    write_report(tmp_path, GOOD)
    publish(platform, "comment", "--number", "7")
    for _ in range(130):
        forge.add("comments", BOT[platform], text="Another robot's words", on=7)
    write_report(tmp_path, GOOD | {"messages": ["Now it is better."]})
    publish(platform, "comment", "--number", "7")
    marked = [entry for entry in forge.entries["comments"] if entry["text"].startswith(f"{MARKER}\n")]
    ours = [entry for entry in marked if entry["author"] != "mallory"]
    assert [entry["author"] for entry in ours] == [BOT[platform]]
    assert "Now it is better." in ours[0]["text"]
    assert len(forge.entries["comments"]) == 251
    assert sum(text.startswith(f"{MARKER}\nmine") for text in forge.texts("comments")) == 120
    publish(platform, "comment", "--number", "8")
    assert len(forge.entries["comments"]) == 252


def test_long_report_is_truncated_with_a_notice(platform: str, forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """A report over GitHub's limit of 65,536 characters is truncated and ends with a notice."""
    write_report(tmp_path, GOOD | {"messages": ["a line of the report"] * 6_000})
    publish(platform, "comment", "--number", "7")
    (text,) = forge.texts("comments")
    assert 60_000 < len(text) <= 65_536
    assert text.rstrip().endswith("was cut: the run has all of it.")


FORK = {"owner": {"login": "forker"}, "full_name": "forker/repo"}
RUN = {"head_sha": "abc", "head_branch": "a branch/é", "head_repository": FORK, "path": ".github/workflows/ci.yml"}
HOSTILE = {  # artifact -> its content and the expected message
    "no zip": (b"junk", "has no readable report.json"),
    "another file": (zipped(other_json=b"{}"), "has no readable report.json"),
    "a path": (zipped(**{"../report_json": b"{}"}), "has no readable report.json"),
    "a bomb": (zipped(report_json=b" " * 100_000_000), "cannot be shown"),
    "nothing": (zipped(report_json=b""), "cannot be shown"),
    "deep": (zipped(report_json=b"[" * 400_000), "cannot be shown"),
    "a list": (zipped(report_json=b"[]"), "cannot be shown"),
    "wrong types": (zipped(report_json=b'{"verdict": [], "messages": 5}'), "cannot be shown"),
    "no text": (zipped(report_json=b"\xff\xfe"), "cannot be shown"),
}


@pytest.mark.parametrize("artifact", HOSTILE)
def test_invalid_report_is_refused(artifact: str, forge: Forge, publish: Publish) -> None:
    """An invalid artifact of a fork gives one message and no comment."""
    forge.runs["1"] = RUN
    forge.add("requests", "person", source=RUN["head_branch"], owner="forker", sha="abc")
    forge.artifact, message = HOSTILE[artifact]
    assert message in publish("github", "comment", "--run", "1", code=2).stderr
    assert forge.texts("comments") == []


def test_fork_content_is_escaped(forge: Forge, publish: Publish) -> None:
    """HTML, images, links, mentions and the marker in a fork's report have no effect in the comment."""
    forge.runs["1"] = RUN
    number = forge.add("requests", "person", source=RUN["head_branch"], owner="forker", sha="abc")["number"]
    hostile = f"<img src=x onerror=y> ![](http://evil.example/) [a](javascript:b) @everyone {MARKER} #1"
    report = {
        "verdict": hostile,
        "messages": [hostile],
        "name": hostile,
        "data": [{"name": hostile, "old": hostile, "new": hostile}],
    }
    forge.artifact = zipped(report_json=json.dumps(report).encode())
    publish("github", "comment", "--run", "1")
    (entry,) = forge.entries["comments"]
    assert entry["on"] == number
    assert entry["text"].startswith(f"{MARKER}\n_From a fork: this was computed")
    for active in ("<img", "![", "](", "@everyone", "http://evil"):
        assert active not in entry["text"]
    assert entry["text"].count("<!--") == 1


def test_run_comments_on_the_request_at_its_commit(forge: Forge, publish: Publish) -> None:
    """The request number comes from GitHub, and the token is not sent to the artifact's host."""
    forge.runs["1"], forge.artifact = RUN, zipped(report_json=json.dumps(GOOD | {"number": 99}).encode())
    forge.add("requests", "other", source=RUN["head_branch"], owner="somebody", sha="abc")
    request = forge.add("requests", "person", source=RUN["head_branch"], owner="forker", sha="abc")
    publish("github", "comment", "--run", "1")
    publish("github", "comment", "--run", "1")
    assert [entry["on"] for entry in forge.entries["comments"]] == [request["number"]]
    assert forge.artifact_tokens == ["", ""]
    request["sha"] = "def"
    assert "No open request is at the commit" in publish("github", "comment", "--run", "1").stdout
    request["sha"], forge.artifact = "abc", None
    assert "has no report" in publish("github", "comment", "--run", "1").stdout
    forge.runs["1"] = RUN | {"head_repository": None}
    assert "No open request" in publish("github", "comment", "--run", "1").stdout


def test_server_errors_are_reported(platform: str, forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """404 and 401 fail after one request; server errors are retried, at most three times, but never a POST."""
    write_report(tmp_path, GOOD)
    forge.statuses = [404]
    assert "404 Not Found" in publish(platform, "comment", "--number", "7", code=2).stderr
    wrong = {"GITHUB_TOKEN": "wrong", "GITLAB_TOKEN": "wrong"}
    assert "401 Unauthorized" in publish(platform, "comment", "--number", "7", code=2, **wrong).stderr
    assert len(forge.received) == 2
    forge.statuses = [500, 503]
    publish(platform, "comment", "--number", "7")
    assert len(forge.texts("comments")) == 1
    forge.statuses, forge.received = [0, 0, 502] if platform == "gitlab" else [0, 502], []
    assert "POST" in publish(platform, "comment", "--number", "8", code=2).stderr
    assert len(forge.texts("comments")) == 1
    forge.statuses, forge.received = [500, 502, 503], []
    assert "503" in publish(platform, "comment", "--number", "7", code=2).stderr
    assert len(forge.received) == 3
    unreachable = {
        "GITHUB_API_URL": f"http://127.0.0.1:{free_port()}",
        "CI_API_V4_URL": f"http://127.0.0.1:{free_port()}",
    }
    assert "no answer" in publish(platform, "comment", "--number", "7", code=2, **unreachable).stderr


def test_missing_token_is_reported_with_advice(forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """A missing token exits with 2 and advice, or 0 for a fork; a pipeline without a request exits with 0."""
    write_report(tmp_path, GOOD)
    no_tokens = {"GITLAB_TOKEN": "", "GITHUB_TOKEN": ""}
    errors = publish("gitlab", "comment", "--number", "7", code=2, **no_tokens).stderr
    assert "project access token with the scope api" in errors
    assert "github.token" in publish("github", "comment", "--number", "7", code=2, **no_tokens).stderr
    assert "No comment" in publish("gitlab", "comment", "--number", "7", WITHOUT_SECRETS="true", **no_tokens).stdout
    assert "belongs to no request" in publish("gitlab", "comment").stdout
    publish("gitlab", "comment", CI_MERGE_REQUEST_IID="7")
    assert [entry["on"] for entry in forge.entries["comments"]] == [7]
    (tmp_path / "work" / "report" / "report.json").unlink()
    assert "lifecycle gate" in publish("gitlab", "comment", "--number", "7", code=2).stderr
