"""Which tags count, and which version a rollback returns to."""

import os
import subprocess
from pathlib import Path

import pytest

from lifecycle.registry.back import path_back
from lifecycle.registry.read import Registry, read
from lifecycle.registry.tag import Tag

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@b.c",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@b.c",
}
SETTINGS = ["-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false", "-c", "init.defaultBranch=main"]


class Repository:
    """A Git repository with helpers to add commits and tags."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet")

    def git(self, *arguments: str, **variables: str) -> str:
        """Run a Git command and return its output."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", *SETTINGS, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=inherited | IDENTITY | variables, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self) -> str:
        """Add an empty commit and return its hash."""
        self.git("commit", "--quiet", "--allow-empty", "--message", "c")
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, body: str = "", **variables: str) -> None:
        """Add an annotated tag at HEAD."""
        self.git("tag", "--annotate", "--message", f"title\n\n{body}", name, **variables)

    def read(self) -> Registry:
        """Read the registry."""
        return read(str(self.folder), "model")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one version that is current in prod."""
    new = Repository(tmp_path)
    new.commit()
    new.tag("model@v0.0.1")
    new.tag("model#prod#1")
    return new


def test_version_and_current_stage_are_read(repository: Repository) -> None:
    """A version and its stage are read with author and mail; unrelated tags are skipped."""
    repository.tag("release-7")
    repository.git("tag", "models@v1")
    registry = repository.read()
    assert [*registry.versions] == ["v0.0.1"]
    current = registry.current("prod")
    assert current and (current.version, current.by, current.mail) == ("v0.0.1", "A", "a@b.c")
    assert (registry.current("staging"), registry.ignored) == (None, [])


INVALID = {
    "undo tag": ["model#prod!#2", "model@v0.0.1!"],
    "malformed": ["model@1.2.3", "model@v1.2", "model@v01.2.3", "model#prod", "model#prod#x", "model#prod#02"],
    "no version": ["model#prod#2"],
}


@pytest.mark.parametrize(("reason", "name"), [(reason, name) for reason, names in INVALID.items() for name in names])
def test_invalid_tag_is_ignored(reason: str, name: str, repository: Repository) -> None:
    """An undo tag, a malformed tag and a tag without a version move no stage and are reported."""
    repository.commit()
    repository.tag(name)
    registry = repository.read()
    current = registry.current("prod")
    assert current and current.name == "model#prod#1"
    assert [*registry.versions] == ["v0.0.1"]
    assert any(name in message and reason in message for message in registry.ignored)


@pytest.mark.parametrize("name", ["model@v0.0.2", "model#prod#2"])
def test_lightweight_tag_is_ignored(name: str, repository: Repository) -> None:
    """A tag without a tagger and a tag of a tree are reported, whatever their names."""
    repository.git("tag", name)
    assert [message for message in repository.read().ignored if name in message and "lightweight" in message]
    repository.git("tag", "--force", "--annotate", "--message", "m", name, "HEAD^{tree}")
    assert [message for message in repository.read().ignored if name in message and "tree" in message]
    current = repository.read().current("prod")
    assert current and current.number == 1


def test_malformed_tag_content_is_tolerated(repository: Repository) -> None:
    """A missing tagger, a huge number and message values of wrong types are reported or ignored."""
    head = repository.git("rev-parse", "HEAD")
    (repository.folder / "tag").write_text(f"object {head}\ntype commit\ntag model@v0.0.7\n\nm\n")
    without_tagger = repository.git("hash-object", "-t", "tag", "-w", "--literally", "tag")
    repository.git("update-ref", "refs/tags/model@v0.0.7", without_tagger)
    repository.tag("model#prod#20261123", '{"approved_by": null}')
    repository.tag("model#staging#1", '{"approved_by": ["a"], "reason": 7}')
    registry = repository.read()
    assert registry.ignored[0].startswith("model@v0.0.7 is a lightweight tag, or has no tagger")
    assert registry.ignored[1:] == ["model#prod#2 to model#prod#20261122 is missing: it was deleted."]
    assert [tags[-1].content for tags in registry.stages.values()] == [{}, {}]


def test_renamed_tag_is_ignored(repository: Repository) -> None:
    """A tag object that is pushed under another name moves no stage or version."""
    repository.git("update-ref", "refs/tags/model#prod#2", "refs/tags/model@v0.0.1")
    repository.git("update-ref", "refs/tags/model#staging#1", "refs/tags/model#prod#1")
    registry = repository.read()
    assert registry.ignored == [
        "model#prod#2 is the tag model@v0.0.1 under another name.",
        "model#staging#1 is the tag model#prod#1 under another name.",
    ]
    assert registry.current("staging") is None


def test_tag_with_a_mismatched_message_is_ignored(repository: Repository) -> None:
    """A tag whose message names another version or commit, or no valid version, is reported."""
    first = repository.git("rev-parse", "HEAD")
    repository.commit()
    repository.tag("model@v0.0.2")
    repository.tag("model#prod#2", '{"version": "v0.0.9"}')
    repository.tag("model#prod#3", '{"version": "v0.0.1"}')
    repository.tag("model#prod#4", f'{{"commit": "{first}"}}')
    repository.tag("model@v0.0.3")
    registry = repository.read()
    current = registry.current("prod")
    assert current and current.number == 1
    assert [message.split()[0] for message in registry.ignored] == [
        "model#prod#4", "model@v0.0.3", "model#prod#2", "model#prod#3",
    ]  # fmt: skip
    assert "does not exist" in registry.ignored[2]


def test_tag_number_decides_and_gaps_are_reported(repository: Repository) -> None:
    """The current version follows the tag number, not the date; a missing number is reported."""
    repository.commit()
    repository.tag("model@v0.0.2")
    repository.tag("model#prod#3", GIT_COMMITTER_DATE="2001-01-01T00:00:00Z")
    registry = repository.read()
    current = registry.current("prod")
    assert current and current.version == "v0.0.2"
    assert registry.ignored == ["model#prod#2 is missing: it was deleted."]


def test_next_version_is_above_every_tag(repository: Repository) -> None:
    """A bump starts from the highest version, including ignored tags."""
    repository.git("tag", "model@v1.4.7")
    assert [repository.read().next_version(bump) for bump in ("patch", "minor", "major")] == [
        "v1.4.8",
        "v1.5.0",
        "v2.0.0",
    ]
    assert Registry("model").next_version("patch") == "v0.0.1"


def test_repeated_rollbacks_go_further_back() -> None:
    """A promotion adds to the history; a rollback removes everything after its version."""

    def history(*moves: str) -> list[Tag]:
        kinds = {"+": "promotion", "-": "rollback"}
        return [
            Tag("", "", "", "", 0, {"kind": kinds[move[0]]}, False, move[1:], "prod", i) for i, move in enumerate(moves)
        ]

    assert path_back(history("+1", "+2", "+3")) == ["1", "2", "3"]
    assert path_back(history("+1", "+2", "+3", "-2")) == ["1", "2"]
    assert path_back(history("+1", "+2", "+3", "-2", "-1", "+4")) == ["1", "4"]
    assert path_back(history("+1", "+2", "-1", "-2")) == ["1", "2"]  # forward again, by an explicit version
