"""Who may: a stage that demands a signature or an approval gets nothing without it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.registered import World, refused
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def demand(made: World, what: str) -> None:
    """Let prod demand something, on main."""
    edit(made.clone / "params.yaml", "prod: {approved: false, signed: false}", f"prod: {{{what}}}")
    made.commit(what)


def test_signature_that_is_demanded_is_made_and_checked(made: World) -> None:
    """Without a key nobody is promoted; unsigned tags are then believed no more; with a key all goes on."""
    demand(made, "signed: true")
    refused(made, "cannot be signed", 2, "--stage", "prod")
    key = made.folder / "key"
    made.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key), cwd=made.folder)
    (made.folder / "signers").write_text(f"tester@example.com {key.with_suffix('.pub').read_text()}")
    for name, value in {"gpg.format": "ssh", "user.signingkey": f"{key}.pub",
                        "gpg.ssh.allowedSignersFile": f"{made.folder}/signers"}.items():  # fmt: skip
        made.git("config", name, value)
    assert "model#prod#2 has no valid signature, which prod requires" in made.says("audit", code=1)
    assert "model#prod#2 has no valid signature" in made.says("promote", "--stage", "prod")
    made.verb("audit")
    assert "Good" in made.run("git", "verify-tag", "model#prod#3", cwd=made.clone).stderr
    made.by_hand("model#prod#4")
    assert "model#prod#4 has no valid signature" in made.says("promote", "--stage", "prod")
    refused(made, "no version before v0.0.3", 1, "--stage", "prod", verb="rollback")


@pytest.fixture
def forge() -> Iterator[tuple[dict[str, object], dict[str, str], dict[str, str]]]:
    """A forge as far as an approval is asked for: what it answers to the end of each path, and GitHub's and GitLab's
    variables."""
    answers: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            found = [] if "&page=2" in f"&{query}" else next(v for k, v in answers.items() if path.endswith(k))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    hub = {"GITHUB_API_URL": address, "GITHUB_SERVER_URL": address, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t"}
    lab = {"CI_API_V4_URL": address, "CI_SERVER_URL": address, "CI_PROJECT_ID": "7", "GITLAB_TOKEN": "t"}
    yield answers, hub | {"GITHUB_ACTOR": "merger"}, lab
    server.shutdown()


def test_approval_that_is_demanded_is_asked_for(
    made: World, forge: tuple[dict[str, object], dict[str, str], dict[str, str]]
) -> None:
    """Nobody to ask is no approval, nor is the author's own, a stranger's or a withdrawn one; who approved is kept."""
    answers, variables, lab = forge
    demand(made, "approved: true")
    refused(made, "cannot be looked up here", 2, "--stage", "prod")
    answers["/pulls"] = [{"number": 7, "merged_at": "2026-01-01", "user": {"login": "author"}}]
    people = {"author": "OWNER", "fickle": "MEMBER", "stranger": "CONTRIBUTOR", "reviewer": "COLLABORATOR"}

    def review(who: str, state: str = "APPROVED") -> dict[str, object]:
        return {"state": state, "user": {"login": who}, "author_association": people[who]}

    said = [review("author"), review("stranger"), review("fickle")]
    answers["/pulls/7/reviews"] = [*said, review("fickle", "CHANGES_REQUESTED")]
    refused(made, "nobody but its author approved", 1, "--stage", "prod", **variables)
    answers["/pulls/7/reviews"] = [*said, review("reviewer")]
    done = made.verb("promote", "--stage", "prod", code=0, **variables)["details"]
    assert done["approved_by"] == ["fickle", "reviewer"]
    assert "merger" in made.git("for-each-ref", "refs/tags/model#prod#3", "--format=%(taggername)")
    assert "approved by fickle, reviewer" in made.says("audit", "v0.0.3")
    made.git("commit", "--quiet", "--allow-empty", "-m", "Another")
    made.git("push", "--quiet", "origin", "main")
    answers["/merge_requests"] = [{"iid": 7, "state": "merged", "author": {"username": "author"}}]
    answers["/merge_requests/7/approvals"] = {"approved_by": [{"user": {"username": "author"}}]}
    refused(made, "nobody but its author approved", 1, "--stage", "prod", **lab)
    answers["/merge_requests/7/approvals"] = {"approved_by": [{"user": {"username": who}} for who in people]}
    done = made.verb("promote", "--stage", "prod", code=0, **lab)["details"]
    assert done["approved_by"] == ["fickle", "reviewer", "stranger"]
