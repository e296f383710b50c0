"""The objects that something still needs: a branch or tag, here or on origin, a work tree, a stash, an experiment.

Needed is every hash that a dvc.lock or .dvc file there names, read or written, and the content of folders.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.batch import Batch
from lifecycle.git.commits import WORK_TREE, tracked
from lifecycle.git.run import attempt, git
from lifecycle.storage import objects
from lifecycle.storage.lock import entries, recorded_data, recorded_stages

files_at = cache(tracked)  # a commit
IN_PROGRESS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "sequencer")
REQUESTS = ("pull", "merge-requests")  # refs of GitHub and GitLab: requests open or closed, from forks too
REVIEWED = ("refs/heads/", *(f"refs/{kind}/" for kind in REQUESTS))


def check_settled() -> None:
    """Raise LifecycleError during a merge or rebase in any work tree, when it is unknown what will be needed."""
    for place in filter(os.path.isdir, work_trees()):
        folder = Path(git("rev-parse", "--absolute-git-dir", cwd=place))
        if names := [name for name in IN_PROGRESS if (folder / name).exists()]:
            raise LifecycleError(f"a merge or rebase is in progress ({names[0]} of {place}): finish or abort it first.")


def refs(folder: str) -> dict[str, str]:
    """The commit of every ref here and on origin, of each work tree, and of each stash entry, by its name."""
    listing = ["for-each-ref", "--format=%(refname) %(objectname)"]
    rows = [(f"origin's {line}", line.split()[1]) for line in git(*listing, cwd=folder).splitlines()]
    rows += [(line.split()[0], line.split()[1]) for line in git(*listing).splitlines()]
    rows += [(f"work tree {path}", head) for path, head in work_trees().items()]
    main, heads = origin.default_branch(folder), [row for row in rows if any(kind in row[0] for kind in REVIEWED)]
    bases = {name: attempt("merge-base", main, head, cwd=folder).stdout.strip() for name, head in heads}
    rows += [(f"merge base of {name}", base) for name, base in bases.items() if base]  # its review compares with it
    for name in [name for name, _ in rows if "stash" in name or name.endswith("failed")]:
        done = attempt("reflog", "show", "--format=%H %P", name)  # parents: the index, and untracked files
        rows += [(name, commit) for commit in done.stdout.split()]
    asked = "".join(f"{oid}^{{commit}}\n" for _, oid in rows)
    answer = attempt("cat-file", "--batch-check=%(objectname) %(objecttype)", cwd=folder, text=asked).stdout
    known = {}
    for (name, oid), line in zip(rows, answer.splitlines(), strict=True):
        if line.endswith(" commit"):
            known[f"{name} {oid}"] = line.split()[0]
        elif attempt("cat-file", "-e", oid, cwd=folder).returncode:
            raise LifecycleError(f"{name} names {oid[:9]}, which is not here: `git fetch --tags origin` first.")
    return known


def work_trees() -> dict[str, str]:
    blocks = git("worktree", "list", "--porcelain").split("\n\n")
    pairs = [dict(line.partition(" ")[::2] for line in block.splitlines()) for block in blocks]
    return {pair["worktree"]: pair["HEAD"] for pair in pairs if set(pair.get("HEAD", "0")) != {"0"}}


def needed_by(folder: str, commits: Iterable[str], strict: bool = True) -> dict[str, str]:
    """Each hash that files at these commits name, with the file; `strict`: every one of them must be readable."""
    names = {(commit, path) for commit in commits for path in files_at(commit, folder) if is_metafile(path)}
    batch = Batch(folder, "")
    batch.load(names)
    needed: dict[str, str] = {}
    for commit, path in {batch.names[name]: name for name in sorted(names)}.values():
        with suppress(*([] if strict else [LifecycleError])):
            text = (batch.content(commit, path) or b"").decode("utf-8", "replace")
            needed |= hashes(text, path, commit[:9], files_at(commit, folder))
    return needed


def needed_by_work_trees() -> dict[str, str]:
    """The same for the files of each work tree and its index as they are now, committed or not."""
    needed: dict[str, str] = {}
    for place in filter(os.path.isdir, work_trees()):
        needed |= needed_by(place, [git("write-tree", cwd=place)])
        files = tracked(WORK_TREE, place)
        for path in filter(is_metafile, files):
            if Path(place, path).exists():
                needed |= hashes(Path(place, path).read_text("utf-8", errors="replace"), path, place, files)
    return needed


def is_metafile(path: str) -> bool:
    return path.endswith(".dvc") or PurePosixPath(path).name == "dvc.lock"


def hashes(text: str, path: str, where: str, tracked: set[str]) -> dict[str, str]:
    """What a dvc.lock or .dvc file names, and the content of its folders; `tracked`: the files that Git has there."""
    title = f"{path} in {where}"
    stages = {path: recorded_data(text, title)} if path.endswith(".dvc") else recorded_stages(text, title)
    names = {item["md5"]: item.get("path", "") for item in entries(stages, "outs", "deps") if item.get("md5")}
    for md5, name in [*names.items()]:
        below = f"{PurePosixPath(path).parent / name}/"
        if md5.endswith(".dir") and not any(file.startswith(below) for file in tracked):
            names |= objects.folder_content(md5, f"{name} in {where}")
    return {md5: f"{name} in {where}" for md5, name in names.items()}
