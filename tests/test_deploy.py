"""Deployments to replicas that follow a stage: verified, pointed back once, or left alone; each outcome is recorded."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.registered import Repo
from tests.replicas import Replica, replicas
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
SETTINGS = [("timeout: 300", "timeout: 4"), ("watch: 60", "watch: 2")]
BRING = """import os, sys
with open(sys.argv[1], "a") as file:
    print(*sys.argv[2:], "SERVE_TOKEN" in os.environ, file=file)
"""
DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.fixture(scope="session")
def quick(registered: Repo, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The registered repository, where deployments take seconds. Read-only: use `shop`."""
    repo = registered.copy(tmp_path_factory.mktemp("quick") / "world")
    for old, new in SETTINGS:
        edit(repo.clone / "params.yaml", old, new)
    repo.commit("Quick deployments")
    return repo


@pytest.fixture
def shop(quick: Repo, tmp_path: Path) -> Repo:
    """A copy of it that a test may change."""
    return quick.copy(tmp_path / "world")


@pytest.fixture
def two(shop: Repo) -> Iterator[list[Replica]]:
    """Two replicas that follow the stage prod of origin."""
    versions = {shop.git("rev-parse", f"model@{version}^{{}}"): version for version in ("v0.0.1", "v0.0.2")}
    listing = ["for-each-ref", "--sort=-v:refname", "--count=1", "--format=%(*objectname)", "refs/tags/model#prod#*"]
    with replicas(
        shop.clone / "models" / "golden.json", lambda: versions[shop.git(*listing, cwd=shop.origin)], 2
    ) as two:
        yield two


def urls(servers: list[Replica]) -> list[str]:
    """The options that name the replicas."""
    return [part for server in servers for part in ("--url", server.url)]


def written(repo: Repo, before: dict[str, str]) -> list[str]:
    """The new tags on origin, none of which replaced another."""
    now = repo.tags()
    assert before.items() <= now.items()
    return sorted(now.keys() - before.keys())


def record(repo: Repo, name: str) -> dict[str, object]:
    """The content of an annotated tag on origin."""
    assert repo.git("cat-file", "-t", f"refs/tags/{name}", cwd=repo.origin) == "tag"
    body = repo.git("for-each-ref", f"refs/tags/{name}", "--format=%(contents:body)", cwd=repo.origin)
    content: dict[str, object] = json.loads(body)
    assert content["commit"] == repo.git("rev-parse", f"refs/tags/{name}^{{commit}}", cwd=repo.origin)
    return content


def test_good_version_is_verified_and_recorded(shop: Repo, two: list[Replica]) -> None:
    """All replicas are asked with the token; the outcome is a tag that audit shows, GTO ignores and clean keeps."""
    before, stages = shop.tags(), shop.stages()
    late = iter(["v0.0.1", None, "v0.0.1"])
    two[1].version = lambda: next(late, "v0.0.2")
    message = shop.messages("deploy", "prod", *urls(two), SERVE_TOKEN="t0ken")
    assert "prod serves v0.0.2: golden predictions as recorded" in message
    assert next(late, None) is None  # it was asked until it had changed
    assert [server.asked for server in two] == [1, 1]
    assert {token for server in two for token in server.tokens} == {"Bearer t0ken"}
    name = "deployment/model/prod.1"
    assert written(shop, before) == [name]
    content = record(shop, name)
    assert (content["version"], content["tag"], content["outcome"]) == ("v0.0.2", "model#prod#2", "verified")
    assert (content["replicas"], content["errors"]) == (2, 0)
    assert content["requests"] in (20, 40, 60)  # of two replicas, ten between two looks in two seconds
    assert isinstance(content["p99"], float)
    assert 0 < content["p99"] < 0.01
    assert "t0ken" not in str(content)
    assert shop.stages() == stages
    assert f"deployment to prod verified, recorded by Tester <tester@example.com> ({name})" in shop.messages(
        "audit", "v0.0.2"
    )
    page = shop.folder / "audit.html"
    shop.verb("audit", "--html", str(page))
    assert name in page.read_text()
    shop.verb("clean", "--yes")
    assert name in shop.tags()
    shop.verb("check-model")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("golden", "contradicts the golden predictions: row 0, p("),
        ("errors", "requests failed, more than 1.00%"),
        ("slow", "99 % of the requests took up to 0.982 s, more than 0.5 s"),
        ("refused", "refused v0.0.2: its golden predictions differ"),
        ("other version", "serves v9.9.9, not v0.0.2 after 4 s"),
        ("down", "/version answers 502 after 4 s"),
        ("stops", "/metrics answers 503 while it was watched"),
    ],
)
def test_bad_version_is_pointed_back_once(fault: str, says: str, shop: Repo, two: list[Replica]) -> None:
    """If one replica is bad, the stage gets one tag for the version before, which is verified the same way."""
    before = shop.tags()
    two[1].broken = {"v0.0.2": fault}
    outcome = shop.verb("deploy", "prod", *urls(two), code=1)
    text = " ".join(outcome["messages"])
    assert says in text
    assert "prod now points to v0.0.1" in text
    assert "v0.0.1 after the rollback: served again: golden predictions as recorded" in text
    names = ["deployment/model/prod.1", "deployment/model/prod.2", "model#prod#3"]
    assert written(shop, before) == names
    failed, again, move = (record(shop, name) for name in names)
    assert (failed["version"], failed["outcome"], again["version"], again["outcome"]) == (
        "v0.0.2",
        "failed",
        "v0.0.1",
        "verified",
    )
    assert says in str(failed["reason"])
    assert "127.0.0.1" not in str((failed, move))
    assert (move["kind"], move["version"], move["from"]) == ("rollback", "v0.0.1", "v0.0.2")
    assert shop.stages()["prod"] == "v0.0.1"
    assert "deployment to prod failed" in shop.messages("audit", "v0.0.2")


def test_rollback_is_not_pointed_back_again(shop: Repo, two: list[Replica]) -> None:
    """If both versions are bad, or a rollback's deployment is repeated and fails, the stage gets no second tag."""
    two[0].broken = {"v0.0.2": "golden", "v0.0.1": "golden"}
    text = shop.messages("deploy", "prod", *urls(two), code=1)
    assert "v0.0.1 after the rollback: " in text
    assert "contradicts the golden predictions" in text.split("after the rollback")[1]
    before = shop.tags()
    text = shop.messages("deploy", "prod", *urls(two), code=1)
    assert "prod was pointed back to v0.0.1 already: it is not done twice" in text
    assert written(shop, before) == ["deployment/model/prod.3"]
    assert record(shop, "deployment/model/prod.3")["outcome"] == "failed"


def test_first_version_stays_if_there_is_none_before(shop: Repo, two: list[Replica]) -> None:
    """Without a version to go back to, the failure is recorded and the stage stays."""
    shop.verb("promote", "v0.0.1", "--stage", "staging")
    before = shop.tags()
    for server in two:
        server.version, server.broken = (lambda: "v0.0.1"), {"v0.0.1": "golden"}
    text = shop.messages("deploy", "staging", *urls(two), code=1)
    assert "staging still points to v0.0.1: staging has no version before v0.0.1." in text
    assert written(shop, before) == ["deployment/model/staging.1"]


def test_unreachable_service_writes_no_tag(shop: Repo, two: list[Replica]) -> None:
    """No answer, a wrong token and a wrong address say nothing about the version: exit code 2, and no tag."""
    before = shop.tags()
    assert "no replica could be reached" in shop.messages("deploy", "prod", "--url", "http://127.0.0.1:9", code=2)
    for server in two:
        server.token = "another"
    text = shop.messages("deploy", "prod", *urls(two), code=2, SERVE_TOKEN="wrong")
    assert "/version answers 401: set SERVE_TOKEN" in text
    assert "no address of a service" in shop.messages("deploy", "prod", code=2, DEPLOY_URLS="")
    assert "without a password" in shop.messages("deploy", "prod", "--url", "http://me:secret@host", code=2)
    assert shop.tags() == before == shop.tags(shop.clone)


def test_unreachable_replica_is_a_fault_of_the_version(shop: Repo, two: list[Replica]) -> None:
    """If one of two replicas does not come up, the stage is pointed back."""
    text = shop.messages("deploy", "prod", "--url", two[0].url, "--url", "http://127.0.0.1:9", code=1)
    assert "http://127.0.0.1:9 /version does not answer" in text
    assert shop.stages()["prod"] == "v0.0.1"


def test_stage_that_was_moved_meanwhile_is_left_alone(shop: Repo, two: list[Replica]) -> None:
    """If somebody else moves the stage while its old version fails, nothing is written."""
    before = shop.tags()
    commit = shop.git("rev-parse", "model@v0.0.1^{commit}", cwd=shop.origin)

    def move() -> None:
        if "model#prod#3" not in shop.tags():
            shop.git("tag", "-a", "-m", "by hand", "model#prod#3", commit, cwd=shop.origin)

    two[0].broken, two[0].when_asked = {"v0.0.2": "golden"}, move
    text = shop.messages("deploy", "prod", *urls(two), code=1)
    assert "prod was moved to v0.0.1 meanwhile: nothing was written" in text
    assert written(shop, before) == ["model#prod#3"]


def with_commands(repo: Repo, *commands: str) -> None:
    """Set deploy.commands on main."""
    edit(repo.clone / "params.yaml", "commands: []", f"commands: {json.dumps(commands)}")
    repo.commit("Commands")


def test_commands_bring_the_image_and_go_back_to_the_old_one(shop: Repo, two: list[Replica]) -> None:
    """The commands get image, stage and version; a rollback brings the image that the old version was deployed with."""
    (shop.clone / "bring.py").write_text(BRING)
    log = shop.folder / "log"
    with_commands(shop, f"python bring.py {log} {{stage}} {{version}} '{{image}} $HOME'")
    served: Callable[[], str] = lambda: log.read_text().splitlines()[-1].split()[1]  # noqa: E731
    for server in two:
        server.version = served
    shop.verb("rollback", "--stage", "prod")
    shop.verb("deploy", "prod", *urls(two), "--image", f"host/old@{DIGEST}", SERVE_TOKEN="t")
    shop.verb("promote", "v0.0.2", "--stage", "prod")
    two[0].broken = {"v0.0.2": "golden"}
    (shop.clone / "image.txt").write_text(f"host/new@{DIGEST}\n")
    shop.verb("deploy", "prod", *urls(two), "--image", "image.txt", code=1, DEPLOY_KEY="line 1\nline 2")
    old, new = (f"host/{name}@{DIGEST} $HOME False" for name in ("old", "new"))
    assert log.read_text().splitlines() == [f"prod v0.0.1 {old}", f"prod v0.0.2 {new}", f"prod v0.0.1 {old}"]
    images = [record(shop, f"deployment/model/prod.{number}")["image"] for number in (1, 2, 3)]
    assert images == [f"host/{name}@{DIGEST}" for name in ("old", "new", "old")]


def test_failed_command_writes_no_tag(shop: Repo, two: list[Replica]) -> None:
    """A command that fails, is not there or needs an image that is not known says nothing about the version."""
    before = shop.tags()
    assert "an image is NAME@sha256:HASH" in shop.messages("deploy", "prod", *urls(two), "--image", "a:1", code=2)
    with_commands(shop, "python bring.py {image}")
    assert "no image of v0.0.2 is known" in shop.messages("deploy", "prod", *urls(two), code=2)
    image = ["--image", f"host/new@{DIGEST}"]
    assert "`python bring.py {image}` failed" in shop.messages("deploy", "prod", *urls(two), *image, code=2)
    edit(shop.clone / "params.yaml", "python bring.py", "no-such-program")
    shop.commit("Not there")
    assert "cannot be run: No such file" in shop.messages("deploy", "prod", *urls(two), *image, code=2)
    assert shop.tags() == before


def test_foreign_deployment_tags_are_reported(shop: Repo) -> None:
    """Tags of such names that do not say what was deployed are ignored, and audit says so."""
    shop.tag_by_hand("deployment/model/prod.7", "deployment/model/prod")
    shop.tag_by_hand("deployment/other/prod.1", "deployment.model")
    commit = shop.git("rev-parse", "HEAD")
    content = {"kind": "deployment", "stage": "prod", "version": "v0.0.2", "commit": commit, "outcome": "perhaps"}
    shop.tag_by_hand("deployment/model/prod.8", options=("-a", "-m", f"x\n\n{json.dumps(content)}"))
    content["outcome"] = "verified"
    shop.tag_by_hand("deployment/model/prod.9", options=("-a", "-m", f"x\n\n{json.dumps(content)}"))
    text = shop.messages("audit", code=1)
    assert "deployment/model/prod.7 does not say what was deployed" in text
    assert "deployment/model/prod.8 does not say what was deployed" in text
    assert f"deployment/model/prod.9 is on commit {commit[:9]}, which is not the version that it names" in text
    assert "deployment/model/prod is not an annotated tag of a deployment" in text
    assert "other" not in text
