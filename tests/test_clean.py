"""`clean` keeps every object that is still referenced and removes nothing if references cannot be read."""

import re
from pathlib import Path

import pytest

from tests.registered import Repo
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
GARBAGE = re.compile(r"files/md5/([0-9a-f]{2})/([0-9a-f]{30}(?:\.dir)?)\s*$", re.MULTILINE)


def store(repo: Repo, name: str) -> str:
    """Store a file in DVC's cache and remote that no commit refers to yet; return its hash."""
    (repo.clone / name).write_text(f"all that {name} needs\n")
    repo.run("dvc", "add", name, cwd=repo.clone)
    repo.run("dvc", "push", cwd=repo.clone)
    text = (repo.clone / f"{name}.dvc").read_text()
    return text.split("md5: ")[1].split()[0]


def garbage_of_dvc(repo: Repo) -> set[str]:
    """What DVC itself would remove from the cache and the remote, by the refs and files of this clone."""
    options = ("--workspace", "--all-branches", "--all-tags", "--all-experiments", "--cloud", "--dry", "--force")
    result = repo.run("dvc", "gc", *options, cwd=repo.clone, COLUMNS="9999")
    return {"".join(parts) for parts in GARBAGE.findall(f"{result.stdout}\n{result.stderr}")}


def test_referenced_objects_are_kept(repo: Repo) -> None:
    """Branches, also on origin or diverged, tags, stashes, work trees, edits and experiments keep their objects."""
    stored = {"base": store(repo, "base")}
    repo.commit("base")
    for name in ("review", "main"):  # neither branch keeps the file
        repo.git("switch", "--quiet", *(["-c"] if name == "review" else []), name)
        (repo.clone / "base.dvc").unlink()
        repo.commit(name, push=name == "main")
    stored["branch"] = store(repo, "branch")
    repo.git("switch", "--quiet", "-c", "branch")
    repo.commit("branch", push=False)
    for name in ("theirs", "tag"):
        repo.git("switch", "--quiet", "-c", name, "origin/main")
        stored[name] = store(repo, name)
        repo.commit(name, push=False)
    repo.git("push", "--quiet", "--no-verify", "origin", "theirs")
    repo.git("update-ref", "-d", "refs/remotes/origin/theirs")  # as if a colleague had pushed it
    repo.git("tag", "-a", "-m", "kept", "kept")
    repo.git("switch", "--quiet", "branch")
    repo.git("branch", "--quiet", "-D", "theirs", "tag")
    stored["stash"] = store(repo, "stash")
    repo.git("stash", "push", "--quiet", "--include-untracked")
    repo.git("worktree", "add", "--quiet", str(repo.folder / "tree"), "origin/main", "--detach")
    stored["tree"] = store(repo, "tree")
    (repo.clone / "tree.dvc").rename(repo.folder / "tree" / "tree.dvc")
    stored["edited"] = store(repo, "edited")
    edit(repo.clone / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.3")
    repo.run("dvc", "exp", "run", cwd=repo.clone)
    stored["experiment"] = "".join(repo.stored("models/model.skops").parts[-2:])
    repo.git("checkout", "--quiet", "--", ".")
    stored["lost"] = store(repo, "lost")
    (repo.clone / "lost.dvc").unlink()
    objects = repo.verb("clean", "--unnamed")["details"]["objects"]
    unused = {entry["md5"] for entry in objects}
    assert {name for name, md5 in stored.items() if md5 in unused} == {"lost"}
    assert unused <= garbage_of_dvc(repo)
    repo.verb("clean", "--unnamed", "--yes")
    remaining = {"".join(path.parts[-2:]) for path in (repo.storage / "files" / "md5").glob("??/*")}
    assert {name for name, md5 in stored.items() if md5 not in remaining} <= {"lost", "experiment"}
    assert stored["lost"] not in remaining
    repo.verb("audit")


def test_requests_and_staged_files_keep_their_objects(repo: Repo) -> None:
    """Requests on origin, from forks and closed too, branches never fetched and the index keep their objects."""
    stored = {}
    for name in ("pull/1/head", "pull/2/merge", "merge-requests/3/head", "heads/colleague", "other/4/lost"):
        repo.git("switch", "--quiet", "--detach", "origin/main")
        file = name.replace("/", "-")
        stored[name] = store(repo, file)
        repo.git("add", f"{file}.dvc")
        repo.git("commit", "--quiet", "--no-verify", "-m", name)
        repo.git("push", "--quiet", "--no-verify", "origin", f"HEAD:refs/{name}")
    repo.git("switch", "--quiet", "main")
    repo.git("fetch", "--quiet", "--prune", "origin")
    repo.git("update-ref", "-d", "refs/remotes/origin/colleague")
    stored["staged"] = store(repo, "staged")
    repo.git("add", "staged.dvc")
    (repo.clone / "staged.dvc").unlink()

    def unused(*options: str) -> set[str]:
        found = {entry["md5"] for entry in repo.verb("clean", *options)["details"]["objects"]}
        return {name for name, md5 in stored.items() if md5 in found}

    assert unused() == {"other/4/lost"}  # all are known: the reflog has them
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    assert unused("--unnamed") == {"other/4/lost"}


def test_unreferenced_remote_objects_are_kept_by_default(repo: Repo) -> None:
    """A remote object without a known commit may be a colleague's and is deleted only with --unnamed."""
    unreferenced = repo.storage / "files" / "md5" / "ab" / ("0" * 30)
    unreferenced.parent.mkdir(exist_ok=True)
    unreferenced.write_text("a colleague's")
    assert "that no known commit refers to" in repo.messages("clean", "--yes")
    assert unreferenced.exists()
    repo.verb("clean", "--yes", "--unnamed")
    assert not unreferenced.exists()


def test_clean_stops_if_references_are_unknown(repo: Repo) -> None:
    """A merge in progress, an unreadable dvc.lock on a branch and an unreachable origin stop the clean-up."""
    good = repo.git("rev-parse", "HEAD")
    repo.git("switch", "--quiet", "-c", "broken")
    (repo.clone / "dvc.lock").write_text("stages: [\n")
    repo.commit("Broken", push=False)
    repo.git("push", "--quiet", "--no-verify", "origin", "broken")
    repo.git("switch", "--quiet", "--detach", good)
    repo.git("branch", "--quiet", "-D", "broken")
    assert "dvc.lock" in repo.messages("clean", "--yes", code=2)
    repo.git("push", "--quiet", "--no-verify", "origin", ":broken")
    repo.verb("clean")  # a commit that only the reflog has does not stop it
    merge = Path(repo.git("rev-parse", "--path-format=absolute", "--git-path", "MERGE_HEAD"))
    merge.write_text(good + "\n")
    assert "merge or rebase is in progress" in repo.messages("clean", "--yes", code=2)
    merge.unlink()
    repo.git("worktree", "add", "--quiet", "--detach", str(repo.folder / "tree"), "HEAD~1")
    onto = ["git", "-C", str(repo.folder / "tree"), "-c", "sequence.editor=echo break >", "rebase", "-i", "HEAD~1"]
    repo.run(*onto, cwd=repo.folder)
    assert f"of {repo.folder}/tree" in repo.messages("clean", "--yes", code=2)
    repo.git("worktree", "remove", "--force", str(repo.folder / "tree"))
    repo.git("remote", "set-url", "origin", str(repo.folder / "nowhere"))
    assert "origin cannot be reached" in repo.messages("clean", "--yes", code=2)
