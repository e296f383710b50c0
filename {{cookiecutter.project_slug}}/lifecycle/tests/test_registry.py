"""What is believed of tags that were made by hand, and where a rollback goes."""

import os
import subprocess
from pathlib import Path

import pytest

from lifecycle.rollback import walk
from lifecycle.versions.registry import Registry, read
from lifecycle.versions.tag import Tag

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
        """What we believe."""
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
    """A version and its stage are found, with who and when; nothing is doubted, other tags are no business of ours."""
    repository.tag("release-7")
    repository.git("tag", "models@v1")
    found = repository.read()
    assert [*found.versions] == ["v0.0.1"]
    owner = found.owner("prod")
    assert owner and (owner.version, owner.by, owner.mail) == ("v0.0.1", "A", "a@b.c")
    assert (found.owner("staging"), found.doubts) == (None, [])


FALSE = {
    "undo tag": ["model#prod!#2", "model@v0.0.1!"],
    "malformed": ["model@1.2.3", "model@v1.2", "model@v01.2.3", "model#prod", "model#prod#x", "model#prod#02"],
    "no version": ["model#prod#2"],
}


@pytest.mark.parametrize(("why", "name"), [(why, name) for why, names in FALSE.items() for name in names])
def test_false_tag_is_never_believed(why: str, name: str, repository: Repository) -> None:
    """An undo tag, a malformed one, or one on a commit without a version moves no stage and is named."""
    repository.commit()
    repository.tag(name)
    found = repository.read()
    owner = found.owner("prod")
    assert owner and owner.name == "model#prod#1"
    assert [*found.versions] == ["v0.0.1"]
    assert any(name in doubt and why in doubt for doubt in found.doubts)


@pytest.mark.parametrize("name", ["model@v0.0.2", "model#prod#2"])
def test_lightweight_tag_is_never_believed(name: str, repository: Repository) -> None:
    """A tag without a tagger is named, whatever its name; so is one of a tree."""
    repository.git("tag", name)
    assert [doubt for doubt in repository.read().doubts if name in doubt and "lightweight" in doubt]
    repository.git("tag", "--force", "--annotate", "--message", "m", name, "HEAD^{tree}")
    assert [doubt for doubt in repository.read().doubts if name in doubt and "tree" in doubt]
    owner = repository.read().owner("prod")
    assert owner and owner.number == 1


def test_hostile_tags_stop_nobody(repository: Repository) -> None:
    """A tag without a tagger, one with a huge number, and one whose words are of other types are named or ignored."""
    head = repository.git("rev-parse", "HEAD")
    (repository.folder / "tag").write_text(f"object {head}\ntype commit\ntag model@v0.0.7\n\nm\n")
    nobody = repository.git("hash-object", "-t", "tag", "-w", "--literally", "tag")
    repository.git("update-ref", "refs/tags/model@v0.0.7", nobody)
    repository.tag("model#prod#20261123", '{"approved_by": null}')
    repository.tag("model#staging#1", '{"approved_by": ["a"], "reason": 7}')
    found = repository.read()
    assert found.doubts[0].startswith("model@v0.0.7 is a lightweight tag, or one without a tagger")
    assert found.doubts[1:] == ["model#prod#2 to model#prod#20261122 is missing: somebody deleted it."]
    assert [tags[-1].says for tags in found.stages.values()] == [{}, {}]


def test_tag_under_another_name_is_never_believed(repository: Repository) -> None:
    """What was signed for one stage or version moves no other when its object is pushed under that name."""
    repository.git("update-ref", "refs/tags/model#prod#2", "refs/tags/model@v0.0.1")
    repository.git("update-ref", "refs/tags/model#staging#1", "refs/tags/model#prod#1")
    found = repository.read()
    assert [doubt.split(":")[0] for doubt in found.doubts] == [
        "model#prod#2 is the tag model@v0.0.1 under another name",
        "model#staging#1 is the tag model#prod#1 under another name",
    ]
    assert found.owner("staging") is None


def test_tag_that_says_another_version_or_commit_is_never_believed(repository: Repository) -> None:
    """The message must agree with what the tag stands on: a moved tag and one for no version are named."""
    first = repository.git("rev-parse", "HEAD")
    repository.commit()
    repository.tag("model@v0.0.2")
    repository.tag("model#prod#2", '{"version": "v0.0.9"}')
    repository.tag("model#prod#3", '{"version": "v0.0.1"}')
    repository.tag("model#prod#4", f'{{"commit": "{first}"}}')
    repository.tag("model@v0.0.3")
    found = repository.read()
    owner = found.owner("prod")
    assert owner and owner.number == 1
    assert [doubt.split()[0] for doubt in found.doubts] == [
        "model#prod#4", "model@v0.0.3", "model#prod#2", "model#prod#3",
    ]  # fmt: skip
    assert "does not exist" in found.doubts[2]


def test_owner_goes_by_number_and_deleted_tags_are_missed(repository: Repository) -> None:
    """A clock that went back changes no owner; a number that is gone is named."""
    repository.commit()
    repository.tag("model@v0.0.2")
    repository.tag("model#prod#3", GIT_COMMITTER_DATE="2001-01-01T00:00:00Z")
    found = repository.read()
    owner = found.owner("prod")
    assert owner and owner.version == "v0.0.2"
    assert found.doubts == ["model#prod#2 is missing: somebody deleted it."]


def test_next_version_is_higher_than_any_tag_ever_named(repository: Repository) -> None:
    """A bump counts from the highest number, even of a tag that is not believed."""
    repository.git("tag", "model@v1.4.7")
    assert [repository.read().after(bump) for bump in ("patch", "minor", "major")] == ["v1.4.8", "v1.5.0", "v2.0.0"]
    assert Registry("model").after("patch") == "v0.0.1"


def test_repeated_rollbacks_walk_further_back() -> None:
    """Promotions are put on top, a rollback takes off what stands above its version."""

    def history(*moves: str) -> list[Tag]:
        kinds = {"+": "promotion", "-": "rollback"}
        return [
            Tag("", "", "", "", 0, {"kind": kinds[move[0]]}, False, move[1:], "prod", i) for i, move in enumerate(moves)
        ]

    assert walk(history("+1", "+2", "+3")) == ["1", "2", "3"]
    assert walk(history("+1", "+2", "+3", "-2")) == ["1", "2"]
    assert walk(history("+1", "+2", "+3", "-2", "-1", "+4")) == ["1", "4"]
    assert walk(history("+1", "+2", "-1", "-2")) == ["1", "2"]  # forward again, by its name
