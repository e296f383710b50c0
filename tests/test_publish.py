"""What publish promises of the comment on both platforms: one, ours, safe whatever it shows, or a sentence."""

import json
from pathlib import Path

import pytest

from tests.forge import BOT, Forge
from tests.publishing import GOOD, MARKER, Publish, packed, report
from tests.servers import free_port

pytest_plugins = ["tests.publishing"]


def test_comment_is_written_once_and_then_anew(platform: str, forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """Among 250 comments, some of others with our marker, ours is found on its page and brought up to date."""
    for number in range(120):
        forge.add("comments", "mallory", text=f"{MARKER}\nmine {number}", on=7)
    report(tmp_path, GOOD)
    publish(platform, "comment", "--number", "7")
    for _ in range(130):
        forge.add("comments", BOT[platform], text="Another robot's words", on=7)
    report(tmp_path, GOOD | {"messages": ["Now it is better."]})
    publish(platform, "comment", "--number", "7")
    marked = [entry for entry in forge.entries["comments"] if entry["text"].startswith(f"{MARKER}\n")]
    ours = [entry for entry in marked if entry["author"] != "mallory"]
    assert [entry["author"] for entry in ours] == [BOT[platform]]
    assert "Now it is better." in ours[0]["text"]
    assert len(forge.entries["comments"]) == 251
    assert sum(text.startswith(f"{MARKER}\nmine") for text in forge.texts("comments")) == 120
    publish(platform, "comment", "--number", "8")
    assert len(forge.entries["comments"]) == 252


def test_long_report_is_cut_and_says_so(platform: str, forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """GitHub takes 65,536 characters: a longer report ends with a sentence that says that it was cut."""
    report(tmp_path, GOOD | {"messages": ["a line of the report"] * 6_000})
    publish(platform, "comment", "--number", "7")
    (text,) = forge.texts("comments")
    assert 60_000 < len(text) <= 65_536
    assert text.rstrip().endswith("was cut: the run has all of it.")


FORK = {"owner": {"login": "forker"}, "full_name": "forker/repo"}
RUN = {"head_sha": "abc", "head_branch": "a branch/é", "head_repository": FORK}
HOSTILE = {  # an artifact -> what is said of it
    "no zip": (b"junk", "has no readable report.json"),
    "another file": (packed(other_json=b"{}"), "has no readable report.json"),
    "a path": (packed(**{"../report_json": b"{}"}), "has no readable report.json"),
    "a bomb": (packed(report_json=b" " * 100_000_000), "cannot be shown"),
    "nothing": (packed(report_json=b""), "cannot be shown"),
    "deep": (packed(report_json=b"[" * 400_000), "cannot be shown"),
    "a list": (packed(report_json=b"[]"), "cannot be shown"),
    "wrong types": (packed(report_json=b'{"verdict": [], "messages": 5}'), "cannot be shown"),
    "no text": (packed(report_json=b"\xff\xfe"), "cannot be shown"),
}


@pytest.mark.parametrize("artifact", HOSTILE)
def test_what_is_no_report_is_refused(artifact: str, forge: Forge, publish: Publish) -> None:
    """Whatever a fork puts into its artifact, the answer is a sentence, and nothing is published."""
    forge.runs["1"] = RUN
    forge.add("requests", "person", source=RUN["head_branch"], owner="forker", sha="abc")
    forge.artifact, says = HOSTILE[artifact]
    assert says in publish("github", "comment", "--run", "1", code=2).stderr
    assert forge.texts("comments") == []


def test_what_a_fork_writes_is_only_shown(forge: Forge, publish: Publish) -> None:
    """HTML, images, links, mentions and the marker of a hostile report do nothing in the comment."""
    forge.runs["1"] = RUN
    number = forge.add("requests", "person", source=RUN["head_branch"], owner="forker", sha="abc")["number"]
    evil = f"<img src=x onerror=y> ![](http://evil.example/) [a](javascript:b) @everyone {MARKER} #1"
    said = {"verdict": evil, "messages": [evil], "name": evil, "data": [{"name": evil, "old": evil, "new": evil}]}
    forge.artifact = packed(report_json=json.dumps(said).encode())
    publish("github", "comment", "--run", "1")
    (entry,) = forge.entries["comments"]
    assert entry["on"] == number
    assert entry["text"].startswith(f"{MARKER}\n_From a fork: this was computed")
    for active in ("<img", "![", "](", "@everyone", "http://evil"):
        assert active not in entry["text"]
    assert entry["text"].count("<!--") == 1


def test_run_comments_on_the_request_that_is_at_its_commit(forge: Forge, publish: Publish) -> None:
    """The number comes from GitHub; the token stays there when the artifact lies elsewhere."""
    forge.runs["1"], forge.artifact = RUN, packed(report_json=json.dumps(GOOD | {"number": 99}).encode())
    forge.add("requests", "other", source=RUN["head_branch"], owner="somebody", sha="abc")
    right = forge.add("requests", "person", source=RUN["head_branch"], owner="forker", sha="abc")
    publish("github", "comment", "--run", "1")
    publish("github", "comment", "--run", "1")
    assert [entry["on"] for entry in forge.entries["comments"]] == [right["number"]]
    assert forge.elsewhere == ["", ""]
    right["sha"] = "def"
    assert "No open request is at the commit" in publish("github", "comment", "--run", "1").stdout
    right["sha"], forge.artifact = "abc", None
    assert "has no report" in publish("github", "comment", "--run", "1").stdout
    forge.runs["1"] = RUN | {"head_repository": None}
    assert "No open request" in publish("github", "comment", "--run", "1").stdout


def test_server_that_says_no_is_quoted_at_once(platform: str, forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """404 and a wrong token are one sentence and one request; 500 is tried again, three times at most; no POST is."""
    report(tmp_path, GOOD)
    forge.statuses = [404]
    assert "404 Not Found" in publish(platform, "comment", "--number", "7", code=2).stderr
    wrong = {"GITHUB_TOKEN": "wrong", "GITLAB_TOKEN": "wrong"}
    assert "401 Unauthorized" in publish(platform, "comment", "--number", "7", code=2, **wrong).stderr
    assert len(forge.asked) == 2
    forge.statuses = [500, 503]
    publish(platform, "comment", "--number", "7")
    assert len(forge.texts("comments")) == 1
    forge.statuses, forge.asked = [0, 0, 502] if platform == "gitlab" else [0, 502], []
    assert "POST" in publish(platform, "comment", "--number", "8", code=2).stderr
    assert len(forge.texts("comments")) == 1
    forge.statuses, forge.asked = [500, 502, 503], []
    assert "503" in publish(platform, "comment", "--number", "7", code=2).stderr
    assert len(forge.asked) == 3
    away = {"GITHUB_API_URL": f"http://127.0.0.1:{free_port()}", "CI_API_V4_URL": f"http://127.0.0.1:{free_port()}"}
    assert "no answer" in publish(platform, "comment", "--number", "7", code=2, **away).stderr


def test_missing_token_is_said_with_what_to_do(forge: Forge, publish: Publish, tmp_path: Path) -> None:
    """No token is exit code 2 with advice, and fine where a fork's pipeline has no secrets; so is no request."""
    report(tmp_path, GOOD)
    none = {"GITLAB_TOKEN": "", "GITHUB_TOKEN": ""}
    said = publish("gitlab", "comment", "--number", "7", code=2, **none).stderr
    assert "project access token with the scope api" in said
    assert "github.token" in publish("github", "comment", "--number", "7", code=2, **none).stderr
    assert "No comment" in publish("gitlab", "comment", "--number", "7", WITHOUT_SECRETS="true", **none).stdout
    assert "belongs to no request" in publish("gitlab", "comment").stdout
    publish("gitlab", "comment", CI_MERGE_REQUEST_IID="7")
    assert [entry["on"] for entry in forge.entries["comments"]] == [7]
    (tmp_path / "work" / "report" / "report.json").unlink()
    assert "lifecycle gate" in publish("gitlab", "comment", "--number", "7", code=2).stderr
