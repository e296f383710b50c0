"""The clean-up never takes what anything needs, and stays its hand where that cannot be known."""

from pathlib import Path

import pytest

from tests.registered import World
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def store(made: World, name: str) -> str:
    """A file under DVC, in cache and remote, that only the caller then refers to; its hash."""
    (made.clone / name).write_text(f"all that {name} needs\n")
    made.run("dvc", "add", name, cwd=made.clone)
    made.run("dvc", "push", cwd=made.clone)
    text = (made.clone / f"{name}.dvc").read_text()
    return text.split("md5: ")[1].split()[0]


def test_everything_that_needs_an_object_keeps_it(made: World) -> None:
    """Branches here and on origin, where they left main, tags, stashes, work trees, unsaved files, experiments."""
    needed = {"base": store(made, "base")}
    made.commit("base")
    for name in ("review", "main"):  # neither of which has it any more
        made.git("switch", "--quiet", *(["-c"] if name == "review" else []), name)
        (made.clone / "base.dvc").unlink()
        made.commit(name, push=name == "main")
    needed["branch"] = store(made, "branch")
    made.git("switch", "--quiet", "-c", "branch")
    made.commit("branch", push=False)
    for name in ("theirs", "tag"):
        made.git("switch", "--quiet", "-c", name, "origin/main")
        needed[name] = store(made, name)
        made.commit(name, push=False)
    made.git("push", "--quiet", "--no-verify", "origin", "theirs")
    made.git("update-ref", "-d", "refs/remotes/origin/theirs")  # as if a colleague had pushed it
    made.git("tag", "-a", "-m", "kept", "kept")
    made.git("switch", "--quiet", "branch")
    made.git("branch", "--quiet", "-D", "theirs", "tag")
    needed["stash"] = store(made, "stash")
    made.git("stash", "push", "--quiet", "--include-untracked")
    made.git("worktree", "add", "--quiet", str(made.folder / "tree"), "origin/main", "--detach")
    needed["tree"] = store(made, "tree")
    (made.clone / "tree.dvc").rename(made.folder / "tree" / "tree.dvc")
    needed["edited"] = store(made, "edited")
    edit(made.clone / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.3")
    made.run("dvc", "exp", "run", cwd=made.clone)
    needed["experiment"] = "".join(made.stored("models/model.skops").parts[-2:])
    made.git("checkout", "--quiet", "--", ".")
    needed["lost"] = store(made, "lost")
    (made.clone / "lost.dvc").unlink()
    found = made.verb("clean", "--unnamed")["details"]["objects"]
    gone = {one["md5"] for one in found}
    assert {name for name, md5 in needed.items() if md5 in gone} == {"lost"}
    made.verb("clean", "--unnamed", "--yes")
    there = {"".join(path.parts[-2:]) for path in (made.storage / "files" / "md5").glob("??/*")}
    assert {name for name, md5 in needed.items() if md5 not in there} <= {"lost", "experiment"}
    assert needed["lost"] not in there
    made.verb("audit")


def test_what_no_commit_ever_named_stays_in_the_remote(made: World) -> None:
    """An object that a colleague pushed before his commit is no garbage, unless --unnamed says that there is nobody."""
    other = made.storage / "files" / "md5" / "ab" / ("0" * 30)
    other.parent.mkdir(exist_ok=True)
    other.write_text("a colleague's")
    assert "which no commit here ever named" in made.says("clean", "--yes")
    assert other.exists()
    made.verb("clean", "--yes", "--unnamed")
    assert not other.exists()


def test_in_doubt_nothing_is_removed(made: World) -> None:
    """A merge under way, a lock that cannot be read on some branch, an origin that is away: each stops it."""
    good = made.git("rev-parse", "HEAD")
    made.git("switch", "--quiet", "-c", "broken")
    (made.clone / "dvc.lock").write_text("stages: [\n")
    made.commit("Broken", push=False)
    made.git("push", "--quiet", "--no-verify", "origin", "broken")
    made.git("switch", "--quiet", "--detach", good)
    made.git("branch", "--quiet", "-D", "broken")
    assert "dvc.lock" in made.says("clean", "--yes", code=2)
    made.git("push", "--quiet", "--no-verify", "origin", ":broken")
    made.verb("clean")  # what only the reflog still knows stops nobody
    merge = Path(made.git("rev-parse", "--path-format=absolute", "--git-path", "MERGE_HEAD"))
    merge.write_text(good + "\n")
    assert "merge or rebase is under way" in made.says("clean", "--yes", code=2)
    merge.unlink()
    made.git("remote", "set-url", "origin", str(made.folder / "nowhere"))
    assert "cannot be asked" in made.says("clean", "--yes", code=2)
