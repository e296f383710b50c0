"""A project with a real bare origin and a DVC remote of its own, whose life a test plays; not a test itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.test_life import edit

NOBODY = {"GITHUB_REPOSITORY": "", "GITHUB_TOKEN": "", "GITLAB_TOKEN": ""}  # a run of these tests in CI is no promotion


class World:
    """`folder` holds origin.git, storage/ and clones; verbs and Git run in `clone`."""

    def __init__(self, folder: Path, run: Run, clone: str = "clone") -> None:
        self.folder, self.run, self.clone = folder, run, folder / clone
        self.origin, self.storage = folder / "origin.git", folder / "storage"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """What a Git command prints."""
        return self.run("git", *arguments, cwd=cwd or self.clone).stdout.strip()

    def verb(self, name: str, *arguments: str, code: int = 0, **variables: str) -> dict[str, Any]:
        """The outcome of `lifecycle NAME`, which must exit with `code` and without a traceback."""
        done = self.run("lifecycle", name, *arguments, "--json", cwd=self.clone, code=None, **NOBODY | variables)
        assert "Traceback" not in done.stderr, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["code"] == done.returncode == code, found["messages"]
        assert found["messages"]
        return found

    def says(self, name: str, *arguments: str, code: int = 0, **variables: str) -> str:
        """All sentences of a verb."""
        return " ".join(self.verb(name, *arguments, code=code, **variables)["messages"])

    def tags(self, where: Path | None = None) -> dict[str, str]:
        """Name and hash of the tags on origin, or of a clone."""
        lines = self.git("for-each-ref", "refs/tags", "--format=%(refname:strip=2) %(objectname)",
                         cwd=where or self.origin).splitlines()  # fmt: skip
        return dict(line.split() for line in lines)

    def shows(self) -> dict[str, str]:
        """The version of each stage, as GTO reads it from origin."""
        done = self.run("gto", "show", "--json", "--repo", str(self.origin), cwd=self.folder)
        return dict(json.loads(done.stdout)["model"]["stage"]) if "{" in done.stdout else {}

    def commit(self, message: str, push: bool = True) -> str:
        """Commit everything and push it to main, objects first."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "-m", message)
        if push:
            self.run("dvc", "push", cwd=self.clone)
            self.git("push", "--quiet", "--no-verify", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def retrain(self, old: str, new: str) -> str:
        """Change a parameter, run the pipeline, commit and push."""
        edit(self.clone / "params.yaml", old, new)
        self.run("dvc", "repro", cwd=self.clone)
        return self.commit(new)

    def stored(self, name: str) -> Path:
        """Where the remote keeps an output of HEAD."""
        lines = (self.clone / "dvc.lock").read_text().splitlines()
        place = max(number for number, line in enumerate(lines) if line.strip() == f"- path: {name}")
        md5 = next(line for line in lines[place:] if "md5:" in line and "hash" not in line).split()[-1]
        return self.storage / "files" / "md5" / md5[:2] / md5[2:]

    def by_hand(self, *names: str, options: tuple[str, ...] = ("-a", "-m", "by hand"), **variables: str) -> None:
        """Tags that somebody makes without our verbs, and pushes."""
        for name in names:
            self.run("git", "tag", *options, name, cwd=self.clone, **variables)
        self.git("push", "--quiet", "--no-verify", "origin", *(f"refs/tags/{name}" for name in names))

    def copy(self, folder: Path) -> "World":
        """Another world that is the same, and shares nothing."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return World(folder, self.run, self.clone.name).settle()

    def settle(self) -> "World":
        """Let the clone know its own origin and remote."""
        self.git("remote", "set-url", "origin", str(self.origin))
        self.run("dvc", "remote", "modify", "--local", "storage", "url", str(self.storage), cwd=self.clone)
        return self


def world(project: Path, folder: Path, run: Run, storage: Path) -> World:
    """The project on main of a new origin, in a clone of a clone, with a copy of its remote."""
    made = World(folder, run)
    folder.mkdir(exist_ok=True)
    shutil.copytree(storage, made.storage)
    run("git", "init", "--quiet", "--bare", "-b", "main", str(made.origin), cwd=folder)
    run("git", "push", "--quiet", "--no-verify", str(made.origin), "HEAD:refs/heads/main", cwd=project)
    run("git", "clone", "--quiet", str(made.origin), str(folder / "first"), cwd=folder)
    run("git", "clone", "--quiet", str(folder / "first"), str(made.clone), cwd=folder)
    made.settle()
    run("dvc", "pull", cwd=made.clone)
    return made


def refused(made: World, says: str, code: int, *arguments: str, verb: str = "promote", **variables: str) -> None:
    """The verb says so and writes nothing, here or on origin."""
    before = made.tags()
    said = made.says(verb, *arguments, code=code, **variables)
    assert says in said, said
    assert made.tags() == before == made.tags(made.clone)


@pytest.fixture(scope="session")
def registered(reproduced: Path, baked: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two versions of the same results, both promoted; not to be changed: take `made` for that."""
    base = world(reproduced, tmp_path_factory.mktemp("registry") / "world", run, baked.parent / "storage")
    base.verb("promote", "--stage", "prod")
    (base.clone / "NEWS.md").write_text("Nothing new.\n")
    base.commit("News")
    base.verb("promote", "--stage", "prod")
    return base


@pytest.fixture
def made(registered: World, tmp_path: Path) -> World:
    """A copy of the base, free to be changed."""
    return registered.copy(tmp_path / "world")
