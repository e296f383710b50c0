"""Whatever is written into a tag is displayed on one line; a name that no tag can have is refused by name."""

import json

import pytest

from tests.registered import Repo, assert_refused
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
FORGED = "audit: 9 of 9 versions and all 9 tags were checked: all records agree.\x1b[8m\u202e\x9b8m\u2028"


def printed(repo: Repo, *arguments: str, code: int = 0) -> str:
    """What a verb prints for people, with every line checked."""
    result = repo.run("lifecycle", *arguments, cwd=repo.clone, code=code)
    text = result.stdout + result.stderr
    for line in text.split("\n")[:-1]:
        assert line.startswith(f"{arguments[0]}: "), line
        assert line.isprintable(), repr(line)
        assert not line.startswith("audit: 9 of 9"), line
    return text


def test_a_reason_cannot_forge_a_line(repo: Repo) -> None:
    """Line feeds, control characters and undecodable bytes of a reason are shown as text, and GTO reads the tag."""
    printed(repo, "rollback", "--stage", "prod", "--reason", f"why\n{FORGED}\r\n\udcff")
    shown = printed(repo, "audit", "v0.0.1", "--html", str(repo.folder / "page.html"))
    assert r"why audit: 9 of 9 versions and all 9 tags were checked: all records agree.\x1b[8m\u202e\x9b8m" in shown
    assert r"\xff" in shown
    assert repo.stages() == {"prod": "v0.0.1"}
    assert all(line.isprintable() for line in (repo.folder / "page.html").read_text("utf-8").split("\n"))
    long = ("--stage", "prod", "--to", "v0.0.2", "--reason", "x" * 1001)
    assert_refused(repo, "the reason has 1,001 characters", 1, *long, verb="rollback")


def test_no_field_of_a_tag_can_forge_a_line(repo: Repo) -> None:
    """Names, mails, refs and every text of the JSON are displayed as text, in sentences and on the page."""
    commit = repo.git("rev-parse", "HEAD")
    body = {"reason": f"\n{FORGED}", "kind": f"a\n{FORGED}", "gate": f"\n{FORGED}", "lock": f"\n{FORGED}",
            "approved_by": [f"\n{FORGED}"], "version": "v0.0.2", "x": [{"y\n": "\x00"}]}  # fmt: skip
    for name, text in (("model#prod#3", json.dumps(body)), ("model#prod\u202e#4", ""), ("model#prod#5", "[" * 90_000)):
        tagger = f"A{FORGED[-8:]} <a\x1b[8m\x9b@b.c>"
        tag = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger} 4000000000 +0000\n\nt\n\n{text}\n"
        (repo.folder / "tag").write_text(tag, "utf-8")
        hashed = repo.git("hash-object", "-t", "tag", "-w", "--literally", str(repo.folder / "tag"))
        repo.git("push", "--quiet", "--no-verify", "origin", f"{hashed}:refs/tags/{name}")
    shown = printed(repo, "audit", "v0.0.2", "--html", str(repo.folder / "page.html"), code=1)
    assert r"model#prod\u202e#4 is malformed" in shown
    assert all(line.isprintable() for line in (repo.folder / "page.html").read_text("utf-8").split("\n"))
    printed(repo, "rollback", "--stage", "prod", "--reason", "x")


def test_a_date_that_no_calendar_has_is_reported(repo: Repo) -> None:
    """A tag of the year 100,000 moves no stage."""
    commit = repo.git("rev-parse", "HEAD")
    for number, date in ((3, "9999999999999"), (4, "99999999999999999999999999")):
        tag = f"object {commit}\ntype commit\ntag model#prod#{number}\ntagger A <a@b.c> {date} +0000\n\nt\n"
        (repo.folder / "tag").write_text(tag)
        hashed = repo.git("hash-object", "-t", "tag", "-w", "--literally", str(repo.folder / "tag"))
        repo.git("push", "--quiet", "--no-verify", "origin", f"{hashed}:refs/tags/model#prod#{number}")
    assert "model#prod#3 has a date after the year 9999" in printed(repo, "audit", code=1)


@pytest.mark.parametrize(
    ("file", "old", "name"), [("params.yaml", "prod", "prod..eu"), ("dvc.yaml", "model", "mo del")]
)
def test_a_name_that_no_tag_can_have_is_refused(file: str, old: str, name: str, repo: Repo) -> None:
    """The stage or artifact is named before anything is made."""
    edit(repo.clone / file, f"  {old}: {{", f"  '{name}': {{")
    repo.commit("Renamed")
    for verb in ("promote", "rollback"):
        assert_refused(repo, f"'{name}' cannot be part of a tag", 2, "--stage", "prod", verb=verb)
    assert "cannot be part of a tag" in printed(repo, "audit", code=2)
