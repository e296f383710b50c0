"""A file name in Git that is not UTF-8 stops no verb, unless DVC itself cannot read it: then a sentence names it."""

import os
from pathlib import Path

import pytest

from tests.registered import Repo

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
ODD = b"na\xefve"  # Latin-1
VERBS = (["verify"], ["reproduce", "HEAD~1"], ["gate", "HEAD~1", "--report", "report"], ["resolve"])


def write(repo: Repo, *parts: str, text: str = "x\n") -> Path:
    """Write a file with an odd name in a folder of the clone."""
    path = repo.clone.joinpath(*parts) / os.fsdecode(ODD + b".txt")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_odd_names_are_read_and_displayed(repo: Repo) -> None:
    """Every verb works in a commit with such names, and a conflict in such a file is named."""
    for folder in ((), ("notes",), ("lifecycle", "report")):
        write(repo, *folder)
    repo.commit("Odd names")
    done = [repo.messages(*verb) for verb in (*VERBS, ["clean"], ["audit"], ["promote", "--stage", "prod"])]
    assert r"lifecycle/report/na\xefve.txt" in done[2]
    assert r"na\udcefve" in (repo.clone / "report" / "report.json").read_text("utf-8")
    for branch, text in (("theirs", "theirs\n"), ("ours", "ours\n")):
        repo.git("switch", "--quiet", "-c", branch, "model@v0.0.3")
        write(repo, text=text)
        repo.commit(branch, push=False)
    repo.run("sh", "-c", "git -c core.hooksPath=/dev/null merge theirs >/dev/null", cwd=repo.clone, code=1)
    assert r"na\xefve.txt: a conflict that only people can settle" in repo.messages("resolve", code=1)


@pytest.mark.parametrize("place", ["dependency", ".dvc file"])
def test_odd_names_that_dvc_cannot_read_are_named(place: str, repo: Repo) -> None:
    """DVC fails without the name, or never ends: the verbs that need it name the file at once, the others work."""
    if place == "dependency":
        write(repo, "pipeline", "run")
    else:
        odd = repo.clone / os.fsdecode(ODD + b".dvc")
        odd.write_bytes((repo.clone / "data" / "raw.csv.dvc").read_bytes())
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--no-verify", "-m", "Odd")
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD:main")
    for verb in (VERBS[0], ["reproduce", "HEAD~1"], ["resolve"], ["promote", "--stage", "prod"]):
        assert r"na\xefve" in repo.messages(*verb, code=2)
    for verb in (["audit"], ["clean"]):
        repo.verb(*verb)
