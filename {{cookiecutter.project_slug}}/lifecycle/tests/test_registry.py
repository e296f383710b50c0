"""Which tags made by hand count, and where a rollback goes."""

import os
import subprocess
from pathlib import Path

import pytest

from lifecycle.commands.rollback import path_back
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
    """A Git repository to which commits and tags are added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet")

    def git(self, *arguments: str, **variables: str) -> str:
        """What a Git command prints."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", *SETTINGS, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=kept | IDENTITY | variables, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self) -> str:
        """A new commit."""
        self.git("commit", "--quiet", "--allow-empty", "--message", "c")
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, body: str = "", **variables: str) -> None:
        """An annotated tag at HEAD."""
        self.git("tag", "--annotate", "--message", f"title\n\n{body}", name, **variables)

    def read(self) -> Registry:
        """The registry."""
        return read(str(self.folder), "model")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One version on its commit, in prod."""
    made = Repository(tmp_path)
    made.commit()
    made.tag("model@v0.0.1")
    made.tag("model#prod#1")
    return made


def test_version_and_owner_are_read(repository: Repository) -> None:
    """A version and its stage are read, with who and when; nothing is ignored, other tags do not matter."""
    repository.tag("release-7")
    repository.git("tag", "models@v1")
    found = repository.read()
    assert [*found.versions] == ["v0.0.1"]
    current = found.current("prod")
    assert current and (current.version, current.by, current.mail) == ("v0.0.1", "A", "a@b.c")
    assert (found.current("staging"), found.ignored) == (None, [])


FALSE = {
    "undo tag": ["model#prod!#2", "model@v0.0.1!"],
    "malformed": ["model@1.2.3", "model@v1.2", "model@v01.2.3", "model#prod", "model#prod#x", "model#prod#02"],
    "no version": ["model#prod#2"],
}


@pytest.mark.parametrize(("why", "name"), [(why, name) for why, names in FALSE.items() for name in names])
def test_false_tag_is_ignored(why: str, name: str, repository: Repository) -> None:
    """An undo tag, a malformed one, or one on a commit without a version moves no stage and is named."""
    repository.commit()
    repository.tag(name)
    found = repository.read()
    current = found.current("prod")
    assert current and current.name == "model#prod#1"
    assert [*found.versions] == ["v0.0.1"]
    assert any(name in message and why in message for message in found.ignored)


@pytest.mark.parametrize("name", ["model@v0.0.2", "model#prod#2"])
def test_lightweight_tag_is_ignored(name: str, repository: Repository) -> None:
    """A tag without a tagger is named, whatever its name; so is one of a tree."""
    repository.git("tag", name)
    assert [message for message in repository.read().ignored if name in message and "lightweight" in message]
    repository.git("tag", "--force", "--annotate", "--message", "m", name, "HEAD^{tree}")
    assert [message for message in repository.read().ignored if name in message and "tree" in message]
    current = repository.read().current("prod")
    assert current and current.number == 1


def test_hostile_tags_stop_nobody(repository: Repository) -> None:
    """A tag without a tagger, one with a huge number, and one whose words are of other types are named or ignored."""
    head = repository.git("rev-parse", "HEAD")
    (repository.folder / "tag").write_text(f"object {head}\ntype commit\ntag model@v0.0.7\n\nm\n")
    nobody = repository.git("hash-object", "-t", "tag", "-w", "--literally", "tag")
    repository.git("update-ref", "refs/tags/model@v0.0.7", nobody)
    repository.tag("model#prod#20261123", '{"approved_by": null}')
    repository.tag("model#staging#1", '{"approved_by": ["a"], "reason": 7}')
    found = repository.read()
    assert found.ignored[0].startswith("model@v0.0.7 is a lightweight tag, or has no tagger")
    assert found.ignored[1:] == ["model#prod#2 to model#prod#20261122 is missing: it was deleted."]
    assert [tags[-1].content for tags in found.stages.values()] == [{}, {}]


def test_tag_under_another_name_is_ignored(repository: Repository) -> None:
    """What was signed for one stage or version moves no other when its object is pushed under that name."""
    repository.git("update-ref", "refs/tags/model#prod#2", "refs/tags/model@v0.0.1")
    repository.git("update-ref", "refs/tags/model#staging#1", "refs/tags/model#prod#1")
    found = repository.read()
    assert found.ignored == [
        "model#prod#2 is the tag model@v0.0.1 under another name.",
        "model#staging#1 is the tag model#prod#1 under another name.",
    ]
    assert found.current("staging") is None


def test_tag_that_says_another_version_or_commit_is_ignored(repository: Repository) -> None:
    """The message must agree with what the tag stands on: a moved tag and one for no version are named."""
    first = repository.git("rev-parse", "HEAD")
    repository.commit()
    repository.tag("model@v0.0.2")
    repository.tag("model#prod#2", '{"version": "v0.0.9"}')
    repository.tag("model#prod#3", '{"version": "v0.0.1"}')
    repository.tag("model#prod#4", f'{{"commit": "{first}"}}')
    repository.tag("model@v0.0.3")
    found = repository.read()
    current = found.current("prod")
    assert current and current.number == 1
    assert [message.split()[0] for message in found.ignored] == [
        "model#prod#4", "model@v0.0.3", "model#prod#2", "model#prod#3",
    ]  # fmt: skip
    assert "does not exist" in found.ignored[2]


def test_owner_goes_by_number_and_deleted_tags_are_missed(repository: Repository) -> None:
    """A clock that went back changes no owner; a number that is gone is named."""
    repository.commit()
    repository.tag("model@v0.0.2")
    repository.tag("model#prod#3", GIT_COMMITTER_DATE="2001-01-01T00:00:00Z")
    found = repository.read()
    current = found.current("prod")
    assert current and current.version == "v0.0.2"
    assert found.ignored == ["model#prod#2 is missing: it was deleted."]


def test_next_version_is_higher_than_any_tag_ever_named(repository: Repository) -> None:
    """A bump counts from the highest number, even of a tag that is not believed."""
    repository.git("tag", "model@v1.4.7")
    assert [repository.read().next_version(bump) for bump in ("patch", "minor", "major")] == [
        "v1.4.8",
        "v1.5.0",
        "v2.0.0",
    ]
    assert Registry("model").next_version("patch") == "v0.0.1"


def test_repeated_rollbacks_walk_further_back() -> None:
    """Promotions are put on top, a rollback takes off what stands above its version."""

    def history(*moves: str) -> list[Tag]:
        kinds = {"+": "promotion", "-": "rollback"}
        return [
            Tag("", "", "", "", 0, {"kind": kinds[move[0]]}, False, move[1:], "prod", i) for i, move in enumerate(moves)
        ]

    assert path_back(history("+1", "+2", "+3")) == ["1", "2", "3"]
    assert path_back(history("+1", "+2", "+3", "-2")) == ["1", "2"]
    assert path_back(history("+1", "+2", "+3", "-2", "-1", "+4")) == ["1", "4"]
    assert path_back(history("+1", "+2", "-1", "-2")) == ["1", "2"]  # forward again, by its name
