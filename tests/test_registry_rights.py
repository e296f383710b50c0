"""A stage that requires a signature or an approval accepts no promotion without it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.registered import Repo, assert_refused
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def require(repo: Repo, settings: str) -> None:
    """Set requirements for prod on main."""
    edit(repo.clone / "params.yaml", "prod: {approved: false, signed: false}", f"prod: {{{settings}}}")
    repo.commit(settings)


def test_required_signature_is_created_and_checked(repo: Repo) -> None:
    """Without a key the promotion is refused; unsigned tags are ignored; with a key the new tag is signed."""
    require(repo, "signed: true")
    assert_refused(repo, "cannot be signed", 2, "--stage", "prod")
    key = repo.folder / "key"
    repo.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key), cwd=repo.folder)
    (repo.folder / "signers").write_text(f"tester@example.com {key.with_suffix('.pub').read_text()}")
    for name, value in {"gpg.format": "ssh", "user.signingkey": f"{key}.pub",
                        "gpg.ssh.allowedSignersFile": f"{repo.folder}/signers"}.items():  # fmt: skip
        repo.git("config", name, value)
    assert "model#prod#2 has no valid signature, which prod requires" in repo.messages("audit", code=1)
    assert "model#prod#2 has no valid signature" in repo.messages("promote", "--stage", "prod")
    repo.verb("audit")
    assert "Good" in repo.run("git", "verify-tag", "model#prod#3", cwd=repo.clone).stderr
    repo.tag_by_hand("model#prod#4")
    assert "model#prod#4 has no valid signature" in repo.messages("promote", "--stage", "prod")
    assert_refused(repo, "no version before v0.0.3", 1, "--stage", "prod", verb="rollback")


@pytest.fixture
def forge() -> Iterator[tuple[dict[str, object], dict[str, Any], dict[str, Any]]]:
    """A forge that serves approvals: its answers by the end of the path, and the variables of GitHub and GitLab."""
    answers: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            answer = [] if "&page=2" in f"&{query}" else next(v for k, v in answers.items() if path.endswith(k))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    hub = {"GITHUB_API_URL": address, "GITHUB_SERVER_URL": address, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t"}
    lab = {"CI_API_V4_URL": address, "CI_SERVER_URL": address, "CI_PROJECT_ID": "7", "GITLAB_TOKEN": "t"}
    yield answers, hub | {"GITHUB_ACTOR": "merger"}, lab
    server.shutdown()


def test_required_approval_is_checked(
    repo: Repo, forge: tuple[dict[str, object], dict[str, Any], dict[str, Any]]
) -> None:
    """Missing, own, outside and withdrawn approvals do not count; the approvers are recorded."""
    answers, variables, lab = forge
    require(repo, "approved: true")
    assert_refused(repo, "cannot be looked up here", 2, "--stage", "prod")
    answers["/pulls"] = [{"number": 7, "merged_at": "2026-01-01", "user": {"login": "author"}}]
    people = {"author": "OWNER", "fickle": "MEMBER", "stranger": "CONTRIBUTOR", "reviewer": "COLLABORATOR"}

    def review(who: str, state: str = "APPROVED") -> dict[str, object]:
        return {"state": state, "user": {"login": who}, "author_association": people[who]}

    reviews = [review("author"), review("stranger"), review("fickle")]
    answers["/pulls/7/reviews"] = [*reviews, review("fickle", "CHANGES_REQUESTED")]
    assert_refused(repo, "nobody but its author approved", 1, "--stage", "prod", **variables)
    answers["/pulls/7/reviews"] = [*reviews, review("reviewer")]
    details = repo.verb("promote", "--stage", "prod", code=0, **variables)["details"]
    assert details["approved_by"] == ["fickle", "reviewer"]
    assert "merger" in repo.git("for-each-ref", "refs/tags/model#prod#3", "--format=%(taggername)")
    assert "approved by fickle, reviewer" in repo.messages("audit", "v0.0.3", **variables)
    unknown = repo.messages("audit", "v0.0.3", code=1)
    assert "model#prod#3 has no valid signature, so its approval counts only if the forge knows it" in unknown
    assert_refused(repo, "set the variables that CI sets, and a token", 2, "--stage", "prod", verb="rollback")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "Another")
    repo.git("push", "--quiet", "origin", "main")
    answers["/merge_requests"] = [{"iid": 7, "state": "merged", "author": {"username": "author"}}]
    answers["/merge_requests/7/approvals"] = {"approved_by": [{"user": {"username": "author"}}]}
    assert_refused(repo, "nobody but its author approved", 1, "--stage", "prod", **lab)
    answers["/merge_requests/7/approvals"] = {"approved_by": [{"user": {"username": who}} for who in people]}
    details = repo.verb("promote", "--stage", "prod", code=0, **lab)["details"]
    assert details["approved_by"] == ["fickle", "reviewer", "stranger"]


def test_names_of_approvers_count_only_with_the_forge_or_a_signature(
    repo: Repo, forge: tuple[dict[str, object], dict[str, Any], dict[str, Any]]
) -> None:
    """An approver that somebody wrote into a tag is asked for on GitHub or GitLab, or needs a valid signature."""
    answers, hub, lab = forge
    require(repo, "approved: true")
    repo.git("switch", "--quiet", "--detach", "model@v0.0.1")
    message = 't\n\n{"approved_by": ["reviewer"]}'
    repo.tag_by_hand("model#prod#3", options=("-a", "-m", message))
    reviews = [{"state": "APPROVED", "user": {"login": "reviewer"}, "author_association": "MEMBER"}]
    for asked, approvals, approved in (
        (hub, "/pulls/7/reviews", reviews),
        (lab, "/merge_requests/7/approvals", {"approved_by": [{"user": {"username": "reviewer"}}]}),
    ):
        answers["/pulls"] = [{"number": 7, "merged_at": "2026-01-01", "user": {"login": "author"}}]
        answers["/merge_requests"] = [{"iid": 7, "state": "merged", "author": {"username": "author"}}]
        answers[approvals] = [] if asked is hub else {"approved_by": []}
        unknown = "model#prod#3 says that reviewer approved it, which the forge does not know"
        assert unknown in repo.messages("audit", code=1, **asked)
        assert unknown in repo.messages("rollback", "--stage", "prod", code=1, **asked)
        answers[approvals] = approved
        repo.verb("audit", **asked)
    assert "which cannot be looked up here" in repo.messages("audit", code=1)
    key = repo.folder / "key"
    repo.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key), cwd=repo.folder)
    (repo.folder / "signers").write_text(f"tester@example.com {key.with_suffix('.pub').read_text()}")
    for name, value in (("gpg.format", "ssh"), ("gpg.ssh.allowedSignersFile", f"{repo.folder}/signers")):
        repo.git("config", name, value)
    repo.tag_by_hand("model#prod#4", options=("-s", "-u", f"{key}.pub", "-m", message))
    repo.verb("audit")
