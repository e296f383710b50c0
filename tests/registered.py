"""A project with a bare origin and a DVC remote of its own, on which the registry tests work."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.test_life import edit

# CI's own tokens must not reach the tests
NO_TOKENS = {"GITHUB_REPOSITORY": "", "GITHUB_TOKEN": "", "GITLAB_TOKEN": ""}


class Repo:
    """`folder` holds origin.git, storage/ and the clones; commands run in `clone`."""

    def __init__(self, folder: Path, run: Run, clone: str = "clone") -> None:
        self.folder, self.run, self.clone = folder, run, folder / clone
        self.origin, self.storage = folder / "origin.git", folder / "storage"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run a Git command and return its output."""
        return self.run("git", *arguments, cwd=cwd or self.clone).stdout.strip()

    def verb(self, name: str, *arguments: str, code: int = 0, **variables: Any) -> dict[str, Any]:
        """Run `lifecycle NAME` and return its outcome; it must exit with `code` and without a traceback."""
        result = self.run("lifecycle", name, *arguments, "--json", cwd=self.clone, code=None, **NO_TOKENS | variables)
        assert "Traceback" not in result.stderr, result.stderr
        outcome: dict[str, Any] = json.loads(result.stdout)
        assert outcome["code"] == result.returncode == code, outcome["messages"]
        assert outcome["messages"]
        return outcome

    def messages(self, name: str, *arguments: str, code: int = 0, **variables: Any) -> str:
        """Run `lifecycle NAME` and return its messages as one string."""
        return " ".join(self.verb(name, *arguments, code=code, **variables)["messages"])

    def tags(self, where: Path | None = None) -> dict[str, str]:
        """Name and hash of the tags on origin, or in a clone."""
        lines = self.git("for-each-ref", "refs/tags", "--format=%(refname:strip=2) %(objectname)",
                         cwd=where or self.origin).splitlines()  # fmt: skip
        return dict(line.split() for line in lines)

    def newest(self) -> str:
        """The hash of the tag that origin's refs/lifecycle/model names."""
        return self.git("rev-parse", "refs/lifecycle/model", cwd=self.origin)

    def stages(self) -> dict[str, str]:
        """The version of each stage, as GTO reads it from origin."""
        result = self.run("gto", "show", "--json", "--repo", str(self.origin), cwd=self.folder)
        return dict(json.loads(result.stdout)["model"]["stage"]) if "{" in result.stdout else {}

    def commit(self, message: str, push: bool = True) -> str:
        """Commit everything; push the data, then the commit to main."""
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
        """The path in the remote of an output of HEAD."""
        lines = (self.clone / "dvc.lock").read_text().splitlines()
        place = max(number for number, line in enumerate(lines) if line.strip() == f"- path: {name}")
        md5 = next(line for line in lines[place:] if "md5:" in line and "hash" not in line).split()[-1]
        return self.storage / "files" / "md5" / md5[:2] / md5[2:]

    def tag_by_hand(self, *names: str, options: tuple[str, ...] = ("-a", "-m", "by hand"), **variables: str) -> None:
        """Create and push tags without the lifecycle commands."""
        for name in names:
            self.run("git", "tag", *options, name, cwd=self.clone, **variables)
        self.git("push", "--quiet", "--no-verify", "origin", *(f"refs/tags/{name}" for name in names))

    def copy(self, folder: Path) -> "Repo":
        """An independent copy."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Repo(folder, self.run, self.clone.name).configure()

    def configure(self) -> "Repo":
        """Point the clone to its own origin and remote."""
        self.git("remote", "set-url", "origin", str(self.origin))
        self.run("dvc", "remote", "modify", "--local", "storage", "url", str(self.storage), cwd=self.clone)
        return self


def make_repo(project: Path, folder: Path, run: Run, storage: Path) -> Repo:
    """Push the project to a new origin, clone a clone of it, and copy its remote."""
    repo = Repo(folder, run)
    folder.mkdir(exist_ok=True)
    shutil.copytree(storage, repo.storage)
    run("git", "init", "--quiet", "--bare", "-b", "main", str(repo.origin), cwd=folder)
    run("git", "push", "--quiet", "--no-verify", str(repo.origin), "HEAD:refs/heads/main", cwd=project)
    run("git", "clone", "--quiet", str(repo.origin), str(folder / "first"), cwd=folder)
    run("git", "clone", "--quiet", str(folder / "first"), str(repo.clone), cwd=folder)
    repo.configure()
    run("dvc", "pull", cwd=repo.clone)
    return repo


def assert_refused(
    repo: Repo, message: str, code: int, *arguments: str, verb: str = "promote", **variables: str
) -> None:
    """The command exits with `code` and the message, and writes no tag, here or on origin."""
    before = repo.tags()
    messages = repo.messages(verb, *arguments, code=code, **variables)
    assert message in messages, messages
    assert repo.tags() == before == repo.tags(repo.clone)


@pytest.fixture(scope="session")
def registered(reproduced: Path, baked: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Two versions of the same results, both promoted. Read-only: use `repo` to make changes."""
    base = make_repo(reproduced, tmp_path_factory.mktemp("registry") / "world", run, baked.parent / "storage")
    base.verb("promote", "--stage", "prod")
    (base.clone / "NEWS.md").write_text("Nothing new.\n")
    base.commit("News")
    base.verb("promote", "--stage", "prod")
    return base


@pytest.fixture
def repo(registered: Repo, tmp_path: Path) -> Repo:
    """A copy of the registered repository that a test may change."""
    return registered.copy(tmp_path / "world")
